import { formatPosition, type RecordKey, type RunHeader, type StoredValue } from '../../core/records.ts';
import { firstTurn, formatTurn, type Turn } from '../../core/turn.ts';
import type { ClaimWrite, CommitOutcome, CommitWrite, NewRun, RunStore, TurnKey } from '../../ports/index.ts';
import { won } from './compare.ts';
import type { ContractBackend } from './suite.ts';

/** Times are given and never read: a store decides nothing by its own clock. */
export const T0 = Date.UTC(2026, 0, 1);

/** The turn of the first execution in an epoch, or a later one. */
export function turn(parts: Partial<Turn> = {}): string {
  return formatTurn({ ...firstTurn(1), ...parts });
}

/** A value as the codec stores it. */
export function value(content: unknown): StoredValue {
  return { inline: JSON.stringify(content) };
}

/** A store, and a run that is nobody else's. */
export class RunFixture {
  readonly backend: ContractBackend;
  readonly store: RunStore;
  readonly runId: string;
  readonly workflowId: string;
  /** As the backend was made: see `ContractOptions.segmentSize`. */
  readonly segmentSize: number;

  constructor(backend: ContractBackend, segmentSize: number) {
    this.backend = backend;
    this.store = backend.store;
    this.runId = backend.ids.unique();
    this.workflowId = `workflow-${backend.ids.unique()}`;
    this.segmentSize = segmentSize;
  }

  /** A header of a running run; `more` wins. */
  header(more: Partial<RunHeader> = {}): RunHeader {
    return {
      format: 1,
      runId: this.runId,
      workflowId: this.workflowId,
      status: 'running',
      epoch: 1,
      position: '',
      wakes: 0,
      graphHash: 'graph',
      inputHash: 'input',
      from: [],
      createdAt: T0,
      startedAt: T0,
      updatedAt: T0,
      sweepAt: T0 + 120_000,
      ...more,
    };
  }

  /** A header of a run that was created and not started. */
  pending(more: Partial<RunHeader> = {}): RunHeader {
    const { startedAt: _, sweepAt: __, ...header } = this.header();
    return { ...header, status: 'pending', inputHash: '', ...more };
  }

  /** Starts the run. */
  async start(
    more: Partial<RunHeader> = {},
    input: NewRun['input'] = { input: value(1) },
  ): Promise<RunHeader> {
    return won(await this.store.startRun({ header: this.header(more), input }));
  }

  /** The header as it stands. */
  stored(runId = this.runId): Promise<RunHeader | undefined> {
    return this.store.loadHeader(runId);
  }

  /** Where the status of the run's entry stands. */
  position(entry: number, k = 0): string {
    return formatPosition(entry, 0, k);
  }

  /** A first claim of entry 0; `more` wins. */
  claim(more: Partial<ClaimWrite> = {}): ClaimWrite {
    return {
      runId: this.runId,
      key: { entry: 0 },
      turn: turn(),
      fresh: true,
      stepId: 'step',
      owner: 'process-a/1',
      leaseUntil: T0 + 60_000,
      now: T0,
      inputFrom: -1,
      ...more,
    };
  }

  /** A commit of what {@link claim} claims. */
  commit(outcome: CommitOutcome, more: Partial<CommitWrite> = {}): CommitWrite {
    return { runId: this.runId, key: { entry: 0 }, turn: turn(), owner: 'process-a/1', outcome, ...more };
  }

  /** Claims and commits. */
  async settle(outcome: CommitOutcome, more: Partial<ClaimWrite> = {}): Promise<void> {
    const claim = this.claim(more);
    won(await this.store.claim(claim));
    won(
      await this.store.commit(this.commit(outcome, { key: claim.key, turn: claim.turn, owner: claim.owner })),
    );
  }

  /** A record as it stands. */
  async record(key: RecordKey = { entry: 0 }, runId = this.runId) {
    const load = await this.store.loadStep({ runId, keys: [key], input: false, consistent: true });
    return load.records[0];
  }

  /** Names the first turn of entry 0. */
  at(more: Partial<TurnKey> = {}): TurnKey {
    return { runId: this.runId, key: { entry: 0 }, turn: turn(), ...more };
  }
}

/** Outcomes with nothing but what they must have. */
export const outcomes = {
  success: { status: 'success', now: T0 + 10, output: value('output') },
  failed: { status: 'failed', now: T0 + 10, error: value('error') },
  suspended: { status: 'suspended', now: T0 + 10, suspendPayload: value('who?') },
  due: {
    status: 'due',
    now: T0 + 10,
    nextTurn: turn({ attempt: 1 }),
    dueAt: T0 + 1_000,
    error: value('error'),
  },
} as const satisfies Record<string, CommitOutcome>;
