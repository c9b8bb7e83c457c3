import { onTestFinished } from 'vitest';
import { type Client, type ClientOptions, createClient } from '../../src/client/index.ts';
import { type VirtualClock, virtualClock } from '../../src/testing/index.ts';
import type { ordersWorkflow } from '../http/fixtures.ts';

/** One request as it was sent. */
export interface Sent {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed JSON; undefined without a body. */
  readonly body: unknown;
  readonly signal: AbortSignal;
  /** Virtual time at which it was sent, ms. */
  readonly at: number;
}

/** What a hand-made server does with a request: it answers, or its connection breaks. */
export type Reply = Response | Error | ((sent: Sent) => Response | Promise<Response>);

/** A client over a hand-made server, in virtual time. */
export interface Scripted {
  readonly client: Client<readonly [typeof ordersWorkflow]>;
  readonly sent: Sent[];
  readonly clock: VirtualClock;
  /** Lets time pass until the promise is settled. */
  readonly until: <Value>(promise: Promise<Value>) => Promise<Value>;
  /** The same of one that rejects: what it rejects with. */
  readonly failure: (promise: Promise<unknown>) => Promise<unknown>;
}

/** A client whose requests get these replies, one after the other; more requests than replies fail the test. */
export function scripted(replies: readonly Reply[], options: Partial<ClientOptions> = {}): Scripted {
  const sent: Sent[] = [];
  const clock = virtualClock({ start: 0 });
  const fetch = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    const text = await request.text();
    const { method, headers, signal } = request;
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const one = { method, path: `${pathname}${search}`, headers: Object.fromEntries(headers), body, signal };
    const reply = replies[sent.length];
    sent.push({ ...one, at: clock.now() });
    if (reply === undefined) throw new RangeError(`No reply for ${method} ${pathname}${search}`);
    if (reply instanceof Error) throw reply;
    return typeof reply === 'function' ? await reply({ ...one, at: clock.now() }) : reply;
  };
  const timing = {
    now: () => clock.now(),
    timer: (ms: number, callback: () => void) => clock.timer(ms, callback),
    random: () => 0.5,
  };
  const client = createClient<readonly [typeof ordersWorkflow]>({
    url: 'https://api.test',
    fetch,
    timing,
    ...options,
  });
  const until = <Value>(promise: Promise<Value>): Promise<Value> => clock.runUntil(promise);
  const failure = async (promise: Promise<unknown>): Promise<unknown> =>
    await until(
      promise.then(
        () => undefined,
        (error: unknown) => error,
      ),
    );
  return { client, sent, clock, until, failure };
}

/** A JSON answer. */
export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

/** A problem document. */
export function refusal(
  status: number,
  code: string,
  headers: Readonly<Record<string, string>> = {},
  details?: object,
): Response {
  const type = `urn:problem-type:evented-workflows:${code}`;
  const document = { type, title: code, status, detail: `Because of ${code}`, code, details };
  return json(document, status, { 'content-type': 'application/problem+json', ...headers });
}

/** What Node's `fetch` throws for a network failure of this code. */
export function networkFailure(code: string): TypeError {
  return new TypeError('fetch failed', { cause: Object.assign(new TypeError(`connect ${code}`), { code }) });
}

/** The answer to what sets a run going. */
export function stored(more: object = {}): Response {
  return json({ runId: 'r', workflowId: 'orders', status: 'running', changed: true, ...more }, 201);
}

/** An answer of server-sent events in these chunks; then it ends, breaks with an error, or stays open. */
export function stream(
  chunks: readonly (string | Uint8Array)[],
  end: 'end' | 'open' | Error = 'end',
): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) {
        controller.enqueue(typeof chunk === 'string' ? encoder.encode(chunk) : chunk);
      }
      if (end === 'end') controller.close();
    },
    pull(controller) {
      if (end instanceof Error) controller.error(end);
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}

/** An event, and its message in a stream. */
export function event(id: string): { readonly id: string; readonly type: string; readonly time: number } {
  return { id, type: 'workflow-step-start', time: 1 };
}

/** All that an iteration gives. */
export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const given: Item[] = [];
  for await (const item of items) given.push(item);
  return given;
}

/** Ends with the test what would stay open otherwise. */
export function abortWithTest(): AbortController {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  return controller;
}
