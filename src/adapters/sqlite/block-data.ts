import type { StoredValue } from '../../core/records.ts';
import type { CellWrite, JoinKey, PageKey, PagesWrite, StoredDelta } from '../../ports/index.ts';
import type { Connection } from './connection.ts';
import { fromText, toText } from './text.ts';

/** A row of `cell`; without a body, the key was removed. */
interface CellRow {
  readonly part: 'state' | 'context';
  readonly name: string;
  readonly body: string | null;
}

/**
 * Rows of `page` and `cell`: what the members of a block go through, and what they have changed. Every method runs within the
 * caller's transaction, or reads.
 */
export class BlockData {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  putPages({ runId, entry, epoch, pageSize, pages }: PagesWrite): void {
    for (const [number, page] of pages.entries()) {
      this.#connection.run(
        `INSERT INTO page (run, entry, epoch, size, number, body) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING`,
        toText(runId),
        entry,
        epoch,
        pageSize,
        number,
        JSON.stringify(page),
      );
    }
  }

  page({ runId, entry, epoch, pageSize, page }: PageKey): StoredValue | undefined {
    const row = this.#connection.row<{ body: string }>(
      'SELECT body FROM page WHERE run = ? AND entry = ? AND epoch = ? AND size = ? AND number = ?',
      toText(runId),
      entry,
      epoch,
      pageSize,
      page,
    );
    return row === undefined ? undefined : (JSON.parse(row.body) as StoredValue);
  }

  mergeCell({ runId, entry, epoch, position, delta }: CellWrite): void {
    const set = (part: CellRow['part'], name: string, value: StoredValue | undefined): void => {
      this.#connection.run(
        `INSERT INTO cell (run, entry, epoch, part, name, pos, body) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET pos = excluded.pos, body = excluded.body WHERE excluded.pos > pos`,
        toText(runId),
        entry,
        epoch,
        part,
        toText(name),
        position,
        value === undefined ? null : JSON.stringify(value),
      );
    };
    for (const [name, value] of Object.entries(delta.state)) set('state', name, value);
    for (const [name, value] of Object.entries(delta.requestContext)) set('context', name, value);
    for (const name of delta.removed) set('context', name, undefined);
  }

  cell({ runId, entry, epoch }: JoinKey): StoredDelta {
    const rows = this.#connection.rows<CellRow>(
      'SELECT part, name, body FROM cell WHERE run = ? AND entry = ? AND epoch = ?',
      toText(runId),
      entry,
      epoch,
    );
    const valuesOf = (wanted: CellRow['part']): Record<string, StoredValue> =>
      Object.fromEntries(
        rows.flatMap(({ part, name, body }) =>
          part === wanted && body !== null ? [[fromText(name), JSON.parse(body) as StoredValue]] : [],
        ),
      );
    return {
      state: valuesOf('state'),
      requestContext: valuesOf('context'),
      removed: rows.flatMap(({ name, body }) => (body === null ? [fromText(name)] : [])),
    };
  }
}
