import type { RunHeader } from '../../src/core/records.ts';
import { firstTurn, formatTurn } from '../../src/core/turn.ts';
import type { ClaimWrite, CommitWrite } from '../../src/ports/index.ts';

/** Records as real ones are: what they cost depends on their size. */

/** Time of what these tests write, ms since 1970. */
export const now = Date.UTC(2026, 0, 1);
/** The first turn of an entry. */
export const turn = formatTurn(firstTurn(1));
/** Who claims. */
export const owner = '5b0c3d3e-53f8-4d6a-8c55-0d5f1d3f8a11/1';
/** The header of a running run; `more` wins. */
export function headerOf(runId: string, more: Partial<RunHeader> = {}): RunHeader {
  return {
    format: 1,
    runId,
    workflowId: 'workflow',
    status: 'running',
    epoch: 1,
    position: '',
    sweepAt: now + 120_000,
    wakes: 0,
    graphHash: 'ab'.repeat(32),
    inputHash: 'cd'.repeat(32),
    from: [],
    createdAt: now,
    startedAt: now,
    updatedAt: now,
    ...more,
  };
}

/** An input that fits into the header. */
export const small = { input: { inline: '{"order":4711}' } };

/** A first claim of an entry; `more` wins. */
export function claimOf(runId: string, entry: number, more: Partial<ClaimWrite> = {}): ClaimWrite {
  return {
    runId,
    key: { entry },
    turn,
    fresh: true,
    stepId: 'charge-credit-card',
    owner,
    leaseUntil: now + 60_000,
    now,
    inputFrom: entry - 1,
    ...more,
  };
}

/** The commit of {@link claimOf}, with an output of so many bytes. */
export function successOf(runId: string, entry: number, bytes = 600): CommitWrite {
  const output = { inline: `"${'x'.repeat(bytes - 2)}"` };
  return { runId, key: { entry }, turn, owner, outcome: { status: 'success', now: now + 5, output } };
}
