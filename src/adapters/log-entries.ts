import type { LogEntry } from '../core/history.ts';
import type { AppendResult, AppendWrite, OpenJoinWrite } from '../ports/run-store.ts';
import { logOf, type RunHeader, type RunInput, type StepRecord, type StoredValue } from '../core/records.ts';

/**
 * What a store appends to the log of a run with history, for each state that it writes. Undefined where no log is kept.
 */

/** An entry and the root run whose log it goes to. */
export interface Logged {
  readonly log: string;
  readonly entry: LogEntry;
}

/** The entry of a header's state. */
export function headerState(header: RunHeader, input?: RunInput): Logged | undefined {
  const log = logOf(header);
  if (log === undefined) return undefined;
  const entry: LogEntry = { kind: 'run', header, ...(input === undefined ? {} : { input }) };
  return { log, entry };
}

/** The entry of a record's state. */
export function recordState(runId: string, record: StepRecord, input?: StoredValue): Logged | undefined {
  if (record.log === undefined) return undefined;
  const entry: LogEntry = { kind: 'step', runId, record, ...(input === undefined ? {} : { input }) };
  return { log: record.log, entry };
}

/** The entry of a block that was opened. */
export function openedJoin({ runId, entry, epoch, ...opening }: OpenJoinWrite): Logged | undefined {
  if (opening.log === undefined) return undefined;
  return { log: opening.log, entry: { kind: 'opened', runId, entry, epoch, opening } };
}

/** A settlement, and the log that it goes to. */
export interface LoggedSettlement extends Logged {
  readonly entry: Extract<LogEntry, { kind: 'settled' }>;
}

/** The entry of a settlement. */
export function settledMember(
  { runId, entry, epoch, token, output }: Pick<AppendWrite, 'runId' | 'entry' | 'epoch' | 'token' | 'output'>,
  { opening: { log, total }, position, after }: Pick<AppendResult, 'opening' | 'position' | 'after'>,
): LoggedSettlement | undefined {
  if (log === undefined) return undefined;
  const settled = { kind: 'settled', runId, entry, epoch, token, position, total, after } as const;
  return { log, entry: { ...settled, ...(output === undefined ? {} : { output }) } };
}
