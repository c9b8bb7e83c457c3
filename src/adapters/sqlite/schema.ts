import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { WorkflowError } from '../../core/errors.ts';
import { Connection } from './connection.ts';
import { failure, isBusy, notOurs } from './failure.ts';

/** Version of the tables. A file of a higher one is refused; a change of the tables raises it and brings the migration. */
export const fileFormat = 5;

/** `EVWF`: SQLite's header field by which `file(1)` and we tell whose database a file is. */
const applicationId = 0x45565746;

/**
 * Bytes of a page. A commit writes each page whole that it changes, and the commit of a step changes eight, whatever their size:
 * it writes 10 KB with this one, and 33 KB with SQLite's default of 4 KiB.
 */
const pageBytes = 1_024;

/** What callers sent ahead of a run that need not exist, so by the run's id. */
const keptTable = `
CREATE TABLE kept (
  run TEXT NOT NULL,
  name BLOB NOT NULL,
  at INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (run, name)
) WITHOUT ROWID;
CREATE INDEX kept_at ON kept (at);
`;

/** What requests that can come twice were found to mean. */
const requestTable = `
CREATE TABLE request (run TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (run, name)) WITHOUT ROWID;
`;

/** Texts that belong to no run. */
const namedTable = `
CREATE TABLE named (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
`;

/** Runs that wait for code that is not here: few, and in no other index. */
const parkedIndex = `
CREATE INDEX run_parked ON run (created_at, id) WHERE parked = 1;
`;

/** What makes each format of the one before, the second one first. */
const migrations: readonly string[] = [
  keptTable,
  requestTable,
  namedTable,
  `ALTER TABLE run ADD COLUMN parked INTEGER;${parkedIndex}`,
];

/**
 * Bodies are the JSON of the port's records. The other columns are what is looked up or listed by. What a run writes with each
 * step (`rec`, `log`, `msg`) has a number for its key, made of the run's or process's own number and a place: rows that are
 * written together lie together then, and no index has to be written with them. `name` has the numbers of the runs.
 */
const tables = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE run (
  id TEXT PRIMARY KEY,
  is_root INTEGER NOT NULL,
  workflow TEXT NOT NULL,
  status TEXT NOT NULL,
  resource TEXT,
  owner TEXT,
  created_at INTEGER NOT NULL,
  sweep_at INTEGER,
  body TEXT NOT NULL,
  parked INTEGER
) WITHOUT ROWID;
CREATE INDEX run_sweep ON run (sweep_at) WHERE sweep_at IS NOT NULL;
CREATE INDEX run_list ON run (created_at, id) WHERE is_root = 1;
CREATE INDEX run_workflow ON run (workflow, created_at, id) WHERE is_root = 1;
CREATE INDEX run_status ON run (status, created_at, id) WHERE is_root = 1;
CREATE INDEX run_resource ON run (resource, created_at, id) WHERE is_root = 1 AND resource IS NOT NULL;
CREATE TABLE run_input (run TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE name (num INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
CREATE TABLE rec (id INTEGER PRIMARY KEY, lease INTEGER, body TEXT NOT NULL);
CREATE TABLE join_state (
  run TEXT NOT NULL,
  entry INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  opening TEXT NOT NULL,
  tokens INTEGER NOT NULL,
  carry TEXT NOT NULL,
  PRIMARY KEY (run, entry, epoch)
) WITHOUT ROWID;
CREATE TABLE join_log (
  run TEXT NOT NULL,
  entry INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  pos INTEGER NOT NULL,
  tok INTEGER NOT NULL,
  PRIMARY KEY (run, entry, epoch, pos),
  UNIQUE (run, entry, epoch, tok)
) WITHOUT ROWID;
CREATE TABLE page (
  run TEXT NOT NULL,
  entry INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  size INTEGER NOT NULL,
  number INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (run, entry, epoch, size, number)
) WITHOUT ROWID;
CREATE TABLE cell (
  run TEXT NOT NULL,
  entry INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  part TEXT NOT NULL,
  name TEXT NOT NULL,
  pos INTEGER NOT NULL,
  body TEXT,
  PRIMARY KEY (run, entry, epoch, part, name)
) WITHOUT ROWID;
CREATE TABLE travel (run TEXT NOT NULL, epoch INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (run, epoch)) WITHOUT ROWID;
CREATE TABLE log (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE payload (run INTEGER NOT NULL, hash BLOB NOT NULL, body BLOB NOT NULL, UNIQUE (run, hash));
CREATE TABLE owner (number INTEGER PRIMARY KEY AUTOINCREMENT, incarnation TEXT NOT NULL UNIQUE);
CREATE TABLE msg (
  id INTEGER PRIMARY KEY,
  due INTEGER NOT NULL,
  tries INTEGER NOT NULL,
  body TEXT,
  rec INTEGER
);
CREATE INDEX msg_free ON msg (due, id) WHERE id < 1099511627776;
${parkedIndex}${keptTable}${requestTable}${namedTable}`;

/** Opens the database, makes its directory and tables where they are missing, and refuses a file that is not ours. */
export function openDatabase(file: string): Connection {
  const path = resolve(file);
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (cause) {
    throw failure(path, cause);
  }
  const connection = new Connection(realPath(path));
  try {
    connection.configure();
    connection.patiently(() => prepare(connection));
    return connection;
  } catch (cause) {
    connection.close();
    throw failure(connection.file, cause);
  }
}

/** Two names of one file would lead to two sets of owner locks, each of which takes the other's owners for dead. */
function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path));
}

function prepare(connection: Connection): void {
  // Before anything is written: a foreign database must stay as it is, its journal mode included.
  const found = checkIdentity(connection);
  if (found === undefined) connection.exec(`PRAGMA page_size = ${pageBytes}`);
  useWriteAheadLog(connection);
  if (found === fileFormat) return;
  connection.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have been here since.
    const format = checkIdentity(connection);
    if (format === undefined) {
      connection.exec(tables);
      connection.run('INSERT INTO meta (name, value) VALUES (?, ?)', 'format', fileFormat);
      connection.exec(`PRAGMA application_id = ${applicationId}`);
    } else {
      for (const migration of migrations.slice(format - 1)) connection.exec(migration);
      connection.run('UPDATE meta SET value = ? WHERE name = ?', fileFormat, 'format');
    }
    connection.exec('COMMIT');
  } catch (cause) {
    if (connection.isInTransaction()) connection.exec('ROLLBACK');
    throw cause;
  }
}

/** The format of a file; undefined for an empty one. Throws for a file that is not ours, or of a newer format. */
function checkIdentity(connection: Connection): number | undefined {
  const found = connection.row<{ application_id: number }>('PRAGMA application_id')?.application_id;
  if (found !== applicationId) {
    const count = connection.row<{ n: number }>('SELECT count(*) AS n FROM sqlite_schema')?.n ?? 0;
    if (count === 0 && found === 0) return undefined;
    throw notOurs(connection.file, 'another application made it');
  }
  const format = connection.row<{ value: number }>('SELECT value FROM meta WHERE name = ?', 'format')?.value;
  if (format === undefined) throw notOurs(connection.file, 'it does not say its format');
  if (format > fileFormat) {
    throw new WorkflowError(
      'WORKFLOW_RECORD_CORRUPT',
      `SQLite file ${connection.file} has format ${format}, and this version reads up to ${fileFormat}: upgrade evented-workflows, or choose another file`,
      { details: { file: connection.file, format, supported: fileFormat } },
    );
  }
  return format;
}

/** The switch of a fresh file needs it alone for a moment, and SQLite does not wait for that by itself. */
function useWriteAheadLog(connection: Connection): void {
  for (let tries = 0; ; tries += 1) {
    try {
      const mode = connection.row<{ journal_mode: string }>('PRAGMA journal_mode = WAL')?.journal_mode;
      if (mode === 'wal') return;
      throw new WorkflowError(
        'WORKFLOW_BACKEND_UNAVAILABLE',
        `SQLite file ${connection.file}: its file system cannot hold a write-ahead log (shared memory is missing): choose a local disk`,
        { details: { file: connection.file, journalMode: mode } },
      );
    } catch (cause) {
      if (!isBusy(cause) || tries === 100) throw cause;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}
