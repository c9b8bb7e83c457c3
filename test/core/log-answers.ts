import { decode } from '../../src/core/codec.ts';
import { encodeToken, foldJoin, type JoinOpening } from '../../src/core/join.ts';
import { header, stored, turn } from './builders.ts';
import type { Graph } from '../../src/core/graph.ts';
import type { LogEntry } from '../../src/core/history.ts';
import type { Asking, LogAnswers, LogNeed } from '../../src/core/log-scope.ts';
import type { RunHeader, RunInput, StepRecord, StoredValue } from '../../src/core/records.ts';
import { formatKey } from '../../src/core/records.ts';
import type { RunEvent } from '../../src/core/snapshot.ts';
import { logPosition, LogProjection } from '../../src/core/stream.ts';

/** What the stores hold beside a log, for readers that ask. */
export interface Stored {
  readonly graphs: Readonly<Record<string, Graph>>;
  /** Workflows that do not tell of their steps. */
  readonly quiet?: readonly string[];
  readonly headers?: Readonly<Record<string, RunHeader>>;
  readonly inputs?: Readonly<Record<string, RunInput>>;
  /** By run id and formatted key, with a slash between. */
  readonly records?: Readonly<Record<string, StepRecord>>;
  /** Of the one block. */
  readonly opening?: LogAnswers['opening'];
  /** What the log has before the entries that are read. */
  readonly past?: readonly LogEntry[];
}

/** What needs no store. */
const given: ReadonlySet<LogNeed['type']> = new Set(['value', 'graph', 'emitsSteps']);

/** Drives a computation; `asked` notes what it needed of the stores. */
export function answered<T>(asking: Asking<T>, known: Stored, asked: string[] = []): T {
  for (let step = asking.next(); ; ) {
    if (step.done === true) return step.value;
    if (!given.has(step.value.type)) asked.push(step.value.type);
    step = asking.next(answerOf(step.value, known));
  }
}

function answerOf(need: LogNeed, known: Stored): unknown {
  switch (need.type) {
    case 'graph':
      return known.graphs[need.workflowId];
    case 'emitsSteps':
      return known.quiet?.includes(need.workflowId) !== true;
    case 'run':
      return known.headers?.[need.runId];
    case 'input':
      return known.inputs?.[need.runId];
    case 'record':
      return known.records?.[`${need.runId}/${formatKey(need.key)}`];
    case 'opening':
      return known.opening;
    case 'past':
      return pastAfter(need.after, known.past ?? []);
    case 'value':
      return valueOf(need.stored);
  }
}

/** One entry at a time. */
function pastAfter(after: number, past: readonly LogEntry[]): LogAnswers['past'] {
  const entry = past[after + 1];
  return entry === undefined ? undefined : { entries: [entry], next: after + 1 };
}

function valueOf(value: StoredValue): unknown {
  if ('inline' in value) return decode(value.inline);
  throw new Error('these tests keep their values inline');
}

/** Events that a reader of run `runId` gets from these entries, and what it asked for. */
export function eventsOf(
  entries: readonly LogEntry[],
  known: Stored,
  { runId = 'r1', cursor }: { readonly runId?: string; readonly cursor?: string } = {},
): { events: RunEvent[]; asked: string[]; projection: LogProjection } {
  const asked: string[] = [];
  const projection = new LogProjection(runId, logPosition(runId, cursor));
  const events = entries.flatMap((entry) => answered(projection.project(entry), known, asked));
  return { events, asked, projection };
}

/** Run `r1` of workflow `w` with this graph. */
export function only(one: Graph, more: Partial<Stored> = {}): Stored {
  return { graphs: { w: one }, headers: { r1: header() }, ...more };
}

/** A state of the header of run `r1`. */
export function run(fields: Partial<RunHeader> = {}, input?: unknown): LogEntry {
  return {
    kind: 'run',
    header: header(fields),
    ...(input === undefined ? {} : { input: { input: stored(input) } }),
  };
}

/** A state of a record, and what it executes with. */
export function state(one: StepRecord, input?: unknown, runId = 'r1'): LogEntry {
  return {
    kind: 'step',
    runId,
    record: one,
    ...(input === undefined ? {} : { input: stored(input) }),
  };
}

/** Fields of a record that succeeded. */
export const success = { status: 'success', endedAt: 20, startedAt: 10 } as const;

/** What a block was opened with. */
export function openingOf(total: number): JoinOpening {
  return { turn: turn(), total, concurrency: 1, openedAt: 5 };
}

/** A block of run `r1` was opened. */
export function opened(entry: number, total: number): LogEntry {
  return { kind: 'opened', runId: 'r1', entry, epoch: 1, opening: openingOf(total) };
}

/** The last of these settlements of a block of run `r1`. */
export function settled(
  entry: number,
  total: number,
  settlements: readonly (readonly [Parameters<typeof encodeToken>[0]['kind'], number])[],
  output?: unknown,
): LogEntry {
  const tokens = settlements.map(([kind, member]) =>
    encodeToken({ kind, member, generation: 0, hasDelta: false }),
  );
  return {
    kind: 'settled',
    runId: 'r1',
    entry,
    epoch: 1,
    token: tokens.at(-1) ?? 0,
    position: tokens.length - 1,
    total,
    after: foldJoin({ total, concurrency: total }, tokens),
    ...(output === undefined ? {} : { output: stored(output) }),
  };
}
