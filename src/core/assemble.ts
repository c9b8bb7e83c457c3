import { armsOf, type Graph } from './graph.ts';
import {
  isVisible,
  pathOf,
  type RunHeader,
  type RunInput,
  type SharedData,
  type StepRecord,
  type StoredValue,
  terminalStatuses,
} from './records.ts';
import { noShared } from './shared-data.ts';
import type { RunResult, StepResult, StepResultStatus, WorkflowState } from './snapshot.ts';
import { parseTurn } from './turn.ts';

/** A whole run, and how to read its values: payloads of claim checks were fetched before. */
export interface RunView {
  readonly header: RunHeader;
  readonly input?: RunInput;
  readonly records: readonly StepRecord[];
  readonly graph: Graph;
  readonly read: (stored: StoredValue) => unknown;
}

const shownStatus: Record<StepRecord['status'], StepResultStatus> = {
  running: 'running',
  due: 'running',
  child: 'running',
  waiting: 'waiting',
  suspended: 'suspended',
  paused: 'paused',
  success: 'success',
  failed: 'failed',
  skipped: 'skipped',
  canceled: 'canceled',
};

/** Statuses that have an end. */
const settled: ReadonlySet<StepRecord['status']> = new Set(['success', 'failed', 'skipped', 'canceled']);

/** Records that count in the run's epoch. */
export function visibleRecords(view: Pick<RunView, 'header' | 'records'>): StepRecord[] {
  return view.records.filter((record) =>
    isVisible(parseTurn(record.turn).epoch, record.key.entry, view.header),
  );
}

function isBlock(view: RunView, record: StepRecord): boolean {
  const entry = view.graph[record.key.entry];
  return record.key.arm === undefined && entry !== undefined && armsOf(entry) !== undefined;
}

/** Output of the entry that is someone's input; -1 is the input of the run. */
function inputOf(view: RunView, from: number | undefined): unknown {
  if (from === undefined) return undefined;
  const stored =
    from < 0
      ? view.input?.input
      : view.records.find((record) => record.key.entry === from && record.key.arm === undefined)?.output;
  return stored === undefined ? undefined : view.read(stored);
}

/** The public entry of one record. */
export function stepResultOf(view: RunView, record: StepRecord): StepResult {
  const value = (name: string, stored: StoredValue | undefined): Record<string, unknown> =>
    stored === undefined ? {} : { [name]: view.read(stored) };
  return {
    status: shownStatus[record.status],
    payload: record.input === undefined ? inputOf(view, record.inputFrom) : view.read(record.input),
    ...(record.startedAt === undefined ? {} : { startedAt: record.startedAt }),
    ...value('suspendPayload', record.suspendPayload),
    ...value('suspendOutput', record.suspendOutput),
    ...(record.suspendedAt === undefined ? {} : { suspendedAt: record.suspendedAt }),
    ...value('resumePayload', record.resumeData),
    ...(record.resumedAt === undefined ? {} : { resumedAt: record.resumedAt }),
    ...(record.status === 'success' ? value('output', record.output) : {}),
    ...(record.status === 'failed' ? value('error', record.error) : {}),
    ...(record.status === 'failed' && record.nonRetryable === true ? { nonRetryable: true as const } : {}),
    ...(view.graph[record.key.entry]?.type === 'loop'
      ? { metadata: { iterationCount: parseTurn(record.turn).iteration + 1 } }
      : {}),
    ...(settled.has(record.status) && record.endedAt !== undefined ? { endedAt: record.endedAt } : {}),
  };
}

/** Arms of a parallel that were launched but not claimed yet: they run as far as anybody outside can tell. */
function unclaimedArms(view: RunView, records: readonly StepRecord[]): [string, StepResult][] {
  return view.graph.flatMap((entry, index): [string, StepResult][] => {
    if (entry.type !== 'parallel') return [];
    const started = records.filter((record) => record.key.entry === index);
    const [sibling] = started;
    if (sibling === undefined) return [];
    const missing = entry.arms.filter((_, arm) => started.every((record) => record.key.arm !== arm));
    return missing.map(({ id }) => [id, { status: 'running', payload: inputOf(view, sibling.inputFrom) }]);
  });
}

/** `steps` of a run: every executed step and mapping by its id; blocks have no entry of their own. */
function stepResults(view: RunView): Record<string, StepResult> {
  const records = visibleRecords(view).filter((record) => !isBlock(view, record));
  return Object.fromEntries([
    ...unclaimedArms(view, records),
    ...records.map((record): [string, StepResult] => [record.stepId, stepResultOf(view, record)]),
  ]);
}

/** Ids of the top-level single entries that were executed, in order. */
function stepExecutionPath(view: RunView): string[] {
  return visibleRecords(view)
    .filter((record) => record.key.arm === undefined && !isBlock(view, record))
    .map((record) => record.stepId);
}

/** State and request context after the last finished entry. */
function currentShared(view: RunView): SharedData {
  const last = visibleRecords(view).findLast(
    (record) => record.key.arm === undefined && record.sharedFrom !== undefined,
  );
  const from = last?.sharedFrom ?? -1;
  const stored =
    from < 0
      ? view.input?.shared
      : view.records.find((record) => record.key.entry === from && record.key.arm === undefined)?.shared;
  return stored === undefined ? noShared : (view.read(stored) as SharedData);
}

function outcome(view: RunView): { result?: unknown; error?: Error } {
  const { header } = view;
  const ender = view.records.find(
    (record) => record.key.entry === header.endedBy && record.key.arm === undefined,
  );
  if (header.status === 'success') {
    return { result: ender?.output === undefined ? undefined : view.read(ender.output) };
  }
  const error = header.error ?? ender?.error;
  return header.status === 'failed' && error !== undefined ? { error: view.read(error) as Error } : {};
}

function suspendedOf(view: RunView): StepRecord[] {
  return visibleRecords(view).filter((record) => record.status === 'suspended');
}

function labelsOf(records: readonly StepRecord[]): Record<string, { stepId: string }> {
  return Object.fromEntries(
    records.flatMap((record) => (record.labels ?? []).map((label) => [label, { stepId: record.stepId }])),
  );
}

/** The run as `start` and `resume` give it back. */
export function assembleResult(
  view: RunView,
  options: { includeState?: boolean; includeResumeLabels?: boolean } = {},
): RunResult {
  const { header } = view;
  const suspended = header.status === 'suspended' ? suspendedOf(view) : [];
  const input = inputOf(view, -1);
  return {
    status: header.status,
    runId: header.runId,
    input,
    steps: { input, ...stepResults(view) } as Record<string, StepResult>,
    stepExecutionPath: stepExecutionPath(view),
    ...outcome(view),
    ...(header.status === 'suspended'
      ? {
          suspended: suspended.map((record) => [record.stepId]),
          suspendPayload: Object.fromEntries(
            suspended.map((record) => [record.stepId, stepResultOf(view, record).suspendPayload]),
          ),
          ...(options.includeResumeLabels ? { resumeLabels: labelsOf(suspended) } : {}),
        }
      : {}),
    ...(options.includeState ? { state: currentShared(view).state } : {}),
  };
}

function pathsOf(records: readonly StepRecord[]): Record<string, readonly number[]> {
  return Object.fromEntries(records.map((record) => [record.stepId, pathOf(record.key)]));
}

/** The stored run as a person or a program looks at it. */
export function assembleState(view: RunView): WorkflowState {
  const { header } = view;
  const records = visibleRecords(view).filter((record) => !isBlock(view, record));
  const shown = (...statuses: StepResultStatus[]): StepRecord[] =>
    records.filter((record) => statuses.includes(shownStatus[record.status]));
  const { state } = currentShared(view);
  // Nobody can resume a run that is over, whatever its records waited for.
  const suspended = terminalStatuses.has(header.status) ? [] : shown('suspended');
  return {
    runId: header.runId,
    workflowName: header.workflowId,
    ...(header.resourceId === undefined ? {} : { resourceId: header.resourceId }),
    createdAt: new Date(header.createdAt),
    updatedAt: new Date(latestChange(view)),
    status: header.status,
    ...(Object.keys(state).length === 0 ? {} : { initialState: state }),
    ...(view.input === undefined ? {} : { payload: inputOf(view, -1) }),
    ...outcome(view),
    steps: stepResults(view),
    activeStepsPath: pathsOf(shown('running')),
    suspendedPaths: pathsOf(suspended),
    waitingPaths: pathsOf(shown('waiting')),
    resumeLabels: labelsOf(suspended),
    serializedStepGraph: view.graph,
    stepExecutionPath: stepExecutionPath(view),
  };
}

/** The header changes rarely, so the last change of a run is often that of a record. */
function latestChange(view: RunView): number {
  const times = view.records.flatMap((record) => [
    record.startedAt ?? 0,
    record.endedAt ?? 0,
    record.suspendedAt ?? 0,
    record.resumedAt ?? 0,
  ]);
  return times.reduce((latest, time) => Math.max(latest, time), view.header.updatedAt);
}
