import { deepStrictEqual, equal } from 'node:assert/strict';
import type { CallbackWrite } from '../../ports/index.ts';
import { atOnce, hasFields, lostTo, lostToNothing, won } from './compare.ts';
import { type RunFixture, T0, value } from './run-fixture.ts';
import type { ContractCase } from './suite.ts';

const N = 12;

function claimOf(run: RunFixture, more: Partial<CallbackWrite> = {}): CallbackWrite {
  return { runId: run.runId, mark: '0001.5', owner: 'process-a/1', leaseUntil: T0 + 500, now: T0, ...more };
}

/** claimCallback and finishCallback. */
export const callbackCases: readonly ContractCase<RunFixture>[] = [
  [
    'the callbacks of an end are claimed once, and nothing else of the header changes',
    async (run) => {
      const header = await run.start();
      const image = won(await run.store.claimCallback(claimOf(run)));
      const callback = { mark: '0001.5', owner: 'process-a/1', leaseUntil: T0 + 500 };
      deepStrictEqual(image, { ...header, callback });
      deepStrictEqual(await run.stored(), image);
      const other = claimOf(run, { owner: 'process-b/1', now: T0 + 500 });
      deepStrictEqual(lostTo(await run.store.claimCallback(other)), image);
      lostToNothing(await run.store.claimCallback(claimOf(run, { runId: run.backend.ids.unique() })));
    },
  ],
  [
    'a claim whose lease has ended is somebody else’s for the taking',
    async (run) => {
      await run.start();
      won(await run.store.claimCallback(claimOf(run)));
      const other = claimOf(run, { owner: 'process-b/1', leaseUntil: T0 + 900, now: T0 + 501 });
      hasFields(won(await run.store.claimCallback(other)).callback, { owner: 'process-b/1' });
      const end = { runId: run.runId, mark: '0001.5', owner: 'process-a/1' };
      hasFields(lostTo(await run.store.finishCallback(end)).callback, {
        owner: 'process-b/1',
        done: undefined,
      });
    },
  ],
  [
    'callbacks that are done are never claimed again',
    async (run) => {
      await run.start();
      won(await run.store.claimCallback(claimOf(run)));
      const end = { runId: run.runId, mark: '0001.5', owner: 'process-a/1' };
      const image = won(await run.store.finishCallback(end));
      hasFields(image.callback, { mark: '0001.5', owner: 'process-a/1', done: true });
      deepStrictEqual(await run.stored(), image);
      const late = claimOf(run, { owner: 'process-b/1', now: T0 + 9_000 });
      deepStrictEqual(lostTo(await run.store.claimCallback(late)), image);
    },
  ],
  [
    'those of a later mark are claimed whatever became of the earlier ones, and never the other way round',
    async (run) => {
      await run.start();
      won(await run.store.claimCallback(claimOf(run)));
      const later = claimOf(run, { mark: '0002.1', owner: 'process-b/1' });
      const image = won(await run.store.claimCallback(later));
      hasFields(image.callback, { mark: '0002.1', owner: 'process-b/1', done: undefined });
      const earlier = claimOf(run, { mark: '0001.9', now: T0 + 9_000 });
      deepStrictEqual(lostTo(await run.store.claimCallback(earlier)), image);
      const stale = { runId: run.runId, mark: '0001.5', owner: 'process-a/1' };
      deepStrictEqual(lostTo(await run.store.finishCallback(stale)), image);
      won(await run.store.finishCallback({ ...stale, mark: '0002.1', owner: 'process-b/1' }));
      const next = won(await run.store.claimCallback(claimOf(run, { mark: '0003.1' })));
      hasFields(next.callback, { mark: '0003.1', owner: 'process-a/1', done: undefined });
    },
  ],
  [
    'the end of callbacks moves the time of the next sweep, leaves it, or takes the run out of sight',
    async (run) => {
      const header = await run.start({ sweepAt: T0 + 7 });
      const end = { runId: run.runId, mark: '0001.5', owner: 'process-a/1' };
      lostTo(await run.store.finishCallback(end));
      const { callback } = won(await run.store.claimCallback(claimOf(run)));
      const done = { ...header, callback: { ...callback, done: true } };
      deepStrictEqual(won(await run.store.finishCallback(end)), done);
      const moved = won(await run.store.finishCallback({ ...end, sweepAt: T0 + 99 }));
      deepStrictEqual(moved, { ...done, sweepAt: T0 + 99 });
      equal('sweepAt' in won(await run.store.finishCallback({ ...end, sweepAt: null })), false);
      equal('sweepAt' in ((await run.stored()) ?? {}), false);
      lostToNothing(await run.store.finishCallback({ ...end, runId: run.backend.ids.unique() }));
    },
  ],
  [
    'a run that is over has callbacks, and its end stands',
    async (run) => {
      await run.start();
      const end = { runId: run.runId, epoch: 1, status: 'success', endedBy: 0, now: T0 + 1 } as const;
      const header = won(await run.store.finish(end));
      const { callback, ...rest } = won(await run.store.claimCallback(claimOf(run)));
      deepStrictEqual(rest, header);
      equal(callback?.mark, '0001.5');
    },
  ],
  [
    'of concurrent claims exactly one wins, and the others see it',
    async (run) => {
      await run.start();
      const writes = await atOnce(N, (number) =>
        run.store.claimCallback(claimOf(run, { owner: `process-${number}/1` })),
      );
      const winners = writes.flatMap((write, number) => (write.won ? [`process-${number}/1`] : []));
      equal(winners.length, 1);
      for (const write of writes) hasFields(write.image?.callback, { owner: winners[0] });
    },
  ],
];

/** showSnapshot. */
export const snapshotCases: readonly ContractCase<RunFixture>[] = [
  [
    'a later snapshot replaces an earlier one, and nothing else of the header changes',
    async (run) => {
      const header = await run.start();
      for (const mark of ['0001.1', '0001.2', '0002.0']) {
        const snapshot = value(`snapshot ${mark}`);
        const image = won(await run.store.showSnapshot({ runId: run.runId, mark, snapshot }));
        deepStrictEqual(image, { ...header, shown: { mark, value: snapshot } });
        deepStrictEqual(await run.stored(), image);
      }
    },
  ],
  [
    'a snapshot with the same or an earlier mark loses',
    async (run) => {
      await run.start();
      const write = { runId: run.runId, mark: '0001.5', snapshot: value('this') };
      const image = won(await run.store.showSnapshot(write));
      for (const mark of ['0001.5', '0001.4', '0000.9']) {
        const late = { ...write, mark, snapshot: value('late') };
        deepStrictEqual(lostTo(await run.store.showSnapshot(late)), image);
      }
      deepStrictEqual(await run.stored(), image);
    },
  ],
  [
    'a snapshot may be in the payload store, and a run that nobody started has none',
    async (run) => {
      const snapshot = { ref: 'ab'.repeat(32), bytes: 30_000 };
      const write = { runId: run.runId, mark: '1', snapshot };
      lostToNothing(await run.store.showSnapshot(write));
      await run.start();
      deepStrictEqual(won(await run.store.showSnapshot(write)).shown, { mark: '1', value: snapshot });
      deepStrictEqual((await run.stored())?.shown, { mark: '1', value: snapshot });
    },
  ],
  [
    'of snapshots at the same time the one with the latest mark stays',
    async (run) => {
      await run.start();
      await atOnce(N, (number) => {
        const mark = String((number * 7) % N).padStart(2, '0');
        return run.store.showSnapshot({ runId: run.runId, mark, snapshot: value(mark) });
      });
      deepStrictEqual((await run.stored())?.shown, { mark: '11', value: value('11') });
    },
  ],
];
