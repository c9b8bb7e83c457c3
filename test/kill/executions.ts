import type { LogEntry } from '../../src/core/history.ts';
import { formatKey, type RecordKey } from '../../src/core/records.ts';
import { formatTurn } from '../../src/core/turn.ts';

/** One execution of a body: a turn of a place of a run. */
export interface Execution {
  readonly runId: string;
  readonly key: RecordKey;
  readonly turn: string;
  readonly stepId: string;
}

/** Names an execution. */
export function nameOf({ runId, key, turn }: Omit<Execution, 'stepId'>): string {
  return `${runId}/${formatKey(key)}/${turn}`;
}

/** The execution that a body tells of: its idempotency key names all but the attempt. */
export function executionOf(idempotencyKey: string, attempt: number, stepId: string): Execution {
  const [turn = '', key = '', ...rest] = idempotencyKey.split('/').toReversed();
  const [epoch = 0, iteration = 0, generation = 0] = turn.split('.').map(Number);
  return {
    runId: rest.toReversed().join('/'),
    key: keyFrom(key),
    turn: formatTurn({ epoch, iteration, generation, attempt }),
    stepId,
  };
}

function keyFrom(text: string): RecordKey {
  const [entry = '', member] = text.replace('i', '').split('#');
  if (member === undefined) return { entry: Number(entry) };
  const number = Number(member);
  return text.startsWith('i')
    ? { entry: Number(entry), item: number }
    : { entry: Number(entry), arm: number };
}

/** The newest state of each record that logs tell of. */
export class Records {
  readonly #newest = new Map<string, { readonly turn: string; readonly status: string }>();

  add(entry: LogEntry): void {
    if (entry.kind !== 'step') return;
    const name = `${entry.runId}/${formatKey(entry.record.key)}`;
    const { turn, status } = entry.record;
    if ((this.#newest.get(name)?.turn ?? '') <= turn) this.#newest.set(name, { turn, status });
  }

  /** Whether an execution was claimed: its record is at its turn, or past it. */
  isClaimed(execution: Execution): boolean {
    const newest = this.#at(execution);
    return (
      newest !== undefined &&
      (newest.turn > execution.turn || (newest.turn === execution.turn && newest.status !== 'due'))
    );
  }

  /** Whether an execution has ended. */
  isEnded(execution: Execution): boolean {
    return this.isClaimed(execution) && !this.isRunning(execution);
  }

  isRunning(execution: Execution): boolean {
    const newest = this.#at(execution);
    return newest?.turn === execution.turn && newest.status === 'running';
  }

  #at({ runId, key }: Execution) {
    return this.#newest.get(`${runId}/${formatKey(key)}`);
  }
}
