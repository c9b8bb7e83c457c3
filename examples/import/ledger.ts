import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Delivery } from './rows.ts';

/** What came of writing a batch. */
export interface Written {
  /** Deliveries that the ledger did not have. */
  readonly entered: number;
  /** Deliveries that it had already; they stay as they were. */
  readonly known: number;
}

/** Where deliveries are entered. */
export interface Ledger {
  /**
   * Enters a batch, all of it or nothing. The same `key` again changes nothing and gives the same answer, so whoever does not
   * know whether a write was made can repeat it.
   */
  write(key: string, batch: readonly Delivery[]): Promise<Written>;
}

/** A ledger in a file that can be looked at. */
export interface LedgerFile extends Ledger {
  /** Deliveries that are entered. */
  count(): number;
  /** Pieces that came in of each product, by its name. */
  pieces(): { readonly product: string; readonly pieces: number }[];
  close(): void;
}

/**
 * A ledger in an SQLite file. Two things keep a delivery from being entered twice. The key of a write, kept in the same
 * transaction, is for an attempt that is repeated: it tells what the attempt before it had done. The number of a delivery is for
 * an execution that is another one, and so has another key: after a time travel, or of a file that overlaps with this one.
 */
export function openLedger(file: string): LedgerFile {
  mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(file);
  database.exec(`
    CREATE TABLE IF NOT EXISTS deliveries (
      delivery TEXT PRIMARY KEY, product TEXT NOT NULL, quantity INTEGER NOT NULL, received TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS writes (
      key TEXT PRIMARY KEY, entered INTEGER NOT NULL, known INTEGER NOT NULL
    ) STRICT;
  `);
  const answerOf = database.prepare('SELECT entered, known FROM writes WHERE key = ?');
  const enter = database.prepare('INSERT OR IGNORE INTO deliveries VALUES (?, ?, ?, ?)');
  const keep = database.prepare('INSERT INTO writes VALUES (?, ?, ?)');

  const write = (key: string, batch: readonly Delivery[]): Written => {
    const before = answerOf.get(key);
    if (before !== undefined) return { entered: Number(before.entered), known: Number(before.known) };
    const changes = batch.map(({ delivery, product, quantity, received }) =>
      Number(enter.run(delivery, product, quantity, received).changes),
    );
    const entered = changes.reduce((sum, count) => sum + count, 0);
    const known = batch.length - entered;
    keep.run(key, entered, known);
    return { entered, known };
  };

  return {
    async write(key, batch) {
      database.exec('BEGIN IMMEDIATE');
      try {
        const written = write(key, batch);
        database.exec('COMMIT');
        return written;
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    },
    count: () => Number(database.prepare('SELECT count(*) AS count FROM deliveries').get()?.count),
    pieces: () =>
      database
        .prepare('SELECT product, sum(quantity) AS pieces FROM deliveries GROUP BY product ORDER BY product')
        .all()
        .map(({ product, pieces }) => ({ product: String(product), pieces: Number(pieces) })),
    close: () => database.close(),
  };
}
