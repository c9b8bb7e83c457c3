import { describe, expect, test } from 'vitest';
import { createClient, isWorkflowApiError, WorkflowApiError } from '../../src/client/index.ts';
import { abortWithTest, json, networkFailure, type Reply, refusal, scripted, stored } from './fixtures.ts';

const input = { inputData: { pieces: 1 } };

/** A page of a proxy. */
const page = (status: number): Response =>
  new Response('<html>Bad gateway</html>', { status, headers: { 'content-type': 'text/html' } });

const cutOff = (): Response =>
  new Response('{"runId": "r", "stat', { headers: { 'content-type': 'application/json' } });

/** An answer whose connection breaks in its body. */
const broken = (): Response => {
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new TypeError('terminated')),
  });
  return new Response(body, { headers: { 'content-type': 'application/json' } });
};

describe('refusals', () => {
  test.each([
    [400, 'WORKFLOW_ARGUMENT_INVALID'],
    [401, 'WORKFLOW_UNAUTHENTICATED'],
    [403, 'WORKFLOW_RUN_FORBIDDEN'],
    [404, 'WORKFLOW_RUN_NOT_FOUND'],
    [409, 'WORKFLOW_RUN_CONFLICT'],
    [413, 'WORKFLOW_LIMIT_EXCEEDED'],
    [422, 'WORKFLOW_SCHEMA_VALIDATION_FAILED'],
    [500, 'WORKFLOW_RECORD_CORRUPT'],
  ] as const)('%i %s is thrown at once, as it is', async (status, code) => {
    const { client, sent, failure } = scripted([refusal(status, code, {}, { runId: 'r' })]);
    const error = await failure(client.run('r').get());
    expect(error).toBeInstanceOf(WorkflowApiError);
    expect(error).toMatchObject({ name: 'WorkflowApiError', code, status, message: `Because of ${code}` });
    expect(error).toMatchObject({ details: { runId: 'r' }, problem: { code, title: code } });
    expect([isWorkflowApiError(error, code), isWorkflowApiError(error, 'CLIENT_UNREACHABLE')]).toEqual([
      true,
      false,
    ]);
    expect(sent.length).toBe(1);
  });

  test('a refusal in a form of its own says what it says', async () => {
    const { client, failure } = scripted([json({ message: 'Forbidden' }, 403)]);
    expect(await failure(client.run('r').get())).toMatchObject({
      code: 'CLIENT_ANSWER_INVALID',
      status: 403,
      problem: undefined,
      details: {},
      message: expect.stringContaining('403 (Forbidden)'),
    });
  });

  test('nothing instead of the API is no answer', async () => {
    const nothing = (): Response => new Response(null, { status: 204 });
    const { client, failure } = scripted([nothing(), nothing()]);
    const invalid = expect.objectContaining({ code: 'CLIENT_ANSWER_INVALID', status: 204 });
    expect(await failure(client.runs())).toEqual(invalid);
    expect(await failure(client.workflow('orders').start(input))).toEqual(invalid);
  });

  test('a page instead of the API is no answer', async () => {
    const { client, sent, failure } = scripted([page(200)]);
    const error = await failure(client.workflows());
    expect(error).toMatchObject({ code: 'CLIENT_ANSWER_INVALID', status: 200 });
    expect(sent.length).toBe(1);
  });
});

describe('what is sent again', () => {
  const failures: [string, () => Reply][] = [
    ['a connection that is refused', () => networkFailure('ECONNREFUSED')],
    ['a connection that breaks', () => networkFailure('ECONNRESET')],
    ['429', () => refusal(429, 'HTTP_TOO_MANY_REQUESTS')],
    ['500', () => refusal(500, 'HTTP_INTERNAL_ERROR')],
    ['a page with 502', () => page(502)],
    ['503', () => refusal(503, 'WORKFLOW_BACKEND_UNAVAILABLE')],
    ['504 without a body', () => new Response(null, { status: 504 })],
    ['JSON that was cut off', cutOff],
    ['a body that breaks off', broken],
  ];

  test.each(failures)('a read, after %s', async (_, reply) => {
    const { client, sent, until } = scripted([reply(), reply(), json({ runId: 'r' })]);
    expect(await until(client.run('r').get())).toEqual({ runId: 'r' });
    // Half of 200 ms, then half of 400 ms.
    expect(sent.map(({ at }) => at)).toEqual([0, 100, 300]);
  });

  test.each(failures)('a start, with the key of the first time, after %s', async (_, reply) => {
    const { client, sent, until } = scripted([reply(), stored()]);
    const run = await until(client.workflow('orders').start(input));
    expect(run.runId).toBe('r');
    const keys = sent.map(({ headers }) => headers['idempotency-key']);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(keys[1]).toBe(keys[0]);
    expect(sent[1]?.body).toEqual(sent[0]?.body);
  });

  test.each(failures)('a cancel, after %s', async (_, reply) => {
    const { client, sent, until } = scripted([reply(), stored({ status: 'canceled' })]);
    expect((await until(client.run('r').cancel())).status).toBe('canceled');
    expect(sent.length).toBe(2);
  });

  const once = [
    ['resume', {}],
    ['timeTravel', { step: 'price' }],
    ['restart', {}],
  ] as const;

  test.each(once)('%s when it surely did nothing', async (method, options) => {
    const replies = [networkFailure('ECONNREFUSED'), refusal(429, 'HTTP_TOO_MANY_REQUESTS'), stored()];
    const { client, sent, until } = scripted(replies);
    await until(client.run('r')[method](options as never));
    expect(sent.length).toBe(3);
  });

  test.each(failures)('a resumption by a key that can be repeated, after %s', async (_, reply) => {
    const { client, sent, until } = scripted([reply(), stored({ changed: false })]);
    expect((await until(client.resumeByKey('k', { idempotencyKey: 'event' }))).changed).toBe(false);
    expect(sent.length).toBe(2);
  });

  test('a resumption by a key not when it may have arrived', async () => {
    const { client, sent, failure } = scripted([networkFailure('ECONNRESET')]);
    expect(await failure(client.resumeByKey('k'))).toBeInstanceOf(WorkflowApiError);
    expect(sent.length).toBe(1);
  });

  test.each(once)('%s not when it may have arrived', async (method, options) => {
    const cutOffByNetwork = Object.assign(new TypeError('read'), { code: 'EHOSTUNREACH', syscall: 'read' });
    for (const reply of [
      networkFailure('ECONNRESET'),
      new TypeError('fetch failed', { cause: cutOffByNetwork }),
      refusal(503, 'WORKFLOW_RUNTIME_CLOSED'),
      page(504),
      broken(),
    ]) {
      const { client, sent, failure } = scripted([reply]);
      expect(await failure(client.run('r')[method](options as never))).toBeInstanceOf(WorkflowApiError);
      expect(sent.length).toBe(1);
    }
  });

  test('a removal whose answer was lost is done when the run is gone', async () => {
    const gone = (): Response => refusal(404, 'WORKFLOW_RUN_NOT_FOUND');
    const lost = scripted([networkFailure('ECONNRESET'), gone()]);
    expect(await lost.until(lost.client.run('r').delete())).toBeUndefined();
    const refused = scripted([refusal(429, 'HTTP_TOO_MANY_REQUESTS'), gone()]);
    expect(await refused.failure(refused.client.run('r').delete())).toMatchObject({ status: 404 });
    const never = scripted([gone()]);
    expect(await never.failure(never.client.run('r').delete())).toMatchObject({ status: 404 });
  });

  test('as often as the client was told to', async () => {
    const replies = (): Reply[] => Array.from({ length: 9 }, () => networkFailure('ENOTFOUND'));
    for (const [options, requests] of [
      [{}, 4],
      [{ retries: 0 }, 1],
      [{ retries: 8 }, 9],
    ] as const) {
      const { client, sent, failure } = scripted(replies(), options);
      const error = await failure(client.run('r').get());
      expect(error).toMatchObject({
        code: 'CLIENT_UNREACHABLE',
        status: undefined,
        message: expect.stringContaining('https://api.test (connect ENOTFOUND)'),
        cause: { message: 'fetch failed' },
      });
      expect(sent.length).toBe(requests);
    }
    const { client, sent, failure } = scripted(replies(), { retries: 8 });
    await failure(client.run('r').get());
    // Never more than half of 10 s.
    expect(sent.map(({ at }) => at)).toEqual([0, 100, 300, 700, 1_500, 3_100, 6_300, 11_300, 16_300]);
  });
});

describe('Retry-After', () => {
  const busy = (after: string): Response => refusal(429, 'HTTP_TOO_MANY_REQUESTS', { 'retry-after': after });

  test('in seconds', async () => {
    const { client, sent, until } = scripted([busy('7'), json({})]);
    await until(client.run('r').get());
    expect(sent[1]?.at).toBe(7_100);
  });

  test('as a date', async () => {
    const { client, sent, until } = scripted([busy('Thu, 01 Jan 1970 00:00:30 GMT'), busy('soon'), json({})]);
    await until(client.run('r').get());
    expect(sent.map(({ at }) => at)).toEqual([0, 30_100, 30_300]);
  });

  test('a long one is left to the caller', async () => {
    const { client, sent, failure } = scripted([busy('61')]);
    expect(await failure(client.run('r').get())).toMatchObject({ status: 429 });
    expect(sent.length).toBe(1);
  });
});

describe('an abort', () => {
  const never = (): Promise<Response> => new Promise(() => {});

  test('ends a request at once, and tells the server', async () => {
    const { client, sent, clock } = scripted([never]);
    const { signal, abort } = linked();
    const call = client.run('r').get({ signal });
    await clock.settle();
    abort();
    await expect(call).rejects.toBe(reason);
    expect(sent[0]?.signal.aborted).toBe(true);
    expect(clock.pending()).toEqual([]);
  });

  test('ends the pause before a retry at once', async () => {
    const { client, clock } = scripted([refusal(429, 'HTTP_TOO_MANY_REQUESTS', { 'retry-after': '50' })]);
    const { signal, abort } = linked();
    const call = client.run('r').get({ signal });
    await clock.settle();
    abort();
    await expect(call).rejects.toBe(reason);
    expect(clock.pending()).toEqual([]);
  });

  test('sends nothing when it came before', async () => {
    const { client, sent } = scripted([]);
    const { signal, abort } = linked();
    abort();
    await expect(client.workflow('orders').start({ ...input, signal })).rejects.toBe(reason);
    await expect(client.run('r').resume({ signal })).rejects.toBe(reason);
    expect(sent).toEqual([]);
  });

  test('ends the wait for a token', async () => {
    const { client, sent, clock } = scripted([], { token: () => new Promise(() => {}) });
    const { signal, abort } = linked();
    const call = client.run('r').get({ signal });
    await clock.settle();
    abort();
    await expect(call).rejects.toBe(reason);
    expect(sent).toEqual([]);
  });

  const reason = new RangeError('Not needed any more');
  function linked(): { readonly signal: AbortSignal; readonly abort: () => void } {
    const controller = abortWithTest();
    return { signal: controller.signal, abort: () => controller.abort(reason) };
  }
});

describe('a server that is silent', () => {
  const never = (): Promise<Response> => new Promise(() => {});

  test('has failed after a while, and is asked again', async () => {
    const { client, sent, until } = scripted([never, json({ runId: 'r' })]);
    expect(await until(client.run('r').get())).toEqual({ runId: 'r' });
    expect(sent.map(({ at }) => at)).toEqual([0, 30_100]);
    expect(sent[0]?.signal.aborted).toBe(true);
  });

  test('has longer when it was asked to wait', async () => {
    const { client, clock, failure } = scripted([never], { requestTimeoutMs: 1_000 });
    const error = await failure(client.run('r').resume({ wait: 25 }));
    expect(error).toMatchObject({ code: 'CLIENT_UNREACHABLE', cause: { name: 'TimeoutError' } });
    expect(clock.now()).toBe(26_000);
  });
});

describe('what cannot be sent', () => {
  const invalid = expect.objectContaining({ code: 'CLIENT_ARGUMENT_INVALID' });

  test.each([
    { url: 'api.example.com' },
    { url: 'ftp://api.example.com' },
    { url: 'https://me:secret@api.example.com' },
    { url: '/api' },
    { retries: -1 },
    { retries: 1.5 },
    { retries: 101 },
    { requestTimeoutMs: 0 },
    { requestTimeoutMs: Number.NaN },
  ])('the option %o', (option) => {
    expect(() => createClient({ url: 'https://api.test', ...option })).toThrow(invalid);
  });

  test.each(['', '.', '..', '\uD800', undefined as unknown as string])('the id %o', async (id) => {
    const { client, failure } = scripted([]);
    expect(() => client.run(id)).toThrow(invalid);
    expect(() => client.workflow(id as 'orders')).toThrow(invalid);
    expect(await failure(client.describe(id as 'orders'))).toEqual(invalid);
  });

  test('values without JSON, headers that are none, waits and dates that are none', async () => {
    const { client, failure } = scripted([]);
    const orders = client.workflow('orders');
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    expect(await failure(orders.run('r').resume({ resumeData: cycle as never }))).toEqual(invalid);
    expect(await failure(orders.run('r').keepValue(undefined))).toEqual(invalid);
    expect(await failure(orders.start({ ...input, idempotencyKey: 'ключ' }))).toEqual(invalid);
    for (const wait of [-1, 26, Number.NaN]) {
      expect(await failure(orders.start({ ...input, wait }))).toEqual(invalid);
      expect(await failure(client.run('r').eventPage({ wait }))).toEqual(invalid);
    }
    expect(await failure(client.run('r').result({ timeoutMs: -1 }))).toEqual(invalid);
    expect(await failure(client.runs({ createdFrom: new Date(Number.NaN) }))).toEqual(invalid);
  });

  test('a broken token is not repeated in the message', async () => {
    const { client, failure } = scripted([], { token: 'secret\nline' });
    const error = await failure(client.workflows());
    expect(error).toEqual(invalid);
    expect(String(error)).not.toContain('secret');
  });
});
