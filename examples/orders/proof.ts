import { type BodyRuns, countBodyRuns, type LogEntry } from './execution-log.ts';

/** What the execution log proves. */
export interface Proof {
  /** For people, at most 80 columns. */
  readonly table: string;
  /** What contradicts the promise; empty when it was kept. */
  readonly problems: readonly string[];
}

/**
 * Judges the log of a run whose worker was killed in the middle of `victim`: what was done before the kill must not have
 * begun again, the victim must have begun again exactly once, and every body must be done by now.
 */
export function checkExecutions(
  atKill: readonly LogEntry[],
  entries: readonly LogEntry[],
  victim: string,
): Proof {
  const before = countBodyRuns(atKill);
  const after = countBodyRuns(entries);
  const problems = [...after].flatMap(([stepId, runs]) =>
    problemsOf(stepId, runs, before.get(stepId), victim),
  );
  if (!after.has(victim)) problems.push(`${victim} never ran.`);
  return { table: tableOf(before, after), problems };
}

function problemsOf(stepId: string, runs: BodyRuns, before: BodyRuns | undefined, victim: string): string[] {
  const problems: string[] = [];
  if (stepId === victim) {
    if (before?.last !== 'begin') problems.push(`${stepId} was not running when the worker was killed.`);
    if (runs.begun !== 2 || runs.ended !== 1) {
      problems.push(`${stepId} began ${runs.begun} times and ended ${runs.ended} times, instead of 2 and 1.`);
    }
  } else if (before !== undefined && runs.begun !== before.begun) {
    problems.push(`${stepId} was done before the kill, and began again after it.`);
  } else if (runs.cut > 0) {
    problems.push(`${stepId} began again although nothing had killed it.`);
  }
  if (runs.last !== 'end') problems.push(`${stepId} is not done: its last line says "${runs.last}".`);
  return problems;
}

function tableOf(before: ReadonlyMap<string, BodyRuns>, after: ReadonlyMap<string, BodyRuns>): string {
  const row = (cells: readonly string[]): string =>
    cells.map((cell, index) => (index === 0 ? cell.padEnd(18) : cell.padStart(12))).join('');
  const counts = [...after].map(([stepId, { begun, ended, failed, cut }]) => {
    const early = before.get(stepId)?.begun ?? 0;
    return row([stepId, ...[early, begun - early, ended, failed, cut].map(String)]);
  });
  const heading = row(['', 'begun before', 'begun after', 'ended', 'failed', 'killed']);
  return [heading, ...counts].join('\n');
}
