import { DatabaseSync } from 'node:sqlite';

/** The middle one of some values; NaN when there are none. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Transactions of one small row each: what the disk takes, to be measured in turn with what is to be compared with it. */
export class BareCommits {
  readonly #database: DatabaseSync;
  readonly #insert: () => void;

  constructor(file: string) {
    this.#database = new DatabaseSync(file);
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (v TEXT)');
    const insert = this.#database.prepare('INSERT INTO t VALUES (?)');
    this.#insert = () => insert.run('x'.repeat(300));
  }

  /** Milliseconds that `commits` of them take one after the other, each with its fsync. */
  time(commits: number): number {
    const began = performance.now();
    for (let commit = 0; commit < commits; commit += 1) this.#insert();
    return performance.now() - began;
  }

  close(): void {
    this.#database.close();
  }
}

/** Times of something, and of the bare commits that it needs, measured in turn; milliseconds. */
export interface Beside {
  readonly ours: number;
  readonly bare: number;
  /** How many commits it needs. */
  readonly commits: number;
}
