import { expect, test } from 'vitest';
import { open, quiet, temporaryFile } from './fixture.ts';
import { chunkOf, claimOf, newRun } from './parts.ts';

function fullDisk() {
  const hooks = {
    isFull: false,
    onCommit: (): void => {
      if (hooks.isFull) throw Object.assign(new Error('database or disk is full'), { errcode: 13 });
    },
  };
  return hooks;
}

test('an entry is read when it is on the disk, and not before', async () => {
  const hooks = fullDisk();
  const { store } = open({}, hooks);
  await store.appendChunks({ log: 'run', chunks: [chunkOf('a')] });
  await store.durable();
  hooks.isFull = true;
  await store.appendChunks({ log: 'run', chunks: [chunkOf('lost')] });
  const read = store.readLog({ log: 'run', after: -1, limit: 10 });
  expect((await read).entries).toEqual([chunkOf('a')]);
  await expect(store.durable()).rejects.toMatchObject({ code: 'WORKFLOW_BACKEND_UNAVAILABLE' });
  hooks.isFull = false;
  await store.appendChunks({ log: 'run', chunks: [chunkOf('b')] });
  const after = (await read).next;
  expect((await store.readLog({ log: 'run', after, limit: 10 })).entries).toEqual([chunkOf('b')]);
});

test('a read that waits for a commit sees what was written before it', async () => {
  const { store } = open();
  const write = store.appendChunks({ log: 'run', chunks: [chunkOf('a'), chunkOf('b')] });
  const read = store.readLog({ log: 'run', after: -1, limit: 10 });
  await write;
  expect((await read).entries).toEqual([chunkOf('a'), chunkOf('b')]);
});

test('a state and its entry are kept or lost together', async () => {
  const file = temporaryFile();
  const hooks = fullDisk();
  const { store } = open({ file }, hooks);
  const run = newRun('run');
  await store.startRun({ ...run, header: { ...run.header, history: 'full' } });
  await store.durable();
  hooks.isFull = true;
  const claim = store.claim({ ...claimOf('run', 'me/1'), log: 'run' });
  await expect(claim).rejects.toMatchObject({ code: 'WORKFLOW_BACKEND_UNAVAILABLE' });
  hooks.isFull = false;
  expect((await store.loadRun('run'))?.records).toEqual([]);
  const { entries } = await store.readLog({ log: 'run', after: -1, limit: 10 });
  expect(entries.map(({ kind }) => kind)).toEqual(['run']);
});

test('processes on one file number the entries of a log together', async () => {
  const file = temporaryFile();
  const [one, other] = [open({ file }), open({ file })];
  for (const id of ['a', 'b', 'c', 'd']) {
    const { store } = id < 'c' ? one : other;
    await store.appendChunks({ log: 'run', chunks: [chunkOf(id)] });
    await quiet();
  }
  const { entries, next } = await one.store.readLog({ log: 'run', after: -1, limit: 10 });
  expect(entries).toEqual(['a', 'b', 'c', 'd'].map(chunkOf));
  expect(next).toBe(3);
});
