import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { RestartRequest, StoredRun, TimeTravelRequest } from '../../src/core/host.ts';
import { WorkflowError } from '../../src/core/errors.ts';
import type { HttpApp } from '../../src/http/index.ts';
import { createHttpApp } from './conforming.ts';
import { createStep, createWorkflow } from '../../src/index.ts';
import { fakeRuntime, objectOf, post, problemIn, realApp } from './fixtures.ts';

const pieces = z.object({ pieces: z.number() });
const answer = z.object({ by: z.string() });

/** A step that waits for somebody. */
const asking = (id: string) =>
  createStep({
    id,
    inputSchema: pieces,
    outputSchema: answer,
    resumeSchema: answer,
    execute: async ({ inputData, resumeData, suspend }) => resumeData ?? (await suspend({ ask: inputData })),
  });

/** Two arms that wait at once. */
const arms = createWorkflow({ id: 'arms', inputSchema: pieces, outputSchema: z.unknown() })
  .parallel([asking('left'), asking('right')])
  .commit();

/** Items that wait, each for itself. */
const items = createWorkflow({ id: 'items', inputSchema: z.array(pieces), outputSchema: z.array(answer) })
  .foreach(asking('item'), { concurrency: 3 })
  .commit();

const double = createStep({
  id: 'double',
  inputSchema: pieces,
  outputSchema: pieces,
  execute: async ({ inputData, state, setState }) => {
    await setState({ ...(state as object), doubled: true });
    return { pieces: inputData.pieces * 2 };
  },
});
const add = createStep({
  id: 'add',
  inputSchema: pieces,
  outputSchema: pieces,
  execute: async ({ inputData }) => ({ pieces: inputData.pieces + 1 }),
});

/** Two steps in a row. */
const sums = createWorkflow({ id: 'sums', inputSchema: pieces, outputSchema: pieces })
  .then(double)
  .then(add)
  .commit();

const workflows = [arms, items, sums];

async function send(app: HttpApp, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const response = await app.request(path, post(body));
  if (response.status >= 300) throw new TypeError(`${response.status}: ${await response.text()}`);
  return objectOf(response);
}

async function refusal(app: HttpApp, path: string, init?: RequestInit): Promise<unknown> {
  const { status, code } = await problemIn(await app.request(path, init));
  return [status, code];
}

describe('wait', () => {
  test('a start answers with its outcome', async () => {
    const { app } = realApp({ workflows });
    const response = await app.request(
      '/workflows/sums/runs?wait=25',
      post({ runId: 'a', inputData: { pieces: 2 } }),
    );
    expect([response.status, response.headers.get('location')]).toEqual([201, '/runs/a']);
    expect(await response.json()).toEqual({
      runId: 'a',
      workflowId: 'sums',
      status: 'success',
      changed: true,
      outcome: expect.objectContaining({ status: 'success', result: { pieces: 5 }, input: { pieces: 2 } }),
    });
    const again = await app.request(
      '/workflows/sums/runs?wait=1',
      post({ runId: 'a', inputData: { pieces: 2 } }),
    );
    expect(again.status).toBe(200);
    expect(await again.json()).toMatchObject({ changed: false, outcome: { result: { pieces: 5 } } });
  });

  test('a resumption of one arm answers with what the others wait for', async () => {
    const { app } = realApp({ workflows });
    const started = await send(app, '/workflows/arms/runs?wait=25', { runId: 'a', inputData: { pieces: 1 } });
    expect(started).toMatchObject({ status: 'suspended', outcome: { suspended: [['left'], ['right']] } });
    const both = await refusal(app, '/runs/a/resume', post({ resumeData: { by: 'Ada' } }));
    expect(both).toEqual([409, 'WORKFLOW_RESUME_AMBIGUOUS']);
    const left = await send(app, '/runs/a/resume?wait=25', { step: 'left', resumeData: { by: 'Ada' } });
    expect(left).toMatchObject({ status: 'suspended', changed: true, outcome: { suspended: [['right']] } });
    const right = await send(app, '/runs/a/resume?wait=25', { step: 'right', resumeData: { by: 'Bob' } });
    expect(right).toMatchObject({
      status: 'success',
      outcome: { result: { left: { by: 'Ada' }, right: { by: 'Bob' } } },
    });
  });

  test('one that ends before the run tells how it is then', async () => {
    const runtime = fakeRuntime({
      start: async () => ({ runId: 'a', workflowId: 'w', status: 'running', changed: true }),
      settled: async ({ timeoutMs }) => (timeoutMs === 2_500 ? 'waiting' : 'running'),
    });
    const app = createHttpApp({ runtime });
    expect(await send(app, '/workflows/w/runs?wait=2.5')).toEqual({
      runId: 'a',
      workflowId: 'w',
      status: 'waiting',
      changed: true,
    });
  });

  test('one that fails does not hide what was stored', async () => {
    const seen: unknown[] = [];
    const stored: StoredRun = { runId: 'a', workflowId: 'w', status: 'running', changed: true };
    const failure = new WorkflowError('WORKFLOW_BACKEND_UNAVAILABLE', 'throttled');
    const runtime = fakeRuntime({
      resume: async () => stored,
      settled: () => Promise.reject(failure),
    });
    const app = createHttpApp({ runtime, onError: (error) => seen.push(error) });
    expect(await send(app, '/runs/a/resume?wait=1')).toEqual(stored);
    expect(seen).toEqual([failure]);
  });

  test('is from 0 to 25 s', async () => {
    const { app } = realApp({ workflows });
    for (const wait of ['26', '-1', '1e1', '', 'a', '1&wait=1']) {
      const refused = await refusal(app, `/workflows/sums/runs?wait=${wait}`, post({ runId: 'a' }));
      expect(refused).toEqual([400, 'WORKFLOW_ARGUMENT_INVALID']);
    }
    expect(await refusal(app, '/runs/a')).toEqual([404, 'WORKFLOW_RUN_NOT_FOUND']);
  });
});

describe('forEachIndex', () => {
  test('resumes one item of a foreach', async () => {
    const { app } = realApp({ workflows });
    const inputData = [{ pieces: 1 }, { pieces: 2 }];
    await send(app, '/workflows/items/runs?wait=25', { runId: 'a', inputData });
    const one = { step: 'item', forEachIndex: 1, resumeData: { by: 'Bob' } };
    expect(await send(app, '/runs/a/resume?wait=25', one)).toMatchObject({ status: 'suspended' });
    expect(await refusal(app, '/runs/a/resume', post(one))).toEqual([409, 'WORKFLOW_RUN_NOT_SUSPENDED']);
    const other = { forEachIndex: 0, resumeData: { by: 'Ada' } };
    expect(await send(app, '/runs/a/resume?wait=25', other)).toMatchObject({
      outcome: { result: [{ by: 'Ada' }, { by: 'Bob' }] },
    });
  });

  test.each([-1, 0.5, '1', 16_384, null])('%j is no index', async (forEachIndex) => {
    const { app } = realApp({ workflows });
    const { status, details } = await problemIn(await app.request('/runs/a/resume', post({ forEachIndex })));
    expect([status, details?.issues]).toEqual([400, [{ path: 'forEachIndex', message: expect.any(String) }]]);
  });
});

test('perStep pauses after each entry, and a time travel goes on', async () => {
  const { app } = realApp({ workflows });
  const started = { runId: 'a', inputData: { pieces: 2 }, perStep: true };
  expect(await send(app, '/workflows/sums/runs?wait=25', started)).toMatchObject({
    status: 'paused',
    outcome: { steps: { double: { output: { pieces: 4 } } } },
  });
  expect(await send(app, '/runs/a/time-travel?wait=25', { step: 'add' })).toMatchObject({
    status: 'success',
    outcome: { result: { pieces: 5 } },
  });
});

describe('the time of a run', () => {
  test('is that of its start, and what is none is refused', async () => {
    const { app, runtime } = realApp({ workflows });
    const input = { inputData: { pieces: 2 } };
    const { status, details } = await problemIn(
      await app.request('/workflows/sums/runs', post({ ...input, timeoutMs: 1.5 })),
    );
    expect([status, details?.issues]).toEqual([400, [{ path: 'timeoutMs', message: expect.any(String) }]]);
    const started = { ...input, runId: 'a', timeoutMs: 60_000 };
    expect(await send(app, '/workflows/sums/runs?wait=25', started)).toMatchObject({ status: 'success' });
    expect((await runtime.list({ limit: 9 })).headers).toMatchObject([{ runId: 'a', timeoutMs: 60_000 }]);
  });
});

describe('POST /runs/:runId/time-travel', () => {
  test('executes a step again with another input', async () => {
    const { app } = realApp({ workflows });
    await send(app, '/workflows/sums/runs?wait=25', { runId: 'a', inputData: { pieces: 2 } });
    const travel = { step: ['add'], inputData: { pieces: 9 } };
    expect(await send(app, '/runs/a/time-travel?wait=25', travel)).toMatchObject({
      runId: 'a',
      workflowId: 'sums',
      status: 'success',
      changed: true,
      outcome: { result: { pieces: 10 } },
    });
  });

  test('takes what came before from its context', async () => {
    const { app } = realApp({ workflows });
    await send(app, '/workflows/sums/runs?wait=25', { runId: 'a', inputData: { pieces: 2 } });
    const context = { double: { status: 'success', payload: { pieces: 0 }, output: { pieces: 100 } } };
    const travel = { step: 'add', context, initialState: { seen: 1 } };
    await send(app, '/runs/a/time-travel?wait=25', travel);
    expect(await objectOf(await app.request('/runs/a/result?state=true'))).toMatchObject({
      result: { pieces: 101 },
      state: { seen: 1 },
    });
  });

  test('is refused for a run that is active, a step that is unknown, and a body that says nothing', async () => {
    const { app } = realApp({ workflows });
    await send(app, '/workflows/sums/runs?wait=25', { runId: 'a', inputData: { pieces: 2 } });
    const travel = (body: unknown) => refusal(app, '/runs/a/time-travel', post(body));
    expect(await travel({ step: 'none' })).toEqual([400, 'WORKFLOW_ARGUMENT_INVALID']);
    expect(await travel({})).toEqual([400, 'WORKFLOW_ARGUMENT_INVALID']);
    expect(await travel({ step: 'add', inputData: { pieces: 'x' } })).toEqual([
      422,
      'WORKFLOW_SCHEMA_VALIDATION_FAILED',
    ]);
    expect(await travel({ step: 'add', context: { double: 5 } })).toEqual([400, 'WORKFLOW_ARGUMENT_INVALID']);
    expect(await travel({ step: 'add', context: [] })).toEqual([400, 'WORKFLOW_ARGUMENT_INVALID']);
    expect(await travel({ step: 'add', nestedStepsContext: { a: { b: 1 } } })).toEqual([
      400,
      'WORKFLOW_ARGUMENT_INVALID',
    ]);
    expect(await refusal(app, '/runs/b/time-travel', post({ step: 'add' }))).toEqual([
      404,
      'WORKFLOW_RUN_NOT_FOUND',
    ]);
    const active = createHttpApp({
      runtime: fakeRuntime({
        timeTravel: () => Promise.reject(new WorkflowError('WORKFLOW_RUN_ACTIVE', 'wait for it')),
      }),
    });
    expect(await refusal(active, '/runs/a/time-travel', post({ step: 'add' }))).toEqual([
      409,
      'WORKFLOW_RUN_ACTIVE',
    ]);
  });

  test('passes on all that it takes', async () => {
    const requests: TimeTravelRequest[] = [];
    const runtime = fakeRuntime({
      timeTravel: async (request) => {
        requests.push(request);
        return { runId: 'a', workflowId: 'w', status: 'running', changed: true };
      },
    });
    const body = {
      step: ['outer', 'inner'],
      inputData: null,
      resumeData: [1],
      initialState: { a: 1 },
      context: { input: 5, before: { status: 'success', output: 1 } },
      nestedStepsContext: { outer: { inner: { status: 'success' } } },
      requestContext: { who: 'me' },
      perStep: true,
    };
    await send(createHttpApp({ runtime, identify: () => 'Ada' }), '/runs/a/time-travel', body);
    expect(requests).toEqual([{ ...body, runId: 'a', owner: 'Ada' }]);
  });
});

describe('POST /runs/:runId/restart', () => {
  test('passes its request context on, and answers as the run is', async () => {
    const requests: RestartRequest[] = [];
    const runtime = fakeRuntime({
      restart: async (request) => {
        requests.push(request);
        return { runId: 'a', workflowId: 'w', status: 'running', changed: true };
      },
    });
    const app = createHttpApp({ runtime });
    const answered = await send(app, '/runs/a/restart', { requestContext: { token: 'new' } });
    expect(answered).toEqual({ runId: 'a', workflowId: 'w', status: 'running', changed: true });
    await send(app, '/runs/a/restart');
    expect(requests).toEqual([{ runId: 'a', requestContext: { token: 'new' } }, { runId: 'a' }]);
  });

  test('a run that is over answers as it is, a suspended one is refused', async () => {
    const { app } = realApp({ workflows });
    await send(app, '/workflows/sums/runs?wait=25', { runId: 'over', inputData: { pieces: 2 } });
    expect(await send(app, '/runs/over/restart?wait=1')).toMatchObject({
      status: 'success',
      changed: false,
      outcome: { result: { pieces: 5 } },
    });
    await send(app, '/workflows/arms/runs?wait=25', { runId: 'open', inputData: { pieces: 2 } });
    expect(await refusal(app, '/runs/open/restart', post())).toEqual([409, 'WORKFLOW_RUN_NOT_ACTIVE']);
    expect(await refusal(app, '/runs/none/restart', post())).toEqual([404, 'WORKFLOW_RUN_NOT_FOUND']);
  });
});

describe('DELETE /runs/:runId', () => {
  test('removes a run once, and what it was', async () => {
    const { app } = realApp({ workflows });
    await send(app, '/workflows/arms/runs?wait=25', { runId: 'a', inputData: { pieces: 2 } });
    const removed = await app.request('/runs/a', { method: 'DELETE' });
    expect([removed.status, await removed.text()]).toEqual([204, '']);
    expect(await refusal(app, '/runs/a')).toEqual([404, 'WORKFLOW_RUN_NOT_FOUND']);
    expect(await refusal(app, '/runs/a', { method: 'DELETE' })).toEqual([404, 'WORKFLOW_RUN_NOT_FOUND']);
    expect(await objectOf(await app.request('/runs'))).toEqual({ runs: [] });
  });

  test("leaves another principal's run alone", async () => {
    const { app } = realApp({ workflows, identify: (request) => request.headers.get('x-who') ?? '' });
    const as = (who: string) => ({ headers: { 'x-who': who, 'content-type': 'application/json' } });
    const body = JSON.stringify({ runId: 'a', inputData: { pieces: 1 } });
    await app.request('/workflows/sums/runs', { method: 'POST', body, ...as('Ada') });
    for (const [method, path] of [
      ['DELETE', '/runs/a'],
      ['POST', '/runs/a/restart'],
      ['GET', '/runs/a/result'],
      ['GET', '/runs/a/history'],
    ] as const) {
      expect(await refusal(app, path, { method, ...as('Bob') })).toEqual([403, 'WORKFLOW_RUN_FORBIDDEN']);
    }
    const travel = { method: 'POST', body: '{"step":"add"}', ...as('Bob') };
    expect(await refusal(app, '/runs/a/time-travel', travel)).toEqual([403, 'WORKFLOW_RUN_FORBIDDEN']);
    expect((await app.request('/runs/a', { method: 'DELETE', ...as('Ada') })).status).toBe(204);
  });
});

describe('GET /runs/:runId/result', () => {
  test('waits for the end, and shows state and labels when asked', async () => {
    const { app } = realApp({ workflows });
    await send(app, '/workflows/sums/runs', { runId: 'a', inputData: { pieces: 2 } });
    const result = await objectOf(await app.request('/runs/a/result?wait=25'));
    expect(result).toMatchObject({ runId: 'a', status: 'success', result: { pieces: 5 } });
    expect(result).not.toHaveProperty('state');
    const more = await objectOf(await app.request('/runs/a/result?state=true&labels=false'));
    expect(more).toMatchObject({ state: { doubled: true } });
    expect(await refusal(app, '/runs/a/result?state=1')).toEqual([400, 'WORKFLOW_ARGUMENT_INVALID']);
    expect(await refusal(app, '/runs/b/result?wait=25')).toEqual([404, 'WORKFLOW_RUN_NOT_FOUND']);
  });

  test('shows the labels by which a suspended run is resumed', async () => {
    const { app } = realApp();
    await send(app, '/workflows/orders/runs?wait=25', { runId: 'a', inputData: { pieces: 2 } });
    expect(await objectOf(await app.request('/runs/a/result?labels=true'))).toMatchObject({
      status: 'suspended',
      resumeLabels: { approval: { stepId: 'approve' } },
    });
  });
});

describe('GET /runs/:runId/history', () => {
  test('tells every state, page by page', async () => {
    const { app } = realApp({ workflows });
    await send(app, '/workflows/sums/runs?wait=25', { runId: 'a', inputData: { pieces: 2 } });
    const page = await objectOf(await app.request('/runs/a/history'));
    expect(page).toEqual({
      entries: expect.any(Array),
      cursor: expect.any(String),
      isLast: true,
      done: true,
    });
    expect(page['entries']).toContainEqual(
      expect.objectContaining({ type: 'step', stepId: 'add', status: 'success', output: { pieces: 5 } }),
    );
    const next = await objectOf(await app.request(`/runs/a/history?cursor=${String(page['cursor'])}`));
    expect(next).toMatchObject({ entries: [], done: true });
    expect(await refusal(app, '/runs/a/history?cursor=x')).toEqual([400, 'WORKFLOW_CURSOR_INVALID']);
  });

  test('is refused for a run that keeps none', async () => {
    const { app } = realApp({ workflows, history: 'none' });
    await send(app, '/workflows/sums/runs?wait=25', { runId: 'a', inputData: { pieces: 2 } });
    expect(await refusal(app, '/runs/a/history')).toEqual([409, 'WORKFLOW_HISTORY_ABSENT']);
  });
});
