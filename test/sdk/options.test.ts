import { cloneWorkflow, createWorkflow } from 'evented-workflows';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { serializedGraph } from '../../src/core/serialized-graph.ts';
import { adding, numbers } from './steps.ts';

const a = adding('a');

/** Every option that a workflow may have. */
const behaviour = {
  validateInputs: false,
  strictIds: true,
  emitStepEvents: false,
  autoRestartActiveRuns: false,
  evaluatePersistencePredicateBeforeDurableOperation: true,
  history: 'none',
  onStart: () => {},
  onFinish: () => {},
  onError: () => {},
  shouldPersistSnapshot: () => true,
  pruneSnapshot: ({ snapshot }) => snapshot,
} as const satisfies Parameters<typeof createWorkflow>[0]['options'];

const full = {
  ...numbers,
  description: 'Counts',
  metadata: { owner: 'ada' },
  stateSchema: z.object({ seen: z.number().default(0) }),
  requestContextSchema: z.object({ tenant: z.string().optional() }),
  retryConfig: { attempts: 2, delay: 5 },
  concurrency: { limit: 3, whenFull: 'reject' },
  steps: [a],
  options: behaviour,
} as const;

describe('a workflow', () => {
  test('has what the runtime needs of its options', () => {
    const { onStart, onFinish, onError, shouldPersistSnapshot, pruneSnapshot } = behaviour;
    expect(createWorkflow(full)).toMatchObject({
      metadata: { owner: 'ada' },
      validateInputs: false,
      callbacks: { onStart, onFinish, onError },
      shouldPersistSnapshot,
      pruneSnapshot,
      emitStepEvents: false,
      history: 'none',
    });
  });

  test('has no more than defaults without options', () => {
    const workflow = createWorkflow(numbers);
    expect(workflow.options).toEqual({ validateInputs: true });
    expect([workflow.callbacks, workflow.metadata, workflow.history, workflow.stepDefs]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('shows what it is made of', () => {
    const workflow = createWorkflow({ ...full, options: {} })
      .then(a)
      .sleep(5, { id: 'pause', metadata: { why: 'rest' } })
      .parallel([adding('b'), adding('c')], { id: 'both', metadata: { n: 2 } })
      .map(async () => 1, { id: 'one', metadata: { n: 1 } })
      .commit();
    expect(Object.keys(workflow.steps)).toEqual(['a', 'pause', 'b', 'c', 'one']);
    expect(workflow.steps['a']).toBe(a);
    expect(workflow.stepDefs).toEqual([a]);
    expect(workflow.engineType).toBe('evented');
    expect(workflow.stepGraph).toBe(workflow.flow);
    expect(workflow.serializedStepGraph).toEqual(serializedGraph(workflow.graph));
    expect(workflow.serializedStepGraph).toMatchObject([
      { type: 'step', step: { id: 'a' } },
      { type: 'sleep', id: 'pause', duration: 5, metadata: { why: 'rest' } },
      { type: 'parallel', id: 'both', metadata: { n: 2 } },
      { type: 'mapping', id: 'one', metadata: { n: 1 } },
    ]);
  });

  test('has all of that in a clone, too', () => {
    const clone = cloneWorkflow(createWorkflow(full).then(a), { id: 'clone' });
    const { id: _id, options: _options, steps: _steps, ...same } = full;
    expect(clone).toMatchObject({ ...same, id: 'clone', options: behaviour, stepDefs: [a] });
    const { onStart, onFinish, onError, shouldPersistSnapshot, pruneSnapshot, history } = behaviour;
    const callbacks = { onStart, onFinish, onError };
    expect(clone).toMatchObject({ callbacks, shouldPersistSnapshot, pruneSnapshot, history });
  });

  test.each<[string, object, string]>([
    ['metadata', { metadata: 1 }, 'Workflow "numbers" has the number 1 as its metadata: give an object'],
    ['options', { options: 1 }, 'Workflow "numbers" has the number 1 as its options: give an object'],
    [
      'a callback',
      { options: { onFinish: 'log' } },
      'has the string "log" as its options.onFinish: give a function',
    ],
    [
      'a predicate',
      { options: { shouldPersistSnapshot: true } },
      'as its options.shouldPersistSnapshot: give',
    ],
    ['a switch', { options: { strictIds: 1 } }, 'the number 1 as its options.strictIds: give true or false'],
    ['history', { options: { history: 'all' } }, 'as its options.history: give "full" or "none"'],
  ])('is refused with wrong %s', (_, wrong, message) => {
    expect(() => createWorkflow({ ...numbers, ...wrong })).toThrow(
      expect.objectContaining({
        code: 'WORKFLOW_DEFINITION_INVALID',
        message: expect.stringContaining(message),
      }),
    );
  });

  test('is refused with wrong metadata of an entry', () => {
    expect(() => createWorkflow(numbers).parallel([a], { metadata: 1 as never })).toThrow(
      '.parallel() has the number 1 as its metadata: give an object',
    );
  });

  test('D56 cannot wait for an event', () => {
    const workflow: { waitForEvent(...given: unknown[]): never } = createWorkflow(numbers);
    expect(() => workflow.waitForEvent('go', a)).toThrow(
      expect.objectContaining({
        code: 'WORKFLOW_WAIT_FOR_EVENT_REMOVED',
        message: expect.stringContaining(
          'waitForEvent has been removed. Please use suspend & resume flow instead.',
        ),
      }),
    );
  });
});

describe('callbacks', () => {
  const failing = { ...numbers, inputSchema: z.object({ n: z.number() }) };

  test('are told of a start and an end', async () => {
    const told: string[] = [];
    const workflow = createWorkflow({
      ...failing,
      options: {
        onStart: async ({ runId, getInitData }) =>
          void told.push(`start ${runId} ${JSON.stringify(getInitData())}`),
        onFinish: ({ status, result }) => void told.push(`${status} ${JSON.stringify(result)}`),
        onError: ({ error }) => void told.push(`error ${error?.message}`),
      },
    })
      .then(a)
      .map(async ({ inputData }) => {
        if (inputData.n > 5) throw new RangeError('too much');
        return inputData.n;
      })
      .commit();
    await (await workflow.createRun({ runId: 'r' })).start({ inputData: { n: 1 } });
    await (await workflow.createRun({ runId: 's' })).start({ inputData: { n: 5 } });
    expect(told).toEqual([
      'start r {"n":1}',
      'success 2',
      'start s {"n":5}',
      'failed undefined',
      'error too much',
    ]);
  });

  test('refuse a start by what they throw', async () => {
    const workflow = createWorkflow({
      ...failing,
      options: {
        onStart: () => {
          throw new RangeError('not now');
        },
      },
    })
      .then(a)
      .commit();
    const run = await workflow.createRun({ runId: 'r' });
    await expect(run.start({ inputData: { n: 1 } })).rejects.toThrow('not now');
    expect(await workflow.getWorkflowRunById('r')).toMatchObject({ status: 'pending' });
  });
});

describe('what queries show', () => {
  test('D117 is as shouldPersistSnapshot lets it be', async () => {
    const workflow = createWorkflow({
      ...numbers,
      options: { shouldPersistSnapshot: ({ workflowStatus }) => workflowStatus !== 'success' },
    })
      .then(a)
      .commit();
    const result = await (await workflow.createRun({ runId: 'r' })).start({ inputData: { n: 1 } });
    expect(result.status).toBe('success');
    expect((await workflow.getWorkflowRunById('r'))?.status).not.toBe('success');
  });

  test('is what pruneSnapshot leaves', async () => {
    const workflow = createWorkflow({
      ...numbers,
      options: { pruneSnapshot: ({ snapshot }) => ({ ...snapshot, context: { input: 'pruned' } }) },
    })
      .then(a)
      .commit();
    await (await workflow.createRun({ runId: 'r' })).start({ inputData: { n: 1 } });
    const { runs } = await workflow.listWorkflowRuns();
    expect(runs).toMatchObject([{ snapshot: { status: 'success', context: { input: 'pruned' } } }]);
  });
});
