import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { StartRequest, StoredRun } from '../../src/core/host.ts';
import type { HttpAppOptions, Problem } from '../../src/http/index.ts';
import { createHttpApp } from './conforming.ts';
import { fakeRuntime, problemIn } from './fixtures.ts';

/** Takes every start, and keeps what it was asked for. */
function recorder(options: Partial<HttpAppOptions> = {}): {
  starts: StartRequest[];
  send: (
    body: RequestInit['body'],
    type?: string | null,
    headers?: Record<string, string>,
  ) => Promise<Response>;
} {
  const starts: StartRequest[] = [];
  const start = async (request: StartRequest): Promise<StoredRun> => {
    starts.push(request);
    return { runId: 'r', workflowId: 'w', status: 'running', changed: true };
  };
  const app = createHttpApp({ runtime: fakeRuntime({ start }), ...options });
  return {
    starts,
    send: async (body, type = 'application/json', headers = {}) =>
      app.request('/workflows/w/runs', {
        method: 'POST',
        body: body ?? null,
        headers: { ...(type === null ? {} : { 'content-type': type }), ...headers },
      }),
  };
}

async function refused(response: Response, status: number, code: Problem['code']): Promise<Problem> {
  const document = await problemIn(response);
  expect({ status: document.status, code: document.code }).toEqual({ status, code });
  return document;
}

describe('content type', () => {
  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;Charset="UTF-8"',
    'application/merge-patch+json',
  ])('%s is JSON', async (type) => {
    const { send, starts } = recorder();
    expect((await send('{"inputData":1}', type)).status).toBe(201);
    expect(starts).toEqual([{ workflowId: 'w', inputData: 1 }]);
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=latin1',
    'application/jsonp',
    'text/json+x',
    '',
  ])('%j is not', async (type) => {
    const { send, starts } = recorder();
    const response = await send('{"inputData":1}', type);
    await refused(response, 415, 'HTTP_CONTENT_TYPE_UNSUPPORTED');
    expect(response.headers.get('accept-post')).toBe('application/json');
    expect(starts).toEqual([]);
  });

  test('a body without any type', async () => {
    const { send } = recorder();
    await refused(await send(new TextEncoder().encode('{}'), null), 415, 'HTTP_CONTENT_TYPE_UNSUPPORTED');
  });

  test('no body at all needs no type', async () => {
    const { send, starts } = recorder();
    expect((await send(null, null)).status).toBe(201);
    expect(starts).toEqual([{ workflowId: 'w' }]);
  });
});

describe('content encoding', () => {
  test.each(['gzip', 'br', 'deflate, gzip', 'GZIP', 'zstd'])('%s is refused unread', async (encoding) => {
    const { send, starts } = recorder();
    // A few KB that would be a few MB.
    const bomb = gzipSync(JSON.stringify({ inputData: ' '.repeat(4_000_000) }));
    const response = await send(Uint8Array.from(bomb), 'application/json', { 'content-encoding': encoding });
    await refused(response, 415, 'HTTP_CONTENT_ENCODING_UNSUPPORTED');
    expect(response.headers.get('accept-encoding')).toBe('identity');
    expect(starts).toEqual([]);
  });

  test('identity is none', async () => {
    const { send } = recorder();
    const plain = await send('{"inputData":1}', 'application/json', { 'content-encoding': 'identity' });
    expect(plain.status).toBe(201);
  });

  test('what is compressed and does not say so is no JSON', async () => {
    const { send } = recorder();
    const bytes = Uint8Array.from(gzipSync('{"inputData":1}'));
    await refused(await send(bytes), 400, 'WORKFLOW_ARGUMENT_INVALID');
  });
});

describe('not JSON', () => {
  test.each(['{', '{"a":1,}', 'nul', '{"a":"\u0001"}', '[1', 'undefined', '{"a":1} x', ' '])(
    '%j',
    async (text) => {
      const { send } = recorder();
      const { detail } = await refused(await send(text), 400, 'WORKFLOW_ARGUMENT_INVALID');
      expect(detail).toMatch(/^The body is not JSON/);
    },
  );

  test('not UTF-8', async () => {
    const { send } = recorder();
    const latin = new Uint8Array([0x22, 0xe9, 0x22]);
    const { detail } = await refused(await send(latin), 400, 'WORKFLOW_ARGUMENT_INVALID');
    expect(detail).toContain('not UTF-8');
  });
});

test('a body that breaks off is no failure of the server', async () => {
  const seen: unknown[] = [];
  const body = new ReadableStream({
    pull(controller) {
      controller.error(new TypeError('connection reset'));
    },
  });
  const app = createHttpApp({ runtime: fakeRuntime({}), onError: (error) => seen.push(error) });
  const init = { method: 'POST', body, headers: { 'content-type': 'application/json' }, duplex: 'half' };
  await refused(await app.request('/runs/r/cancel', init as RequestInit), 400, 'WORKFLOW_ARGUMENT_INVALID');
  expect(seen).toEqual([]);
});

describe('not what the route takes', () => {
  test.each([
    ['[]', ''],
    ['null', ''],
    ['"text"', ''],
    ['{"input":1}', ''],
    ['{"runId":1}', 'runId'],
    ['{"runId":""}', 'runId'],
    ['{"runId":null}', 'runId'],
    ['{"runId":"."}', 'runId'],
    ['{"runId":".."}', 'runId'],
    ['{"runId":"a\\ud800"}', 'runId'],
    ['{"resourceId":""}', 'resourceId'],
    ['{"initialState":[]}', 'initialState'],
    ['{"requestContext":"a"}', 'requestContext'],
  ])('%s', async (text, path) => {
    const { send, starts } = recorder();
    const { details } = await refused(await send(text), 400, 'WORKFLOW_ARGUMENT_INVALID');
    expect(details?.issues).toEqual([{ path, message: expect.any(String) }]);
    expect(starts).toEqual([]);
  });
});

describe('caps', () => {
  const bodyLimits = { bytes: 100, depth: 4, keys: 6 };

  test('bytes, as the request declares them', async () => {
    const { send, starts } = recorder({ bodyLimits });
    const response = await send('{}', 'application/json', { 'content-length': '101' });
    const { details } = await refused(response, 413, 'WORKFLOW_LIMIT_EXCEEDED');
    expect(details).toEqual({ limit: 'bodyBytes', allowed: 100 });
    expect(starts).toEqual([]);
  });

  test('bytes, as they come', async () => {
    const { send } = recorder({ bodyLimits });
    const fits = `{"inputData":"${'x'.repeat(84)}"}`;
    expect(fits).toHaveLength(100);
    expect((await send(fits)).status).toBe(201);
    await refused(await send(`${fits} `), 413, 'WORKFLOW_LIMIT_EXCEEDED');
  });

  test('an endless body is read no further than the cap', async () => {
    let pulled = 0;
    let isCanceled = false;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(60));
      },
      cancel() {
        isCanceled = true;
      },
    });
    const app = createHttpApp({ runtime: fakeRuntime({}), bodyLimits });
    const response = await app.request('/runs/r/resume', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
      duplex: 'half',
    } as RequestInit);
    await refused(response, 413, 'WORKFLOW_LIMIT_EXCEEDED');
    expect(isCanceled).toBe(true);
    expect(pulled).toBeLessThan(6);
  });

  test('depth', async () => {
    const { send } = recorder({ bodyLimits });
    expect((await send('{"inputData":[[["]]]]]]"]]]}')).status).toBe(201);
    const { details } = await refused(await send('{"inputData":[[[[1]]]]}'), 413, 'WORKFLOW_LIMIT_EXCEEDED');
    expect(details).toEqual({ limit: 'bodyDepth', allowed: 4 });
  });

  test('keys', async () => {
    const { send } = recorder({ bodyLimits });
    expect((await send('{"inputData":{"a":1,"b":":{\\":[","c":3}}')).status).toBe(201);
    const body = '{"inputData":{"a":1,"b":2,"c":3,"d":4}}';
    const { details } = await refused(await send(body), 413, 'WORKFLOW_LIMIT_EXCEEDED');
    expect(details).toEqual({ limit: 'bodyKeys', allowed: 6 });
  });

  test('the default ones stop what would exhaust the stack or the memory', async () => {
    const { send } = recorder();
    const nested = `{"inputData":${'['.repeat(1_000_000)}`;
    await refused(await send(nested), 413, 'WORKFLOW_LIMIT_EXCEEDED');
    const wide = `{"inputData":[${'{},'.repeat(300_000)}{}]}`;
    await refused(await send(wide), 413, 'WORKFLOW_LIMIT_EXCEEDED');
    const large = `{"inputData":"${'x'.repeat(6 * 1024 * 1024)}"}`;
    await refused(await send(large), 413, 'WORKFLOW_LIMIT_EXCEEDED');
    const ordinary = JSON.stringify({
      inputData: Array.from({ length: 10_000 }, (_, i) => ({ i, text: 'x' })),
    });
    expect((await send(ordinary)).status).toBe(201);
  });
});

test('keys that mean something to JavaScript are passed on as keys', async () => {
  const { send, starts } = recorder();
  const hostile = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":1}';
  const body = `{"inputData":${hostile},"initialState":${hostile},"requestContext":${hostile}}`;
  expect((await send(body)).status).toBe(201);
  const [start] = starts;
  for (const value of [start?.inputData, start?.initialState, start?.requestContext]) {
    expect(JSON.stringify(value)).toBe(hostile);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  }
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test.each(['{"__proto__":{"runId":"polluted"},"inputData":1}', '{"constructor":{},"inputData":1}'])(
  'such a key beside those of the route is refused: %s',
  async (body) => {
    const { send, starts } = recorder();
    await refused(await send(body), 400, 'WORKFLOW_ARGUMENT_INVALID');
    expect(starts).toEqual([]);
  },
);

test('a misspelled property is told together with those that are possible', async () => {
  const { send, starts } = recorder();
  const { detail } = await refused(await send('{"input":1}'), 400, 'WORKFLOW_ARGUMENT_INVALID');
  expect(detail).toContain(
    '"input" (possible: runId, inputData, inputValue, initialState, requestContext, resourceId, perStep, timeoutMs)',
  );
  expect(starts).toEqual([]);

  const app = createHttpApp({ runtime: fakeRuntime({}) });
  const cancel = await app.request('/runs/r/cancel', {
    method: 'POST',
    body: '{"reason":"late"}',
    headers: { 'content-type': 'application/json' },
  });
  const refusal = await refused(cancel, 400, 'WORKFLOW_ARGUMENT_INVALID');
  expect(refusal.detail).toContain('"reason" (possible: none)');
});
