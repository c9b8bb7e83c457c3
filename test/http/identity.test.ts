import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WorkflowError } from '../../src/core/errors.ts';
import type { HttpApp } from '../../src/http/index.ts';
import { createHttpApp } from './conforming.ts';
import { fakeRuntime, objectOf, post, problemIn, realApp } from './fixtures.ts';

/** Callers say who they are, as if something before this had verified it. */
function sharedApp(): HttpApp {
  const identify = (request: Request): string => {
    const caller = request.headers.get('x-caller');
    if (caller === null) throw new WorkflowError('WORKFLOW_UNAUTHENTICATED', 'Say who you are');
    return caller;
  };
  return realApp({ identify }).app;
}

function as(caller: string, init: RequestInit = {}): RequestInit {
  return { ...init, headers: { ...(init.headers as Record<string, string>), 'x-caller': caller } };
}

describe('owners', () => {
  test('each sees and moves only the own runs', async () => {
    const app = sharedApp();
    const start = post({ runId: 'a', inputData: { pieces: 1 } });
    expect((await app.request('/workflows/orders/runs', as('ada', start))).status).toBe(201);
    const attempts: [string, RequestInit][] = [
      ['/workflows/orders/runs', start],
      ['/runs/a', {}],
      ['/runs/a/events', {}],
      ['/runs/a/cancel', { method: 'POST' }],
      ['/runs/a/resume', post({ resumeData: { by: 'Bob' } })],
    ];
    for (const [path, init] of attempts) {
      expect(await problemIn(await app.request(path, as('bob', init)))).toMatchObject({
        code: 'WORKFLOW_RUN_FORBIDDEN',
        status: 403,
      });
    }
    expect(await objectOf(await app.request('/runs', as('bob')))).toEqual({ runs: [] });
    expect(await objectOf(await app.request('/runs', as('ada')))).toMatchObject({ runs: [{ runId: 'a' }] });
    expect((await app.request('/runs/a/cancel', as('ada', { method: 'POST' }))).status).toBe(200);
  });

  test('who is nobody is refused everywhere but at /health', async () => {
    const app = sharedApp();
    for (const path of ['/workflows', '/runs', '/runs/a', '/runs/a/events']) {
      const response = await app.request(path);
      expect(await problemIn(response)).toMatchObject({ code: 'WORKFLOW_UNAUTHENTICATED', status: 401 });
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
    }
    expect((await app.request('/health')).status).toBe(200);
  });

  test('a refused caller has no body read', async () => {
    const app = createHttpApp({ runtime: fakeRuntime({}), identify: () => '' });
    const request = new Request('http://x.test/runs/a/cancel', { method: 'POST', body: 'x' });
    const response = await app.fetch(request);
    expect(await problemIn(response)).toMatchObject({ code: 'WORKFLOW_UNAUTHENTICATED' });
    expect(request.bodyUsed).toBe(false);
  });

  test('the platform reaches identify', async () => {
    const owners: unknown[] = [];
    const app = createHttpApp<{ event: { caller: string } }>({
      runtime: fakeRuntime({
        list: async ({ owner }) => {
          owners.push(owner);
          return { headers: [] };
        },
      }),
      identify: async (_request, platform) => platform.event.caller,
    });
    await app.fetch(new Request('http://x.test/runs'), { event: { caller: 'ada' } });
    expect(owners).toEqual(['ada']);
  });
});

describe('run ids in paths', () => {
  const runId = fc
    .oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
      fc.string({
        unit: fc.constantFrom('%', '/', '?', '#', '\\', '.', '2', 'F', '+', ' ', 'é', '%2F', '\u0000'),
        minLength: 1,
        maxLength: 8,
      }),
    )
    .filter((id) => id !== '.' && id !== '..');

  test('no caller takes the id of a run that a schedule is to start', async () => {
    const { app } = realApp();
    const taken = await app.request('/workflows/echo/runs', post({ runId: 'sched_echo_1770000000000' }));
    expect(await problemIn(taken)).toMatchObject({ code: 'WORKFLOW_ARGUMENT_INVALID', status: 400 });
    expect((await app.request('/workflows/echo/runs', post({ runId: 'sched_echo' }))).status).toBe(201);
  });

  test('any text of 1 to 200 characters comes back as it was', async () => {
    const { app } = realApp();
    await fc.assert(
      fc.asyncProperty(runId, async (id) => {
        const started = await app.request('/workflows/echo/runs', post({ runId: id }));
        expect([200, 201]).toContain(started.status);
        const location = started.headers.get('location') ?? '';
        expect(await objectOf(await app.request(location))).toMatchObject({ runId: id });
        expect(await objectOf(await app.request(`${location}/events`))).toMatchObject({
          events: expect.any(Array),
        });
        expect([200, 409]).toContain((await app.request(`${location}/cancel`, { method: 'POST' })).status);
      }),
    );
  });

  test.each([
    'a/b',
    '%2F',
    '100%',
    '?x=1#y',
    'ünïcode 漢字 😀',
    '__proto__',
    'x'.repeat(200),
    '😀'.repeat(200),
  ])('%s', async (id) => {
    const { app } = realApp();
    const started = await app.request('/workflows/echo/runs', post({ runId: id }));
    expect(started.headers.get('location')).toBe(`/runs/${encodeURIComponent(id)}`);
    expect(await objectOf(await app.request(`/runs/${encodeURIComponent(id)}`))).toMatchObject({ runId: id });
  });

  test('201 characters are too many', async () => {
    const response = await realApp().app.request('/workflows/echo/runs', post({ runId: 'x'.repeat(201) }));
    expect(await problemIn(response)).toMatchObject({ code: 'WORKFLOW_ARGUMENT_INVALID', status: 400 });
  });

  test.each(['/runs/%', '/runs/%zz', '/runs/%C3', '/runs/a%ff/events'])('%s is no path', async (path) => {
    const app = createHttpApp({ runtime: fakeRuntime({ get: async () => null }) });
    expect(await problemIn(await app.request(path))).toMatchObject({
      code: 'WORKFLOW_ARGUMENT_INVALID',
      status: 400,
    });
  });

  test('the app can stand under a path', async () => {
    const { app } = realApp({ basePath: '/api/v1' });
    const started = await app.request('/api/v1/workflows/echo/runs', post({ runId: 'a b' }));
    expect(started.headers.get('location')).toBe('/api/v1/runs/a%20b');
    expect((await app.request('/api/v1/runs/a%20b')).status).toBe(200);
    expect((await app.request('/runs/a%20b')).status).toBe(404);
    expect((await app.request('/api/v1/runs', { method: 'PUT' })).status).toBe(405);
  });
});

test.each([
  { heartbeatMs: 0 },
  { heartbeatMs: 25_001 },
  { heartbeatMs: Number.NaN },
  { basePath: '/' },
  { basePath: 'api' },
  { basePath: '/api/' },
])('the option %j is refused', (options) => {
  expect(() => createHttpApp({ runtime: fakeRuntime({}), ...options })).toThrow(
    expect.objectContaining({ code: 'WORKFLOW_DEFINITION_INVALID' }),
  );
});
