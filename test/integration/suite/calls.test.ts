import { readFileSync } from 'node:fs';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { createClient } from 'evented-workflows/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { base, call, events, partition, reaches, s3, sign, stack, start } from '../deployed.ts';
import { observe, type Observer } from '../observer.ts';
import { workflows } from '../stacks/workflows.ts';

const csv = readFileSync(new URL('../../../examples/orders/data/orders.csv', import.meta.url), 'utf8');
/** A text of the input that must not appear where values do not belong. */
const SECRET = 'Harbour Café';

const listed = z.object({
  runs: z.array(z.object({ runId: z.string(), status: z.string() })),
  cursor: z.string().optional(),
});

/** All runs of a workflow as they are listed, page by page. */
async function runsOf(workflow: string, query = ''): Promise<z.infer<typeof listed>['runs']> {
  const runs: z.infer<typeof listed>['runs'] = [];
  let cursor: string | undefined;
  do {
    const from = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = listed.parse((await call('GET', `/runs?workflowId=${workflow}&${query}${from}`)).body);
    runs.push(...page.runs);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return runs;
}

let observer: Observer;

beforeAll(async () => {
  observer = await observe('calls');
});

afterAll(async () => {
  await observer?.remove();
});

test('says that it is there, and what it can run', async () => {
  expect(await call('GET', '/health')).toEqual({ status: 200, body: { status: 'ok' } });
  expect((await call('GET', '/workflows')).body).toMatchObject({
    workflows: workflows.map(({ id }) => ({ id })),
  });
});

describe('a run that asks a person', () => {
  let runId: string;

  test('goes on until it waits', async () => {
    runId = await start('orders', { csv });
    const run = await reaches(runId, 'suspended');
    expect(run.suspendedPaths).toHaveProperty('ask-approval');
    const page = await events(runId);
    expect(page.done).toBe(false);
    expect(page.events.map(({ type }) => type)).toContain('workflow-step-suspended');
  });

  test('is resumed by one of two callers, and a waiting reader is told', async () => {
    const before = await events(runId);
    const told = events(runId, { cursor: before.cursor, wait: 20 });
    const answers = await Promise.all(
      ['Ann', 'Bob'].map((by) =>
        call('POST', `/runs/${runId}/resume`, {
          step: 'ask-approval',
          resumeData: { approved: true, by },
        }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
    const page = await told;
    expect(page.events.length).toBeGreaterThan(0);
    const known = new Set(before.events.map(({ id }) => id));
    expect(page.events.filter(({ id }) => known.has(id))).toEqual([]);
  });

  test('ends, its payment tried again, with its result', async () => {
    const run = await reaches(runId, 'success', { timeout: 150_000, interval: 250 });
    expect(run.result).toMatchObject({
      outcome: 'paid',
      counts: { paymentAttempts: 3 },
      shipment: { weightGrams: 89_240 },
    });
    const page = await events(runId);
    expect(page.done).toBe(true);
    expect(page.events.at(-1)?.type).toBe('workflow-finish');
  });

  test('cannot be resumed any more', async () => {
    const answer = await call('POST', `/runs/${runId}/resume`, {
      step: 'ask-approval',
      resumeData: { approved: true, by: 'Eve' },
    });
    expect(answer).toMatchObject({ status: 409, body: { code: 'WORKFLOW_RUN_NOT_SUSPENDED' } });
  });

  test('is stored in small records: a header without values, one for each entry and arm', async () => {
    const items = await partition(runId);
    expect([...items.keys()]).toEqual(
      expect.arrayContaining(['A', 'A#in', 'B#00000', 'B#00001', 'B#00001#00', 'B#00001#01']),
    );
    const header = JSON.stringify(items.get('A'));
    expect(Buffer.byteLength(header)).toBeLessThan(1024);
    expect(header).not.toContain(SECRET);
    expect(JSON.stringify(items.get('A#in'))).toContain(SECRET);
    // Entry 1 is a block: its join has a partition of its own.
    expect((await partition(`${runId}#j00001`)).size).toBe(1);
  });

  test('was told on the bus by events that carry no values', async () => {
    const facts: { 'detail-type': string; detail: { runId: string } }[] = [];
    await expect
      .poll(
        async () => {
          for (const body of await observer.take()) {
            expect(Buffer.byteLength(body)).toBeLessThan(2048);
            expect(body).not.toContain(SECRET);
            facts.push(JSON.parse(body) as (typeof facts)[number]);
          }
          return new Set(
            facts.filter(({ detail }) => detail.runId === runId).map((fact) => fact['detail-type']),
          );
        },
        { timeout: 60_000, interval: 0 },
      )
      .toEqual(
        new Set([
          'workflow.start',
          'workflow.step.run',
          'workflow.step.end',
          'workflow.suspend',
          'workflow.resume',
          'workflow.end',
        ]),
      );
  });
});

describe('a run that is canceled', () => {
  let runId: string;

  test('is over for good', async () => {
    runId = await start('orders', { csv });
    await reaches(runId, 'suspended');
    expect(await call('POST', `/runs/${runId}/cancel`)).toMatchObject({
      status: 200,
      body: { status: 'canceled', changed: true },
    });
    expect(await call('POST', `/runs/${runId}/cancel`)).toMatchObject({
      status: 200,
      body: { status: 'canceled', changed: false },
    });
    const resumed = await call('POST', `/runs/${runId}/resume`, {
      resumeData: { approved: true, by: 'Eve' },
    });
    expect(resumed).toMatchObject({ status: 409, body: { code: 'WORKFLOW_RUN_NOT_SUSPENDED' } });
    expect((await call('GET', `/runs/${runId}`)).body.status).toBe('canceled');

    await expect
      .poll(() => runsOf('orders', 'status=canceled'))
      .toContainEqual({ runId, status: 'canceled' });
    const canceled = await runsOf('orders', 'status=canceled');
    expect(new Set(canceled.map(({ status }) => status))).toEqual(new Set(['canceled']));
  });

  test('is listed beside the others, newest first, page by page', async () => {
    const after = await start('orders', { csv });
    await reaches(after, 'suspended');
    const isListed = async () => (await runsOf('orders')).some((run) => run.runId === after);
    await expect.poll(isListed).toBe(true);
    // Other tests start runs of this workflow at the same time.
    const pages = (await runsOf('orders', 'limit=1')).map((run) => run.runId);
    expect(new Set(pages).size).toBe(pages.length);
    expect(pages.filter((id) => id === runId || id === after)).toEqual([after, runId]);
  });
});

describe('a request that cannot be done says why', () => {
  test.each([
    ['an unknown run', 'GET', '/runs/nobody', undefined, 404, 'WORKFLOW_RUN_NOT_FOUND'],
    ['an unknown workflow', 'POST', '/workflows/nothing/runs', {}, 404, 'WORKFLOW_NOT_FOUND'],
    [
      'an invalid input',
      'POST',
      '/workflows/orders/runs',
      { inputData: { csv: 1 } },
      422,
      'WORKFLOW_SCHEMA_VALIDATION_FAILED',
    ],
    ['a misspelled field', 'POST', '/workflows/orders/runs', { input: {} }, 400, 'WORKFLOW_ARGUMENT_INVALID'],
    [
      'a cursor of nobody',
      'GET',
      '/runs?workflowId=orders&cursor=x',
      undefined,
      400,
      'WORKFLOW_CURSOR_INVALID',
    ],
  ] as const)('%s', async (_, method, path, body, status, code) => {
    expect(await call(method, path, body)).toMatchObject({ status, body: { status, code } });
  });

  test('an id that is taken', async () => {
    const runId = `taken-${crypto.randomUUID()}`;
    const startWith = (size: number) => call('POST', '/workflows/large/runs', { runId, inputData: { size } });
    expect(await startWith(1)).toMatchObject({ status: 201, body: { runId } });
    expect(await startWith(1)).toMatchObject({ status: 200, body: { runId, changed: false } });
    expect(await startWith(2)).toMatchObject({ status: 409, body: { code: 'WORKFLOW_RUN_CONFLICT' } });
  });
});

test('a large value goes through the bucket, and its record stays small', async () => {
  const runId = await start('large', { size: 200_000 });
  expect(await reaches(runId, 'success')).toMatchObject({ result: { size: 200_000 } });
  const { Contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: stack.BucketName, Prefix: `${runId}/` }),
  );
  expect(Contents).toHaveLength(1);
  expect(Contents[0]?.Size).toBeGreaterThan(200_000);
  const items = await partition(runId);
  expect(Buffer.byteLength(JSON.stringify(items.get('B#00000')))).toBeLessThan(1024);
});

describe('the client', () => {
  const client = createClient<typeof workflows>({ url: base, ...(sign && { sign }) });
  const large = client.workflow('large');

  test('starts a run once for a key, waits for it, and reads a value that comes by reference', async () => {
    const request = { inputData: { size: 300_000 }, idempotencyKey: crypto.randomUUID() };
    const [one, other] = await Promise.all([large.start(request), large.start(request)]);
    expect(other.runId).toBe(one.runId);
    const result = await one.result();
    expect(result).toMatchObject({ status: 'success', result: { size: 300_000 } });
    const answer = await call('GET', `/runs/${one.runId}?fields=steps`);
    expect(JSON.stringify(answer.body)).toContain('"$value"');
    expect(result.steps['produce']).toHaveProperty('output', 'x'.repeat(300_000));
  });

  test('reads all events, goes back to a step, and removes the run for good', async () => {
    const run = await large.start({ inputData: { size: 1 } });
    const types: string[] = [];
    for await (const { type } of run.events()) types.push(type);
    expect(types.at(-1)).toBe('workflow-finish');
    await run.timeTravel({ step: 'measure', inputData: 'four' });
    expect(await run.result()).toMatchObject({ status: 'success', result: { size: 4 } });
    await run.delete();
    expect(await call('GET', `/runs/${run.runId}`)).toMatchObject({ status: 404 });
    expect((await partition(run.runId)).size).toBe(0);
  });
});
