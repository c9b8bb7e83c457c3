import type { WorkflowEvent } from '../../../src/core/event.ts';
import type { LogEntry } from '../../../src/core/history.ts';
import { firstTurn, formatTurn } from '../../../src/core/turn.ts';
import type { ClaimWrite, CommitWrite, NewRun } from '../../../src/ports/index.ts';

const turn = formatTurn(firstTurn(1));
export const now = Date.UTC(2026, 0, 1);

export function newRun(runId: string): NewRun {
  return {
    header: {
      format: 1,
      runId,
      workflowId: 'workflow',
      status: 'running',
      epoch: 1,
      position: '',
      wakes: 0,
      graphHash: 'graph',
      inputHash: 'input',
      from: [],
      createdAt: now,
      startedAt: now,
      updatedAt: now,
    },
    input: { input: { inline: '1' } },
  };
}

export function claimOf(runId: string, owner: string, entry = 0): ClaimWrite {
  return {
    runId,
    key: { entry },
    turn,
    fresh: true,
    stepId: `step-${entry}`,
    owner,
    leaseUntil: now + 60_000,
    now,
    inputFrom: entry - 1,
  };
}

export function commitOf(runId: string, owner: string, entry = 0): CommitWrite {
  const outcome = { status: 'success', now, output: { inline: '"output"' } } as const;
  return { runId, key: { entry }, turn, owner, outcome };
}

export function eventOf(runId: string, entry = 0): WorkflowEvent {
  return {
    format: 1,
    id: `${runId}/workflow.step.run/${entry}`,
    type: 'workflow.step.run',
    work: true,
    workflowId: 'workflow',
    runId,
    epoch: 1,
    path: [entry],
    turn,
    hop: entry,
    time: now,
  };
}

export function chunkOf(id: string): Extract<LogEntry, { kind: 'chunk' }> {
  const chunk = { inline: '"text"' };
  return {
    kind: 'chunk',
    id,
    runId: 'run',
    key: { entry: 0 },
    stepId: 'step',
    custom: false,
    chunk,
    time: 0,
  };
}
