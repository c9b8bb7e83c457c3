import type { SQLInputValue } from 'node:sqlite';
import { WorkflowError } from '../../core/errors.ts';
import { assertReadable, type RunHeader, type RunInput, type StoredValue } from '../../core/records.ts';
import type {
  NamedResult,
  NamedWrite,
  RequestDecision,
  RunPage,
  RunQuery,
  Write,
} from '../../ports/index.ts';
import { formatCursor, parseCursor } from '../list-cursor.ts';
import { namedWritten } from '../transitions/index.ts';
import type { Connection } from './connection.ts';
import type { Newest } from './known.ts';
import { fromText, toText } from './text.ts';

/** Rows of `run`, `run_input`, `travel`, `request` and `named`. Every method runs within the caller's transaction, or reads. */
export class Runs {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  header(runId: string): RunHeader | undefined {
    const body = this.#body(this.#connection.known.headers, 'SELECT body FROM run WHERE id = ?', runId);
    if (body === undefined) return undefined;
    const header = JSON.parse(body) as RunHeader;
    assertReadable(header);
    return header;
  }

  input(runId: string): RunInput | undefined {
    const sql = 'SELECT body FROM run_input WHERE run = ?';
    const body = this.#body(this.#connection.known.inputs, sql, runId);
    return body === undefined ? undefined : (JSON.parse(body) as RunInput);
  }

  /** The body that is known, or else the one that `sql` finds, which is known from then on. */
  #body(bodies: Newest<string, string>, sql: string, runId: string): string | undefined {
    const known = bodies.get(runId);
    if (known !== undefined) return known;
    const found = this.#connection.row<{ body: string }>(sql, toText(runId))?.body;
    if (found !== undefined) bodies.set(runId, found);
    return found;
  }

  insert(header: RunHeader): void {
    const body = JSON.stringify(header);
    this.#connection.run(
      `INSERT INTO run (id, is_root, workflow, status, resource, owner, created_at, sweep_at, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      toText(header.runId),
      header.parent === undefined ? 1 : 0,
      toText(header.workflowId),
      header.status,
      header.resourceId === undefined ? null : toText(header.resourceId),
      header.owner === undefined ? null : toText(header.owner),
      header.createdAt,
      header.sweepAt ?? null,
      body,
    );
    this.#connection.known.headers.set(header.runId, body);
  }

  /**
   * Rewrites what has changed since `before`: SQLite writes the index of each column that is named, changed or not. Workflow,
   * owner, creation and place in the tree cannot change.
   */
  update(header: RunHeader, before: RunHeader): void {
    const { runId, status, resourceId, sweepAt, parked } = header;
    const body = JSON.stringify(header);
    const columns = ['body = ?'];
    const values: SQLInputValue[] = [body];
    const set = (column: string, value: SQLInputValue): void => {
      columns.push(`${column} = ?`);
      values.push(value);
    };
    if (status !== before.status) set('status', status);
    if (resourceId !== before.resourceId) {
      set('resource', resourceId === undefined ? null : toText(resourceId));
    }
    if (sweepAt !== before.sweepAt) set('sweep_at', sweepAt ?? null);
    if ((parked === undefined) !== (before.parked === undefined))
      set('parked', parked === undefined ? null : 1);
    this.#connection.run(`UPDATE run SET ${columns.join(', ')} WHERE id = ?`, ...values, toText(runId));
    this.#connection.known.headers.set(runId, body);
  }

  insertInput(runId: string, input: RunInput): void {
    const body = JSON.stringify(input);
    this.#connection.run(
      'INSERT INTO run_input (run, body) VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body',
      toText(runId),
      body,
    );
    this.#connection.known.inputs.set(runId, body);
  }

  /** What the time travel was asked for that began an epoch. */
  travel(runId: string, epoch: number): StoredValue | undefined {
    const row = this.#connection.row<{ body: string }>(
      'SELECT body FROM travel WHERE run = ? AND epoch = ?',
      toText(runId),
      epoch,
    );
    return row === undefined ? undefined : (JSON.parse(row.body) as StoredValue);
  }

  insertTravel(runId: string, epoch: number, parameters: StoredValue): void {
    this.#connection.run(
      'INSERT INTO travel (run, epoch, body) VALUES (?, ?, ?)',
      toText(runId),
      epoch,
      JSON.stringify(parameters),
    );
  }

  /** See `RunStore.decideRequest`. */
  decideRequest({ runId, request, decision }: RequestDecision): Write<StoredValue> {
    const row = this.#connection.row<{ body: string }>(
      'SELECT body FROM request WHERE run = ? AND name = ?',
      toText(runId),
      toText(request),
    );
    if (row !== undefined) return { won: false, image: JSON.parse(row.body) as StoredValue };
    this.#connection.run(
      'INSERT INTO request (run, name, body) VALUES (?, ?, ?)',
      toText(runId),
      toText(request),
      JSON.stringify(decision),
    );
    return { won: true, image: decision };
  }

  named(name: string): string | undefined {
    return this.#connection.row<{ body: string }>('SELECT body FROM named WHERE name = ?', toText(name))
      ?.body;
  }

  /** See `RunStore.writeNamed`. */
  writeNamed(write: NamedWrite): NamedResult {
    const stored = this.named(write.name);
    const result = namedWritten(stored, write);
    if (!result.won || result.text === stored) return result;
    if (result.text === undefined) {
      this.#connection.run('DELETE FROM named WHERE name = ?', toText(write.name));
    } else {
      this.#connection.run(
        'INSERT INTO named (name, body) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body',
        toText(write.name),
        result.text,
      );
    }
    return result;
  }

  /** The longest overdue for a sweep first. */
  due(now: number, limit: number): string[] {
    const rows = this.#connection.rows<{ id: string }>(
      'SELECT id FROM run WHERE sweep_at <= ? ORDER BY sweep_at LIMIT ?',
      now,
      limit,
    );
    return rows.map(({ id }) => fromText(id));
  }

  /** Newest first; runs of the same millisecond by their id, so that a page has one end. */
  list(query: RunQuery): RunPage {
    if (!Number.isInteger(query.limit) || query.limit < 1 || query.limit > 1_000) {
      throw new WorkflowError(
        'WORKFLOW_ARGUMENT_INVALID',
        `limit is ${String(query.limit)}: give a whole number from 1 to 1,000`,
      );
    }
    const { clauses, values } = conditions(query);
    const rows = this.#connection.rows<{ id: string; created_at: number; body: string }>(
      `SELECT id, created_at, body FROM run WHERE ${clauses.join(' AND ')}
       ORDER BY created_at DESC, id DESC LIMIT ?`,
      ...values,
      query.limit + 1,
    );
    const page = rows.slice(0, query.limit);
    const last = page.at(-1);
    return {
      headers: page.map(({ body }) => JSON.parse(body) as RunHeader),
      ...(rows.length > page.length && last !== undefined
        ? { cursor: formatCursor({ createdAt: last.created_at, runId: fromText(last.id) }) }
        : {}),
    };
  }
}

/** A filter that is not given leaves no trace in the text, so that SQLite can choose the index of one that is. */
function conditions(query: RunQuery): { clauses: string[]; values: (string | number)[] } {
  const clauses = [query.parked === true ? 'parked = 1' : 'is_root = 1'];
  const values: (string | number)[] = [];
  const add = (clause: string, ...given: (string | number | undefined)[]): void => {
    const present = given.filter((value) => value !== undefined);
    if (present.length < given.length) return;
    clauses.push(clause);
    values.push(...present);
  };
  const text = (value: string | undefined): string | undefined =>
    value === undefined ? undefined : toText(value);
  add('workflow = ?', text(query.workflowId));
  add('status = ?', query.status);
  add('resource = ?', text(query.resourceId));
  add('owner = ?', text(query.owner));
  add('created_at >= ?', query.createdFrom);
  add('created_at <= ?', query.createdTo);
  if (query.cursor !== undefined) {
    const { createdAt, runId } = parseCursor(query.cursor);
    add('(created_at, id) < (?, ?)', createdAt, toText(runId));
  }
  return { clauses, values };
}
