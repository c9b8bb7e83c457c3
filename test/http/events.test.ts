import { describe, expect, onTestFinished, test } from 'vitest';
import { WorkflowError } from '../../src/core/errors.ts';
import type { RunEvent } from '../../src/core/snapshot.ts';
import type { EventPage, Runtime } from '../../src/runtime/index.ts';
import { createHttpApp } from './conforming.ts';
import { fakeRuntime, objectOf, post, problemIn, realApp } from './fixtures.ts';

type EventsRequest = Parameters<Runtime['events']>[0];

const stream = { headers: { accept: 'text/event-stream' } };

function event(id: string): RunEvent {
  return {
    id,
    type: 'custom',
    runId: 'a',
    from: 'WORKFLOW',
    time: 1,
    payload: { at: new Date(0) },
  };
}

/** Gives these pages one after the other; after the last one it waits for the signal. */
function pagesOf(pages: readonly (EventPage | Error)[]): { runtime: Runtime; requests: EventsRequest[] } {
  const requests: EventsRequest[] = [];
  const events = async (request: EventsRequest): Promise<EventPage> => {
    const page = pages[requests.length];
    requests.push(request);
    if (page instanceof Error) throw page;
    if (page !== undefined) return page;
    const { signal, cursor = '' } = request;
    await new Promise((resolve) => signal?.addEventListener('abort', resolve));
    return { events: [], cursor, done: false };
  };
  return { runtime: fakeRuntime({ events }), requests };
}

/** Blocks of a stream as they come, without the pause to reconnect that begins it. */
function blocksOf(response: Response): {
  next: () => Promise<string | undefined>;
  all: () => Promise<string[]>;
  cancel: () => Promise<void>;
} {
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  expect(response.headers.get('cache-control')).toBe('no-store');
  const reader = (response.body as ReadableStream<Uint8Array>)
    .pipeThrough(new TextDecoderStream())
    .getReader();
  onTestFinished(() => reader.cancel());
  let text = '';
  let isFirst = true;
  const next = async (): Promise<string | undefined> => {
    while (!text.includes('\n\n')) {
      const { done, value } = await reader.read();
      if (done) return undefined;
      text += value;
    }
    const end = text.indexOf('\n\n');
    const block = text.slice(0, end);
    text = text.slice(end + 2);
    if (!isFirst) return block;
    isFirst = false;
    expect(block).toBe('retry: 1000');
    return next();
  };
  const all = async (): Promise<string[]> => {
    const block = await next();
    return block === undefined ? [] : [block, ...(await all())];
  };
  return { next, all, cancel: () => reader.cancel() };
}

const shown = (id: string): string =>
  JSON.stringify({ ...event(id), payload: { at: '1970-01-01T00:00:00.000Z' } });

describe('pages', () => {
  test('tell the events of a run from its start to its end', async () => {
    const { app, runtime } = realApp();
    await app.request('/workflows/orders/runs', post({ runId: 'a', inputData: { pieces: 1 } }));
    await runtime.settled({ runId: 'a' });
    const first = await objectOf(await app.request('/runs/a/events'));
    expect(first).toMatchObject({ cursor: expect.any(String), done: false });
    await app.request('/runs/a/resume', post({ resumeData: { by: 'Ada' } }));
    await runtime.settled({ runId: 'a' });
    const rest = await objectOf(await app.request(`/runs/a/events?cursor=${String(first['cursor'])}`));
    expect(rest['done']).toBe(true);
    const events = [first['events'], rest['events']].flat() as RunEvent[];
    expect(
      events.map(({ type, payload }) =>
        typeof payload['id'] === 'string' ? `${type} ${payload['id']}` : type,
      ),
    ).toEqual([
      'workflow-start',
      'workflow-step-start price',
      'workflow-step-result price',
      'workflow-step-start approve',
      'workflow-step-suspended approve',
      'workflow-finish',
      'workflow-step-start approve',
      'workflow-step-result approve',
      'workflow-finish',
    ]);
  });

  test('a wait ends with the next event', async () => {
    const { app, runtime } = realApp();
    await app.request('/workflows/orders/runs', post({ runId: 'a', inputData: { pieces: 1 } }));
    await runtime.settled({ runId: 'a' });
    const { cursor } = await objectOf(await app.request('/runs/a/events'));
    const waiting = app.request(`/runs/a/events?cursor=${String(cursor)}&wait=25`);
    await app.request('/runs/a/cancel', { method: 'POST' });
    const page = await objectOf(await waiting);
    expect(page['done']).toBe(true);
    expect(JSON.stringify(page['events'])).toContain('workflow-canceled');
  });

  test.each([
    ['', 0],
    ['wait=0', 0],
    ['wait=2.5', 2_500],
    ['wait=25', 25_000],
  ])('%s is a wait of %i ms', async (query, waitMs) => {
    const { runtime, requests } = pagesOf([{ events: [], cursor: 'c', done: false }]);
    const response = await createHttpApp({ runtime }).request(`/runs/a/events?${query}`);
    expect(await response.json()).toEqual({ events: [], cursor: 'c', done: false });
    expect(requests[0]).toMatchObject({ runId: 'a', waitMs });
  });

  test.each(['wait=26', 'wait=-1', 'wait=x', 'wait=', 'wait=1e1', 'cursor=', 'since=1', 'wait=1&wait=2'])(
    'refuses %s',
    async (query) => {
      const { runtime, requests } = pagesOf([]);
      const response = await createHttpApp({ runtime }).request(`/runs/a/events?${query}`);
      expect(await problemIn(response)).toMatchObject({ code: 'WORKFLOW_ARGUMENT_INVALID' });
      expect(requests).toEqual([]);
    },
  );

  test('refuses a foreign cursor and an unknown run', async () => {
    const { app } = realApp({ serverSentEvents: true });
    await app.request('/workflows/echo/runs', post({ runId: 'a' }));
    for (const init of [{}, stream]) {
      expect(await problemIn(await app.request('/runs/a/events?cursor=nonsense', init))).toMatchObject({
        code: 'WORKFLOW_CURSOR_INVALID',
        status: 400,
      });
      expect(await problemIn(await app.request('/runs/b/events', init))).toMatchObject({
        code: 'WORKFLOW_RUN_NOT_FOUND',
      });
    }
  });

  test('the caller going away and the shutdown end a wait', async () => {
    for (const end of ['caller', 'server']) {
      const { runtime, requests } = pagesOf([]);
      const caller = new AbortController();
      const shutdown = new AbortController();
      const app = createHttpApp({ runtime, shutdown: shutdown.signal });
      const waiting = app.request('/runs/a/events?cursor=c&wait=25', { signal: caller.signal });
      await expect.poll(() => requests.length).toBe(1);
      (end === 'caller' ? caller : shutdown).abort();
      expect(await objectOf(await waiting)).toEqual({ events: [], cursor: 'c', done: false });
    }
  });
});

describe('server-sent events', () => {
  test.each([
    ['text/event-stream', true],
    ['text/html, Text/Event-Stream;q=0.5, */*', true],
    ['text/event-stream;q=0', false],
    ['text/event-stream; q=0.000', false],
    ['application/json', false],
    ['*/*', false],
  ])('Accept: %s', async (accept, isStream) => {
    const { runtime } = pagesOf([{ events: [event('1')], cursor: 'c', done: true }]);
    const app = createHttpApp({ runtime, serverSentEvents: true });
    const response = await app.request('/runs/a/events', { headers: { accept } });
    expect(response.headers.get('content-type')).toBe(isStream ? 'text/event-stream' : 'application/json');
    await response.text();
  });

  test('where the place cannot stream, a page comes', async () => {
    const { runtime } = pagesOf([{ events: [event('1')], cursor: 'c', done: false }]);
    const response = await createHttpApp({ runtime }).request('/runs/a/events', stream);
    expect(await response.json()).toMatchObject({ cursor: 'c', done: false });
  });

  test('a page gives its cursor as the id of its last event', async () => {
    const { runtime, requests } = pagesOf([
      { events: [event('1'), event('2')], cursor: 'c1', done: false },
      { events: [], cursor: 'c1', done: false },
      { events: [], cursor: 'c2', done: false },
      { events: [event('3')], cursor: 'c3', done: true },
    ]);
    const app = createHttpApp({ runtime, serverSentEvents: true, heartbeatMs: 7_000 });
    const response = await app.request('/runs/a/events?cursor=c0', stream);
    expect(await blocksOf(response).all()).toEqual([
      `data: ${shown('1')}`,
      `id: c1\ndata: ${shown('2')}`,
      ': nothing new',
      'id: c2',
      `id: c3\ndata: ${shown('3')}`,
      'event: done\nid: c3\ndata: {"cursor":"c3"}',
    ]);
    expect(requests.map(({ cursor, waitMs }) => [cursor, waitMs])).toEqual([
      ['c0', undefined],
      ['c1', 7_000],
      ['c1', 7_000],
      ['c2', 7_000],
    ]);
  });

  test('Last-Event-ID wins over the cursor of the URL', async () => {
    const { runtime, requests } = pagesOf([{ events: [event('2')], cursor: 'c2', done: true }]);
    const app = createHttpApp({ runtime, serverSentEvents: true });
    const headers = { ...stream.headers, 'last-event-id': 'c1' };
    const response = await app.request('/runs/a/events?cursor=c0', { headers });
    expect(await blocksOf(response).all()).toHaveLength(2);
    expect(requests[0]?.cursor).toBe('c1');
  });

  test('who comes back to a run that is over is told to stop', async () => {
    const { app, runtime } = realApp({ serverSentEvents: true });
    await app.request('/workflows/echo/runs', post({ runId: 'a' }));
    await runtime.settled({ runId: 'a' });
    const blocks = await blocksOf(await app.request('/runs/a/events', stream)).all();
    expect(blocks.map((block) => /"type":"([^"]+)"/.exec(block)?.[1])).toEqual([
      'workflow-start',
      'workflow-step-start',
      'workflow-step-result',
      'workflow-finish',
      undefined,
    ]);
    const last = /^id: (.*)$/m.exec(blocks.at(-1) ?? '')?.[1] ?? '';
    const again = await app.request('/runs/a/events', {
      headers: { ...stream.headers, 'last-event-id': last },
    });
    expect([again.status, await again.text()]).toEqual([204, '']);
    const fresh = await app.request(`/runs/a/events?cursor=${last}`, stream);
    expect(await blocksOf(fresh).all()).toEqual([expect.stringMatching(/^event: done/)]);
  });

  test('events come while the run goes on', async () => {
    const { app, runtime } = realApp({ serverSentEvents: true });
    await app.request('/workflows/orders/runs', post({ runId: 'a', inputData: { pieces: 1 } }));
    const blocks = blocksOf(await app.request('/runs/a/events', stream));
    let block = await blocks.next();
    while (block?.includes('workflow-step-suspended') === false) block = await blocks.next();
    await app.request('/runs/a/resume', post({ resumeData: { by: 'Ada' } }));
    await runtime.settled({ runId: 'a' });
    const rest = await blocks.all();
    expect(rest.join('\n')).toContain('workflow-finish');
    expect(rest.at(-1)).toMatch(/^event: done/);
  });

  test('a failure in the middle is told as a problem, without its words', async () => {
    const seen: unknown[] = [];
    const failure = new WorkflowError('WORKFLOW_BACKEND_UNAVAILABLE', 'secret of the server');
    const { runtime } = pagesOf([{ events: [event('1')], cursor: 'c1', done: false }, failure]);
    const app = createHttpApp({ runtime, serverSentEvents: true, onError: (error) => seen.push(error) });
    const [, block, ...rest] = await blocksOf(await app.request('/runs/a/events', stream)).all();
    expect(block).toMatch(/^event: problem\ndata: \{.*"code":"WORKFLOW_BACKEND_UNAVAILABLE"/);
    expect(block).not.toContain('secret');
    expect(rest).toEqual([]);
    expect(seen).toEqual([failure]);
  });

  test('the shutdown ends a stream, without the mark of its end', async () => {
    const { runtime, requests } = pagesOf([{ events: [event('1')], cursor: 'c1', done: false }]);
    const shutdown = new AbortController();
    const app = createHttpApp({ runtime, serverSentEvents: true, shutdown: shutdown.signal });
    const blocks = blocksOf(await app.request('/runs/a/events', stream));
    expect(await blocks.next()).toContain('"id":"1"');
    const rest = blocks.all();
    await expect.poll(() => requests.length).toBe(2);
    shutdown.abort();
    expect(await rest).toEqual([]);
    expect(requests[1]?.signal?.aborted).toBe(true);
  });

  test('a stream asked for during the shutdown ends at once', async () => {
    const { runtime } = pagesOf([{ events: [event('1')], cursor: 'c1', done: false }]);
    const app = createHttpApp({ runtime, serverSentEvents: true, shutdown: AbortSignal.abort() });
    expect(await blocksOf(await app.request('/runs/a/events', stream)).all()).toEqual([]);
  });

  test('the reader going away ends the wait for events', async () => {
    const { runtime, requests } = pagesOf([{ events: [event('1')], cursor: 'c1', done: false }]);
    const app = createHttpApp({ runtime, serverSentEvents: true });
    const blocks = blocksOf(await app.request('/runs/a/events', stream));
    await blocks.next();
    await expect.poll(() => requests.length).toBe(2);
    await blocks.cancel();
    await expect.poll(() => requests[1]?.signal?.aborted).toBe(true);
    expect(requests).toHaveLength(2);
  });

  test('HEAD begins no stream', async () => {
    const { runtime, requests } = pagesOf([{ events: [], cursor: 'c', done: false }]);
    const app = createHttpApp({ runtime, serverSentEvents: true });
    const response = await app.request('/runs/a/events', { ...stream, method: 'HEAD' });
    expect([response.status, response.body, requests.length]).toEqual([200, null, 1]);
  });
});
