import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Connection } from '../../../src/adapters/sqlite/connection.ts';
import { type CommitHooks, GroupCommit } from '../../../src/adapters/sqlite/group-commit.ts';
import { openDatabase } from '../../../src/adapters/sqlite/schema.ts';
import { WorkflowError } from '../../../src/core/errors.ts';
import { containing, open, quiet, temporaryFile } from './fixture.ts';
import { claimOf, commitOf, eventOf, newRun } from './parts.ts';

/** Counts commits, and fails those that it is told to fail. */
function disk(): CommitHooks & { commits: number; isFull: boolean } {
  const hooks = {
    commits: 0,
    isFull: false,
    onCommit: (): void => {
      if (hooks.isFull) throw Object.assign(new Error('database or disk is full'), { errcode: 13 });
      hooks.commits += 1;
    },
  };
  return hooks;
}

describe('one transaction for the writes of a turn', () => {
  test('concurrent writes share one commit', async () => {
    const hooks = disk();
    const { store } = open({}, hooks);
    const runs = Array.from({ length: 200 }, (_, number) => newRun(`run-${number}`));
    const writes = await Promise.all(runs.map((run) => store.startRun(run)));
    expect(writes.every(({ won }) => won)).toBe(true);
    await Promise.all(runs.map(({ header }) => store.claim(claimOf(header.runId, 'me/1'))));
    expect(hooks.commits).toBe(1);
  });

  test('a lone write is committed at the end of its own turn', async () => {
    const hooks = disk();
    const { store } = open({}, hooks);
    let turns = 0;
    const count = (): void => {
      turns += 1;
      loop = setImmediate(count);
    };
    let loop = setImmediate(count);
    await store.claim(claimOf('run', 'me/1'));
    clearImmediate(loop);
    expect(hooks.commits).toBe(1);
    expect(turns).toBeLessThanOrEqual(1);
  });

  test('a step that follows another one in the same process costs one commit', async () => {
    const hooks = disk();
    const backend = open({}, hooks);
    const { promise: done, resolve } = Promise.withResolvers<void>();
    await backend.store.startRun(newRun('run'));
    await backend.store.durable();
    const before = hooks.commits;
    backend.source.start(
      async ({ runId, path: [entry = 0] }) => {
        const owner = `${backend.incarnation}/${entry}`;
        await backend.store.loadStep({ runId, keys: [{ entry }], input: true, consistent: false });
        await backend.store.claim(claimOf(runId, owner, entry));
        await backend.store.commit(commitOf(runId, owner, entry));
        if (entry < 9) await backend.bus.publish([eventOf(runId, entry + 1)]);
        else resolve();
      },
      { concurrency: 1 },
    );
    await backend.bus.publish([eventOf('run')]);
    await done;
    await backend.store.durable();
    // The first message and claim, nine times an end with the next claim, and the last end.
    expect(hooks.commits - before).toBe(11);
  });

  test('a claim is on the disk when it resolves; a commit resolves before, and durable() waits for it', async () => {
    const hooks = disk();
    const { store } = open({}, hooks);
    await store.startRun(newRun('run'));
    expect(hooks.commits).toBe(0);
    await store.claim(claimOf('run', 'me/1'));
    expect(hooks.commits).toBe(1);
    await store.commit(commitOf('run', 'me/1'));
    expect(hooks.commits).toBe(1);
    await store.durable();
    expect(hooks.commits).toBe(2);
    await store.durable();
    expect(hooks.commits).toBe(2);
  });

  test('a hook is told of a commit that is done before those who waited for it, and not of one that failed', async () => {
    const told: string[] = [];
    const hooks = Object.assign(disk(), { onCommitted: () => told.push('committed') });
    const { store } = open({}, hooks);
    await store.claim(claimOf('run', 'me/1')).then(() => told.push('claimed'));
    expect(told).toEqual(['committed', 'claimed']);
    hooks.isFull = true;
    await expect(store.claim(claimOf('run', 'me/2', 1))).rejects.toBeInstanceOf(WorkflowError);
    hooks.isFull = false;
    expect(told).toEqual(['committed', 'claimed']);
  });

  test('a sleep and its end resolve before they are on the disk, like a commit', async () => {
    const hooks = disk();
    const { store } = open({}, hooks);
    const at = { runId: 'run', key: { entry: 0 }, turn: claimOf('run', 'me/1').turn };
    expect(await store.sleep({ ...at, stepId: 'nap', now: 1, dueAt: 2, inputFrom: -1 })).toMatchObject({
      won: true,
    });
    expect(await store.wake({ ...at, now: 2, output: { inline: '1' } })).toMatchObject({ won: true });
    expect(hooks.commits).toBe(0);
    await store.durable();
    expect(hooks.commits).toBe(1);
  });
});

describe('a failed commit', () => {
  test('rejects whoever waits for it, leaves nothing behind, and the next one goes on', async () => {
    const hooks = disk();
    const file = temporaryFile();
    const { store } = open({ file }, hooks);
    hooks.isFull = true;
    expect(await store.startRun(newRun('a'))).toMatchObject({ won: true });
    const writes = [store.claim(claimOf('a', 'me/1')), store.claim(claimOf('b', 'me/1')), store.durable()];
    for (const outcome of await Promise.allSettled(writes)) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { code: 'WORKFLOW_BACKEND_UNAVAILABLE', message: containing(file) },
      });
    }
    expect(await store.loadHeader('a')).toBeUndefined();
    hooks.isFull = false;
    expect(await store.claim(claimOf('b', 'me/2'))).toMatchObject({ won: true });
    const other = open({ file });
    expect(other.store.readRecordSync?.('a', { entry: 0 })).toBeUndefined();
    expect(other.store.readRecordSync?.('b', { entry: 0 })).toMatchObject({ owner: 'me/2' });
  });

  test('of writes that had resolved before is told by durable(), once', async () => {
    const hooks = disk();
    const { store } = open({}, hooks);
    await store.startRun(newRun('run'));
    await store.claim(claimOf('run', 'me/1'));
    hooks.isFull = true;
    expect(await store.commit(commitOf('run', 'me/1'))).toMatchObject({ won: true });
    await quiet();
    hooks.isFull = false;
    await expect(store.durable()).rejects.toMatchObject({ code: 'WORKFLOW_BACKEND_UNAVAILABLE' });
    await store.durable();
    expect(store.readRecordSync?.('run', { entry: 0 })).toMatchObject({ status: 'running' });
  });

  test('by SQLite itself is treated like one of the disk', async () => {
    const { commit, connection } = scratch();
    connection.exec('PRAGMA foreign_keys = ON');
    connection.exec('CREATE TABLE child (id INTEGER REFERENCES scratch DEFERRABLE INITIALLY DEFERRED)');
    const orphan = commit.write(() => connection.run('INSERT INTO child VALUES (99)'), {
      durability: 'stable',
    });
    await expect(orphan).rejects.toMatchObject({ code: 'WORKFLOW_BACKEND_UNAVAILABLE' });
    await commit.write(() => connection.run('INSERT INTO scratch VALUES (1)'), { durability: 'stable' });
    expect(connection.rows('SELECT * FROM child')).toEqual([]);
    expect(connection.rows('SELECT * FROM scratch')).toHaveLength(1);
  });
});

/** A database with a table of its own to write to. */
function scratch(): { commit: GroupCommit; connection: Connection } {
  const connection = openDatabase(temporaryFile());
  const commit = new GroupCommit(connection, { lockWaitMs: 1_000 });
  connection.exec('CREATE TABLE scratch (id INTEGER PRIMARY KEY)');
  onTestFinished(async () => {
    await commit.close().catch(() => undefined);
    connection.close();
  });
  return { commit, connection };
}

describe('a write that fails', () => {
  test('takes none of the others of its transaction with it, and nothing of itself stays', async () => {
    const { commit, connection } = scratch();
    const add = (...ids: number[]): Promise<void> =>
      commit.write(
        () => {
          for (const id of ids) connection.run('INSERT INTO scratch VALUES (?)', id);
        },
        { durability: 'stable', atomic: true },
      );
    const outcomes = await Promise.allSettled([add(1), add(2, 3, 1), add(4)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(connection.rows('SELECT id FROM scratch ORDER BY id')).toEqual([{ id: 1 }, { id: 4 }]);
  });

  test('for lack of space ends the whole transaction, as SQLite does, and the typed error says so', async () => {
    const { commit, connection } = scratch();
    await commit.write(() => connection.run('INSERT INTO scratch VALUES (1)'), { durability: 'stable' });
    connection.exec('CREATE TABLE big (body TEXT)');
    const pages = connection.row<{ page_count: number }>('PRAGMA page_count')?.page_count ?? 0;
    connection.row(`PRAGMA max_page_count = ${pages + 1}`);
    const lost: number[] = [];
    commit.onRollback((transaction) => lost.push(transaction));
    const before = commit.write(() => connection.run('INSERT INTO scratch VALUES (2)'), {
      durability: 'stable',
    });
    const full = commit.write(() => connection.run('INSERT INTO big VALUES (?)', 'x'.repeat(100_000)), {
      durability: 'accepted',
    });
    const after = commit.write(() => connection.run('INSERT INTO scratch VALUES (4)'), {
      durability: 'stable',
    });
    await expect(full).rejects.toMatchObject({
      code: 'WORKFLOW_BACKEND_UNAVAILABLE',
      message: containing('disk is full'),
    });
    await expect(before).rejects.toBeInstanceOf(WorkflowError);
    await expect(after).resolves.toBe(1);
    expect(lost).toHaveLength(1);
    connection.row('PRAGMA max_page_count = 1000000');
    await commit.write(() => connection.run('INSERT INTO scratch VALUES (3)'), { durability: 'stable' });
    expect(connection.rows('SELECT id FROM scratch ORDER BY id')).toEqual([{ id: 1 }, { id: 3 }, { id: 4 }]);
  });
});

describe('while another process holds the write lock', () => {
  function holdLock(file: string): DatabaseSync {
    const holder = new DatabaseSync(file);
    holder.exec('BEGIN IMMEDIATE');
    onTestFinished(() => holder.close());
    return holder;
  }

  test('writes wait in their order, reads do not, and the event loop goes on', async () => {
    const file = temporaryFile();
    const { store } = open({ file });
    const holder = holdLock(file);
    const order: string[] = [];
    const started = store.startRun(newRun('run')).then(() => order.push('start'));
    const claimed = store.claim(claimOf('run', 'me/1')).then(() => order.push('claim'));
    expect(await store.loadHeader('run')).toBeUndefined();
    await quiet();
    order.push('released');
    holder.exec('ROLLBACK');
    await Promise.all([started, claimed]);
    expect(order).toEqual(['released', 'start', 'claim']);
    expect(store.readRecordSync?.('run', { entry: 0 })).toMatchObject({ owner: 'me/1' });
  });

  test('that is this very process, nobody waits: the open transaction is committed first', async () => {
    const file = temporaryFile();
    const hooks = disk();
    const first = open({ file, lockWaitMs: 0 }, hooks);
    await first.store.startRun(newRun('a'));
    expect(hooks.commits).toBe(0);
    const second = open({ file, lockWaitMs: 0 });
    expect(hooks.commits).toBe(1);
    await first.store.startRun(newRun('b'));
    await second.store.startRun(newRun('c'));
    expect(hooks.commits).toBe(2);
    expect(await second.store.loadHeader('a')).toBeDefined();
    expect(await second.store.loadHeader('b')).toBeDefined();
  });

  test('for longer than lockWaitMs, writes reject with a typed error, and later ones go on', async () => {
    const file = temporaryFile();
    const { store } = open({ file, lockWaitMs: 0 });
    const holder = holdLock(file);
    const writes = [store.startRun(newRun('run')), store.startRun(newRun('other'))];
    for (const outcome of await Promise.allSettled(writes)) {
      expect(outcome).toMatchObject({ reason: { code: 'WORKFLOW_BACKEND_UNAVAILABLE', details: { file } } });
    }
    holder.exec('ROLLBACK');
    expect(await store.startRun(newRun('run'))).toMatchObject({ won: true });
  });
});
