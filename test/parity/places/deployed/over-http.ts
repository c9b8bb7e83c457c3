import { randomUUID } from 'node:crypto';
import { WorkflowError } from '../../../../src/core/errors.ts';
import { bindWorkflows, type StoredRun, type WorkflowHost } from '../../../../src/core/host.ts';
import type { RunHeader } from '../../../../src/core/records.ts';
import type { RunResult, WorkflowRunState, WorkflowState } from '../../../../src/core/snapshot.ts';
import {
  type AnsweredRun,
  type Client,
  createClient,
  isWorkflowApiError,
  type RemoteRun,
} from '../../../../src/client/index.ts';
import type { Backend } from '../../../../src/ports/index.ts';
import type { Runtime, RuntimeOptions } from '../../../../src/runtime/index.ts';
import type { VirtualClock } from '../../../../src/testing/index.ts';
import { outputsOf, stackName, urlOf } from '../../../integration/deployed.ts';
import type { OpenPlace } from '../../../runtime/places.ts';
import { current } from '../current.ts';
import { chosenName, prefixOf } from './choice.ts';

/** Longest wait of one request, s. */
const longestWait = 25;

/** Nothing of a run is in the process of the test. */
const nowhere = {} as Backend;

/**
 * The stack on which the workflows of the chosen tests are deployed. The process of the test executes nothing: all that it
 * calls goes over the client of the API, and comes back as JSON.
 */
export function overHttp(clock: VirtualClock | undefined): OpenPlace {
  const { test } = current;
  if (test === undefined || clock !== undefined) throw new Error('This test cannot run on a stack.');
  const prefix = prefixOf(chosenName(test.file), test.number);
  // Tests name their runs alike.
  const runs = `${randomUUID()}--`;
  const createRuntime = (options: RuntimeOptions): Runtime => remoteRuntime(options, prefix, runs);
  return { backend: nowhere, another: () => nowhere, remove: () => {}, createRuntime };
}

/** Whatever the answers name, the tests find under the ids that they gave. */
async function withoutPrefixes(request: Request, prefixes: readonly string[]): Promise<Response> {
  const response = await fetch(request);
  if (response.status === 204) return response;
  const text = prefixes.reduce((left, prefix) => left.replaceAll(prefix, ''), await response.text());
  const { status, headers } = response;
  return new Response(text, { status, headers });
}

function remoteRuntime({ workflows }: RuntimeOptions, prefix: string, runs: string): Runtime {
  const client = createClient({
    url: urlOf(outputsOf(`${stackName}Parity`)),
    fetch: (request) => withoutPrefixes(request, [prefix, runs]),
  });
  const closing = new AbortController();
  const host = remoteHost(client, { prefix, runs, closed: closing.signal });
  const close = async (): Promise<void> => {
    unbind();
    closing.abort(new WorkflowError('WORKFLOW_RUNTIME_CLOSED', 'The runtime is closed'));
  };
  // What else a runtime has is work, and done by the functions.
  const runtime = { ...host, workflows, close } as unknown as Runtime;
  const unbind = bindWorkflows(workflows, runtime);
  return runtime;
}

interface Ids {
  /** What ids of workflows begin with on the stack. */
  readonly prefix: string;
  /** The same of runs. */
  readonly runs: string;
  readonly closed: AbortSignal;
}

function remoteHost(client: Client, { prefix, runs, closed }: Ids): WorkflowHost {
  const signal = closed;
  const runOf = (runId: string) => client.run(`${runs}${runId}`);
  const stateOf = async ({
    runId,
    workflowId,
    nested,
  }: Parameters<WorkflowHost['get']>[0]): Promise<RemoteRun | null> => {
    const named = workflowId === undefined ? client : client.workflow(`${prefix}${workflowId}`);
    const more = nested === undefined ? {} : { nested };
    return orNull(named.run(`${runs}${runId}`).get({ ...more, signal }));
  };
  return {
    // The API knows a run from its start on.
    async create({ workflowId, runId = randomUUID(), resourceId }) {
      const known = await stateOf({ runId, workflowId });
      const whose = known?.resourceId ?? resourceId;
      const changed = known === null;
      const status = known?.status ?? 'pending';
      return { runId, workflowId, status, changed, ...(whose === undefined ? {} : { resourceId: whose }) };
    },
    async start({ workflowId, runId = randomUUID(), history: _, owner: __, ...request }) {
      const options = { ...request, runId: `${runs}${runId}`, signal };
      return stored(await client.workflow(`${prefix}${workflowId}`).start(options));
    },
    async resume({ runId, workflowId: _, owner: __, workflowIds: ___, requestKey: ____, ...options }) {
      return stored(await runOf(runId).resume({ ...options, signal } as object));
    },
    async resumeByKey({ owner: _, workflowIds: __, requestKey, key, ...options }) {
      const once = requestKey === undefined ? {} : { idempotencyKey: requestKey };
      return stored(await client.resumeByKey(key, { ...options, ...once, signal }));
    },
    cancel: async ({ runId }) => stored(await runOf(runId).cancel({ signal })),
    async timeTravel({ runId, workflowId: _, owner: __, ...options }) {
      return stored(await runOf(runId).timeTravel({ ...options, signal } as never));
    },
    async restart({ runId, requestContext }) {
      const context = requestContext === undefined ? {} : { requestContext };
      return stored(await runOf(runId).restart({ ...context, signal }));
    },
    remove: async ({ runId }) => {
      const removed = await orNull(
        runOf(runId)
          .delete({ signal })
          .then(() => true),
      );
      return removed ?? false;
    },
    async events({ runId, cursor, waitMs = 0, signal: ended }) {
      const wait = Math.min(longestWait, waitMs / 1_000);
      const after = cursor === undefined ? {} : { cursor };
      const until = ended === undefined ? signal : AbortSignal.any([signal, ended]);
      return runOf(runId).eventPage({ ...after, wait, signal: until });
    },
    get: async (request) => (await stateOf(request)) as unknown as WorkflowState | null,
    async snapshot(request) {
      const state = await stateOf({ ...request, nested: false });
      return state === null ? null : snapshotOf(state);
    },
    async result({ runId, includeState = false, includeResumeLabels = false }) {
      const options = { timeoutMs: 0, includeState, includeResumeLabels, signal };
      return (await runOf(runId).result(options)) as unknown as RunResult;
    },
    async settled({ runId, timeoutMs, signal: ended }) {
      const limit = timeoutMs === undefined ? {} : { timeoutMs };
      const until = ended === undefined ? signal : AbortSignal.any([signal, ended]);
      return (await runOf(runId).result({ ...limit, signal: until })).status;
    },
    async list({ workflowId, owner: _, ...query }) {
      const of = workflowId === undefined ? {} : { workflowId: `${prefix}${workflowId}` };
      const { runs: found, cursor } = await client.runs({ ...query, ...of, signal });
      const headers = found.map(
        (run) => ({ ...run, createdAt: Date.parse(run.createdAt) }) as unknown as RunHeader,
      );
      return { headers, ...(cursor === undefined ? {} : { cursor }) };
    },
  };
}

function stored({ runId, workflowId, status, changed, resourceId }: AnsweredRun): StoredRun {
  return { runId, workflowId, status, changed, ...(resourceId === undefined ? {} : { resourceId }) };
}

/** Null for a run that is not there. */
async function orNull<Value>(call: Promise<Value>): Promise<Value | null> {
  try {
    return await call;
  } catch (error) {
    if (isWorkflowApiError(error, 'WORKFLOW_RUN_NOT_FOUND')) return null;
    throw error;
  }
}

/** The API shows a run in one form; lists of the authoring door have the other one. */
function snapshotOf({ payload, initialState = {}, updatedAt, steps, ...run }: RemoteRun): WorkflowRunState {
  const context = { input: payload, ...steps };
  return {
    ...run,
    value: initialState,
    context,
    timestamp: Date.parse(updatedAt),
  } as unknown as WorkflowRunState;
}
