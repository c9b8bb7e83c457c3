import type { Graph } from '../core/graph.ts';
import type { ScheduleDescription } from '../core/schedule.ts';
import type { RunStatus } from '../core/records.ts';
import { type AnsweredRun, answeredRun, type RunHandle, runHandle } from './run.ts';
import { systemTiming, type Timing } from './timing.ts';
import { type ApiRequest, invalidArgument, segment, Transport } from './transport.ts';
import { fetchValue, type ValueRef } from './values.ts';
import { type WorkflowClient, workflowClient } from './workflow.ts';
import type {
  AnyWorkflows,
  CallOptions,
  KeyResumeOptions,
  ListedRun,
  StepsById,
  TypesById,
  WorkflowId,
} from './workflow-types.ts';

/** Options of {@link createClient}. */
export interface ClientOptions {
  /** Where the API is: `https://...`, with the base path when it has one. In a page it may be relative to it. */
  readonly url: string | URL;
  /** Sent as `Authorization: Bearer`. A function is asked before each request, so that it can renew what has expired. @default no such header */
  readonly token?: string | (() => string | Promise<string>);
  /** Signs each request just before it is sent, again for each retry: see `evented-workflows/client/sigv4`. @default sent as they are */
  readonly sign?: (request: Request) => Request | Promise<Request>;
  /** Sends requests. @default the global `fetch` */
  readonly fetch?: (request: Request) => Response | Promise<Response>;
  /**
   * Retries of a request that failed for now (no answer, 408, 429, 500, 502, 503, 504), if sending it again does no more than
   * sending it once: reads, starts, cancels and removals. Resumes, time travels and restarts are only sent again when they
   * surely did nothing (429, or no connection was made). Pauses grow from 200 ms to 10 s, with full jitter; `Retry-After` is
   * waited for, up to 60 s. 0 to 100.
   * @default 3
   */
  readonly retries?: number;
  /** Headers of each request, beside those that it needs. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long a server may be silent beyond the wait it was asked for, ms; then the attempt has failed. @default 30,000 */
  readonly requestTimeoutMs?: number;
  /** Clock, timers and randomness, for tests. @default those of the platform */
  readonly timing?: Timing;
}

/** What `runs` takes; all of it narrows the list. */
export interface RunsQuery extends CallOptions {
  /** @default runs of all workflows */
  readonly workflowId?: string;
  /** @default runs in any status */
  readonly status?: RunStatus;
  /** @default runs of all resources, and of none */
  readonly resourceId?: string;
  /** Only runs that wait for code which is not there; nested ones too. @default whether they do or not */
  readonly parked?: true;
  /** Created at or after: a date, ISO 8601 text, or ms since 1970. @default from the first one on */
  readonly createdFrom?: Date | string | number;
  /** Created at or before. @default up to the last one */
  readonly createdTo?: Date | string | number;
  /** Runs in a page, 1 to 1,000. @default 50 */
  readonly limit?: number;
  /** `cursor` of the page before, with the other parameters unchanged. @default the first page */
  readonly cursor?: string;
}

/** One page of runs, newest first. */
export interface RunsPage {
  readonly runs: readonly ListedRun[];
  /** Absent on the last page. */
  readonly cursor?: string;
}

/** One workflow in a list. */
export interface WorkflowSummary {
  readonly id: string;
  readonly description?: string;
}

/** What can be known about a workflow. */
export interface RemoteDescription extends WorkflowSummary {
  readonly graph: Graph;
  /** JSON Schemas (draft 2020-12), for schemas that can give one; absent otherwise. */
  readonly inputSchema?: unknown;
  readonly outputSchema?: unknown;
  readonly stateSchema?: unknown;
  /** When runs start by themselves; absent when none do. */
  readonly schedules?: readonly ScheduleDescription[];
  /** JSON Schema of the resume data of each step that has one, by step id. */
  readonly resumeSchemas: Readonly<Record<string, unknown>>;
}

/**
 * The API of a server or of a deployment. Methods reject with a `WorkflowApiError`, or with the reason of their signal.
 *
 * @typeParam Workflows A record, a tuple or a module of workflow definitions, as a type only: none of their code is loaded.
 */
export interface Client<Workflows = AnyWorkflows> {
  /** The workflows, in the order of their registration. */
  workflows(options?: CallOptions): Promise<readonly WorkflowSummary[]>;
  /** The graph of a workflow and its JSON Schemas. Rejects with WORKFLOW_NOT_FOUND. */
  describe(workflowId: WorkflowId<Workflows>, options?: CallOptions): Promise<RemoteDescription>;
  /** One page of runs, newest first. */
  runs(query?: RunsQuery): Promise<RunsPage>;
  /** The runs of all pages from `cursor` on, each page read when it is reached. `limit` is the size of a page. */
  allRuns(query?: RunsQuery): AsyncIterable<ListedRun>;
  /** A workflow, typed by its definition; nobody is asked. */
  workflow<const Id extends WorkflowId<Workflows>>(
    workflowId: Id,
  ): WorkflowClient<TypesById<Workflows, Id>, StepsById<Workflows, Id>>;
  /** A run of any workflow by its id; nobody is asked. Throws CLIENT_ARGUMENT_INVALID for an id that no URL can carry. */
  run(runId: string): RunHandle;
  /**
   * Resumes the step that waits under a key (`suspend(payload, { resumeKey })`), in whichever run of the caller that is, and gives the
   * outermost run of it. Of several callers one wins; the others get WORKFLOW_RESUME_ALREADY_CLAIMED, or
   * WORKFLOW_RESUME_KEY_NOT_FOUND, as does who comes when nobody waits. Rejects also with WORKFLOW_RUN_ALREADY_FINISHED,
   * WORKFLOW_RUN_NOT_SUSPENDED and WORKFLOW_SCHEMA_VALIDATION_FAILED.
   */
  resumeByKey(key: string, options?: KeyResumeOptions): Promise<AnsweredRun>;
  /** Fetches the value that a reference in events or a history stands for. */
  value(ref: ValueRef, options?: CallOptions): Promise<unknown>;
}

/**
 * Makes a client of the HTTP API, for browsers, Node.js 20 and later, and functions. It opens nothing until a method is
 * called, and has nothing to close. Throws CLIENT_ARGUMENT_INVALID for a malformed option.
 *
 * @typeParam Workflows A record, a tuple or a module of workflow definitions that types `workflow(id)`.
 */
export function createClient<Workflows = AnyWorkflows>(options: ClientOptions): Client<Workflows> {
  const transport = transportOf(options);
  const get = async <Answer>(
    path: string,
    { signal }: CallOptions = {},
    query: ApiRequest['query'] = {},
  ): Promise<Answer> => await transport.call({ method: 'GET', path, query, signal, isRepeatable: true });
  const runs = async ({ signal, createdFrom, createdTo, ...query }: RunsQuery = {}): Promise<RunsPage> =>
    await get('/runs', signal === undefined ? {} : { signal }, {
      ...query,
      createdFrom: timeText(createdFrom),
      createdTo: timeText(createdTo),
    });
  const client: Client = {
    workflows: async (call) => {
      const { workflows } = await get<{ readonly workflows: readonly WorkflowSummary[] }>('/workflows', call);
      return workflows;
    },
    describe: async (workflowId, call) => await get(`/workflows/${segment(workflowId, 'workflow id')}`, call),
    runs,
    async *allRuns(query = {}) {
      let { cursor } = query;
      do {
        const page = await runs({ ...query, ...(cursor === undefined ? {} : { cursor }) });
        yield* page.runs;
        cursor = page.cursor;
      } while (cursor !== undefined);
    },
    workflow: (workflowId) => workflowClient(transport, workflowId),
    resumeByKey: async (key, { wait, signal, idempotencyKey, ...body } = {}) =>
      await answeredRun(transport, {
        path: '/resume',
        body: { key, ...body },
        headers: idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey },
        wait,
        signal,
        isRepeatable: idempotencyKey !== undefined,
      }),
    run: (runId) => runHandle(transport, { runId, workflowId: undefined }),
    value: (ref, call = {}) => fetchValue(transport, ref, call),
  };
  return client;
}

function transportOf(options: ClientOptions): Transport {
  const {
    retries = 3,
    requestTimeoutMs = 30_000,
    headers = {},
    token,
    sign,
    timing = systemTiming,
  } = options;
  if (!(Number.isInteger(retries) && retries >= 0 && retries <= 100)) {
    refuse(`retries is ${String(retries)}: give a whole number from 0 to 100`);
  }
  if (!(requestTimeoutMs >= 1 && requestTimeoutMs <= 600_000)) {
    refuse(`requestTimeoutMs is ${String(requestTimeoutMs)}: give 1 to 600,000 ms`);
  }
  // As a function of its own: the `fetch` of a page has to be called as a method of it.
  const { fetch = (request: Request) => globalThis.fetch(request) } = options;
  const base = baseOf(options.url);
  return new Transport({ base, fetch, headers, token, sign, retries, requestTimeoutMs, timing });
}

function baseOf(url: string | URL): string {
  const { location } = globalThis as { readonly location?: { readonly href: string } };
  let base: URL | undefined;
  try {
    base = new URL(url, location?.href);
  } catch {
    // Refused below.
  }
  if (base === undefined || !/^https?:$/.test(base.protocol) || base.username !== '') {
    return refuse(`url is "${String(url)}": give where the API is, such as https://api.example.com`);
  }
  return `${base.origin}${base.pathname.replace(/\/+$/, '')}`;
}

function refuse(message: string): never {
  throw invalidArgument(message);
}

function timeText(time: Date | string | number | undefined): string | undefined {
  if (!(time instanceof Date)) return time === undefined ? undefined : String(time);
  return Number.isNaN(time.getTime())
    ? refuse('A date is invalid: give one that is a time')
    : time.toISOString();
}
