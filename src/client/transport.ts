import { errorOfProblem, isProblem, WorkflowApiError } from './errors.ts';
import { sentText } from './sent.ts';
import { backoff, pause, type Timing, unlessAborted } from './timing.ts';

/** First pause before a retry and the longest one, ms; `Retry-After` wins over both. */
const pauses = { first: 200, most: 10_000 };

/** A server that asks for more is not waited for, ms: the caller learns of it instead. */
const longestRetryAfter = 60_000;

/** Beyond the deadline of a call, its last answer may be so late, ms: the server answers when the wait is over. */
const grace = 5_000;

/** Where requests go, and how. */
export interface TransportOptions {
  /** Without a slash at its end. */
  readonly base: string;
  readonly fetch: (request: Request) => Response | Promise<Response>;
  readonly headers: Readonly<Record<string, string>>;
  readonly token: string | (() => string | Promise<string>) | undefined;
  readonly sign: ((request: Request) => Request | Promise<Request>) | undefined;
  readonly retries: number;
  readonly requestTimeoutMs: number;
  readonly timing: Timing;
}

/** One call of the API. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Begins with a slash. */
  readonly path: string;
  /** Those that are undefined are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /**
   * Where the request goes instead, as the API said: without the token, the headers and the signature that are for the API alone.
   * `text`: its body, as it is.
   */
  readonly direct?: { readonly url: string; readonly text?: string };
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Whether a second request does no more than the first one. */
  readonly isRepeatable: boolean;
  /** How long the server may hold the answer back, ms. */
  readonly waitMs?: number;
  /** No retry begins after this, ms since 1970. */
  readonly deadline?: number | undefined;
}

/** Why an attempt failed, and whether another one makes sense. */
export class Failure {
  readonly error: WorkflowApiError;
  /** `refused`: nothing was done, so any request can be sent again. `unsure`: only one that is repeatable. */
  readonly kind: 'refused' | 'unsure' | 'final';
  /** What the server asks for, ms. */
  readonly retryAfter: number | undefined;

  constructor(error: WorkflowApiError, kind: Failure['kind'], retryAfter?: number) {
    this.error = error;
    this.kind = kind;
    this.retryAfter = retryAfter;
  }
}

/** Sends requests, and sends those again that failed for now. */
export class Transport {
  readonly #options: TransportOptions;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  get timing(): Timing {
    return this.#options.timing;
  }

  get retries(): number {
    return this.#options.retries;
  }

  get silenceMs(): number {
    return this.#options.requestTimeoutMs;
  }

  /** The JSON of the answer; undefined when it has no body. `Answer` is what the API promises for the path. */
  async call<Answer>(
    request: ApiRequest,
    read: (response: Response) => Promise<unknown> = jsonOf,
  ): Promise<Answer> {
    const { timing, retries } = this.#options;
    let mayBeDone = false;
    for (let retry = 0; ; retry += 1) {
      const outcome = await this.attempt(request, read);
      if (outcome === undefined && (request.method === 'GET' || request.method === 'POST'))
        throw emptyAnswer();
      if (!(outcome instanceof Failure)) return outcome as Answer;
      const { error, kind } = outcome;
      // Removed by an attempt whose answer was lost.
      const isRemoved = request.method === 'DELETE' && error.code === 'WORKFLOW_RUN_NOT_FOUND';
      if (isRemoved && mayBeDone) return undefined as Answer;
      mayBeDone ||= kind === 'unsure';
      const mayRepeat = kind === 'refused' || (kind === 'unsure' && request.isRepeatable);
      const ms = this.pauseAfter(outcome, retry);
      const isLate = timing.now() + (ms ?? 0) > (request.deadline ?? Number.POSITIVE_INFINITY);
      if (!mayRepeat || retry >= retries || ms === undefined || isLate) throw error;
      await pause(timing, ms, request.signal);
    }
  }

  /** How long to wait before retry number `retry`, ms; undefined when the server asks for too long a wait. */
  pauseAfter({ retryAfter }: Failure, retry: number): number | undefined {
    const ms = backoff(this.#options.timing, retry, pauses.first, pauses.most);
    if (retryAfter === undefined) return ms;
    return retryAfter > longestRetryAfter ? undefined : retryAfter + ms;
  }

  /** Sends a request once. Rejects only when it was aborted, or when the token or the signature cannot be made. */
  async attempt<Value>(
    request: ApiRequest,
    read: (response: Response) => Promise<Value | Failure>,
  ): Promise<Value | Failure> {
    request.signal?.throwIfAborted();
    const late = new AbortController();
    const signal =
      request.signal === undefined ? late.signal : AbortSignal.any([request.signal, late.signal]);
    const ready = await unlessAborted(this.#prepare(request, signal), request.signal);
    const most = this.#longest(request);
    const { fetch, timing } = this.#options;
    const stop = timing.timer(most, () => {
      late.abort(new DOMException(`nothing came within ${most} ms`, 'TimeoutError'));
    });
    try {
      const work = async (): Promise<Value | Failure> => {
        const response = await fetch(ready);
        return response.ok ? await read(response) : await refusalOf(response, timing.now());
      };
      return await unlessAborted(work(), signal);
    } catch (cause) {
      request.signal?.throwIfAborted();
      return unreachable(ready.url, late.signal.aborted ? late.signal.reason : cause);
    } finally {
      stop();
    }
  }

  /** How long an attempt may take, ms. */
  #longest({ waitMs = 0, deadline = Number.POSITIVE_INFINITY }: ApiRequest): number {
    const { timing, requestTimeoutMs } = this.#options;
    return Math.min(waitMs + requestTimeoutMs, Math.max(0, deadline - timing.now()) + grace);
  }

  async #prepare(request: ApiRequest, signal: AbortSignal): Promise<Request> {
    const { base, token, sign } = this.#options;
    if (request.direct !== undefined) return directRequest(request, request.direct, signal);
    const bearer = typeof token === 'function' ? await token() : token;
    const isJsonBody = request.body !== undefined;
    const body = isJsonBody ? { body: jsonText(request.body) } : {};
    let unsigned: Request;
    try {
      const headers = new Headers({ accept: 'application/json' });
      if (isJsonBody) headers.set('content-type', 'application/json');
      if (bearer !== undefined) headers.set('authorization', `Bearer ${bearer}`);
      // One by one: in an object, names that differ in case would be two headers, whose values are joined.
      for (const given of [this.#options.headers, request.headers ?? {}]) {
        for (const [name, value] of Object.entries(given)) headers.set(name, value);
      }
      const url = `${base}${request.path}${queryText(request.query)}`;
      unsigned = new Request(url, { method: request.method, headers, signal, ...body });
    } catch (cause) {
      // Without the message below: it can repeat the token.
      throw invalidArgument('A header, the token or the key has a character that HTTP does not allow', cause);
    }
    return sign === undefined ? unsigned : await sign(unsigned);
  }
}

function directRequest(
  { method, headers = {} }: ApiRequest,
  { url, text }: NonNullable<ApiRequest['direct']>,
  signal: AbortSignal,
): Request {
  return new Request(url, { method, headers, signal, ...(text === undefined ? {} : { body: text }) });
}

/** The error of an argument with which nothing was sent. */
export function invalidArgument(message: string, cause?: unknown): WorkflowApiError {
  return new WorkflowApiError('CLIENT_ARGUMENT_INVALID', message, cause === undefined ? {} : { cause });
}

/** An id as a segment of a path. Throws CLIENT_ARGUMENT_INVALID for one that no URL can carry. */
export function segment(id: string, what: string): string {
  // URLs swallow empty and dot segments, and another path would be called.
  if (typeof id !== 'string' || ['', '.', '..'].includes(id)) {
    throw invalidArgument(`The ${what} is ${JSON.stringify(id)}: give a text that is no dot segment`);
  }
  try {
    return encodeURIComponent(id);
  } catch (cause) {
    throw invalidArgument(
      `The ${what} has a lone surrogate, which no URL can carry: give another one`,
      cause,
    );
  }
}

/** JSON of what a caller gave. Throws CLIENT_ARGUMENT_INVALID for what has none. */
export function jsonText(value: unknown): string {
  let text: unknown;
  try {
    text = sentText(value);
  } catch (cause) {
    throw invalidArgument('An argument has no JSON: give no cycle', cause);
  }
  if (typeof text === 'string') return text;
  throw invalidArgument(`An argument of type ${typeof value} has no JSON: give a value that has`);
}

function queryText(query: ApiRequest['query'] = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  // As RFC 3986 writes a space, which signatures are made over.
  const text = parameters.toString().replaceAll('+', '%20');
  return text === '' ? '' : `?${text}`;
}

/** Whether an answer says that it is JSON. */
function isJson(response: Response): boolean {
  return /^application\/(?:[\w.+-]+\+)?json\b/i.test(response.headers.get('content-type') ?? '');
}

/** Reads a JSON answer. */
export async function jsonOf(response: Response): Promise<unknown> {
  if (response.status === 204) return undefined;
  const text = await response.text();
  const { status } = response;
  if (!isJson(response)) {
    const message = `The answer of ${response.url || 'the server'} is no JSON: give the URL of the API`;
    return new Failure(new WorkflowApiError('CLIENT_ANSWER_INVALID', message, { status }), 'final');
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = 'The answer is broken JSON: it was cut off on its way';
    return new Failure(new WorkflowApiError('CLIENT_ANSWER_INVALID', message, { status, cause }), 'unsure');
  }
}

/** What a page that stands before a network answers, for one. */
function emptyAnswer(): WorkflowApiError {
  const message = 'The answer is empty, and is not one of the API: check the URL, and what stands before it';
  return new WorkflowApiError('CLIENT_ANSWER_INVALID', message, { status: 204 });
}

async function refusalOf(response: Response, now: number): Promise<Failure> {
  const { status } = response;
  const text = await response.text();
  const body = isJson(response) ? parsed(text) : undefined;
  const retryAfter = retryAfterOf(response.headers.get('retry-after'), now);
  const error = isProblem(body) ? errorOfProblem({ ...body, status }) : foreignRefusal(status, body);
  return new Failure(error, kindOf(error, status), retryAfter);
}

/** Whether what a refusal says may be otherwise at the next attempt. */
export function kindOf({ code }: WorkflowApiError, status: number): Failure['kind'] {
  if (status === 429) return 'refused';
  if (status === 408 || status === 502 || status === 503 || status === 504) return 'unsure';
  // What is wrong with a definition or a record is wrong the next time, too.
  return status === 500 && !code.startsWith('WORKFLOW_') ? 'unsure' : 'final';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** API Gateway and other proxies refuse in forms of their own; many say why in `message`. */
function foreignRefusal(status: number, body: unknown): WorkflowApiError {
  const { message } = (body ?? {}) as { readonly message?: unknown };
  const why = typeof message === 'string' ? ` (${message})` : '';
  const text = `The answer has status ${status}${why} and is not one of the API: check the URL, and what stands before it`;
  return new WorkflowApiError('CLIENT_ANSWER_INVALID', text, { status });
}

/** `Retry-After` is seconds or an HTTP date (RFC 9110, 10.2.3). */
function retryAfterOf(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** What Node says of a connection that was never made, so that nothing was sent. Browsers do not tell. */
const neverSent: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** The failure of a request without an answer. */
function unreachable(url: string, cause: unknown): Failure {
  // Node's "fetch failed" has the reason in its cause.
  const { cause: below } = (cause ?? {}) as { readonly cause?: { readonly [field: string]: unknown } };
  const { message } = (below ?? cause ?? {}) as { readonly message?: unknown };
  const why = typeof message === 'string' && message !== '' ? ` (${message})` : '';
  const text = `There is no answer from ${new URL(url).origin}${why}: check the URL, and whether the server runs`;
  // A network can become unreachable under a connection that was made, too.
  const wasConnected = below?.['syscall'] === 'read' || below?.['syscall'] === 'write';
  const kind = neverSent.has(below?.['code']) && !wasConnected ? 'refused' : 'unsure';
  return new Failure(new WorkflowApiError('CLIENT_UNREACHABLE', text, { cause }), kind);
}
