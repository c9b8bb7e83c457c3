import { cursorKinds, cursorParts, formatCursor, invalidCursor, isCount, markOfRun } from './cursor.ts';
import { stepIdAt } from './graph.ts';
import { type LogEntry, logEntryId } from './history.ts';
import { decodeToken, type Settlement } from './join.ts';
import { type Asking, LogScope, type RunScope } from './log-scope.ts';
import { pathOf, type RunStatus, type StepRecord, type StepStatus } from './records.ts';
import { parseTurn } from './turn.ts';

/**
 * The history of a run as people and programs read it: every state that it and its steps went through, with their values, in
 * the order in which they came about, former epochs included.
 */

/** What every entry has. */
interface Entry {
  /** Unique in the history. */
  readonly id: string;
  /** The run, or the one nested in it, that the entry is about. */
  readonly runId: string;
  /** Step ids that lead to the nested run, with dots between them; empty for the run itself. */
  readonly within: string;
  /** ms since 1970; absent where none is kept. */
  readonly time?: number;
}

/** One entry of a history. */
export type HistoryEntry = Entry &
  (
    | {
        readonly type: 'run';
        readonly status: RunStatus;
        /** 1, and one more for each time travel. */
        readonly epoch: number;
        readonly workflowId: string;
        /** What an epoch began with. */
        readonly input?: unknown;
        readonly error?: unknown;
      }
    | {
        readonly type: 'step';
        readonly stepId: string;
        readonly path: readonly number[];
        /** `due`: what follows is decided, and has not begun. `child`: a nested run is executed. */
        readonly status: StepStatus;
        readonly epoch: number;
        /** Of a loop, from 0. */
        readonly iteration: number;
        /** How often this iteration was resumed. */
        readonly resumptions: number;
        /** From 0, anew after each resumption. */
        readonly attempt: number;
        readonly payload?: unknown;
        readonly output?: unknown;
        readonly error?: unknown;
        readonly suspendPayload?: unknown;
        readonly resumePayload?: unknown;
        /** When a further attempt begins or a sleep ends, ms since 1970. */
        readonly dueAt?: number;
        /** Who executes it: a process and a number of its handlings. */
        readonly owner?: string;
        readonly nestedRunId?: string;
        /** A time travel kept it; it was not executed. */
        readonly kept?: true;
      }
    | {
        readonly type: 'block';
        readonly stepId: string;
        readonly path: readonly number[];
        readonly epoch: number;
        readonly total: number;
        readonly concurrency: number;
        /** Arms that take part, when not all do. */
        readonly taken?: readonly number[];
      }
    | {
        readonly type: 'member';
        readonly stepId: string;
        readonly path: readonly number[];
        readonly epoch: number;
        readonly settled: Settlement['kind'];
        /** Place in the order in which the members of the block settled. */
        readonly position: number;
      }
    | {
        readonly type: 'output';
        readonly stepId: string;
        readonly path: readonly number[];
        readonly custom: boolean;
        readonly output: unknown;
      }
  );

/** Cursor of a place in a history. */
export function historyCursor(runId: string, next: number): string {
  return formatCursor([cursorKinds.history, markOfRun(runId), next]);
}

/** The place of a cursor; -1 without one. Throws WORKFLOW_CURSOR_INVALID for a text that was not given out for the run. */
export function historyPosition(runId: string, cursor: string | undefined): number {
  if (cursor === undefined || cursor === '') return -1;
  const [kind, run, next] = cursorParts(cursor) ?? [];
  if (kind !== cursorKinds.history || run !== markOfRun(runId)) throw invalidCursor(runId);
  if (next === -1 || isCount(next)) return next;
  throw invalidCursor(runId);
}

/** Describes the entries of one log, in their order, as the history of one of its runs. */
export class HistoryProjection {
  readonly #scope: LogScope;
  readonly #told = new Set<string>();

  /** `after`: the position of the last entry that was described before; -1 at the beginning. */
  constructor(runId: string, after: number) {
    this.#scope = new LogScope(runId, after < 0);
  }

  /** The next entry; nothing for a repeat, and for a run that is not nested in this one. */
  *project(entry: LogEntry): Asking<HistoryEntry[]> {
    this.#scope.note(entry);
    const id = logEntryId(entry);
    if (this.#told.has(id)) return [];
    this.#told.add(id);
    const runId = entry.kind === 'run' ? entry.header.runId : entry.runId;
    const scope = yield* this.#scope.scopeOf(runId);
    if (scope === undefined) return [];
    const about = { id, runId, within: scope.prefix.slice(0, -1) };
    switch (entry.kind) {
      case 'run':
        return [{ ...about, ...(yield* this.#run(entry)) }];
      case 'step':
        return [{ ...about, ...(yield* this.#step(runId, entry.record)) }];
      case 'opened': {
        const { total, concurrency, taken, openedAt } = entry.opening;
        const place = placeIn(scope, { entry: entry.entry });
        const shape = { total, concurrency, ...(taken === undefined ? {} : { taken }) };
        return [{ ...about, type: 'block', time: openedAt, ...place, epoch: entry.epoch, ...shape }];
      }
      case 'settled': {
        const { kind, member } = decodeToken(entry.token);
        const isForeach = scope.graph[entry.entry]?.type === 'foreach';
        const key = { entry: entry.entry, ...(isForeach ? { item: member } : { arm: member }) };
        const { position, epoch } = entry;
        return [{ ...about, type: 'member', ...placeIn(scope, key), epoch, settled: kind, position }];
      }
      case 'chunk': {
        const { stepId, key, custom, time } = entry;
        const output = yield* this.#scope.read(runId, entry.chunk);
        return [{ ...about, type: 'output', time, stepId, path: pathOf(key), custom, output }];
      }
    }
  }

  *#run({ header, input }: Extract<LogEntry, { kind: 'run' }>): Asking<Own<'run'>> {
    const { runId, status, epoch, workflowId } = header;
    const began = yield* this.#scope.read(runId, input?.input);
    const error = yield* this.#scope.read(runId, header.error);
    return {
      type: 'run',
      time: header.endedAt ?? header.updatedAt,
      status,
      epoch,
      workflowId,
      ...(input === undefined ? {} : { input: began }),
      ...(error === undefined ? {} : { error }),
    };
  }

  *#step(runId: string, record: StepRecord): Asking<Own<'step'>> {
    const { stepId, key, turn, status, dueAt, owner, childRunId } = record;
    const { epoch, iteration, generation, attempt } = parseTurn(turn);
    const values = {
      payload: yield* this.#scope.inputOf(runId, record),
      output: status === 'success' ? yield* this.#scope.read(runId, record.output) : undefined,
      error: yield* this.#scope.read(runId, record.error),
      suspendPayload: yield* this.#scope.read(runId, record.suspendPayload),
      resumePayload: yield* this.#scope.read(runId, record.resumeData),
      time: timeOf(record),
      dueAt,
      owner: status === 'running' ? owner : undefined,
      nestedRunId: childRunId,
      kept: record.kept === true ? (true as const) : undefined,
    };
    const present = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
    const turnParts = { epoch, iteration, resumptions: generation, attempt };
    return { type: 'step', stepId, path: pathOf(key), status, ...turnParts, ...present };
  }
}

type Own<Type extends HistoryEntry['type']> = Omit<
  Extract<HistoryEntry, { type: Type }>,
  'id' | 'runId' | 'within'
>;

function placeIn(
  scope: RunScope,
  key: Parameters<typeof pathOf>[0],
): { stepId: string; path: readonly number[] } {
  return { stepId: stepIdAt(scope.graph, key) ?? '', path: pathOf(key) };
}

/** When a state of a record began. */
function timeOf({ status, startedAt, suspendedAt, resumedAt, endedAt }: StepRecord): number | undefined {
  switch (status) {
    case 'running':
    case 'child':
    case 'waiting':
      return resumedAt ?? startedAt;
    case 'due':
      return resumedAt;
    case 'suspended':
      return suspendedAt;
    default:
      return endedAt;
  }
}
