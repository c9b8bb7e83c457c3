import type { RunHeader } from '../../src/core/records.ts';
import type { EventPage, RunPage, RunQuery, StoredRun, WorkflowHost } from '../../src/core/host.ts';
import type { RunResult, WorkflowRunState, WorkflowState } from '../../src/core/snapshot.ts';

/** A host that runs nothing: it keeps the requests, and answers with what a test sets. */
export class RecordingHost implements WorkflowHost {
  readonly requests: [method: string, request: unknown][] = [];
  stored: StoredRun = { runId: 'r', workflowId: 'numbers', status: 'pending', changed: true };
  /** What `result` answers. */
  outcome: RunResult = { ...success };
  /** What `list` gives, `pageSize` of them at once. */
  headers: readonly RunHeader[] = [];
  pageSize = 2;
  /** Whether `list` gives those of the asked status only. */
  filters = false;
  removed = new Set<string>();
  /** Fields that `get` answers with, by the id of the run. */
  states: Readonly<Record<string, Partial<WorkflowState>>> = {};
  /** The same of `snapshot`. */
  snapshots: Readonly<Record<string, Partial<WorkflowRunState>>> = {};

  async create(request: unknown): Promise<StoredRun> {
    return this.answer('create', request);
  }
  async start(request: unknown): Promise<StoredRun> {
    return this.answer('start', request);
  }
  async resume(request: unknown): Promise<StoredRun> {
    return this.answer('resume', request);
  }
  async resumeByKey(request: unknown): Promise<StoredRun> {
    return this.answer('resumeByKey', request);
  }
  async cancel(request: unknown): Promise<StoredRun> {
    return this.answer('cancel', request);
  }
  async timeTravel(request: unknown): Promise<StoredRun> {
    return this.answer('timeTravel', request);
  }
  async restart(request: unknown): Promise<StoredRun> {
    return this.answer('restart', request);
  }
  async remove(request: { readonly runId: string }): Promise<boolean> {
    this.requests.push(['remove', request]);
    return !this.removed.has(request.runId);
  }
  async events(request: unknown): Promise<EventPage> {
    this.requests.push(['events', request]);
    return { events: [], cursor: '', done: true };
  }
  async snapshot(request: { readonly runId: string }): Promise<WorkflowRunState | null> {
    this.requests.push(['snapshot', request]);
    if (this.removed.has(request.runId)) return null;
    return { ...snapshotOf(request.runId), ...this.snapshots[request.runId] };
  }
  async get(request: { readonly runId: string }): Promise<WorkflowState | null> {
    this.requests.push(['get', request]);
    if (this.removed.has(request.runId)) return null;
    return { ...stateOf(request.runId), ...this.states[request.runId] };
  }
  async result(request: unknown): Promise<RunResult> {
    this.requests.push(['result', request]);
    return this.outcome;
  }
  async settled(request: unknown): Promise<RunResult['status']> {
    this.requests.push(['settled', request]);
    return this.outcome.status;
  }
  async list(query: RunQuery): Promise<RunPage> {
    this.requests.push(['list', query]);
    const { status } = query;
    const all = this.headers.filter((header) => !this.filters || header.status === status);
    const from = Number(query.cursor ?? 0);
    const to = from + this.pageSize;
    const headers = all.slice(from, to);
    return to < all.length ? { headers, cursor: String(to) } : { headers };
  }

  private answer(method: string, request: unknown): StoredRun {
    this.requests.push([method, request]);
    return this.stored;
  }
}

const success: RunResult = {
  status: 'success',
  runId: 'r',
  input: 1,
  steps: {},
  stepExecutionPath: [],
  result: 2,
};

/** A stored run that differs from others by its id. */
export function stateOf(runId: string): WorkflowState {
  return {
    runId,
    workflowName: 'numbers',
    createdAt: new Date(1),
    updatedAt: new Date(2),
    status: 'success',
    steps: {},
    activeStepsPath: {},
    suspendedPaths: {},
    waitingPaths: {},
    resumeLabels: {},
    serializedStepGraph: [],
    stepExecutionPath: [],
  };
}

/** The same in the form of lists. */
export function snapshotOf(runId: string): WorkflowRunState {
  return {
    runId,
    status: 'success',
    value: {},
    context: {},
    activePaths: [],
    activeStepsPath: {},
    stepExecutionPath: [],
    serializedStepGraph: [],
    suspendedPaths: {},
    waitingPaths: {},
    resumeLabels: {},
    requestContext: {},
    timestamp: 2,
  };
}

/** The header of a stored run. */
export function headerOf(runId: string, more: Partial<RunHeader> = {}): RunHeader {
  return {
    format: 1,
    runId,
    workflowId: 'numbers',
    status: 'success',
    epoch: 1,
    position: '',
    wakes: 0,
    graphHash: '',
    inputHash: '',
    from: [],
    createdAt: 1,
    updatedAt: 2,
    ...more,
  };
}
