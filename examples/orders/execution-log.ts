import { appendFileSync, readFileSync } from 'node:fs';
import type { Execution } from './workflow.ts';

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

/** How often the body of one step has run. */
export interface BodyRuns {
  readonly begun: number;
  readonly ended: number;
  readonly failed: number;
  /** Begun and never done, because the process was gone: a later one began again. */
  readonly cut: number;
  readonly last: LogEntry['phase'];
}

/** Runs a body between its two lines. Written synchronously, so that a line is in the file before the body goes on. */
export async function logged<T>(path: string, execution: Execution, body: () => Promise<T>): Promise<T> {
  const write = (phase: LogEntry['phase']): void => {
    const { runId, stepId, retryCount } = execution;
    const entry: LogEntry = { phase, runId, stepId, retryCount, pid: process.pid };
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

/** The entries of a run. A line that a killed process left unfinished, and a file that is not there yet, hold none. */
export function readLog(path: string, runId: string): LogEntry[] {
  return textOf(path)
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LogEntry)
    .filter((entry) => entry.runId === runId);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

/** Counts by step id. */
export function countBodyRuns(entries: readonly LogEntry[]): Map<string, BodyRuns> {
  const counts = new Map<string, BodyRuns>();
  for (const { stepId, phase } of entries) {
    const before = counts.get(stepId) ?? { begun: 0, ended: 0, failed: 0, cut: 0, last: 'end' };
    counts.set(stepId, {
      begun: before.begun + (phase === 'begin' ? 1 : 0),
      ended: before.ended + (phase === 'end' ? 1 : 0),
      failed: before.failed + (phase === 'fail' ? 1 : 0),
      cut: before.cut + (phase === 'begin' && before.last === 'begin' ? 1 : 0),
      last: phase,
    });
  }
  return counts;
}
