import { ok } from 'node:assert/strict';
import type { LogEntry } from '../../core/history.ts';
import type { RunFixture } from './run-fixture.ts';

/** A state of a header in a log. */
export type RunState = Extract<LogEntry, { readonly kind: 'run' }>;
/** A state of a record in a log. */
export type RecordState = Extract<LogEntry, { readonly kind: 'step' }>;

/** Every entry of a log, by default that of the run. `limit`: of each read. */
export async function readWholeLog(run: RunFixture, log = run.runId, limit = 50): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for (let after = -1; ; ) {
    const page = await run.store.readLog({ log, after, limit });
    if (page.entries.length === 0) return entries;
    ok(page.next > after, 'entries came, and the place to go on stayed');
    entries.push(...page.entries);
    after = page.next;
  }
}

/** A log may hold an entry twice; where it comes first is its place. */
export function firstOnly<T extends LogEntry>(entries: readonly T[]): T[] {
  const seen = new Set<string>();
  return entries.filter((entry) => {
    const text = JSON.stringify(sorted(entry));
    const isNew = !seen.has(text);
    seen.add(text);
    return isNew;
  });
}

/** States of the header of a run, in their order. */
export function runStates(entries: readonly LogEntry[], runId: string): RunState[] {
  const states = entries.filter((entry) => entry.kind === 'run');
  return firstOnly(states.filter(({ header }) => header.runId === runId));
}

/** States of the records of a run, in their order. */
export function recordStates(entries: readonly LogEntry[], runId: string): RecordState[] {
  const states = entries.filter((entry) => entry.kind === 'step');
  return firstOnly(states.filter((state) => state.runId === runId));
}

/** The same value with its keys in order: a place may give them back in any. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, field]) => [key, sorted(field)]));
}
