import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import type { SqliteBackend } from '../../../src/adapters/sqlite/index.ts';
import { sqliteBackend } from '../../../src/adapters/sqlite/index.ts';
import { isWorkflowError } from '../../../src/core/errors.ts';
import type { WorkflowEvent } from '../../../src/core/event.ts';
import { having, manualClock, open, quiet, temporaryFile } from './fixture.ts';
import { claimOf, commitOf, eventOf, newRun, now } from './parts.ts';

/** Records deliveries; each one ends when and how the test says, or at once when `end` is given. */
class Worker {
  readonly delivered: string[] = [];
  readonly #open: PromiseWithResolvers<void>[] = [];
  readonly #end: (() => Promise<void>) | undefined;

  constructor(backend: SqliteBackend, concurrency: number, end?: () => Promise<void>) {
    this.#end = end;
    backend.source.start((event) => this.#handle(event), { concurrency });
  }

  #handle({ runId }: WorkflowEvent): Promise<void> {
    this.delivered.push(runId);
    if (this.#end) return this.#end();
    const delivery = Promise.withResolvers<void>();
    this.#open.push(delivery);
    return delivery.promise;
  }

  /** Ends the oldest delivery that is open. */
  async next(outcome: 'acknowledge' | 'reject' = 'acknowledge'): Promise<void> {
    const delivery = this.#open.shift();
    if (outcome === 'acknowledge') delivery?.resolve();
    else delivery?.reject(new Error('not now'));
    await quiet();
  }
}

const accept = (): Promise<void> => Promise.resolve();

function rows(file: string): Record<string, unknown>[] {
  const database = new DatabaseSync(file);
  const all = database
    .prepare('SELECT due - ? AS pause, id >> 40 AS owner, tries FROM msg ORDER BY id >> 40 = 0, id')
    .all(now);
  database.close();
  return all.map((row) => ({ ...row }));
}

describe('deliveries', () => {
  test('up to `concurrency` at a time, the rest when there is room, in order', async () => {
    const file = temporaryFile();
    const backend = open({ file });
    const worker = new Worker(backend, 2);
    await backend.bus.publish(['a', 'b', 'c', 'd'].map((id) => eventOf(id)));
    await quiet();
    expect(worker.delivered).toEqual(['a', 'b']);
    expect(rows(file).map(({ owner }) => owner !== 0)).toEqual([true, true, false, false]);
    await worker.next();
    expect(worker.delivered).toEqual(['a', 'b', 'c']);
    for (let i = 0; i < 3; i += 1) await worker.next();
    expect(worker.delivered).toEqual(['a', 'b', 'c', 'd']);
    expect(rows(file)).toEqual([]);
  });

  test('what was published before the start is delivered, too', async () => {
    const backend = open();
    await backend.bus.publish([eventOf('early')]);
    const worker = new Worker(backend, 1, accept);
    await quiet();
    expect(worker.delivered).toEqual(['early']);
  });

  test('the event comes as it was published', async () => {
    const first = sqliteBackend({ file: temporaryFile() });
    const event: WorkflowEvent = { ...eventOf('run \ud800 \0 é'), prev: { path: [0], status: 'success' } };
    const seen: WorkflowEvent[] = [];
    await first.bus.publish([event]);
    first.source.start(
      async (delivered) => {
        seen.push(delivered);
      },
      { concurrency: 1 },
    );
    await quiet();
    await first.close();
    expect(seen).toEqual([event]);
  });

  test('stop takes nothing further and waits for the handlers in flight; start goes on', async () => {
    const file = temporaryFile();
    const backend = open({ file });
    const worker = new Worker(backend, 1);
    await backend.bus.publish([eventOf('a'), eventOf('b')]);
    await quiet();
    let isStopped = false;
    const stopped = backend.source.stop().then(() => {
      isStopped = true;
    });
    await quiet();
    expect(isStopped).toBe(false);
    await worker.next();
    await stopped;
    expect(worker.delivered).toEqual(['a']);
    expect(rows(file)).toMatchObject([{ owner: 0 }]);
    const again = new Worker(backend, 1, accept);
    await quiet();
    expect(again.delivered).toEqual(['b']);
  });

  test('a second start and a malformed concurrency are refused', () => {
    const { source } = open();
    for (const concurrency of [0, 1.5, Number.NaN]) {
      expect(() => source.start(accept, { concurrency })).toThrow(
        having({ code: 'WORKFLOW_ARGUMENT_INVALID' }),
      );
    }
    source.start(accept, { concurrency: 1 });
    expect(() => source.start(accept, { concurrency: 1 })).toThrow(
      having({ code: 'WORKFLOW_ARGUMENT_INVALID' }),
    );
  });
});

describe('time', () => {
  test('a rejected message comes again after a pause that doubles up to 30 s, also in another process', async () => {
    const file = temporaryFile();
    const clock = manualClock();
    const backend = sqliteBackend({ file, clock });
    const worker = new Worker(backend, 1, () => Promise.reject(new Error('not now')));
    await backend.bus.publish([eventOf('run')]);
    await clock.advance(99);
    expect(worker.delivered).toHaveLength(1);
    await clock.advance(1);
    expect(worker.delivered).toHaveLength(2);
    await clock.advance(199);
    expect(worker.delivered).toHaveLength(2);
    await clock.advance(1);
    expect(worker.delivered).toHaveLength(3);
    await backend.close();

    const next = open({ file, clock });
    const other = new Worker(next, 1, () => Promise.reject(new Error('not now')));
    await clock.advance(400);
    expect(other.delivered).toHaveLength(1);
    await clock.advance(800 + 1_600 + 3_200 + 6_400 + 12_800 + 25_600);
    expect(other.delivered).toHaveLength(7);
    await clock.advance(29_999);
    expect(other.delivered).toHaveLength(7);
    await clock.advance(1);
    expect(other.delivered).toHaveLength(8);
    await clock.advance(30_000);
    expect(other.delivered).toHaveLength(9);
  });

  test('a delayed message comes when it is due, and no timer is longer than a second', async () => {
    const clock = manualClock();
    const backend = open({ clock, pollMs: 1_000 });
    const worker = new Worker(backend, 1, accept);
    await backend.timers.schedule(eventOf('year'), now + 365 * 86_400_000);
    await backend.timers.schedule(eventOf('second'), now + 1_050);
    await backend.timers.schedule(eventOf('past'), now - 1);
    await quiet();
    expect(Math.max(...clock.pending())).toBeLessThanOrEqual(now + 1_000);
    expect(worker.delivered).toEqual(['past']);
    await clock.advance(1_049);
    expect(worker.delivered).toEqual(['past']);
    await clock.advance(1);
    expect(worker.delivered).toEqual(['past', 'second']);
    expect(clock.pending()).toHaveLength(1);
    await backend.source.stop();
    expect(clock.pending()).toEqual([]);
  });

  test("another process's message is found at the next poll", async () => {
    const file = temporaryFile();
    const clock = manualClock();
    const worker = new Worker(open({ file, clock }), 1, accept);
    const other = open({ file, clock });
    await other.bus.publish([eventOf('run')]);
    await quiet();
    expect(worker.delivered).toEqual([]);
    await clock.advance(20);
    expect(worker.delivered).toEqual(['run']);
  });
});

describe('observers', () => {
  test('hear every published event once it is stored, in order, and only work is queued', async () => {
    const file = temporaryFile();
    const heard: string[] = [];
    const backend = open({ file }, { onCommit: () => heard.push('commit') });
    const end = backend.observe(({ id }) => heard.push(id));
    const fact: WorkflowEvent = { ...eventOf('a'), id: 'fact', type: 'workflow.end', work: false };
    heard.length = 0;
    await backend.store.claim(claimOf('run', 'me/1'));
    await backend.bus.publish([fact, { ...eventOf('b'), id: 'work' }]);
    await backend.store.durable();
    await quiet();
    expect(heard).toEqual(['commit', 'commit', 'fact', 'work']);
    expect(rows(file)).toHaveLength(1);
    await backend.bus.publish([{ ...fact, id: 'alone' }]);
    await quiet();
    end();
    await backend.bus.publish([{ ...fact, id: 'unheard' }]);
    await quiet();
    expect(heard).toEqual(['commit', 'commit', 'fact', 'work', 'alone']);
  });
});

describe('when a commit fails', () => {
  /** A backend whose disk is full as long as the switch says so. */
  function failing() {
    const clock = manualClock();
    const file = temporaryFile();
    const disk = { isFull: false };
    const onCommit = (): void => {
      if (disk.isFull) throw Object.assign(new Error('disk is full'), { errcode: 13 });
    };
    return { clock, file, disk, backend: open({ file, clock }, { onCommit }) };
  }

  test('a message that was acknowledged in it is delivered again', async () => {
    const { backend, clock, disk, file } = failing();
    const worker = new Worker(backend, 1);
    await backend.bus.publish([eventOf('run')]);
    await quiet();
    disk.isFull = true;
    await worker.next();
    disk.isFull = false;
    expect(rows(file)).toHaveLength(1);
    await clock.advance(120);
    expect(worker.delivered).toEqual(['run', 'run']);
    await worker.next();
    expect(rows(file)).toEqual([]);
  });

  test('a message that was published in it is gone, and its end harms no later one', async () => {
    const { backend, clock, disk, file } = failing();
    const worker = new Worker(backend, 2);
    disk.isFull = true;
    await backend.bus.publish([eventOf('lost')]);
    await quiet();
    disk.isFull = false;
    expect(worker.delivered).toEqual(['lost']);
    // SQLite gives the next row the number that the lost one had.
    await backend.bus.publish([eventOf('next')]);
    await quiet();
    expect(worker.delivered).toEqual(['lost', 'next']);
    await worker.next();
    expect(rows(file)).toHaveLength(1);
    await clock.advance(1_000);
    expect(worker.delivered).toEqual(['lost', 'next']);
    await worker.next();
    expect(rows(file)).toEqual([]);
  });

  test('a handler whose claim it held gets its message again', async () => {
    const { backend, clock, disk } = failing();
    const outcomes: string[] = [];
    await backend.store.startRun(newRun('run'));
    disk.isFull = true;
    backend.source.start(
      async ({ runId }) => {
        try {
          await backend.store.claim(claimOf(runId, 'me/1'));
          outcomes.push('claimed');
        } catch (error) {
          outcomes.push(isWorkflowError(error) ? error.code : String(error));
          throw error;
        }
      },
      { concurrency: 1 },
    );
    disk.isFull = false;
    await backend.timers.schedule(eventOf('run'), now + 5);
    await quiet();
    disk.isFull = true;
    await clock.advance(20);
    disk.isFull = false;
    await clock.advance(1_000);
    expect(outcomes.at(0)).toBe('WORKFLOW_BACKEND_UNAVAILABLE');
    expect(outcomes.at(-1)).toBe('claimed');
    expect(outcomes.filter((outcome) => outcome === 'claimed')).toHaveLength(1);
  });

  test('a handler that goes on after it, and ends well, gets its message again: its writes may be lost', async () => {
    const { backend, clock, disk } = failing();
    const entries: string[] = [];
    await backend.store.startRun(newRun('run'));
    backend.source.start(
      async ({ runId }) => {
        const owner = `${backend.incarnation}/${entries.length}`;
        const claim = await backend.store.claim(claimOf(runId, owner));
        entries.push(claim.won ? 'claimed' : `lost to ${String(claim.image?.status)}`);
        if (!claim.won) return;
        disk.isFull = true;
        await backend.store.commit(commitOf(runId, owner));
        await quiet();
        disk.isFull = false;
      },
      { concurrency: 1 },
    );
    await backend.bus.publish([eventOf('run')]);
    await quiet();
    await clock.advance(1_000);
    expect(entries).toEqual(['claimed', 'lost to running']);
  });

  test('messages of others that were taken in it are free again', async () => {
    const { backend, clock, disk, file } = failing();
    const other = open({ file, clock });
    const worker = new Worker(backend, 1);
    await other.bus.publish([eventOf('run')]);
    await quiet();
    disk.isFull = true;
    await clock.advance(20);
    expect(worker.delivered).toEqual(['run']);
    const theirs = new Worker(other, 1, accept);
    await quiet();
    expect(theirs.delivered).toEqual(['run']);
    disk.isFull = false;
    await worker.next();
    await clock.advance(1_000);
    expect(worker.delivered).toEqual(['run']);
    expect(rows(file)).toEqual([]);
  });
});

test('a damaged message holds up no other one', async () => {
  const file = temporaryFile();
  const clock = manualClock();
  const backend = open({ file, clock });
  await backend.bus.publish([eventOf('damaged'), eventOf('whole')]);
  await quiet();
  const database = new DatabaseSync(file);
  database.exec("UPDATE msg SET body = '{' WHERE id = 1");
  database.close();
  const worker = new Worker(backend, 1, accept);
  await quiet();
  expect(worker.delivered).toEqual(['whole']);
  expect(rows(file)).toEqual([{ pause: 100, owner: 0, tries: 1 }]);
});
