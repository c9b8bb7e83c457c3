import { describe, expect, test } from 'vitest';
import { createClient } from '../../src/client/index.ts';
import { all, json, networkFailure, refusal, scripted, stored } from './fixtures.ts';

describe('each method asks its route', () => {
  test('starts', async () => {
    const { client, sent, until } = scripted([
      stored(),
      stored(),
      stored({ changed: false, resourceId: 'me' }),
    ]);
    const orders = client.workflow('orders');
    await until(orders.start({ inputData: { pieces: 1 } }));
    const options = {
      inputData: { pieces: 1 },
      runId: 'r',
      initialState: {},
      requestContext: { tenant: 'a' },
      resourceId: 'me',
      perStep: true,
      timeoutMs: 60_000,
      wait: 2.5,
    };
    await until(orders.start(options));
    const run = await until(orders.start({ inputData: { pieces: 2 }, idempotencyKey: 'my key' }));
    expect(run).toMatchObject({
      runId: 'r',
      workflowId: 'orders',
      status: 'running',
      resourceId: 'me',
      changed: false,
    });
    expect(run.outcome).toBeUndefined();
    const { wait: _, ...body } = options;
    expect(sent).toMatchObject([
      { method: 'POST', path: '/workflows/orders/runs', body: { inputData: { pieces: 1 } } },
      { path: '/workflows/orders/runs?wait=2.5', body },
      {
        path: '/workflows/orders/runs',
        body: { inputData: { pieces: 2 } },
        headers: { 'idempotency-key': 'my key' },
      },
    ]);
    expect(sent[0]?.headers).toMatchObject({
      accept: 'application/json',
      'content-type': 'application/json',
    });
    expect(sent[1]?.headers).not.toHaveProperty('idempotency-key');
    expect(new Set(sent.map(({ headers }) => headers['idempotency-key'])).size).toBe(3);
  });

  test('resumes, cancels, time travels, restarts and removals', async () => {
    const removed = new Response(null, { status: 204 });
    const { client, sent, until } = scripted([stored(), stored(), stored(), stored(), removed]);
    const run = client.workflow('orders').run('a/b ü');
    const resume = { step: 'approve', resumeData: { by: 'me' }, forEachIndex: 2, perStep: true } as const;
    const travel = {
      step: ['approve', 'x'],
      inputData: { cents: 1 },
      initialState: { a: 1 },
      context: { price: { status: 'success', output: { cents: 1 } } },
      nestedStepsContext: { approve: { x: { status: 'success' } } },
    } as const;
    await until(run.resume({ ...resume, wait: 25 }));
    await until(run.cancel());
    await until(run.timeTravel({ ...travel, wait: 1 }));
    await until(run.restart({ requestContext: { a: 1 } }));
    expect(await until(run.delete())).toBeUndefined();
    expect(sent.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['POST', '/runs/a%2Fb%20%C3%BC/resume?wait=25', resume],
      ['POST', '/runs/a%2Fb%20%C3%BC/cancel', {}],
      ['POST', '/runs/a%2Fb%20%C3%BC/time-travel?wait=1', travel],
      ['POST', '/runs/a%2Fb%20%C3%BC/restart', { requestContext: { a: 1 } }],
      ['DELETE', '/runs/a%2Fb%20%C3%BC', undefined],
    ]);
  });

  test('resumptions by a key', async () => {
    const { client, sent, until } = scripted([stored(), stored()]);
    const resume = { resumeData: { by: 'me' }, requestContext: { a: 1 }, perStep: true } as const;
    await until(client.resumeByKey('payment:42', { ...resume, wait: 2, idempotencyKey: 'event 1' }));
    expect((await until(client.resumeByKey('ü'))).runId).toBe('r');
    expect(sent.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['POST', '/resume?wait=2', { key: 'payment:42', ...resume }],
      ['POST', '/resume', { key: 'ü' }],
    ]);
    expect(sent.map(({ headers }) => headers['idempotency-key'])).toEqual(['event 1', undefined]);
  });

  test('reads', async () => {
    const answers = [
      { workflows: [{ id: 'orders' }] },
      { id: 'orders' },
      { runId: 'r' },
      { runId: 'r' },
      { runId: 'r' },
    ];
    const pages = [
      { events: [], cursor: 'c', done: true },
      { entries: [], cursor: 'h', isLast: true, done: true },
    ];
    const { client, sent, until } = scripted([...answers, ...pages].map((answer) => json(answer)));
    const run = client.run('r');
    expect(await until(client.workflows())).toEqual([{ id: 'orders' }]);
    expect(await until(client.describe('orders'))).toEqual({ id: 'orders' });
    await until(run.get({ fields: ['status', 'steps'], nested: false }));
    await until(run.get({ fields: [] }));
    await until(client.workflow('orders').run('r').get());
    expect(await until(run.eventPage({ cursor: 'a b+c', wait: 1 }))).toEqual(pages[0]);
    expect(await until(run.history({ cursor: 'h' }))).toEqual(pages[1]);
    expect(sent.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /workflows',
      'GET /workflows/orders',
      'GET /runs/r?fields=status%2Csteps&nested=false',
      'GET /runs/r?fields=status',
      'GET /runs/r?workflowId=orders',
      'GET /runs/r/events?cursor=a%20b%2Bc&wait=1',
      'GET /runs/r/history?cursor=h',
    ]);
    expect(sent[0]?.headers).not.toHaveProperty('content-type');
  });

  test('lists, page after page', async () => {
    const page = (ids: string[], cursor?: string): Response =>
      json({ runs: ids.map((runId) => ({ runId })), cursor });
    const { client, sent, until } = scripted([page(['a', 'b'], 'c1'), page([], 'c2'), page(['c']), page([])]);
    const query = { status: 'failed', createdFrom: new Date(0), createdTo: 5, limit: 2 } as const;
    expect((await until(all(client.allRuns(query)))).map(({ runId }) => runId)).toEqual(['a', 'b', 'c']);
    expect(await until(client.runs())).toEqual({ runs: [] });
    const filter = 'status=failed&limit=2';
    const time = 'createdFrom=1970-01-01T00%3A00%3A00.000Z&createdTo=5';
    expect(sent.map(({ path }) => path)).toEqual([
      `/runs?${filter}&${time}`,
      `/runs?${filter}&cursor=c1&${time}`,
      `/runs?${filter}&cursor=c2&${time}`,
      '/runs',
    ]);
  });

  test('a list that nobody reads to its end asks for no more pages', async () => {
    const { client, sent, until } = scripted([json({ runs: [{ runId: 'a' }], cursor: 'c' })]);
    const first = async (): Promise<string | undefined> => {
      for await (const { runId } of client.allRuns()) return runId;
      return undefined;
    };
    expect(await until(first())).toBe('a');
    expect(sent.length).toBe(1);
  });
});

describe('every request', () => {
  test.each([
    ['https://api.test/prod/', '/prod/workflows'],
    ['https://api.test/prod?x=1#y', '/prod/workflows'],
    [new URL('https://api.test'), '/workflows'],
  ])('goes to the base path of %s', async (url, path) => {
    const { client, sent, until } = scripted([json({ workflows: [] })], { url });
    await until(client.workflows());
    expect(sent[0]?.path).toBe(path);
  });

  test('carries the headers and a token, asked for anew', async () => {
    let count = 0;
    const token = async (): Promise<string> => `t${++count}`;
    const replies = [refusal(429, 'HTTP_TOO_MANY_REQUESTS'), json({ workflows: [] })];
    const { client, sent, until } = scripted(replies, { token, headers: { 'X-Trace': '1' } });
    await until(client.workflows());
    expect(sent.map(({ headers }) => [headers['authorization'], headers['x-trace']])).toEqual([
      ['Bearer t1', '1'],
      ['Bearer t2', '1'],
    ]);
  });

  test('has the headers of the caller instead of its own, however they are written', async () => {
    const headers = { 'Content-Type': 'application/json; charset=utf-8', Accept: 'application/*' };
    const { client, sent, until } = scripted([stored()], { headers });
    await until(client.run('r').cancel());
    expect(sent[0]?.headers).toMatchObject({
      'content-type': headers['Content-Type'],
      accept: headers.Accept,
    });
  });

  test('waits for seconds as the API takes them', async () => {
    const { client, sent, until } = scripted([
      stored(),
      stored(),
      json({ events: [], cursor: 'c', done: true }),
    ]);
    await until(client.run('r').resume({ wait: 1 / 3 }));
    await until(client.run('r').resume({ wait: 1e-7 }));
    await until(client.run('r').eventPage({ wait: 20 / 3 }));
    expect(sent.map(({ path }) => path.split('?')[1])).toEqual(['wait=0.333', 'wait=0', 'wait=6.667']);
  });

  test('is signed just before it is sent, again for each retry', async () => {
    let count = 0;
    const sign = async (request: Request): Promise<Request> => {
      const signed = new Request(request);
      signed.headers.set('x-signature', `${++count} ${request.method} ${await signed.clone().text()}`);
      return signed;
    };
    const { client, sent, until } = scripted([networkFailure('ECONNRESET'), stored()], { sign });
    await until(client.run('r').cancel());
    expect(sent.map(({ headers }) => headers['x-signature'])).toEqual(['1 POST {}', '2 POST {}']);
  });

  test('what the token or the signature throws is thrown as it is', async () => {
    const expired = new RangeError('Sign in again');
    const fail = (): never => {
      throw expired;
    };
    for (const options of [{ token: fail }, { sign: fail }]) {
      const { client, failure } = scripted([], options);
      expect(await failure(client.workflows())).toBe(expired);
    }
  });

  test('is sent by the global fetch unless another one is given', async () => {
    const client = createClient({ url: 'http://127.0.0.1:9', retries: 0 });
    await expect(client.workflows()).rejects.toMatchObject({ code: 'CLIENT_UNREACHABLE' });
  });
});

describe('the result', () => {
  const result = (status: string, more: object = {}): Response =>
    json({ status, runId: 'r', steps: {}, ...more });

  test('is waited for, request after request', async () => {
    const { client, sent, clock, until } = scripted([
      async () => {
        await new Promise<void>((resolve) => clock.timer(25_000, resolve));
        return result('running');
      },
      result('success', { result: { cents: 1, by: 'me' } }),
    ]);
    const outcome = await until(client.workflow('orders').run('r').result());
    expect(outcome).toMatchObject({ status: 'success', result: { cents: 1, by: 'me' } });
    expect(sent.map(({ path }) => path)).toEqual(['/runs/r/result?wait=25', '/runs/r/result?wait=25']);
    expect(clock.now()).toBe(25_000);
  });

  test.each(['success', 'failed', 'tripwire', 'canceled', 'suspended', 'paused'])(
    'of a run that is %s is there',
    async (status) => {
      const { client, sent, until } = scripted([result(status)]);
      const outcome = await until(client.run('r').result({ includeState: true, includeResumeLabels: true }));
      expect(outcome.status).toBe(status);
      expect(sent[0]?.path).toBe('/runs/r/result?wait=25&state=true&labels=true');
    },
  );

  test('is the run as it is when the time is over', async () => {
    const { client, sent, clock, until } = scripted([
      async () => {
        await new Promise<void>((resolve) => clock.timer(2_500, resolve));
        return result('waiting');
      },
    ]);
    expect((await until(client.run('r').result({ timeoutMs: 2_500 }))).status).toBe('waiting');
    expect(sent[0]?.path).toBe('/runs/r/result?wait=2.5');
    const look = scripted([result('running')]);
    expect((await look.until(look.client.run('r').result({ timeoutMs: 0 }))).status).toBe('running');
    expect(look.sent[0]?.path).toBe('/runs/r/result?wait=0');
  });

  test('is not asked for without a pause when the server does not wait', async () => {
    const { client, sent, until } = scripted([result('running'), result('pending'), result('running')]);
    expect((await until(client.run('r').result({ timeoutMs: 1_500 }))).status).toBe('running');
    expect(sent.map(({ at }) => at)).toEqual([0, 1_000, 1_500]);
  });

  test('is bounded by its time, whatever the server does', async () => {
    const refused = scripted([networkFailure('ECONNREFUSED'), networkFailure('ECONNREFUSED')]);
    expect(await refused.failure(refused.client.run('r').result({ timeoutMs: 150 }))).toMatchObject({
      code: 'CLIENT_UNREACHABLE',
    });
    expect(refused.clock.now()).toBe(100);
    const silent = scripted([() => new Promise(() => {})]);
    expect(await silent.failure(silent.client.run('r').result({ timeoutMs: 1_000 }))).toMatchObject({
      code: 'CLIENT_UNREACHABLE',
    });
    expect(silent.clock.now()).toBe(6_000);
  });
});
