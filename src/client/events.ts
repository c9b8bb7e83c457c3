import type { EventPage } from '../core/host.ts';
import type { RunEvent } from '../core/snapshot.ts';
import { errorOfProblem, isProblem, WorkflowApiError } from './errors.ts';
import { EventStreamParser } from './event-stream.ts';
import { backoff, pause, unlessAborted } from './timing.ts';
import { type ApiRequest, Failure, jsonOf, kindOf, type Transport } from './transport.ts';
import type { CallOptions } from './workflow-types.ts';

/** Longest wait of one request for events or a result, s: what the API takes. */
export const longestWait = 25;

/** Longest pause between two connections, ms. */
const longestPause = 30_000;

/** Ids that are remembered to know repeats: far more than a page has, which is the most that is told again. */
const remembered = 10_000;

/** What `events` takes. */
export interface EventsOptions extends CallOptions {
  /** Events after this one, which `eventPage` gave. @default from the beginning */
  readonly cursor?: string;
  /** Connections in a row that may fail, once there was one, before the iteration rejects. @default 10 */
  readonly reconnects?: number;
}

/**
 * A page without events that comes sooner, ms, is of a server that stops: it is not asked again at once. A stream that ends sooner
 * counts as a connection that failed.
 */
const shortestWait = 1_000;

/** What a connection gave: events, and where the next one begins. */
interface Told {
  readonly events: readonly RunEvent[];
  readonly cursor: string | undefined;
  readonly done: boolean;
  /** Pause before the next connection that the server asked for, ms. */
  readonly retry?: number | undefined;
}

/**
 * The events of a run from its API, each once and in order, until all are told. Connections that break are made again from
 * the last cursor.
 */
export async function* followEvents(
  transport: Transport,
  path: string,
  { cursor: begin, reconnects = 10, signal }: EventsOptions,
): AsyncGenerator<RunEvent, void, undefined> {
  const left = new AbortController();
  const ended = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]);
  const seen = new Set<string>();
  const { timing } = transport;
  let cursor = begin;
  let retry: number | undefined;
  let wasConnected = false;
  let failures = 0;
  try {
    for (;;) {
      let failure: Failure | undefined;
      for await (const told of connection(transport, path, cursor, ended)) {
        if (told instanceof Failure) {
          failure = told;
          break;
        }
        wasConnected = true;
        failures = 0;
        yield* told.events.filter((event) => isNew(event, seen));
        if (told.done) return;
        cursor = told.cursor ?? cursor;
        retry = told.retry ?? retry;
      }
      if (failure === undefined) continue;
      const most = wasConnected ? reconnects : transport.retries;
      const asked = transport.pauseAfter(failure, failures);
      if (failure.kind === 'final' || asked === undefined || failures >= most) throw failure.error;
      const own = retry === undefined ? 0 : backoff(timing, failures, retry, longestPause);
      failures += 1;
      await pause(timing, Math.max(asked, own), ended);
    }
  } finally {
    left.abort();
  }
}

function isNew({ id }: RunEvent, seen: Set<string>): boolean {
  if (seen.has(id)) return false;
  seen.add(id);
  // A set gives its members in the order in which they came.
  if (seen.size > remembered) for (const oldest of seen) return seen.delete(oldest);
  return true;
}

/** One request: a page, or a stream until it ends. The last thing it gives is a failure, unless a page or `done` ends it. */
async function* connection(
  transport: Transport,
  path: string,
  cursor: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<Told | Failure, void, undefined> {
  const { timing } = transport;
  const began = timing.now();
  const request: ApiRequest = {
    method: 'GET',
    path: `${path}/events`,
    query: { cursor, wait: longestWait },
    headers: {
      accept: 'text/event-stream, application/json',
      ...(cursor === undefined ? {} : { 'last-event-id': cursor }),
    },
    waitMs: longestWait * 1_000,
    isRepeatable: true,
    signal,
  };
  const answer = await transport.attempt(request, async (response) =>
    isStream(response) ? response : ((await jsonOf(response)) as EventPage | Failure | undefined),
  );
  // 204: all was told before.
  if (answer === undefined) return yield { events: [], cursor, done: true };
  if (answer instanceof Response) return yield* streamed(transport, answer, signal);
  yield answer;
  if (answer instanceof Failure || answer.done || answer.events.length > 0) return;
  const left = began + shortestWait - timing.now();
  if (left > 0) await pause(timing, left, signal);
}

function isStream(response: Response): boolean {
  return /^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '');
}

async function* streamed(
  transport: Transport,
  response: Response,
  signal: AbortSignal,
): AsyncGenerator<Told | Failure, void, undefined> {
  const reader = response.body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined;
  const parser = new EventStreamParser();
  const { timing } = transport;
  const began = timing.now();
  let hasSpoken = false;
  let cause: unknown = new DOMException('The stream ended too early', 'AbortError');
  try {
    for (;;) {
      const chunk = await next(transport, reader, signal);
      if (chunk === undefined) break;
      hasSpoken = true;
      for (const { event, data, id, retry } of parser.push(chunk)) {
        if (event === 'problem') return yield problemIn(data);
        const after = id === '' ? undefined : id;
        if (event === 'done') return yield { events: [], cursor: after, done: true };
        // Names that this version does not know are for newer ones.
        const events = event === '' && data !== '' ? [JSON.parse(data) as RunEvent] : [];
        yield { events, cursor: after, done: false, retry };
      }
    }
  } catch (thrown) {
    signal.throwIfAborted();
    cause = thrown;
  } finally {
    // It may be broken, and nobody reads it any more.
    void reader?.cancel().catch(() => {});
  }
  // Proxies cut off what lasts or is silent for long: a stream that was there for a while is not one that failed.
  if (hasSpoken && timing.now() - began >= shortestWait) yield { events: [], cursor: undefined, done: false };
  yield broken(cause);
}

function broken(cause: unknown): Failure {
  const message = 'The stream of events broke off: check the connection, and whether the server runs';
  return new Failure(new WorkflowApiError('CLIENT_UNREACHABLE', message, { cause }), 'unsure');
}

/** The refusal that a stream ended with: what a status could say no more, once the stream had begun. */
function problemIn(data: string): Failure {
  const problem: unknown = JSON.parse(data);
  if (isProblem(problem)) {
    const error = errorOfProblem(problem);
    return new Failure(error, kindOf(error, problem.status));
  }
  const message = 'The stream ended with a problem that says nothing';
  return new Failure(new WorkflowApiError('CLIENT_ANSWER_INVALID', message), 'final');
}

/** The next chunk; undefined at the end. Rejects when nothing came for too long: the server sends comments in a silence. */
async function next(
  { timing, silenceMs }: Transport,
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  let stop = (): void => {};
  const silence = new Promise<never>((_, reject) => {
    const tell = (): void => reject(new DOMException('Nothing came for too long', 'TimeoutError'));
    stop = timing.timer(longestWait * 1_000 + silenceMs, tell);
  });
  try {
    const chunk = await unlessAborted(Promise.race([reader?.read(), silence]), signal);
    return chunk === undefined || chunk.done ? undefined : chunk.value;
  } finally {
    stop();
  }
}
