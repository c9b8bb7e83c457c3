import { describe, expect, test } from 'vitest';
import type { RunPage } from '../../src/core/host.ts';
import { createHttpApp, type HttpApp } from '../../src/http/index.ts';
import { fakeRuntime, problemIn } from './fixtures.ts';

const sse = { headers: { accept: 'text/event-stream' } };

/** Takes two requests at once. A list is answered when the test says so; a stream has one page, and then nothing. */
function busyApp(): { app: HttpApp; finish: () => void } {
  const gate = Promise.withResolvers<RunPage>();
  const runtime = fakeRuntime({
    list: () => gate.promise,
    get: async () => null,
    events: async ({ signal, waitMs }) => {
      if (waitMs !== undefined) await new Promise((resolve) => signal?.addEventListener('abort', resolve));
      return { events: [], cursor: 'c', done: false };
    },
  });
  const app = createHttpApp({ runtime, maxInFlight: 2, serverSentEvents: true });
  return { app, finish: () => gate.resolve({ headers: [] }) };
}

test('one request too many is refused, and taken when another is answered', async () => {
  const { app, finish } = busyApp();
  const lists = [app.request('/runs'), app.request('/runs')];
  const refused = await app.request('/runs/a');
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await problemIn(refused)).toMatchObject({
    status: 429,
    code: 'HTTP_TOO_MANY_REQUESTS',
    details: { limit: 'maxInFlight', allowed: 2 },
  });
  expect((await app.request('/health')).status).toBe(200);
  finish();
  for (const list of lists) expect((await list).status).toBe(200);
  expect((await app.request('/runs/a')).status).toBe(404);
});

test('a request that is refused or fails leaves its place', async () => {
  const { app } = busyApp();
  for (let i = 0; i < 5; i += 1) {
    expect((await app.request('/runs?limit=0')).status).toBe(400);
    expect((await app.request('/runs/a/history')).status).toBe(503);
  }
  expect((await app.request('/runs/a')).status).toBe(404);
});

describe('a stream', () => {
  test('is under way until its reader leaves', async () => {
    const { app, finish } = busyApp();
    const stream = await app.request('/runs/a/events', sse);
    const list = app.request('/runs');
    expect((await app.request('/runs/a')).status).toBe(429);
    await stream.body?.cancel();
    expect((await app.request('/runs/a')).status).toBe(404);
    finish();
    expect((await list).status).toBe(200);
  });

  test('that nobody will read is none', async () => {
    const { app } = busyApp();
    for (let i = 0; i < 3; i += 1) {
      const head = await app.request('/runs/a/events', { ...sse, method: 'HEAD' });
      expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    }
    expect((await app.request('/runs/a')).status).toBe(404);
  });
});

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('%d is no cap', (maxInFlight) => {
  expect(() => createHttpApp({ runtime: fakeRuntime({}), maxInFlight })).toThrow(
    expect.objectContaining({ code: 'WORKFLOW_DEFINITION_INVALID' }),
  );
});
