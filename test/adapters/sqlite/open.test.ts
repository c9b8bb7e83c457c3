import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { sqliteBackend } from '../../../src/adapters/sqlite/index.ts';
import { containing, having, open, temporaryFile } from './fixture.ts';
import { claimOf, newRun } from './parts.ts';

/** Expects that a file is refused, and that nothing about it has changed. */
function expectRefusal(file: string, code: string, message: string): void {
  const before = readFileSync(file);
  expect(() => sqliteBackend({ file })).toThrow(
    having({
      code,
      message: expect.stringMatching(new RegExp(message)) as unknown,
      details: having({ file }),
    }),
  );
  expect(readFileSync(file).equals(before)).toBe(true);
  expect(existsSync(`${file}-owners`)).toBe(false);
}

test('a file of a newer format is refused', async () => {
  const file = temporaryFile();
  await sqliteBackend({ file }).close();
  const database = new DatabaseSync(file);
  database.exec("UPDATE meta SET value = 6 WHERE name = 'format'");
  database.close();
  expect(() => sqliteBackend({ file })).toThrow(
    having({
      code: 'WORKFLOW_RECORD_CORRUPT',
      message: containing('has format 6, and this version reads up to 5: upgrade'),
      details: { file, format: 6, supported: 5 },
    }),
  );
});

test('a file of the first format is brought to this one, with all that is in it', async () => {
  const file = temporaryFile();
  const before = sqliteBackend({ file });
  await before.payloads.put('run', 'ab', 'large');
  await before.close();
  const database = new DatabaseSync(file);
  database.exec(
    "DROP INDEX run_parked; ALTER TABLE run DROP COLUMN parked; DROP TABLE kept; DROP TABLE request; DROP TABLE named; UPDATE meta SET value = 1 WHERE name = 'format'",
  );
  database.close();
  for (let time = 0; time < 2; time += 1) {
    const { payloads, close } = sqliteBackend({ file });
    expect(await payloads.get('run', 'ab')).toBe('large');
    if (time === 0) await payloads.keep('run', 'cd', 'sent ahead', 1);
    expect(await payloads.kept('run', 'cd')).toBe('sent ahead');
    await close();
  }
});

test('a file that is no database is refused and left alone', () => {
  const file = temporaryFile();
  writeFileSync(file, 'These are the minutes of our last meeting.\n'.repeat(100));
  expectRefusal(file, 'WORKFLOW_RECORD_CORRUPT', 'is not a readable workflow database .*not a database');
});

test("another application's database is refused and left alone", () => {
  const file = temporaryFile();
  const database = new DatabaseSync(file);
  database.exec('CREATE TABLE invoice (id INTEGER PRIMARY KEY)');
  database.close();
  expectRefusal(file, 'WORKFLOW_RECORD_CORRUPT', 'another application made it');
});

test('a damaged page is a typed error that names the file', async () => {
  const file = temporaryFile();
  const first = sqliteBackend({ file });
  await first.store.startRun(newRun('run'));
  await first.close();
  const bytes = readFileSync(file);
  bytes.fill(0xff, 4096);
  writeFileSync(file, bytes);
  expect(() => sqliteBackend({ file })).toThrow(
    having({
      code: 'WORKFLOW_RECORD_CORRUPT',
      message: containing(file),
    }),
  );
});

test('a damaged record is a typed error that names the file', async () => {
  const file = temporaryFile();
  const { store } = open({ file });
  await store.startRun(newRun('run'));
  await store.durable();
  const database = new DatabaseSync(file);
  database.exec("UPDATE run SET body = '{'");
  database.close();
  const damaged = { code: 'WORKFLOW_RECORD_CORRUPT', message: containing(file) };
  await expect(store.loadHeader('run')).rejects.toMatchObject(damaged);
  await expect(store.startRun(newRun('run'))).rejects.toMatchObject(damaged);
});

test('a path that cannot be opened is a typed error that names the file', () => {
  const file = temporaryFile();
  writeFileSync(file, '');
  const below = join(file, 'runs.db');
  const unavailable = (path: string): unknown =>
    having({ code: 'WORKFLOW_BACKEND_UNAVAILABLE', message: containing(path) });
  expect(() => sqliteBackend({ file: below })).toThrow(unavailable(below));
  const directory = `${file}-directory`;
  mkdirSync(directory);
  expect(() => sqliteBackend({ file: directory })).toThrow(unavailable(directory));
});

test('malformed options are refused', () => {
  const file = temporaryFile();
  for (const options of [
    { file: '' },
    { file: ':memory:' },
    { file: 'file:runs.db' },
    { file, pollMs: 0 },
    { file, pollMs: 1_001 },
    { file, pollMs: Number.NaN },
    { file, lockWaitMs: -1 },
  ]) {
    expect(() => sqliteBackend(options)).toThrow(having({ code: 'WORKFLOW_ARGUMENT_INVALID' }));
  }
});

test('missing directories are made, and what was stored is there at the next opening', async () => {
  const file = join(dirname(temporaryFile()), 'data', 'workflows', 'runs.db');
  const first = sqliteBackend({ file });
  await first.store.startRun(newRun('run'));
  await first.store.claim(claimOf('run', 'me/1'));
  await first.payloads.put('run', 'hash', 'large');
  await first.close();
  const second = open({ file });
  expect(second.incarnation).not.toBe(first.incarnation);
  expect(await second.store.loadHeader('run')).toEqual(newRun('run').header);
  expect(second.store.readInputSync?.('run')).toEqual(newRun('run').input);
  expect(second.store.readRecordSync?.('run', { entry: 0 })).toMatchObject({ owner: 'me/1' });
  expect(await second.payloads.get('run', 'hash')).toBe('large');
});

test('two names of one file are one database', async () => {
  const file = temporaryFile();
  const first = open({ file });
  symlinkSync(dirname(file), `${dirname(file)}-link`);
  symlinkSync(file, `${file}-link`);
  const second = open({ file: `${file}-link` });
  await first.store.startRun(newRun('run'));
  await first.store.durable();
  expect(await second.store.loadHeader('run')).toBeDefined();
  expect(readdirSync(`${file}-owners`)).toHaveLength(2);
});

test('every call after close rejects with a typed error, and close may be called again', async () => {
  const backend = sqliteBackend({ file: temporaryFile() });
  await backend.close();
  await backend.close();
  const closed = { code: 'WORKFLOW_BACKEND_UNAVAILABLE', message: containing('closed') };
  await expect(backend.store.loadHeader('run')).rejects.toMatchObject(closed);
  await expect(backend.store.startRun(newRun('run'))).rejects.toMatchObject(closed);
  await expect(backend.store.durable()).resolves.toBeUndefined();
  expect(() => backend.store.readRecordSync?.('run', { entry: 0 })).toThrow(having(closed));
});

test('ids and texts of any Unicode stay apart and come back as they were', async () => {
  const { store, payloads } = open();
  const ids = ['\ud800', '\ud801', '\ufffd', '\u0001d800', 'a', 'a\0', 'a\0b', "Robert'); DROP TABLE run;--"];
  for (const [index, runId] of ids.entries()) {
    const { header, input = { input: { inline: '' } } } = newRun(runId);
    await store.startRun({
      header: { ...header, workflowId: `w${runId}`, resourceId: runId, createdAt: index },
      input,
    });
    await store.claim({ ...claimOf(runId, `me/${index}`), stepId: runId });
    await payloads.put(runId, 'hash', `text of ${runId}`);
  }
  for (const [index, runId] of ids.entries()) {
    expect(await store.loadHeader(runId)).toMatchObject({ runId, createdAt: index });
    expect(store.readRecordSync?.(runId, { entry: 0 })).toMatchObject({
      stepId: runId,
      owner: `me/${index}`,
    });
    expect(await payloads.get(runId, 'hash')).toBe(`text of ${runId}`);
    expect(await store.listRuns({ workflowId: `w${runId}`, limit: 10 })).toMatchObject({
      headers: [{ runId }],
    });
    expect(await store.listRuns({ resourceId: runId, limit: 10 })).toMatchObject({ headers: [{ runId }] });
  }
  const pages: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.listRuns({ limit: 3, ...(cursor === undefined ? {} : { cursor }) });
    pages.push(...page.headers.map(({ runId }) => runId));
    cursor = page.cursor;
  } while (cursor !== undefined);
  expect(pages).toEqual(ids.toReversed());
});
