import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createClient } from '../../src/client/index.ts';
import { createStep, createWorkflow } from '../../src/index.ts';
import { objectOf, post, problemIn, realApp } from './fixtures.ts';

/** How a run stands beside its status, as callers see it: queued behind others, answered by another one, with a deadline. */

const ask = createStep({
  id: 'ask',
  inputSchema: z.number(),
  outputSchema: z.number(),
  resumeSchema: z.number(),
  execute: async ({ inputData, resumeData, suspend }) => resumeData ?? suspend({ inputData }),
});

function limited(id: string, whenFull: 'queue' | 'reject' | 'return') {
  const concurrency = { limit: 1, whenFull };
  return createWorkflow({ id, inputSchema: z.number(), outputSchema: z.number(), concurrency })
    .then(ask)
    .commit();
}

function served() {
  const workflows = [limited('queues', 'queue'), limited('refuses', 'reject'), limited('returns', 'return')];
  const { app, runtime } = realApp({ workflows });
  const fetch = async (request: Request): Promise<Response> => app.request(request);
  const client = createClient({ url: 'http://here', fetch });
  const start = (id: string, runId: string, more: object = {}) =>
    app.request(`/workflows/${id}/runs`, post({ runId, inputData: 1, ...more }));
  return { app, runtime, client, start };
}

const date = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/u);

describe('a run that waits for a place', () => {
  test('is answered as waiting, and shown with those ahead of it', async () => {
    const { app, runtime, start, client } = served();
    await start('queues', 'first');
    const second = await start('queues', 'second');
    expect([second.status, await second.json()]).toEqual([
      201,
      { runId: 'second', workflowId: 'queues', status: 'waiting', changed: true },
    ]);
    await start('queues', 'third');
    const run = await objectOf(await app.request('/runs/third'));
    expect(run).toMatchObject({
      status: 'waiting',
      steps: {},
      queued: { since: expect.any(Number), ahead: 1 },
    });
    expect(await objectOf(await app.request('/runs/third?fields=queued'))).toMatchObject({
      queued: { ahead: 1 },
    });
    const { runs } = await client.runs({ workflowId: 'queues' });
    const queued = Object.fromEntries(runs.map((one) => [one.runId, one.queued]));
    expect(queued).toEqual({ first: undefined, second: true, third: true });
    expect(await client.run('third').get()).toMatchObject({ queued: { ahead: 1 } });
    await runtime.settled({ runId: 'first' });
    await client.run('first').cancel();
    expect(await client.run('second').result()).toMatchObject({ status: 'suspended' });
    expect(await objectOf(await app.request('/runs/second'))).not.toHaveProperty('queued');
    expect(await client.run('third').get()).toMatchObject({ queued: { ahead: 0 } });
  });

  test('has no events yet, cannot be resumed, and is canceled before it began', async () => {
    const { app, start } = served();
    await start('queues', 'first');
    await start('queues', 'second');
    expect(await objectOf(await app.request('/runs/second/events'))).toMatchObject({
      events: [],
      done: false,
    });
    const resumed = await problemIn(await app.request('/runs/second/resume', post({ resumeData: 1 })));
    expect([resumed.status, resumed.code]).toEqual([409, 'WORKFLOW_RUN_NOT_SUSPENDED']);
    const canceled = await app.request('/runs/second/cancel', post());
    expect(await canceled.json()).toMatchObject({ status: 'canceled', changed: true });
    expect(await objectOf(await app.request('/runs/second'))).not.toHaveProperty('queued');
  });
});

describe('a start that finds no place', () => {
  test('is answered with the run that goes on', async () => {
    const { app, start } = served();
    await start('returns', 'first');
    const second = await start('returns', 'second');
    expect([second.status, second.headers.get('location')]).toEqual([200, '/runs/first']);
    expect(await second.json()).toMatchObject({ runId: 'first', changed: false });
    expect((await app.request('/runs/second')).status).toBe(404);
    const waited = await app.request(
      '/workflows/returns/runs?wait=25',
      post({ runId: 'third', inputData: 2 }),
    );
    expect(await waited.json()).toMatchObject({
      runId: 'first',
      changed: false,
      outcome: { status: 'suspended', input: 1 },
    });
  });

  test('is refused', async () => {
    const { app, start, client } = served();
    await start('refuses', 'first');
    const refused = await problemIn(await start('refuses', 'second'));
    expect([refused.status, refused.code]).toEqual([409, 'WORKFLOW_CONCURRENCY_LIMIT']);
    await expect(client.workflow('refuses').start({ inputData: 1 })).rejects.toMatchObject({
      code: 'WORKFLOW_CONCURRENCY_LIMIT',
      status: 409,
    });
    expect((await app.request('/runs/second')).status).toBe(404);
    // The same start again is the same run.
    expect((await start('refuses', 'first')).status).toBe(200);
  });
});

test('a run with a time limit shows its deadline, in lists too; others show none', async () => {
  const { app, runtime, start, client } = served();
  await start('refuses', 'limited', { timeoutMs: 60_000 });
  await start('returns', 'free');
  const { headers } = await runtime.list({ workflowId: 'refuses', limit: 1 });
  const deadlineAt = new Date(headers[0]?.deadlineAt ?? 0).toISOString();
  expect(deadlineAt).toEqual(date);
  expect(await objectOf(await app.request('/runs/limited'))).toMatchObject({ deadlineAt });
  expect(await objectOf(await app.request('/runs/limited?fields=deadlineAt'))).toMatchObject({ deadlineAt });
  expect(await objectOf(await app.request('/runs/free'))).not.toHaveProperty('deadlineAt');
  const { runs } = await client.runs();
  const shown = Object.fromEntries(runs.map((run) => [run.runId, run.deadlineAt]));
  expect(shown).toEqual({ limited: deadlineAt, free: undefined });
  expect(await client.run('limited').get()).toMatchObject({ deadlineAt });
  const snapshot = await runtime.snapshot({ runId: 'limited' });
  expect(snapshot?.deadlineAt).toBe(Date.parse(deadlineAt));
});
