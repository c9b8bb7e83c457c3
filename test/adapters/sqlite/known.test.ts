import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { Newest } from '../../../src/adapters/sqlite/known.ts';
import { open, temporaryFile } from './fixture.ts';
import { chunkOf, claimOf, commitOf, newRun, now } from './parts.ts';

function connect(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  onTestFinished(() => database.close());
  return database;
}

test('what another connection commits is seen by the next read, and by the next write', async () => {
  const file = temporaryFile();
  const [one, other] = [open({ file }), open({ file })];
  await one.store.startRun(newRun('run'));
  await one.store.claim(claimOf('run', 'one/1'));
  await other.store.setStatus({ runId: 'run', epoch: 1, status: 'suspended', position: '1', now });
  await other.store.commit(commitOf('run', 'one/1'));
  await other.store.durable();
  expect(await one.store.loadHeader('run')).toMatchObject({ status: 'suspended', position: '1' });
  const late = await one.store.commit(commitOf('run', 'one/1'));
  expect(late).toMatchObject({ won: false, image: { status: 'success' } });
});

test('an input that another connection replaces is the one that is read', async () => {
  const file = temporaryFile();
  const [one, other] = [open({ file }), open({ file })];
  await one.store.startRun(newRun('run'));
  await one.store.durable();
  const end = { runId: 'run', epoch: 1, now };
  await other.store.finish({ ...end, status: 'success', endedBy: 0 });
  await other.store.travel({
    ...end,
    wakes: 0,
    sweepAt: now,
    start: [2, 0, 0],
    graphHash: 'graph',
    inputHash: 'other',
    perStep: false,
    parameters: { inline: '{}' },
    input: { input: { inline: '2' } },
  });
  await other.store.durable();
  expect(one.store.readInputSync?.('run')).toEqual({ input: { inline: '2' } });
});

test('the entries that two connections add to one log are all in it, in their order', async () => {
  const file = temporaryFile();
  const [one, other] = [open({ file }), open({ file })];
  for (const [number, { store }] of [one, other, one, other].entries()) {
    await store.appendChunks({ log: 'run', chunks: [chunkOf(String(number))] });
    await store.durable();
  }
  const { entries } = await one.store.readLog({ log: 'run', after: -1, limit: 10 });
  expect(entries.map((entry) => (entry.kind === 'chunk' ? entry.id : ''))).toEqual(['0', '1', '2', '3']);
});

test('a write decides by what another connection has committed, without a read before it', async () => {
  const file = temporaryFile();
  const [one, other] = [open({ file }), open({ file })];
  await one.store.startRun(newRun('run'));
  await one.store.durable();
  await other.store.setStatus({ runId: 'run', epoch: 1, status: 'suspended', position: '2', now });
  await other.store.durable();
  const write = await one.store.setStatus({
    runId: 'run',
    epoch: 1,
    status: 'running',
    position: '1',
    now,
  });
  expect(write).toMatchObject({ won: false, image: { position: '2' } });
});

test('what a lost transaction wrote is not known any more', async () => {
  const disk = { isFull: false };
  const onCommit = (): void => {
    if (disk.isFull) throw new Error('database or disk is full');
  };
  const { store } = open({}, { onCommit });
  await store.startRun(newRun('run'));
  await store.claim(claimOf('run', 'me/1'));
  disk.isFull = true;
  await store.commit(commitOf('run', 'me/1'));
  await store.setStatus({ runId: 'run', epoch: 1, status: 'suspended', position: '1', now });
  await store.startRun(newRun('lost'));
  await expect(store.durable()).rejects.toThrow(/full/);
  disk.isFull = false;
  expect(store.readInputSync?.('lost')).toBeUndefined();
  const run = await store.loadRun('run');
  expect(run).toMatchObject({
    header: { status: 'running', position: '' },
    records: [{ status: 'running' }],
  });
  expect(
    await store.loadStep({ runId: 'run', keys: [{ entry: 0 }], input: false, consistent: true }),
  ).toEqual({ header: run?.header, records: run?.records });
});

test('what a write had done before it failed is not known any more', async () => {
  const file = temporaryFile();
  const { store } = open({ file });
  const database = connect(file);
  const { header, input } = newRun('run');
  const run = { header: { ...header, history: 'full' as const }, ...(input === undefined ? {} : { input }) };
  database.exec('ALTER TABLE log RENAME TO away');
  await expect(store.startRun(run)).rejects.toThrow(/log/);
  expect(await store.loadHeader('run')).toBeUndefined();
  await store.durable();
  database.exec('ALTER TABLE away RENAME TO log');
  expect(await store.startRun(run)).toMatchObject({ won: true });
  expect((await store.readLog({ log: 'run', after: -1, limit: 10 })).entries).toHaveLength(1);
});

test('a removed run leaves nothing to a run that gets its number', async () => {
  const { store } = open();
  await store.startRun(newRun('first'));
  await store.claim(claimOf('first', 'me/1'));
  await store.removeRun('first');
  await store.startRun(newRun('second'));
  expect(await store.claim(claimOf('second', 'me/2'))).toMatchObject({ won: true });
  expect(await store.loadHeader('first')).toBeUndefined();
});

test('a log is read under the number that its run has now', async () => {
  const file = temporaryFile();
  const [one, other] = [open({ file }), open({ file })];
  const run = (runId: string) => ({ header: { ...newRun(runId).header, history: 'full' as const } });
  const logOf = async (log: string) => (await one.store.readLog({ log, after: -1, limit: 10 })).entries;
  await one.store.createRun(run('first'));
  await other.store.removeRun('first');
  await other.store.createRun(run('second'));
  await other.store.durable();
  expect(await logOf('first')).toEqual([]);
  expect(await logOf('second')).toHaveLength(1);
});

test('what was asked for or set last is kept, and the rest is not', () => {
  const values = new Newest<number, number>();
  for (let key = 0; key < 500; key += 1) values.set(key, key);
  expect(values.get(7)).toBe(7);
  for (let key = 500; key < 1_000; key += 1) values.set(key, key);
  values.set(999, -1);
  expect([0, 7, 499, 998, 999].map((key) => values.get(key))).toEqual([undefined, 7, undefined, 998, -1]);
});
