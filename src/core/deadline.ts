import { type RunHeader, terminalStatuses } from './records.ts';

/** When runs have to be over, and what looks after that. */

/** {@link RunHeader.endedBy} of a run that was not over at its deadline. */
export const endedByDeadline = -2;

/** What a header says of an epoch that begins at `now`, ms since 1970, and may take `timeoutMs`. */
export function deadlineFrom(timeoutMs: number | undefined, now: number): Pick<RunHeader, 'deadlineAt'> {
  return timeoutMs === undefined ? {} : { deadlineAt: now + timeoutMs };
}

/** Whether a run has to be ended because its time is over. */
export function isOverdue({ status, deadlineAt }: RunHeader, now: number): boolean {
  return deadlineAt !== undefined && now >= deadlineAt && !terminalStatuses.has(status);
}

/**
 * When the sweeper is to look at a run, given when it would be without a deadline (`null`: never). A timer can get lost, so a run
 * that is not over is looked at `graceMs` after its deadline at the latest, also when it waits for a person.
 */
export function sweepByDeadline(
  { status, deadlineAt }: Pick<RunHeader, 'status' | 'deadlineAt'>,
  sweepAt: number | null,
  graceMs: number,
): number | null {
  if (deadlineAt === undefined || terminalStatuses.has(status)) return sweepAt;
  const latest = deadlineAt + graceMs;
  return sweepAt === null ? latest : Math.min(sweepAt, latest);
}
