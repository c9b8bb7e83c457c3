import { appendFileSync, readFileSync } from 'node:fs';
import type { Execution } from './around.ts';

/**
 * A file to which every step body writes when it begins and when it is done. It is no part of the runtime: it is how
 * the demo knows, whatever the runtime says, which bodies have run and how often.
 */

/** One line of the log. */
export interface LogEntry extends Execution {
  readonly phase: 'begin' | 'end' | 'fail';
  /** The process that ran the body. */
  readonly pid: number;
}

/** How often the body of one step has run, over all items of a foreach. */
export interface BodyRuns {
  readonly begun: number;
  readonly ended: number;
  readonly failed: number;
  /** Begun and never done, because the process was gone: a later one began again. */
  readonly cut: number;
  /** `begin` while one is in its middle, else `fail` while the last attempt of one has failed. */
  readonly last: LogEntry['phase'];
}

/** Runs a body between its two lines. Written synchronously, so that a line is in the file before the body goes on. */
export async function logged<T>(path: string, execution: Execution, body: () => Promise<T>): Promise<T> {
  const write = (phase: LogEntry['phase']): void => {
    const { runId, stepId, retryCount, idempotencyKey } = execution;
    const entry: LogEntry = { phase, runId, stepId, retryCount, idempotencyKey, pid: process.pid };
    appendFileSync(path, `${JSON.stringify(entry)}\n`);
  };
  write('begin');
  try {
    const result = await body();
    write('end');
    return result;
  } catch (error) {
    write('fail');
    throw error;
  }
}

/**
 * All entries, also those of nested runs, whose ids are their own. A line that a killed process left unfinished, and a file
 * that is not there yet, hold none.
 */
export function readLog(path: string): LogEntry[] {
  return textOf(path)
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LogEntry);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

/** Counts by step id. Items of a foreach run at the same time, so what was cut off is told by the key of each execution. */
export function countBodyRuns(entries: readonly LogEntry[]): Map<string, BodyRuns> {
  const byStep = Map.groupBy(entries, ({ stepId }) => stepId);
  return new Map([...byStep].map(([stepId, own]) => [stepId, countRuns(own)]));
}

function countRuns(entries: readonly LogEntry[]): BodyRuns {
  const last = new Map<string, LogEntry['phase']>();
  let cut = 0;
  for (const { idempotencyKey, phase } of entries) {
    if (phase === 'begin' && last.get(idempotencyKey) === 'begin') cut += 1;
    last.set(idempotencyKey, phase);
  }
  const count = (wanted: LogEntry['phase']): number => entries.filter(({ phase }) => phase === wanted).length;
  const phases = new Set(last.values());
  return {
    begun: count('begin'),
    ended: count('end'),
    failed: count('fail'),
    cut,
    last: phases.has('begin') ? 'begin' : phases.has('fail') ? 'fail' : 'end',
  };
}
