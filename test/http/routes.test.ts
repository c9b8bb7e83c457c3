import { describe, expect, test } from 'vitest';
import type { ResumeRequest, RunPage, RunQuery, StoredRun } from '../../src/core/host.ts';
import { WorkflowError } from '../../src/core/errors.ts';
import { createHttpApp } from '../../src/http/index.ts';
import { fakeRuntime, objectOf, post, problemIn, realApp } from './fixtures.ts';

describe('health and workflows', () => {
  test('GET /health', async () => {
    const response = await realApp().app.request('/health');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'ok' });
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-type')).toBe('application/json');
  });

  test('GET /workflows', async () => {
    const response = await realApp().app.request('/workflows');
    expect(await response.json()).toEqual({
      workflows: [{ id: 'orders', description: 'Prices an order and has it approved' }, { id: 'echo' }],
    });
  });

  test('GET /workflows/:workflowId', async () => {
    const { app } = realApp();
    const description = await objectOf(await app.request('/workflows/orders'));
    expect(description).toMatchObject({
      id: 'orders',
      description: 'Prices an order and has it approved',
      graph: [
        { type: 'step', id: 'price' },
        { type: 'step', id: 'approve', description: 'Waits for a person', canSuspend: true },
      ],
      inputSchema: { type: 'object', properties: { pieces: { type: 'integer' } }, required: ['pieces'] },
      resumeSchemas: { approve: { type: 'object', required: ['by'] } },
    });
    const unknown = await app.request('/workflows/none');
    expect(await problemIn(unknown)).toMatchObject({ code: 'WORKFLOW_NOT_FOUND', status: 404 });
  });
});

describe('POST /workflows/:workflowId/runs', () => {
  test('starts a run', async () => {
    const { app } = realApp();
    const response = await app.request('/workflows/orders/runs', post({ inputData: { pieces: 2 } }));
    expect(response.status).toBe(201);
    const stored = await objectOf(response);
    expect(stored).toEqual({
      runId: expect.any(String),
      workflowId: 'orders',
      status: 'running',
      changed: true,
    });
    expect(response.headers.get('location')).toBe(`/runs/${String(stored['runId'])}`);
    expect((await app.request(response.headers.get('location') ?? '')).status).toBe(200);
  });

  test('answers 200 for the same start again, and 409 for another one', async () => {
    const { app } = realApp();
    const body = {
      runId: 'a',
      inputData: { pieces: 2 },
      resourceId: 'shop',
      requestContext: { locale: 'de' },
    };
    expect((await app.request('/workflows/orders/runs', post(body))).status).toBe(201);
    const again = await app.request('/workflows/orders/runs', post(body));
    expect(again.status).toBe(200);
    expect(again.headers.get('location')).toBe('/runs/a');
    expect(await again.json()).toMatchObject({ runId: 'a', resourceId: 'shop', changed: false });
    const other = await app.request('/workflows/orders/runs', post({ ...body, inputData: { pieces: 3 } }));
    expect(await problemIn(other)).toMatchObject({
      code: 'WORKFLOW_RUN_CONFLICT',
      status: 409,
      details: { runId: 'a', workflowId: 'orders' },
    });
  });

  test('refuses input that does not fit, and writes nothing', async () => {
    const { app } = realApp();
    const response = await app.request(
      '/workflows/orders/runs',
      post({ runId: 'a', inputData: { pieces: '2' } }),
    );
    expect(await problemIn(response)).toMatchObject({
      code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
      status: 422,
      details: { issues: [{ path: 'pieces', message: expect.any(String) }] },
    });
    expect((await app.request('/runs/a')).status).toBe(404);
  });

  test('refuses an unknown workflow', async () => {
    const response = await realApp().app.request('/workflows/none/runs', post({}));
    expect(await problemIn(response)).toMatchObject({ code: 'WORKFLOW_NOT_FOUND' });
  });

  test('passes state, context and hostile keys on to the steps', async () => {
    const { app, runtime } = realApp();
    const text =
      '{"runId":"a","inputData":{"__proto__":{"x":1},"constructor":2},"requestContext":{"locale":"de"}}';
    const headers = { 'content-type': 'application/json' };
    await app.request('/workflows/echo/runs', { method: 'POST', body: text, headers });
    await runtime.settled({ runId: 'a' });
    const shown = await (await app.request('/runs/a')).text();
    expect(shown).toContain(
      '"result":{"inputData":{"__proto__":{"x":1},"constructor":2},"context":{"locale":"de"}}',
    );
  });
});

describe('GET /runs/:runId', () => {
  test('shows the run as JSON', async () => {
    const { app, runtime } = realApp();
    await app.request('/workflows/orders/runs', post({ runId: 'a', inputData: { pieces: 2 } }));
    await runtime.settled({ runId: 'a' });
    const response = await app.request('/runs/a?workflowId=orders');
    expect(response.status).toBe(200);
    const state = await objectOf(response);
    expect(state).toMatchObject({
      runId: 'a',
      workflowName: 'orders',
      status: 'suspended',
      payload: { pieces: 2 },
      suspendedPaths: { approve: [1] },
      resumeLabels: { approval: { stepId: 'approve' } },
      steps: { price: { status: 'success', output: { cents: 500 } }, approve: { status: 'suspended' } },
    });
    expect(state['createdAt']).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  });

  test('shows the fields that are asked for, and which run it is', async () => {
    const { app } = realApp();
    const requestContext = { token: 'secret' };
    const start = { runId: 'a', inputData: { pieces: 2 }, requestContext };
    await app.request('/workflows/orders/runs?wait=25', post(start));
    const identity = ['createdAt', 'runId', 'status', 'updatedAt', 'workflowName'];
    const keysOf = async (fields: string): Promise<string[]> =>
      Object.keys(await objectOf(await app.request(`/runs/a?fields=${fields}`))).toSorted();
    expect(await keysOf('status')).toEqual(identity);
    expect(await keysOf('steps,payload,result')).toEqual([...identity, 'payload', 'steps'].toSorted());
    // What may be a secret has to be asked for.
    expect(await objectOf(await app.request('/runs/a'))).not.toHaveProperty('requestContext');
    expect(await objectOf(await app.request('/runs/a?fields=requestContext'))).toMatchObject({
      requestContext,
    });
  });

  test.each(['fields=', 'fields=steps,', 'fields=owner', 'fields=__proto__', 'nested=no', 'nested='])(
    'refuses %s',
    async (query) => {
      const { app } = realApp();
      expect(await problemIn(await app.request(`/runs/a?${query}`))).toMatchObject({
        code: 'WORKFLOW_ARGUMENT_INVALID',
        details: { issues: [{ path: query.split('=')[0] }] },
      });
    },
  );

  test('leaves out the steps of nested runs when told to', async () => {
    const seen: unknown[] = [];
    const runtime = fakeRuntime({
      get: async (request) => {
        seen.push(request);
        return null;
      },
    });
    const app = createHttpApp({ runtime });
    for (const query of ['nested=false', 'nested=true', '']) await app.request(`/runs/a?${query}`);
    expect(seen).toEqual([{ runId: 'a', nested: false }, { runId: 'a', nested: true }, { runId: 'a' }]);
  });

  test('is 404 for no run, also under another workflow', async () => {
    const { app } = realApp();
    await app.request('/workflows/orders/runs', post({ runId: 'a', inputData: { pieces: 2 } }));
    for (const path of ['/runs/b', '/runs/a?workflowId=echo']) {
      expect(await problemIn(await app.request(path))).toMatchObject({ code: 'WORKFLOW_RUN_NOT_FOUND' });
    }
  });

  test('refuses parameters that it does not know, and any twice', async () => {
    const { app } = realApp();
    for (const path of ['/runs/a?workflowid=orders', '/runs/a?workflowId=a&workflowId=b']) {
      expect(await problemIn(await app.request(path))).toMatchObject({
        code: 'WORKFLOW_ARGUMENT_INVALID',
        details: { issues: [expect.anything()] },
      });
    }
  });

  test('shows errors without their stack', async () => {
    const error = new Error('no money');
    const runtime = fakeRuntime({
      get: async () => ({
        runId: 'a',
        workflowName: 'w',
        createdAt: new Date(0),
        updatedAt: new Date(1),
        status: 'failed',
        error,
        steps: {},
        activeStepsPath: {},
        suspendedPaths: {},
        waitingPaths: {},
        resumeLabels: {},
        serializedStepGraph: [],
        stepExecutionPath: [],
      }),
    });
    const state = await objectOf(await createHttpApp({ runtime }).request('/runs/a'));
    expect(state).toMatchObject({
      error: { name: 'Error', message: 'no money' },
      updatedAt: '1970-01-01T00:00:00.001Z',
    });
    expect(JSON.stringify(state)).not.toContain('.test.ts');
  });
});

test('HEAD answers as GET does, without a body', async () => {
  const { app } = realApp();
  for (const path of ['/health', '/workflows', '/runs']) {
    const [get, head] = [await app.request(path), await app.request(path, { method: 'HEAD' })];
    expect([head.status, await head.text()]).toEqual([get.status, '']);
    expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
  }
  expect((await app.request('/runs/none', { method: 'HEAD' })).status).toBe(404);
});

describe('POST /runs/:runId/resume and /cancel', () => {
  test.each([{ step: 'approve' }, { step: ['approve'] }, { label: 'approval' }, {}])(
    'resume by %j',
    async (target) => {
      const { app, runtime } = realApp();
      await app.request('/workflows/orders/runs', post({ runId: 'a', inputData: { pieces: 2 } }));
      await runtime.settled({ runId: 'a' });
      const response = await app.request('/runs/a/resume', post({ ...target, resumeData: { by: 'Ada' } }));
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ runId: 'a', workflowId: 'orders', changed: true });
      expect(await runtime.settled({ runId: 'a' })).toBe('success');
      expect(await objectOf(await app.request('/runs/a'))).toMatchObject({
        result: { cents: 500, by: 'Ada' },
      });
    },
  );

  test('a resumption that cannot be is a problem', async () => {
    const { app, runtime } = realApp();
    await app.request('/workflows/orders/runs', post({ runId: 'a', inputData: { pieces: 2 } }));
    await runtime.settled({ runId: 'a' });
    const problemOf = async (body: unknown): Promise<unknown> =>
      (await problemIn(await app.request('/runs/a/resume', post(body)))).code;
    expect(await problemOf({ label: 'none' })).toBe('WORKFLOW_RESUME_LABEL_NOT_FOUND');
    expect(await problemOf({ resumeData: { by: 1 } })).toBe('WORKFLOW_SCHEMA_VALIDATION_FAILED');
    expect(await problemOf({ step: 1 })).toBe('WORKFLOW_ARGUMENT_INVALID');
    expect(await problemOf({ step: [] })).toBe('WORKFLOW_ARGUMENT_INVALID');
    expect(await problemOf({ data: {} })).toBe('WORKFLOW_ARGUMENT_INVALID');
    expect((await app.request('/runs/b/resume', post({}))).status).toBe(404);
  });

  test('the loser of a race learns the winner', async () => {
    const details = { runId: 'a', winner: 'request-1', status: 'running' };
    const runtime = fakeRuntime({
      resume: async () => {
        throw new WorkflowError('WORKFLOW_RESUME_ALREADY_CLAIMED', 'Somebody was faster', { details });
      },
    });
    const response = await createHttpApp({ runtime }).request('/runs/a/resume', post({}));
    expect(await problemIn(response)).toMatchObject({ status: 409, details });
  });

  test('what a resumption carries reaches the runtime', async () => {
    const requests: ResumeRequest[] = [];
    const stored: StoredRun = { runId: 'a', workflowId: 'w', status: 'running', changed: true };
    const runtime = fakeRuntime({
      resume: async (request) => {
        requests.push(request);
        return stored;
      },
    });
    const body = { step: ['a', 'b'], label: 'l', resumeData: null, requestContext: { k: [1] } };
    await createHttpApp({ runtime }).request('/runs/a/resume', post(body));
    expect(requests).toEqual([{ ...body, runId: 'a' }]);
  });

  test('cancel ends a run, and a canceled one answers again', async () => {
    const { app, runtime } = realApp();
    await app.request('/workflows/orders/runs', post({ runId: 'a', inputData: { pieces: 2 } }));
    await runtime.settled({ runId: 'a' });
    const first = await app.request('/runs/a/cancel', { method: 'POST' });
    expect([first.status, await first.json()]).toEqual([
      200,
      { runId: 'a', workflowId: 'orders', status: 'canceled', changed: true },
    ]);
    const second = await app.request('/runs/a/cancel', post({}));
    expect([second.status, await second.json()]).toMatchObject([200, { status: 'canceled', changed: false }]);
    expect((await app.request('/runs/a/cancel', post({ force: true }))).status).toBe(400);
    expect((await app.request('/runs/b/cancel', { method: 'POST' })).status).toBe(404);
  });

  test('cancel of a finished run is a conflict that names its status', async () => {
    const { app, runtime } = realApp();
    await app.request('/workflows/echo/runs', post({ runId: 'a' }));
    await runtime.settled({ runId: 'a' });
    expect(await problemIn(await app.request('/runs/a/cancel', { method: 'POST' }))).toMatchObject({
      code: 'WORKFLOW_RUN_ALREADY_FINISHED',
      status: 409,
      details: { status: 'success' },
    });
  });
});

describe('GET /runs', () => {
  test('lists runs in pages, newest first', async () => {
    const { app } = realApp();
    for (const runId of ['a', 'b', 'c'])
      await app.request('/workflows/orders/runs', post({ runId, inputData: { pieces: 1 } }));
    const first = await objectOf(await app.request('/runs?limit=2'));
    expect(first['runs']).toHaveLength(2);
    const rest = await objectOf(
      await app.request(`/runs?limit=2&cursor=${encodeURIComponent(String(first['cursor']))}`),
    );
    expect(rest['cursor']).toBeUndefined();
    const runs = [first['runs'], rest['runs']].flat() as Record<string, unknown>[];
    expect(runs.map((run) => String(run['runId'])).toSorted()).toEqual(['a', 'b', 'c']);
    expect(Object.keys(runs[0] ?? {}).toSorted()).toEqual(
      ['createdAt', 'runId', 'startedAt', 'status', 'updatedAt', 'workflowId'].toSorted(),
    );
  });

  test('all filters reach the runtime', async () => {
    const queries: RunQuery[] = [];
    const page: RunPage = { headers: [] };
    const runtime = fakeRuntime({
      list: async (query) => {
        queries.push(query);
        return page;
      },
    });
    const app = createHttpApp({ runtime });
    const query =
      'workflowId=w&status=suspended&resourceId=r%20s&createdFrom=2030-01-01T00:00:00%2B01:00&createdTo=1893456000000&limit=7&cursor=c';
    const response = await app.request(`/runs?${query}`);
    expect(await response.json()).toEqual({ runs: [] });
    await app.request('/runs?createdFrom=2030-01-01');
    expect(queries).toEqual([
      {
        workflowId: 'w',
        status: 'suspended',
        resourceId: 'r s',
        createdFrom: Date.parse('2029-12-31T23:00:00Z'),
        createdTo: 1_893_456_000_000,
        limit: 7,
        cursor: 'c',
      },
      { createdFrom: 1_893_456_000_000, limit: 50 },
    ]);
  });

  test.each([
    'status=done',
    'limit=0',
    'limit=1001',
    'limit=1e2',
    'limit=-1',
    'limit=',
    'createdFrom=yesterday',
    'createdFrom=2030-13-01',
    'createdTo=1.5',
    'cursor=',
    'owner=me',
    'limit=1&limit=2',
  ])('refuses %s', async (query) => {
    const { app } = realApp();
    const document = await problemIn(await app.request(`/runs?${query}`));
    expect(document).toMatchObject({ status: 400, code: 'WORKFLOW_ARGUMENT_INVALID' });
    expect(document.details?.issues).toHaveLength(1);
  });

  test('a cursor of another request is refused', async () => {
    const { app } = realApp();
    expect((await app.request('/runs?cursor=%00%F0%9F%98%80')).status).toBe(400);
  });
});
