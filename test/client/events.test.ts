import { describe, expect, test } from 'vitest';
import {
  abortWithTest,
  all,
  event,
  json,
  networkFailure,
  refusal,
  type Sent,
  scripted,
  stream,
} from './fixtures.ts';

const data = (id: string): string => `data: ${JSON.stringify(event(id))}\n\n`;
const at = (cursor: string, id: string): string => `id: ${cursor}\n${data(id)}`;
const done = (cursor: string): string => `event: done\nid: ${cursor}\ndata: {"cursor":"${cursor}"}\n\n`;
const page = (ids: string[], cursor: string, isDone = false): Response =>
  json({ events: ids.map(event), cursor, done: isDone });

const idsOf = (events: readonly { readonly id: string }[]): string[] => events.map(({ id }) => id);

describe('over server-sent events', () => {
  test('events come as they do, until all are told', async () => {
    const text = `retry: 10\n\n${data('1')}${at('c1', '2')}: nothing new\n\nid: c2\n\n${at('c3', '3 ü')}${done('c3')}${data('4')}`;
    const bytes = [...new TextEncoder().encode(text)].map((byte) => new Uint8Array([byte]));
    const { client, sent, until } = scripted([stream(bytes, 'open')]);
    expect(idsOf(await until(all(client.run('r').events())))).toEqual(['1', '2', '3 ü']);
    expect(sent[0]).toMatchObject({
      method: 'GET',
      path: '/runs/r/events?wait=25',
      headers: { accept: 'text/event-stream, application/json' },
    });
    expect(sent[0]?.headers).not.toHaveProperty('last-event-id');
    // What was left of the stream is not read.
    expect(sent[0]?.signal.aborted).toBe(true);
  });

  test('a stream that breaks goes on at its last cursor, without repeats', async () => {
    const { client, sent, until } = scripted([
      stream(
        [`retry: 400\n\n${data('1')}${at('c1', '2')}${data('3')}`, 'data: {"id": "4', 'x'],
        new TypeError('terminated'),
      ),
      stream([`retry: 400\n\n${data('3')}${at('c2', '4')}`]),
      networkFailure('ECONNREFUSED'),
      refusal(503, 'WORKFLOW_RUNTIME_CLOSED', { 'retry-after': '2' }),
      stream([`${at('c3', '4')}${at('c4', '5')}${done('c4')}`]),
    ]);
    expect(idsOf(await until(all(client.run('r').events())))).toEqual(['1', '2', '3', '4', '5']);
    expect(sent.map(({ path }) => path)).toEqual([
      '/runs/r/events?wait=25',
      ...Array.from({ length: 1 }, () => '/runs/r/events?cursor=c1&wait=25'),
      ...Array.from({ length: 3 }, () => '/runs/r/events?cursor=c2&wait=25'),
    ]);
    expect(sent.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, 'c1', 'c2', 'c2', 'c2']);
    // Half of 400 ms; the same after progress; then half of 800 ms; then what the server asks for and half of 800 ms of ours.
    expect(sent.map((one) => one.at)).toEqual([0, 200, 400, 800, 3_200]);
  });

  test('a cursor of the caller is where it begins; 204 says that all was told', async () => {
    const { client, sent, until } = scripted([new Response(null, { status: 204 })]);
    expect(await until(all(client.run('r').events({ cursor: 'c9' })))).toEqual([]);
    expect(sent[0]).toMatchObject({
      path: '/runs/r/events?cursor=c9&wait=25',
      headers: { 'last-event-id': 'c9' },
    });
  });

  test('a problem in the stream is thrown', async () => {
    const document = {
      type: 'urn:x',
      title: 't',
      status: 500,
      detail: 'Look at the log.',
      code: 'WORKFLOW_RECORD_CORRUPT',
    };
    const { client, sent, failure } = scripted([
      stream([`${at('c1', '1')}event: problem\ndata: ${JSON.stringify(document)}\n\n`]),
    ]);
    expect(await failure(all(client.run('r').events()))).toMatchObject({
      name: 'WorkflowApiError',
      code: 'WORKFLOW_RECORD_CORRUPT',
      status: 500,
      message: 'Look at the log.',
      problem: document,
    });
    const other = scripted([stream(['event: problem\ndata: {}\n\n'])]);
    expect(await other.failure(all(other.client.run('r').events()))).toMatchObject({
      code: 'CLIENT_ANSWER_INVALID',
    });
    expect([sent.length, other.sent.length]).toEqual([1, 1]);
  });

  test('a problem in the stream that may be over soon is waited out, as one without a stream is', async () => {
    const document = { type: 'urn:x', title: 't', status: 503, detail: 'd', code: 'WORKFLOW_RUNTIME_CLOSED' };
    const problem = `event: problem\ndata: ${JSON.stringify(document)}\n\n`;
    const { client, sent, until } = scripted([
      stream([`${at('c1', '1')}${problem}`]),
      stream([problem]),
      stream([`${at('c2', '2')}${done('c2')}`]),
    ]);
    expect(idsOf(await until(all(client.run('r').events())))).toEqual(['1', '2']);
    expect(sent.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, 'c1', 'c1']);
  });

  test('proxies that cut off every stream after a while do not end it', async () => {
    // Such as nginx after 60 s, with a comment every 15 s that tells nothing.
    const cut = ({ signal }: Sent): Response => {
      let left = 4;
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode('retry: 1000\n\n')),
        async pull(controller) {
          await new Promise<void>((resolve) => void clock.timer(15_000, resolve));
          if (signal.aborted || left === 0) return controller.close();
          left -= 1;
          controller.enqueue(new TextEncoder().encode(': nothing new\n\n'));
        },
      });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    };
    const { client, sent, clock, until } = scripted([
      ...Array.from({ length: 30 }, () => cut),
      stream([`${at('c', '1')}${done('c')}`]),
    ]);
    expect(idsOf(await until(all(client.run('r').events())))).toEqual(['1']);
    expect(sent.length).toBe(31);
  });

  test('messages of names that are not known are left out', async () => {
    const { client, until } = scripted([stream([`event: later\ndata: {}\n\n${data('1')}${done('c')}`])]);
    expect(idsOf(await until(all(client.run('r').events())))).toEqual(['1']);
  });

  test('a refusal is thrown, at first and when it connects again', async () => {
    const refused = scripted([refusal(404, 'WORKFLOW_RUN_NOT_FOUND')]);
    expect(await refused.failure(all(refused.client.run('r').events()))).toMatchObject({ status: 404 });
    const removed = scripted([stream([at('c1', '1')]), refusal(404, 'WORKFLOW_RUN_NOT_FOUND')]);
    expect(await removed.failure(all(removed.client.run('r').events()))).toMatchObject({ status: 404 });
  });

  test('it gives up after the retries of the client, or once there was a connection after its own', async () => {
    const down = (count: number): TypeError[] =>
      Array.from({ length: count }, () => networkFailure('ECONNREFUSED'));
    const first = scripted(down(4));
    expect(await first.failure(all(first.client.run('r').events()))).toMatchObject({
      code: 'CLIENT_UNREACHABLE',
    });
    expect(first.sent.length).toBe(4);
    const later = scripted([stream([at('c', '1')]), ...down(10)]);
    expect(await later.failure(all(later.client.run('r').events()))).toMatchObject({
      code: 'CLIENT_UNREACHABLE',
    });
    expect(later.sent.length).toBe(11);
    const short = scripted([stream([at('c', '1')])]);
    expect(await short.failure(all(short.client.run('r').events({ reconnects: 0 })))).toMatchObject({
      message: expect.stringContaining('broke off'),
    });
  });

  test('a stream of nothing is asked for less and less often', async () => {
    const empty = (): Response => stream(['retry: 1000\n\n: nothing new\n\n']);
    const { client, sent, until } = scripted([
      stream([`retry: 1000\n\n${at('c', '1')}`]),
      ...Array.from({ length: 7 }, empty),
      stream([done('c')]),
    ]);
    await until(all(client.run('r').events()));
    const pauses = sent.map((one, index) => one.at - (sent[index - 1]?.at ?? 0));
    expect(pauses).toEqual([0, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  });

  test('a silent stream is broken', async () => {
    const { client, sent, until } = scripted([stream([at('c1', '1')], 'open'), stream([done('c1')])]);
    await until(all(client.run('r').events()));
    expect(sent.map((one) => one.at)).toEqual([0, 55_100]);
    expect(sent[1]?.headers['last-event-id']).toBe('c1');
  });

  test('broken data is read again', async () => {
    const { client, until } = scripted([
      stream([at('c1', '1'), 'data: {"id":\n\n']),
      stream([at('c2', '2'), done('c2')]),
    ]);
    expect(idsOf(await until(all(client.run('r').events())))).toEqual(['1', '2']);
  });

  test('an abort ends it at once, also in a pause', async () => {
    const reason = new RangeError('enough');
    for (const reply of [stream([at('c1', '1')], 'open'), stream([at('c1', '1')])]) {
      const { client, sent, clock } = scripted([reply]);
      const controller = abortWithTest();
      const events = all(client.run('r').events({ signal: controller.signal }));
      await clock.settle();
      controller.abort(reason);
      await expect(events).rejects.toBe(reason);
      expect(sent[0]?.signal.aborted).toBe(true);
      expect(clock.pending()).toEqual([]);
    }
  });

  test('leaving the loop ends the request', async () => {
    const { client, sent, clock, until } = scripted([stream([data('1'), data('2')], 'open')]);
    const first = async (): Promise<string | undefined> => {
      for await (const { id } of client.run('r').events()) return id;
      return undefined;
    };
    expect(await until(first())).toBe('1');
    expect(sent[0]?.signal.aborted).toBe(true);
    expect(clock.pending()).toEqual([]);
  });
});

describe('by pages, where the place does not stream', () => {
  test('pages are waited for until all is told, without repeats', async () => {
    const { client, sent, clock, until } = scripted([
      page(['1', '2'], 'c1'),
      async () => {
        await new Promise<void>((resolve) => clock.timer(25_000, resolve));
        return page([], 'c2');
      },
      page(['2', '3'], 'c3'),
      page([], 'c3', true),
    ]);
    expect(idsOf(await until(all(client.run('r').events())))).toEqual(['1', '2', '3']);
    expect(sent.map(({ path }) => path)).toEqual([
      '/runs/r/events?wait=25',
      '/runs/r/events?cursor=c1&wait=25',
      '/runs/r/events?cursor=c2&wait=25',
      '/runs/r/events?cursor=c3&wait=25',
    ]);
    expect(clock.now()).toBe(25_000);
  });

  test('repeats are known among the last 10,000 events, so that a long run takes no more memory than that', async () => {
    const ids = Array.from({ length: 10_001 }, (_, index) => String(index));
    const { client, until } = scripted([page(ids, 'c1'), page([...ids.slice(1), '0'], 'c2', true)]);
    expect(idsOf(await until(all(client.run('r').events())))).toEqual([...ids, '0']);
  });

  test('an empty page that comes at once is not asked for at once again', async () => {
    const { client, sent, until } = scripted([page([], 'c1'), page([], 'c1'), page(['1'], 'c2', true)]);
    await until(all(client.run('r').events()));
    expect(sent.map((one) => one.at)).toEqual([0, 1_000, 2_000]);
  });

  test('a page that fails is asked for again', async () => {
    const cut = new Response('{"events": [', { headers: { 'content-type': 'application/json' } });
    const { client, sent, until } = scripted([
      page(['1'], 'c1'),
      networkFailure('ECONNRESET'),
      cut,
      refusal(429, 'HTTP_TOO_MANY_REQUESTS', { 'retry-after': '3' }),
      page(['2'], 'c2', true),
    ]);
    expect(idsOf(await until(all(client.run('r').events())))).toEqual(['1', '2']);
    expect(sent.map((one) => one.at)).toEqual([0, 0, 100, 300, 3_700]);
  });

  test('a page of a proxy is no answer', async () => {
    const html = new Response('<html></html>', { headers: { 'content-type': 'text/html' } });
    const { client, failure } = scripted([html]);
    expect(await failure(all(client.run('r').events()))).toMatchObject({ code: 'CLIENT_ANSWER_INVALID' });
  });
});
