import { expect, test } from 'vitest';
import { type ErrorCode, errorStatus, WorkflowError } from '../../src/core/errors.ts';
import { createHttpApp, httpErrorStatus, problem, type ProblemCode } from '../../src/http/index.ts';
import { fakeRuntime, problemIn } from './fixtures.ts';

const codes = Object.keys(errorStatus) as ErrorCode[];
const secret = 'secret of the server';

function failingApp(thrown: unknown, seen: unknown[] = []): ReturnType<typeof createHttpApp> {
  const runtime = fakeRuntime({ get: () => Promise.reject(thrown as Error) });
  return createHttpApp({ runtime, onError: (error) => seen.push(error) });
}

test.each(codes.filter((code) => errorStatus[code] < 500))('%s is told with its details', async (code) => {
  const details = { runId: 'r', status: 'suspended', winner: 'w', issues: [{ path: 'a.b', message: 'no' }] };
  const seen: unknown[] = [];
  const thrown = new WorkflowError(code, 'what to do', { details, cause: new Error(secret) });
  const response = await failingApp(thrown, seen).request('/runs/r');
  expect(response.status).toBe(errorStatus[code]);
  const document = await problemIn(response);
  expect(document).toEqual({
    type: `urn:problem-type:evented-workflows:${code}`,
    title: expect.stringMatching(/^[A-Z]/),
    status: errorStatus[code],
    detail: 'what to do',
    code,
    details,
  });
  expect(seen).toEqual([]);
  expect(response.headers.get('www-authenticate')).toBe(errorStatus[code] === 401 ? 'Bearer' : null);
});

test.each(codes.filter((code) => errorStatus[code] >= 500))(
  '%s keeps its message to the log',
  async (code) => {
    const seen: unknown[] = [];
    const thrown = new WorkflowError(code, secret, { details: { file: secret }, cause: new Error(secret) });
    const response = await failingApp(thrown, seen).request('/runs/r');
    const document = await problemIn(response);
    expect(document).toMatchObject({ code, status: errorStatus[code] });
    expect(JSON.stringify(document)).not.toContain(secret);
    expect(seen).toEqual([thrown]);
    expect(response.headers.get('retry-after')).toBe(errorStatus[code] === 503 ? '1' : null);
  },
);

test.each([[new TypeError(secret)], [secret], [undefined], [{ message: secret }]])(
  'what nobody foresaw (%j) is a 500 without its words',
  async (thrown) => {
    const seen: unknown[] = [];
    const response = await failingApp(thrown, seen).request('/runs/r');
    const document = await problemIn(response);
    expect(document).toMatchObject({ code: 'HTTP_INTERNAL_ERROR', status: 500 });
    expect(JSON.stringify(document)).not.toContain(secret);
    expect(seen).toEqual([thrown]);
  },
);

test('each code has a title and a status of its own', () => {
  const all = [...codes, ...Object.keys(httpErrorStatus)] as ProblemCode[];
  const titles = all.map((code) => problem(code, '').title);
  expect(new Set(titles).size).toBe(all.length);
  expect(all.every((code) => problem(code, '').status >= 400)).toBe(true);
});

test('a route that nobody has', async () => {
  const response = await failingApp(undefined).request('/runs/r/steps');
  expect(await problemIn(response)).toMatchObject({ code: 'HTTP_ROUTE_NOT_FOUND', status: 404 });
});

test.each([
  ['/health', 'GET, HEAD, OPTIONS'],
  ['/workflows', 'GET, HEAD, OPTIONS'],
  ['/workflows/w', 'GET, HEAD, OPTIONS'],
  ['/workflows/w/runs', 'POST, OPTIONS'],
  ['/runs', 'GET, HEAD, OPTIONS'],
  ['/runs/r', 'GET, DELETE, HEAD, OPTIONS'],
  ['/runs/r/resume', 'POST, OPTIONS'],
  ['/runs/r/cancel', 'POST, OPTIONS'],
  ['/runs/r/time-travel', 'POST, OPTIONS'],
  ['/runs/r/restart', 'POST, OPTIONS'],
  ['/runs/r/result', 'GET, HEAD, OPTIONS'],
  ['/runs/r/events', 'GET, HEAD, OPTIONS'],
  ['/runs/r/history', 'GET, HEAD, OPTIONS'],
  ['/runs/r/value', 'GET, HEAD, OPTIONS'],
  [`/runs/r/values/${'0'.repeat(64)}`, 'PUT, OPTIONS'],
])('%s has only %s', async (path, allow) => {
  const app = failingApp(undefined);
  const patched = await app.request(path, { method: 'PATCH' });
  expect(await problemIn(patched)).toMatchObject({ code: 'HTTP_METHOD_NOT_ALLOWED', status: 405 });
  expect(patched.headers.get('allow')).toBe(allow);
  const other = await app.request(path, { method: allow.startsWith('GET') ? 'POST' : 'GET' });
  expect(other.status).toBe(405);
  const options = await app.request(path, { method: 'OPTIONS' });
  expect([options.status, options.headers.get('allow'), await options.text()]).toEqual([204, allow, '']);
});

test('an unknown method is refused like a known one', async () => {
  const response = await failingApp(undefined).request('/runs', { method: 'PROPFIND' });
  expect(response.status).toBe(405);
});
