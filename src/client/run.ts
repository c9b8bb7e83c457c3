import type { EventPage, StoredRun } from '../core/host.ts';
import type { RunStatus } from '../core/records.ts';
import type { RunBasics } from '../core/run-fields.ts';
import type { HistoryEntry } from '../core/run-history.ts';
import type { RunEvent } from '../core/snapshot.ts';
import type { KnownSteps, WorkflowTypes } from '../sdk/definition-types.ts';
import { type EventsOptions, followEvents, longestWait } from './events.ts';
import { pause } from './timing.ts';
import { type ApiRequest, invalidArgument, segment, type Transport } from './transport.ts';
import { keepValue, withValues } from './values.ts';
import type { Wire } from './wire.ts';
import type {
  CallOptions,
  RemoteResult,
  RemoteRun,
  RestartOptions,
  ResultOptions,
  ResumeData,
  ResumeOptions,
  RunField,
  StepTarget,
  TimeTravelOptions,
  WaitOptions,
} from './workflow-types.ts';

/** One page of a history: about 500 states. */
export interface RemoteHistoryPage {
  readonly entries: readonly Wire<HistoryEntry>[];
  /** For the next call. Opaque; a foreign one is WORKFLOW_CURSOR_INVALID. */
  readonly cursor: string;
  /** There are no more entries now. */
  readonly isLast: boolean;
  /** The run is over, and all of its history was given. */
  readonly done: boolean;
}

/**
 * A run by its id; making one asks nobody. Every method rejects with a `WorkflowApiError`: WORKFLOW_RUN_NOT_FOUND when there
 * is no such run, WORKFLOW_RUN_FORBIDDEN when it is somebody else's, and with the codes named at the method.
 */
export interface RunHandle<
  Types extends WorkflowTypes = WorkflowTypes,
  Steps extends KnownSteps = KnownSteps,
> {
  readonly runId: string;
  /** Id of its workflow; undefined when the run was named without one. */
  readonly workflowId: string | undefined;
  /** Status as of the call that gave this object; undefined when no call did. */
  readonly status: RunStatus | undefined;
  /**
   * What became of the run within the `wait` of the call that gave this object. Undefined also when its large values could not be
   * fetched: `result` asks for it again.
   */
  readonly outcome: RemoteResult<Types, Steps> | undefined;

  /**
   * Resumes a suspended step. Of several callers one wins, the others get WORKFLOW_RESUME_ALREADY_CLAIMED. Sent once: a
   * repetition could resume the next suspension; a CLIENT_UNREACHABLE leaves open whether it arrived. Rejects also with
   * WORKFLOW_RUN_NOT_SUSPENDED, WORKFLOW_RESUME_AMBIGUOUS, WORKFLOW_RESUME_LABEL_NOT_FOUND, WORKFLOW_RUN_ALREADY_FINISHED
   * and WORKFLOW_SCHEMA_VALIDATION_FAILED.
   */
  resume<const Target extends StepTarget<Steps> | undefined = undefined>(
    options?: ResumeOptions<Types, ResumeData<Steps, Target>, Target>,
  ): Promise<AnsweredRun<Types, Steps>>;

  /** Cancels the run for good. One that has ended otherwise is WORKFLOW_RUN_ALREADY_FINISHED. */
  cancel(options?: CallOptions): Promise<AnsweredRun<Types, Steps>>;

  /**
   * Goes back to a step, or on to one: what lies before it stays as it is stored, or as `context` says; the step and what
   * follows are executed anew. Sent once. Rejects also with WORKFLOW_RUN_ACTIVE and WORKFLOW_ARGUMENT_INVALID.
   */
  timeTravel(options: TimeTravelOptions<Types, Steps>): Promise<AnsweredRun<Types, Steps>>;

  /**
   * Executes again what was active in a run whose process is gone. Sent once. A run that is pending, suspended or paused is
   * WORKFLOW_RUN_NOT_ACTIVE.
   */
  restart(options?: RestartOptions<Types>): Promise<AnsweredRun<Types, Steps>>;

  /** Removes the run for good, and those nested in it. */
  delete(options?: CallOptions): Promise<void>;

  /**
   * The stored run. With `fields` the others are absent, except those that are always there. With `nested: false`, the steps of
   * nested workflows are absent. Of a handle that a workflow gave, a run of another workflow is WORKFLOW_RUN_NOT_FOUND.
   */
  get<Field extends RunField = RunField>(
    options?: { readonly fields?: readonly Field[]; readonly nested?: boolean } & CallOptions,
  ): Promise<Pick<RemoteRun<Types, Steps>, (Field | RunBasics) & keyof RemoteRun<Types, Steps>>>;

  /**
   * What became of the run: waits until it is over, suspended or paused, asking anew every 25 s. When `timeoutMs` have passed,
   * it is the run as it is then, for instance with status `running`.
   */
  result(options?: ResultOptions): Promise<RemoteResult<Types, Steps>>;

  /**
   * The events of the run, each once and in order, until all are told: over server-sent events where the place streams, by
   * waiting for pages elsewhere. A connection that breaks is made again where it broke. Leaving the loop ends the request.
   * Values above 256 KiB come as references, see `Client.value`.
   */
  events(options?: EventsOptions): AsyncIterable<RunEvent>;

  /** One page of events; its `cursor` continues it, also in {@link events}. `wait`: seconds to wait for one, 0 to 25. @default 0 */
  eventPage(options?: { readonly cursor?: string } & WaitOptions): Promise<EventPage>;

  /**
   * One page of the history of the run. A run that keeps none is WORKFLOW_HISTORY_ABSENT. Values above 256 KiB come as
   * references, see `Client.value`.
   */
  history(options?: { readonly cursor?: string } & CallOptions): Promise<RemoteHistoryPage>;

  /**
   * Keeps a value for this run, which need not be started yet, and gives the hash that names it as `inputValue` or
   * `resumeValue`: for what does not fit into one request together with the rest. It is removed with the run.
   */
  keepValue(value: unknown, options?: CallOptions): Promise<string>;
}

/** A run as a call has answered. */
export interface AnsweredRun<
  Types extends WorkflowTypes = WorkflowTypes,
  Steps extends KnownSteps = KnownSteps,
> extends RunHandle<Types, Steps> {
  readonly workflowId: string;
  readonly status: RunStatus;
  readonly resourceId: string | undefined;
  /** False when the call found the run as it was already wanted. */
  readonly changed: boolean;
}

/** The API's answer to what sets a run going. */
type Answer = StoredRun & { readonly outcome?: unknown };

/** Statuses in which a run goes on by itself, or has not begun. */
const unsettled: ReadonlySet<unknown> = new Set<RunStatus>(['pending', 'running', 'waiting']);

/** A server that stops answers at once; it is asked again after this, ms. */
const shortestWait = 1_000;

function pathOfRun(runId: string): string {
  return `/runs/${segment(runId, 'run id')}`;
}

/** Makes the handle of a run. `answer` is what a call said about it. */
export function runHandle(
  transport: Transport,
  ref: { readonly runId: string; readonly workflowId: string | undefined },
  answer?: Partial<Omit<Answer, 'outcome'>> & { readonly outcome?: RemoteResult },
): RunHandle {
  const { runId, workflowId } = ref;
  const path = pathOfRun(runId);
  const post = async (
    action: string,
    isRepeatable: boolean,
    { wait, signal, ...body }: WaitOptions & object = {},
  ): Promise<AnsweredRun> => {
    const request = { path: `${path}/${action}`, body, wait, signal, isRepeatable };
    return await answeredRun(transport, request);
  };
  return {
    runId,
    workflowId,
    status: undefined,
    outcome: undefined,
    ...answer,
    resume: (options) => post('resume', false, options),
    cancel: (options) => post('cancel', true, options),
    timeTravel: (options) => post('time-travel', false, options),
    restart: (options) => post('restart', false, options),
    delete: ({ signal } = {}) => transport.call({ method: 'DELETE', path, isRepeatable: true, signal }),
    get: async ({ fields, nested, signal } = {}) => {
      // None at all: the status is one of those that are there in any case.
      const query = { workflowId, fields: fields && (fields.join(',') || 'status'), nested };
      return await read(transport, { path, query, signal });
    },
    result: (options) => waitForResult(transport, path, options),
    events: (options = {}) => followEvents(transport, path, options),
    eventPage: async ({ cursor, wait, signal } = {}) =>
      await transport.call({
        ...reading,
        ...waiting({ cursor, wait }),
        path: `${path}/events`,
        signal,
      }),
    history: ({ cursor, signal } = {}) =>
      transport.call({ ...reading, path: `${path}/history`, query: { cursor }, signal }),
    keepValue: (value, options = {}) => keepValue(transport, path, value, options),
  };
}

const reading = { method: 'GET', isRepeatable: true } as const;

/** A query that lets the answer be held back. The API takes seconds with three decimals at most. */
function waiting(
  query: ApiRequest['query'] & { readonly wait: number | undefined },
): Pick<ApiRequest, 'query' | 'waitMs'> {
  const { wait } = query;
  if (wait === undefined) return { query };
  if (!(wait >= 0 && wait <= longestWait)) {
    throw invalidArgument(`wait is ${String(wait)}: give seconds, from 0 to ${longestWait}`);
  }
  const waitMs = Math.round(wait * 1_000);
  return { query: { ...query, wait: waitMs / 1_000 }, waitMs };
}

/** A GET whose large values are put in their places. */
async function read<Value>(
  transport: Transport,
  request: Omit<ApiRequest, 'method' | 'isRepeatable'>,
): Promise<Value> {
  const answer = await transport.call<Value>({ ...reading, ...request });
  return await filled(transport, request, answer);
}

/** The answer of a GET with its large values in their places. */
async function filled<Value>(
  transport: Transport,
  request: Omit<ApiRequest, 'method' | 'isRepeatable'>,
  answer: Value,
): Promise<Value> {
  const inline = { ...reading, ...request, query: { ...request.query, wait: undefined, inline: true } };
  const { signal } = request;
  const options = signal === undefined ? {} : { signal };
  return await withValues(transport, answer, () => transport.call<Value>(inline), options);
}

/** Sends what sets a run going, and makes a handle of the answer. */
export async function answeredRun(
  transport: Transport,
  request: Pick<ApiRequest, 'path' | 'body' | 'headers' | 'signal' | 'isRepeatable'> & {
    readonly wait: number | undefined;
  },
): Promise<AnsweredRun> {
  const { wait, ...rest } = request;
  const answer = await transport.call<Answer>({ ...rest, ...waiting({ wait }), method: 'POST' });
  const { outcome, ...stored } = answer;
  const { runId, workflowId } = stored;
  const again = async (): Promise<unknown> =>
    await transport.call({
      ...reading,
      path: `${pathOfRun(runId)}/result`,
      query: { inline: true },
      signal: request.signal,
    });
  const options = request.signal === undefined ? {} : { signal: request.signal };
  // The change is done: with this error, a caller would take it for refused, and repeat it.
  const whole = await withValues(transport, outcome, again, options).catch(() => {
    request.signal?.throwIfAborted();
  });
  const seen = { ...stored, ...(whole === undefined ? {} : { outcome: whole as RemoteResult }) };
  // The answer names all that an answered run has beside a handle.
  return { resourceId: undefined, ...runHandle(transport, { runId, workflowId }, seen) } as AnsweredRun;
}

async function waitForResult(
  transport: Transport,
  path: string,
  { timeoutMs, includeState, includeResumeLabels, signal }: ResultOptions = {},
): Promise<RemoteResult> {
  const { timing } = transport;
  if (timeoutMs !== undefined && !(timeoutMs >= 0)) {
    throw invalidArgument(`timeoutMs is ${String(timeoutMs)}: give 0 or more ms`);
  }
  const deadline = timeoutMs === undefined ? undefined : timing.now() + timeoutMs;
  for (;;) {
    const began = timing.now();
    const left = deadline === undefined ? longestWait : Math.max(0, deadline - began) / 1_000;
    const query = { wait: Math.min(longestWait, left), state: includeState, labels: includeResumeLabels };
    const request = { path: `${path}/result`, ...waiting(query), deadline, signal };
    const answer = await transport.call<RemoteResult>({ ...reading, ...request });
    const isLast = ({ status }: RemoteResult): boolean =>
      !unsettled.has(status) || (deadline !== undefined && timing.now() >= deadline);
    if (isLast(answer)) {
      const result = await filled(transport, request, answer);
      // Values that changed meanwhile were asked for with the rest: somebody can have resumed the run.
      if (isLast(result)) return result;
    }
    const now = timing.now();
    const early = began + shortestWait - now;
    if (early > 0) await pause(timing, Math.min(early, (deadline ?? Number.POSITIVE_INFINITY) - now), signal);
  }
}
