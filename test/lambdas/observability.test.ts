import { beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createObservability } from '../../lambdas/observability.ts';
import { environment } from '../../src/adapters/aws/config.ts';
import { WorkflowError } from '../../src/core/errors.ts';
import { createStep, createWorkflow } from '../../src/index.ts';
import { createRuntime } from '../../src/runtime/index.ts';
import { memoryWithVirtualTime } from '../../src/testing/index.ts';
import { captureLog, context, type LogLine } from './log.ts';

const variables = { [environment.name]: 'shop', [environment.metricsNamespace]: 'Shop' };

let written: () => readonly LogLine[];

beforeEach(() => {
  written = captureLog();
});

describe('a log', () => {
  test('is one JSON object a line, with the request and what is being handled', async () => {
    const { logger, during, observed } = createObservability(variables);
    const handler = observed(async (event: string) => {
      await Promise.all(
        ['a', 'b'].map((runId) =>
          during({ runId }, async () => {
            await Promise.resolve();
            logger.warn('It was seen.', { event, stepId: 's' });
          }),
        ),
      );
      return 'answer';
    });
    expect(await handler('e', context)).toBe('answer');
    const lines = written().filter(({ level }) => level !== undefined);
    const common = { level: 'WARN', message: 'It was seen.', service: 'shop', functionName: 'processor' };
    expect(lines).toMatchObject([
      { ...common, requestId: 'request-1', runId: 'a', stepId: 's', event: 'e' },
      { ...common, requestId: 'request-1', runId: 'b', stepId: 's', event: 'e' },
    ]);
  });

  test.each([
    ['DEBUG', ['DEBUG', 'INFO', 'WARN', 'ERROR']],
    ['INFO', ['INFO', 'WARN', 'ERROR']],
    ['ERROR', ['ERROR']],
    ['loud', ['INFO', 'WARN', 'ERROR']],
    ['', ['INFO', 'WARN', 'ERROR']],
  ])('of level %s has %j', (level, expected) => {
    const { logger } = createObservability({ ...variables, [environment.logLevel]: level });
    logger.debug('1');
    logger.info('2');
    logger.warn('3');
    logger.error('4');
    expect(written().map((line) => line['level'])).toEqual(expected);
  });

  test('has of an error, however deep, neither the message of an author nor what is on it', () => {
    const { logger } = createObservability(variables);
    const secret = 'card 4242';
    const author = Object.assign(new RangeError(secret), { code: 'E_CARD', card: secret });
    const wrapped = new WorkflowError('WORKFLOW_STEP_FAILED', secret, {
      cause: author,
      details: { runId: secret },
    });
    const own = new WorkflowError('WORKFLOW_BACKEND_UNAVAILABLE', 'Writing failed: try again', {
      cause: wrapped,
    });
    logger.error('It failed.', { error: own, nested: { errors: [author] } });
    logger.error('It failed.', { error: author });
    expect(JSON.stringify(written())).not.toContain('4242');
    expect(written()).toMatchObject([
      {
        error: {
          name: 'WorkflowError',
          code: 'WORKFLOW_BACKEND_UNAVAILABLE',
          message: 'Writing failed: try again',
          cause: { code: 'WORKFLOW_STEP_FAILED', cause: { name: 'RangeError', code: 'E_CARD' } },
        },
        nested: { errors: [{ name: 'RangeError' }] },
      },
      { error: { name: 'RangeError', stack: expect.arrayContaining([expect.stringMatching(/^at /)]) } },
    ]);
  });
});

test('a run that fails wherever it can leaves its ids in the log, and none of its values', async () => {
  const secret = '4242';
  const { logger, metrics, during, observed } = createObservability(variables);
  const fails = (): never => {
    throw new RangeError(`card ${secret}`, { cause: secret });
  };
  const schema = z.object({ card: z.string() });
  const charge = createStep({
    id: 'charge',
    inputSchema: schema,
    outputSchema: schema,
    execute: async ({ inputData }) => inputData,
  });
  const callbacks = { onFinish: fails, onError: fails };
  const made = createWorkflow({
    id: 'orders',
    inputSchema: schema,
    outputSchema: z.unknown(),
    options: callbacks,
  })
    .then(charge)
    .branch([[fails, charge]])
    .then(createStep({ id: 'fail', inputSchema: z.unknown(), outputSchema: z.unknown(), execute: fails }))
    .commit();
  const { backend, clock } = memoryWithVirtualTime();
  const runtime = createRuntime({ workflows: [made], backend: { ...backend, metrics }, logger });
  const handler = observed(async () => {
    await during({ runId: 'r' }, async () => {
      await runtime.start({ workflowId: 'orders', runId: 'r', inputData: { card: secret } });
      await clock.runUntil(runtime.settled({ runId: 'r' }));
      // The callbacks come after the end.
      await clock.advance(1_000);
    });
  });
  await handler(undefined, context);
  await runtime.close();
  const messages = written().map(({ message }) => message);
  expect(messages).toEqual(
    expect.arrayContaining([
      'A condition threw and counts as false',
      expect.stringMatching(/^onError threw/),
    ]),
  );
  expect(written()).toContainEqual(expect.objectContaining({ runId: 'r', workflowId: 'orders' }));
  expect(JSON.stringify(written())).not.toContain(secret);
});

describe('counts', () => {
  test('are one line at the end of each call, in the namespace and under the name of the deployment', async () => {
    const { metrics, observed } = createObservability(variables);
    const handler = observed(async (names: readonly ('event.published' | 'run.swept')[]) => {
      for (const name of names) metrics.count(name, { type: 'x', workflowId: 'w' });
    });
    await handler([], context);
    await handler(['event.published', 'run.swept', 'event.published'], context);
    await handler(['event.published'], context);
    await handler([], context);
    const [cold, first, second, ...more] = written();
    expect(more).toEqual([]);
    expect(cold).toMatchObject({
      Runtime: 'shop',
      Function: 'processor',
      ColdStart: 1,
      _aws: { CloudWatchMetrics: [{ Dimensions: [['Runtime', 'Function']] }] },
    });
    expect(first).toEqual({
      _aws: {
        Timestamp: expect.any(Number),
        CloudWatchMetrics: [
          {
            Namespace: 'Shop',
            Dimensions: [['Runtime']],
            Metrics: [
              { Name: 'EventPublished', Unit: 'Count' },
              { Name: 'RunSwept', Unit: 'Count' },
            ],
          },
        ],
      },
      Runtime: 'shop',
      EventPublished: 2,
      RunSwept: 1,
    });
    expect(second).toMatchObject({ Runtime: 'shop', EventPublished: 1 });
    expect(second).not.toHaveProperty('RunSwept');
  });

  test('are written when the call failed, and nothing of an attribute is in them', async () => {
    const { metrics, observed } = createObservability(variables);
    const handler = observed(async () => {
      metrics.count('step.executed', { stepId: 'charge-4242', outcome: 'failed' });
      metrics.count('step.executed', { stepId: 'charge-4242', outcome: 'success' });
      metrics.count('run.ended', { status: 'failed' });
      throw new RangeError('no');
    });
    await expect(handler(undefined, context)).rejects.toThrow(RangeError);
    const [, counts] = written();
    expect(counts).toMatchObject({ StepExecuted: 2, StepFailed: 1, RunEnded: 1, RunFailed: 1 });
    expect(JSON.stringify(counts)).not.toContain('4242');
  });
});
