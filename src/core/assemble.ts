import { entryId, type Graph, hasOwnResult } from './graph.ts';
import type { JoinOpening } from './join.ts';
import {
  isEntryKey,
  isVisible,
  pathOf,
  type RunHeader,
  type RestartContext,
  type RunInput,
  sameKey,
  type SharedData,
  type SharedDelta,
  type StepRecord,
  type StoredValue,
  terminalStatuses,
} from './records.ts';
import { serializedGraph } from './serialized-graph.ts';
import { applyDelta, noShared, withRestarts } from './shared-data.ts';
import { suspendedPlaces } from './suspended-places.ts';
import type {
  ResumeLabels,
  RunCost,
  RunResult,
  StepResult,
  StepResultStatus,
  WorkflowRunState,
  WorkflowState,
} from './snapshot.ts';
import { tripwireOf } from './tripwire.ts';
import { parseTurn } from './turn.ts';

/** A whole run, and how to read its values: payloads of claim checks were fetched before. */
export interface RunView {
  readonly header: RunHeader;
  readonly input?: RunInput;
  /** Records of entries and arms. */
  readonly records: readonly StepRecord[];
  readonly graph: Graph;
  readonly read: (stored: StoredValue) => unknown;
  /** The foreach that is open. */
  readonly open?: OpenForeach;
  /** What members of the block that is open have changed of state and request context so far. */
  readonly openDelta?: SharedDelta;
  /** Items of foreachs over nested workflows, but for those in {@link open}. */
  readonly items?: readonly StepRecord[];
  /** Nested runs by their ids, as far as they were loaded. */
  readonly children?: ReadonlyMap<string, RunView>;
  /** What it has used, where the place counts that. */
  readonly cost?: RunCost;
  readonly queued?: NonNullable<WorkflowState['queued']>;
}

/** A foreach that has no record of its own yet. */
export interface OpenForeach {
  readonly entry: number;
  readonly opening: JoinOpening;
  /** Those of its items that are not over. */
  readonly items: readonly StepRecord[];
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

/** Whether a record is shown: that of a parallel or branch is not, its arms are. */
function isShown(view: RunView, record: StepRecord): boolean {
  const entry = view.graph[record.key.entry];
  return !isEntryKey(record.key) || entry === undefined || hasOwnResult(entry);
}

function entryRecord(view: Pick<RunView, 'records'>, entry: number): StepRecord | undefined {
  return view.records.find((record) => sameKey(record.key, { entry }));
}

/** Output of the entry that is someone's input; -1 is the input of the run. */
function inputOf(view: RunView, from: number | undefined): unknown {
  if (from === undefined) return undefined;
  const stored = from < 0 ? view.input?.input : entryRecord(view, from)?.output;
  return stored === undefined ? undefined : view.read(stored);
}

/** The public entry of one record. */
export function stepResultOf(view: RunView, record: StepRecord): StepResult {
  const value = (name: string, stored: StoredValue | undefined): Record<string, unknown> =>
    stored === undefined ? {} : { [name]: view.read(stored) };
  return {
    status: shownStatus[record.status],
    ...strandedChild(view, record),
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
    ...(record.tripwire === true && record.error !== undefined ? trip(view, record.error) : {}),
    ...(view.graph[record.key.entry]?.type === 'loop'
      ? { metadata: { iterationCount: parseTurn(record.turn).iteration + 1 } }
      : {}),
    ...(settled.has(record.status) && record.endedAt !== undefined ? { endedAt: record.endedAt } : {}),
  };
}

/** A nested run that was still going on when the run around it ended: it is canceled, and its place hears no more of it. */
function strandedChild({ header }: RunView, record: StepRecord): Partial<StepResult> {
  if (record.status !== 'child' || !terminalStatuses.has(header.status)) return {};
  return { status: 'canceled', ...(header.endedAt === undefined ? {} : { endedAt: header.endedAt }) };
}

function trip(view: RunView, stored: StoredValue): Pick<StepResult, 'tripwire'> {
  const error = view.read(stored);
  const tripwire = error instanceof Error ? tripwireOf(error) : undefined;
  return tripwire === undefined ? {} : { tripwire };
}

/** The entry of a foreach that is open: what it came to so far is not known, but whom it waits for is. */
function openForeach(view: RunView): [string, StepResult][] {
  const { open, header } = view;
  const entry = open === undefined ? undefined : view.graph[open.entry];
  if (open === undefined || entry?.type !== 'foreach') return [];
  const shown = { payload: inputOf(view, open.entry - 1), startedAt: open.opening.openedAt };
  const over = terminalStatuses.has(header.status);
  if (over) {
    const endedAt = header.endedAt === undefined ? {} : { endedAt: header.endedAt };
    return [[entry.step.id, { status: 'canceled', ...shown, ...endedAt }]];
  }
  if (header.status === 'paused') return [[entry.step.id, { status: 'paused', ...shown }]];
  const suspended = open.items.find((item) => item.status === 'suspended');
  if (header.status !== 'suspended' || suspended === undefined) {
    return [[entry.step.id, { status: 'running', ...shown }]];
  }
  const { suspendPayload, suspendOutput, suspendedAt } = stepResultOf(view, suspended);
  const suspension = { suspendPayload, suspendOutput, suspendedAt };
  const present = Object.entries(suspension).filter(([, value]) => value !== undefined);
  return [[entry.step.id, { status: 'suspended', ...shown, ...Object.fromEntries(present) }]];
}

/**
 * Arms of a parallel that were launched but not claimed yet: they run as far as anybody outside can tell. Of one that is closed,
 * or that a time travel led into, the others take no part; of a run that pauses after each entry one runs at a time, and of one
 * that is over, suspended or paused none.
 */
function unclaimedArms(view: RunView, records: readonly StepRecord[]): [string, StepResult][] {
  const { header, graph } = view;
  if (header.status !== 'running' || header.perStep === true) return [];
  return graph.flatMap((entry, index): [string, StepResult][] => {
    const ofEntry = records.filter((record) => record.key.entry === index);
    const [sibling] = ofEntry;
    if (entry.type !== 'parallel' || sibling === undefined) return [];
    const isEntered = header.from.some(([epoch, from]) => epoch === header.epoch && from === index);
    if (isEntered || ofEntry.some((record) => isEntryKey(record.key))) return [];
    const missing = entry.arms.filter((_, arm) => ofEntry.every((record) => record.key.arm !== arm));
    return missing.map(({ id }) => [id, { status: 'running', payload: inputOf(view, sibling.inputFrom) }]);
  });
}

/** `steps` of a run: every executed step and mapping by its id; parallels and branches have no entry of their own. */
export function stepResults(view: RunView): Record<string, StepResult> {
  const records = visibleRecords(view);
  const shown = records.filter((record) => isShown(view, record));
  return Object.fromEntries([
    ...unclaimedArms(view, records),
    ...shown.map((record): [string, StepResult] => [record.stepId, stepResultOf(view, record)]),
    ...openForeach(view),
  ]);
}

/** How many entries have begun in the run's epoch, or stand before its first one. */
export function entryCount(view: Pick<RunView, 'header' | 'records'>): number {
  return visibleRecords(view).reduce((most, { key }) => Math.max(most, key.entry + 1), 0);
}

const singleEntries: ReadonlySet<string> = new Set(['step', 'mapping', 'sleep', 'sleepUntil']);

/** Ids of the top-level single entries that were executed, in order: in each epoch those from its first one on. */
function stepExecutionPath(view: RunView): string[] {
  const { header, graph } = view;
  const begun = entryCount(view);
  const ends = [...header.from.map(([, , until]) => until), begun];
  return ends.flatMap((end, index) => {
    const first = header.from[index - 1]?.[1] ?? 0;
    return graph
      .slice(first, Math.max(first, end))
      .flatMap((entry, offset) => (singleEntries.has(entry.type) ? entryId(entry, first + offset) : []));
  });
}

/** Where state and request context after the last finished entry are kept; undefined when there are none. */
export function lastShared(view: Pick<RunView, 'header' | 'records' | 'input'>): StoredValue | undefined {
  const last = visibleRecords(view).findLast(
    (record) => isEntryKey(record.key) && record.sharedFrom !== undefined,
  );
  const from = last?.sharedFrom ?? -1;
  return from < 0 ? view.input?.shared : entryRecord(view, from)?.shared;
}

/** State and request context after the last finished entry, and after what has settled of a block that is open. */
export function currentShared(view: RunView): SharedData {
  const stored = lastShared(view);
  const finished = stored === undefined ? noShared : (view.read(stored) as SharedData);
  const shared = view.openDelta === undefined ? finished : applyDelta(finished, view.openDelta);
  const { restarts } = view.header;
  return restarts === undefined
    ? shared
    : withRestarts(shared, view.read(restarts.value) as readonly RestartContext[]);
}

function outcome(view: RunView): Pick<RunResult, 'result' | 'error' | 'tripwire'> {
  const { header } = view;
  const ender = header.endedBy === undefined ? undefined : entryRecord(view, header.endedBy);
  if (header.status === 'success') {
    return { result: ender?.output === undefined ? undefined : view.read(ender.output) };
  }
  const error = header.error ?? ender?.error;
  if (header.status === 'tripwire') return error === undefined ? {} : trip(view, error);
  return header.status === 'failed' && error !== undefined ? { error: view.read(error) as Error } : {};
}

function labelsOf(view: RunView): ResumeLabels {
  return Object.fromEntries(
    suspendedPlaces(view).flatMap(({ record, path, item }) => {
      const where = { stepId: path.join('.'), ...(item === undefined ? {} : { foreachIndex: item }) };
      return (record.labels ?? []).map((label) => [label, where]);
    }),
  );
}

/** One path for each suspended step; items of a foreach share theirs. */
function suspendedIds(view: RunView): string[][] {
  const paths = suspendedPlaces(view).map(({ path }) => [...path]);
  return [...new Map(paths.map((path) => [path.join('.'), path])).values()];
}

/** What each suspended top-level step said; of a foreach, its first suspended item. */
function suspendPayloads(view: RunView): Record<string, unknown> {
  const items = view.open?.items ?? [];
  const suspended = [...visibleRecords(view), ...items].filter((record) => record.status === 'suspended');
  const first = new Map<string, unknown>();
  for (const record of suspended) {
    if (!first.has(record.stepId)) first.set(record.stepId, stepResultOf(view, record).suspendPayload);
  }
  return Object.fromEntries(first);
}

/** The run as `start` and `resume` give it back. */
export function assembleResult(
  view: RunView,
  options: { includeState?: boolean; includeResumeLabels?: boolean } = {},
): RunResult {
  const { header } = view;
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
          suspended: suspendedIds(view),
          suspendPayload: suspendPayloads(view),
          ...(options.includeResumeLabels ? { resumeLabels: labelsOf(view) } : {}),
        }
      : {}),
    ...(options.includeState ? { state: currentShared(view).state } : {}),
  };
}

type Paths = Readonly<Record<string, readonly number[]>>;

/** Execution paths by step id of what is running, suspended or waiting. Nobody can resume a run that is over. */
function placesOf(view: RunView): { active: Paths; suspended: Paths; waiting: Paths } {
  const over = terminalStatuses.has(view.header.status);
  const results = stepResults(view);
  const keys = new Map(visibleRecords(view).map((record) => [record.stepId, pathOf(record.key)]));
  const entry = view.open === undefined ? undefined : view.graph[view.open.entry];
  if (view.open !== undefined && entry?.type === 'foreach') keys.set(entry.step.id, [view.open.entry]);
  const having = (status: StepResultStatus): Paths =>
    Object.fromEntries([...keys].filter(([id]) => results[id]?.status === status));
  return {
    active: having('running'),
    suspended: over ? {} : having('suspended'),
    waiting: having('waiting'),
  };
}

/**
 * The steps of a run and of those nested in it: `<nested>.<step>` beside the entry of the nested workflow, with the number
 * of the item where a foreach executes it. While one of them waits to be resumed, that entry shows as running: it is its step
 * that waits.
 */
function flatSteps(view: RunView): Record<string, StepResult> {
  const own = stepResults(view);
  const records = [...visibleRecords(view), ...(view.items ?? []), ...(view.open?.items ?? [])];
  const inner = records.flatMap((record): [string, StepResult][] => {
    const child = record.childRunId === undefined ? undefined : view.children?.get(record.childRunId);
    if (child === undefined || isPassedOver(record, child)) return [];
    const { item } = record.key;
    const prefix = item === undefined ? record.stepId : `${record.stepId}[${item}]`;
    return Object.entries(flatSteps(child)).map(([id, result]) => [`${prefix}.${id}`, result]);
  });
  const over = terminalStatuses.has(view.header.status);
  const containers = records.flatMap((record): [string, StepResult][] => {
    const shown = own[record.stepId];
    if (over || shown?.status !== 'suspended' || record.childRunId === undefined) return [];
    return view.children?.has(record.childRunId) ? [[record.stepId, { ...shown, status: 'running' }]] : [];
  });
  return { ...own, ...Object.fromEntries(containers), ...Object.fromEntries(inner) };
}

/** Whether a time travel put an output at a place whose nested run had come to something else, or to nothing yet. */
function isPassedOver({ status }: StepRecord, { header }: RunView): boolean {
  return status === 'success' && header.status !== 'success';
}

/** The stored run as a person or a program looks at it. */
export function assembleState(view: RunView): WorkflowState {
  const { header } = view;
  const { state, requestContext } = currentShared(view);
  const places = placesOf(view);
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
    steps: flatSteps(view),
    activeStepsPath: places.active,
    suspendedPaths: places.suspended,
    waitingPaths: places.waiting,
    resumeLabels: labelsOf(view),
    requestContext,
    serializedStepGraph: serializedGraph(view.graph),
    stepExecutionPath: stepExecutionPath(view),
    ...(view.cost === undefined ? {} : { cost: view.cost }),
    ...(view.queued === undefined ? {} : { queued: view.queued }),
    ...(header.deadlineAt === undefined ? {} : { deadlineAt: new Date(header.deadlineAt) }),
  };
}

/** The stored run in the form in which lists show it. */
export function assembleSnapshot(view: RunView): WorkflowRunState {
  const { header } = view;
  const { state, requestContext } = currentShared(view);
  const places = placesOf(view);
  return {
    runId: header.runId,
    status: header.status,
    value: state,
    context: { input: inputOf(view, -1), ...stepResults(view) },
    activePaths: Object.values(places.active)[0] ?? [],
    activeStepsPath: places.active,
    stepExecutionPath: stepExecutionPath(view),
    serializedStepGraph: serializedGraph(view.graph),
    suspendedPaths: places.suspended,
    waitingPaths: places.waiting,
    resumeLabels: labelsOf(view),
    requestContext,
    ...outcome(view),
    ...(view.queued === undefined ? {} : { queued: view.queued }),
    ...(header.deadlineAt === undefined ? {} : { deadlineAt: header.deadlineAt }),
    timestamp: latestChange(view),
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
