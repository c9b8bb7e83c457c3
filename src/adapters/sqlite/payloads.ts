import { WorkflowError } from '../../core/errors.ts';
import type { Clock, PayloadStore } from '../../ports/index.ts';
import type { Connection } from './connection.ts';
import { failure } from './failure.ts';
import type { GroupCommit } from './group-commit.ts';
import { fromText, toText } from './text.ts';

/** Large values beside the records, in the same transactions: a record never points to a payload that is not there. */
export class SqlitePayloads implements PayloadStore {
  readonly #connection: Connection;
  readonly #commit: GroupCommit;
  readonly #clock: Clock;

  constructor(connection: Connection, commit: GroupCommit, clock: Clock) {
    this.#connection = connection;
    this.#commit = commit;
    this.#clock = clock;
  }

  put(runId: string, hash: string, text: string): Promise<void> {
    const work = (): void => {
      this.#connection.run(
        `INSERT INTO payload (run, hash, put_at, body) VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET put_at = excluded.put_at`,
        toText(runId),
        toText(hash),
        this.#clock.now(),
        toText(text),
      );
    };
    return this.#commit.write(work, { durability: 'accepted' });
  }

  async get(runId: string, hash: string): Promise<string> {
    return this.getSync(runId, hash);
  }

  getSync(runId: string, hash: string): string {
    const row = this.#load(runId, hash);
    if (row !== undefined) return fromText(row.body);
    throw new WorkflowError(
      'WORKFLOW_RECORD_CORRUPT',
      `run ${runId} has no payload ${hash} in ${this.#connection.file}: restore the file from a backup`,
      { details: { runId, hash } },
    );
  }

  #load(runId: string, hash: string): { body: string } | undefined {
    try {
      return this.#connection.row<{ body: string }>(
        'SELECT body FROM payload WHERE run = ? AND hash = ?',
        toText(runId),
        toText(hash),
      );
    } catch (cause) {
      throw failure(this.#connection.file, cause);
    }
  }
}
