import { WorkflowError } from '../../core/errors.ts';
import type { PayloadStore } from '../../ports/index.ts';
import type { Connection } from './connection.ts';
import { failure, notOurs } from './failure.ts';
import type { GroupCommit } from './group-commit.ts';
import { Names } from './names.ts';
import { pack, unpack } from './pack.ts';
import { toText } from './text.ts';

/**
 * Large values beside the records, in the same transactions: a record never points to a payload that is not there. Rows of
 * `payload`: each value once for a run, and compressed. Rows of `kept`: what callers sent ahead of a run.
 */
export class SqlitePayloads implements PayloadStore {
  /**
   * 1 KiB: a value is in its record, in the log with the outcome, and in the log again as the input of the step after it. From
   * about this size on, a row of its own and three hashes are less to write.
   */
  readonly inlineBytes = 1_024;
  readonly #connection: Connection;
  readonly #commit: GroupCommit;
  readonly #names: Names;

  constructor(connection: Connection, commit: GroupCommit) {
    this.#connection = connection;
    this.#commit = commit;
    this.#names = new Names(connection);
  }

  async put(runId: string, hash: string, text: string): Promise<void> {
    const body = await pack(text);
    const work = (): void => {
      this.#connection.run(
        'INSERT INTO payload (run, hash, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
        this.#names.get(runId),
        bytesOf(hash),
        body,
      );
    };
    await this.#commit.write(work, { durability: 'accepted', atomic: true });
  }

  async get(runId: string, hash: string): Promise<string> {
    return this.getSync(runId, hash);
  }

  getSync(runId: string, hash: string): string {
    const body = this.#load(runId, hash);
    const { file } = this.#connection;
    if (body === undefined) {
      throw new WorkflowError(
        'WORKFLOW_RECORD_CORRUPT',
        `run ${runId} has no payload ${hash} in ${file}: restore the file from a backup`,
        { details: { runId, hash } },
      );
    }
    try {
      return unpack(body);
    } catch (cause) {
      throw notOurs(file, `payload ${hash} of run ${runId} cannot be unpacked`, cause);
    }
  }

  async keep(runId: string, name: string, text: string, at: number): Promise<void> {
    const body = await pack(text);
    const work = (): void => {
      this.#connection.run(
        'INSERT INTO kept (run, name, at, body) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at, body = excluded.body',
        toText(runId),
        bytesOf(name),
        at,
        body,
      );
    };
    await this.#commit.write(work, { durability: 'accepted' });
  }

  async kept(runId: string, name: string): Promise<string | undefined> {
    const { file } = this.#connection;
    let row: { body: Uint8Array | string } | undefined;
    try {
      const sql = 'SELECT body FROM kept WHERE run = ? AND name = ?';
      row = this.#connection.row(sql, toText(runId), bytesOf(name));
    } catch (cause) {
      throw failure(file, cause);
    }
    try {
      return row === undefined ? undefined : unpack(row.body);
    } catch (cause) {
      throw notOurs(file, `value ${name} that was sent ahead of run ${runId} cannot be unpacked`, cause);
    }
  }

  async dropKept(time: number): Promise<void> {
    // Looked for first: a write each minute would keep an idle disk awake.
    if (!this.#hasKept(time)) return;
    const work = (): void => {
      this.#connection.run('DELETE FROM kept WHERE at < ?', time);
    };
    await this.#commit.write(work, { durability: 'accepted' });
  }

  #hasKept(before: number): boolean {
    try {
      const sql = 'SELECT 1 AS found FROM kept WHERE at < ? LIMIT 1';
      return this.#connection.row<{ found: number }>(sql, before) !== undefined;
    } catch (cause) {
      throw failure(this.#connection.file, cause);
    }
  }

  #load(runId: string, hash: string): Uint8Array | string | undefined {
    try {
      const row = this.#connection.row<{ body: Uint8Array | string }>(
        'SELECT body FROM payload WHERE run = (SELECT num FROM name WHERE id = ?) AND hash = ?',
        toText(runId),
        bytesOf(hash),
      );
      return row?.body;
    } catch (cause) {
      throw failure(this.#connection.file, cause);
    }
  }
}

/** A hash in half the bytes that its hex takes. */
function bytesOf(hash: string): Uint8Array {
  return Buffer.from(hash, 'hex');
}
