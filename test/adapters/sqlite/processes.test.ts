import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { sqliteBackend } from '../../../src/adapters/sqlite/index.ts';
import { Child, containing, having, manualClock, open, quiet, temporaryFile } from './fixture.ts';
import { claimOf, commitOf, eventOf, newRun, now } from './parts.ts';

test('every write that durable() confirmed survives kill -9', async () => {
  const file = temporaryFile();
  const child = new Child('start', file);
  await child.lines(100);
  const answered = await child.kill();
  const { store } = open({ file });
  for (const runId of answered) expect(await store.loadHeader(runId)).toMatchObject({ runId });
});

test('kill -9 loses only a suffix of what was written: no successor without its step, no step without its message', async () => {
  const file = temporaryFile();
  const child = new Child('commit', file);
  await child.lines(10);
  await child.kill();
  const { store, source } = open({ file });
  const records = (await store.loadRun('run'))?.records ?? [];
  expect(records.length).toBeGreaterThan(490);
  const claimed = records.findIndex(({ status }) => status === 'running');
  // At most the newest step is open, and all before it are whole.
  const whole = claimed === -1 ? records : records.slice(0, claimed);
  expect(whole.map(({ key, status }) => [key.entry, status])).toEqual(
    whole.map((_, entry) => [entry, 'success']),
  );
  expect(records.length - whole.length).toBeLessThanOrEqual(1);
  const messages: number[] = [];
  const { promise: all, resolve } = Promise.withResolvers<void>();
  source.start(
    async ({ path: [entry = 0] }) => {
      messages.push(entry);
      if (messages.length === whole.length) resolve();
    },
    { concurrency: 10 },
  );
  await all;
  expect(messages.toSorted((a, b) => a - b)).toEqual(whole.map((_, index) => index + 1));
});

test('a process that opens the file after kill -9 gets the messages and leases of the dead one at once', async () => {
  const file = temporaryFile();
  const child = new Child('hang', file);
  await child.lines(1);
  const other = sqliteBackend({ file });
  await other.store.startRun(newRun('run'));
  await other.bus.publish([eventOf('run')]);
  const [, incarnation] = await child.lines(2);
  // The only one that is left goes, so that nobody but the next process can notice.
  await other.close();
  await child.kill();

  const next = open({ file });
  expect(next.store.readRecordSync?.('run', { entry: 0 })).toMatchObject({
    status: 'running',
    owner: `${incarnation}/1`,
    leaseUntil: 0,
  });
  const { promise, resolve } = Promise.withResolvers<string>();
  next.source.start(async ({ runId }) => resolve(runId), { concurrency: 1 });
  expect(await promise).toBe('run');
  await quiet();
  expect(readdirSync(`${file}-owners`)).toEqual([`${next.incarnation}.lock`]);
});

test('a process that has the file open notices kill -9 within a second', async () => {
  const file = temporaryFile();
  const clock = manualClock();
  const backend = open({ file, clock });
  const child = new Child('hang', file);
  await child.lines(1);
  await backend.store.startRun(newRun('run'));
  await backend.bus.publish([eventOf('run')]);
  await child.lines(2);
  const { promise, resolve } = Promise.withResolvers<string>();
  backend.source.start(async ({ runId }) => resolve(runId), { concurrency: 1 });
  // As long as it lives, it keeps what it took, however much time passes.
  await clock.advance(10_000);
  expect(backend.store.readRecordSync?.('run', { entry: 0 })).not.toMatchObject({ leaseUntil: 0 });
  await child.kill();
  await clock.advance(1_000);
  expect(await promise).toBe('run');
  expect(backend.store.readRecordSync?.('run', { entry: 0 })).toMatchObject({ leaseUntil: 0 });
});

test('two processes share the messages, and each message is handled once', async () => {
  const file = temporaryFile();
  const backend = open({ file });
  const child = new Child('work', file);
  const own: string[] = [];
  const { promise: firstOwn, resolve } = Promise.withResolvers<void>();
  const { promise: mayEnd, resolve: endOwn } = Promise.withResolvers<void>();
  backend.source.start(
    async ({ runId }) => {
      own.push(runId);
      resolve();
      await mayEnd;
    },
    { concurrency: 1 },
  );
  // Ours takes one and keeps it, so the other two can only go to the child.
  await backend.bus.publish([eventOf('a'), eventOf('b'), eventOf('c')]);
  await firstOwn;
  await child.lines(1);
  child.send('done');
  const theirs = await child.lines(2);
  child.send('done');
  endOwn();
  expect([...own, ...theirs].toSorted()).toEqual(['a', 'b', 'c']);
  expect(own).toEqual(['a']);
  await backend.close();
  await child.kill();
  expect(queueLength(file)).toBeLessThanOrEqual(1);
});

function queueLength(file: string): number {
  const database = new DatabaseSync(file);
  const count = Number(database.prepare('SELECT count(*) AS n FROM msg').get()?.['n']);
  database.close();
  return count;
}

test('nothing keeps a process alive after close', async () => {
  const file = temporaryFile();
  const child = new Child('close', file);
  await child.lines(1);
  await child.end();
  expect(readdirSync(`${file}-owners`)).toEqual([]);
});

test('what a process held when it closed is free for the others', async () => {
  const file = temporaryFile();
  const first = sqliteBackend({ file });
  await first.store.startRun(newRun('run'));
  await first.store.claim(claimOf('run', `${first.incarnation}/1`));
  await first.bus.publish([eventOf('run')]);
  await first.close();
  const second = open({ file });
  expect(second.store.readRecordSync?.('run', { entry: 0 })).toMatchObject({ leaseUntil: 0 });
});

test('a process that dies or closes frees the leases that it has by then, and no others', async () => {
  const file = temporaryFile();
  const first = sqliteBackend({ file });
  const second = open({ file });
  await first.store.startRun(newRun('run'));
  const mine = (entry: number) => claimOf('run', `${first.incarnation}/${entry}`, entry);
  for (const entry of [0, 1, 2, 3]) await first.store.claim(mine(entry));
  await first.store.commit(commitOf('run', `${first.incarnation}/0`, 0));
  await first.store.renew({ ...mine(1), leaseUntil: now + 90_000 });
  const taken = {
    seenOwner: `${first.incarnation}/2`,
    owner: `${second.incarnation}/1`,
    leaseUntil: now + 9,
  };
  await second.store.takeOver({ ...mine(2), ...taken });
  await first.close();
  const records = (await second.store.loadRun('run'))?.records ?? [];
  expect(records.map(({ status, leaseUntil }) => [status, leaseUntil])).toEqual([
    ['success', undefined],
    ['running', 0],
    ['running', now + 9],
    ['running', 0],
  ]);
  expect(queueLength(file)).toBe(1);
  await second.store.commit({ ...commitOf('run', taken.owner, 2) });
  await second.store.durable();
  expect(queueLength(file)).toBe(0);
});

test('owners of a copied file, which has no locks beside it, count as dead', async () => {
  const file = temporaryFile();
  const backend = open({ file });
  await backend.store.startRun(newRun('run'));
  await backend.store.claim(claimOf('run', `${backend.incarnation}/1`));
  const copy = `${file}-copy`;
  const database = new DatabaseSync(file);
  database.exec(`VACUUM INTO '${copy}'`);
  database.close();
  const restored = open({ file: copy });
  await quiet();
  expect(restored.store.readRecordSync?.('run', { entry: 0 })).toMatchObject({ leaseUntil: 0 });
  expect(backend.store.readRecordSync?.('run', { entry: 0 })).not.toMatchObject({ leaseUntil: 0 });
});

test('a lock file of a process that died before it was registered is removed, one that is held is not', async () => {
  const file = temporaryFile();
  const first = open({ file });
  const stray = `${file}-owners/stray.lock`;
  writeFileSync(stray, '');
  open({ file });
  await quiet();
  expect(existsSync(stray)).toBe(false);
  expect(existsSync(`${file}-owners/${first.incarnation}.lock`)).toBe(true);
});

test('an incarnation that is in use is refused', () => {
  const file = temporaryFile();
  const ids = { unique: () => 'same' };
  open({ file, ids });
  expect(() => sqliteBackend({ file, ids })).toThrow(
    having({
      code: 'WORKFLOW_BACKEND_UNAVAILABLE',
      message: containing('same'),
    }),
  );
});
