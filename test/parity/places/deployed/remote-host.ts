import { randomUUID } from 'node:crypto';
import {
  type Client,
  isWorkflowApiError,
  type RemoteRun,
  type RunHandle,
} from '../../../../src/client/index.ts';
import type { RunRef, StoredRun, WorkflowHost } from '../../../../src/core/host.ts';
import type { RunHeader } from '../../../../src/core/records.ts';
import type { RunResult, WorkflowRunState, WorkflowState } from '../../../../src/core/snapshot.ts';

/** Where the ids of a test are others on the stack, and until when its runtime is open. */
interface Ids {
  /** What ids of workflows begin with there. */
  readonly prefix: string;
  /** The same of runs. */
  readonly runPrefix: string;
  readonly closed: AbortSignal;
}

/** Fields of a call that stand in its path, or that no caller of the API has. */
const unsent: ReadonlySet<string> = new Set([
  'runId',
  'workflowId',
  'owner',
  'workflowIds',
  'history',
  'key',
]);

/** What a call takes beside what it is about, for whatever method of the client. */
function optionsOf(request: object): object {
  return Object.fromEntries(Object.entries(request).filter(([name]) => !unsent.has(name)));
}

/** The calls of the authoring door, made by a client of the API. Answers are JSON: what lacks in it is not put back. */
export function remoteHost(client: Client, { prefix, runPrefix, closed }: Ids): WorkflowHost {
  const until = (signal: AbortSignal | undefined): { readonly signal: AbortSignal } => ({
    signal: signal === undefined ? closed : AbortSignal.any([closed, signal]),
  });
  const runOf = ({ runId, workflowId }: RunRef): RunHandle => {
    const of = workflowId === undefined ? client : client.workflow(`${prefix}${workflowId}`);
    return of.run(`${runPrefix}${runId}`);
  };
  const stateOf = (request: RunRef & { readonly nested?: boolean }): Promise<RemoteRun | null> =>
    unlessAbsent(runOf(request).get({ ...optionsOf(request), ...until(undefined) }), null);
  const changed =
    <Request extends RunRef>(method: 'resume' | 'cancel' | 'timeTravel' | 'restart') =>
    async (request: Request): Promise<StoredRun> => {
      const options = { ...optionsOf(request), ...until(undefined) };
      return stored(await runOf(request)[method](options as never));
    };
  return {
    // The API knows a run from its start on.
    async create({ workflowId, runId, resourceId }) {
      const known = runId === undefined ? null : await stateOf({ runId, workflowId });
      const run = known ?? { runId: runId ?? randomUUID(), status: 'pending', resourceId };
      return stored({ ...run, workflowId, changed: known === null });
    },
    async start({ workflowId, runId = randomUUID(), ...request }) {
      const options = { ...optionsOf(request), runId: `${runPrefix}${runId}`, ...until(undefined) };
      return stored(await client.workflow(`${prefix}${workflowId}`).start(options));
    },
    resume: changed('resume'),
    resumeByKey: async ({ key, ...request }) =>
      stored(await client.resumeByKey(key, { ...optionsOf(request), ...until(undefined) })),
    cancel: changed('cancel'),
    timeTravel: changed('timeTravel'),
    restart: changed('restart'),
    remove: async (request) => {
      const removed = runOf(request).delete(until(undefined));
      return unlessAbsent(
        removed.then(() => true),
        false,
      );
    },
    events: async ({ waitMs = 0, signal, ...request }) =>
      runOf(request).eventPage({ ...optionsOf(request), wait: waitMs / 1_000, ...until(signal) }),
    get: async (request) => (await stateOf(request)) as WorkflowState | null,
    async snapshot(request) {
      const state = await stateOf({ ...request, nested: false });
      return state === null ? null : snapshotOf(state);
    },
    async result(request) {
      // A result is asked for when the run is at rest, and then nothing is waited for.
      return (await runOf(request).result({ ...optionsOf(request), ...until(undefined) })) as RunResult;
    },
    async settled({ signal, ...request }) {
      if (request.timeoutMs === 0) return (await runOf(request).get(until(signal))).status;
      return (await runOf(request).result({ ...optionsOf(request), ...until(signal) })).status;
    },
    async list({ workflowId, ...query }) {
      const of = workflowId === undefined ? {} : { workflowId: `${prefix}${workflowId}` };
      const page = await client.runs({ ...optionsOf(query), ...of, ...until(undefined) });
      const headers = page.runs.map((run): object => ({ ...run, createdAt: Date.parse(run.createdAt) }));
      return { ...page, headers: headers as RunHeader[] };
    },
  };
}

function stored(
  run: Pick<StoredRun, 'runId' | 'workflowId' | 'status' | 'changed'> & {
    readonly resourceId?: string | undefined;
  },
): StoredRun {
  const { runId, workflowId, status, changed, resourceId } = run;
  return { runId, workflowId, status, changed, ...(resourceId === undefined ? {} : { resourceId }) };
}

async function unlessAbsent<Value, Absent>(call: Promise<Value>, absent: Absent): Promise<Value | Absent> {
  try {
    return await call;
  } catch (error) {
    if (isWorkflowApiError(error, 'WORKFLOW_RUN_NOT_FOUND')) return absent;
    throw error;
  }
}

/** The API shows a run in one form only; what lists runs has them in the other one. */
function snapshotOf({ payload, initialState = {}, updatedAt, steps, ...run }: RemoteRun): WorkflowRunState {
  const context = { input: payload, ...steps };
  const shown: object = { ...run, value: initialState, context, timestamp: Date.parse(updatedAt) };
  return shown as WorkflowRunState;
}
