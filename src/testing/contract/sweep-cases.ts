import { deepStrictEqual, equal, ok } from 'node:assert/strict';
import { hasFields, lostTo, lostToNothing, won } from './compare.ts';
import { type RunFixture, T0, value } from './run-fixture.ts';
import type { ContractCase } from './suite.ts';

/** Long before any time of another run, so that a store with others in it names those of the test first. */
const LONG_AGO = 1_000;

/** dueRuns and setSweep. */
export const sweepCases: readonly ContractCase<RunFixture>[] = [
  [
    'the sweeper finds the runs whose time has come, and no others',
    async (run) => {
      const child = run.backend.ids.unique();
      const later = run.backend.ids.unique();
      const never = run.backend.ids.unique();
      await run.start({ sweepAt: LONG_AGO });
      await run.start({ runId: child, sweepAt: LONG_AGO + 1, parent: parentOf(run), root: run.runId });
      await run.start({ runId: later, sweepAt: LONG_AGO + 2 });
      const { sweepAt: _, ...header } = run.header({ runId: never });
      won(await run.store.startRun({ header, input: { input: value(1) } }));
      const due = await run.store.dueRuns({ now: LONG_AGO + 1, limit: 1_000 });
      const all = [run.runId, child, later, never];
      deepStrictEqual(new Set(due.filter((runId) => all.includes(runId))), new Set([run.runId, child]));
      for (const runId of [run.runId, child, later]) await forget(run, runId);
    },
  ],
  [
    'a run that is taken out of sight is found no more',
    async (run) => {
      await run.start({ sweepAt: LONG_AGO });
      const image = won(
        await run.store.setSweep({ runId: run.runId, wakes: 0, position: '', sweepAt: null }),
      );
      equal('sweepAt' in image, false);
      deepStrictEqual(await run.stored(), image);
      ok(!(await run.store.dueRuns({ now: LONG_AGO, limit: 1_000 })).includes(run.runId));
    },
  ],
  [
    'an end takes a run out of sight, or moves its time',
    async (run) => {
      const failed = run.backend.ids.unique();
      const end = { epoch: 1, endedBy: 0, now: T0 } as const;
      await run.start({ sweepAt: LONG_AGO });
      await run.start({ runId: failed, sweepAt: LONG_AGO });
      won(await run.store.finish({ ...end, runId: run.runId, status: 'success' }));
      won(await run.store.finish({ ...end, runId: failed, status: 'failed', sweepAt: LONG_AGO + 5 }));
      const before = await run.store.dueRuns({ now: LONG_AGO + 4, limit: 1_000 });
      deepStrictEqual(
        before.filter((runId) => [run.runId, failed].includes(runId)),
        [],
      );
      ok((await run.store.dueRuns({ now: LONG_AGO + 5, limit: 1_000 })).includes(failed));
      await forget(run, failed);
    },
  ],
  [
    'a sweep moves the next one, and changes nothing else',
    async (run) => {
      const header = await run.start({ sweepAt: LONG_AGO });
      const image = won(
        await run.store.setSweep({ runId: run.runId, wakes: 0, position: '', sweepAt: T0 + 9 }),
      );
      deepStrictEqual(image, { ...header, sweepAt: T0 + 9, updatedAt: image.updatedAt });
      deepStrictEqual(await run.stored(), image);
    },
  ],
  [
    'a sweep that decided by an older state of the run changes nothing',
    async (run) => {
      await run.start({ wakes: 2, position: run.position(1, 2) });
      const header = await run.stored();
      for (const seen of [{ wakes: 1 }, { wakes: 3 }, { position: '' }, { position: run.position(1, 1) }]) {
        const write = { runId: run.runId, wakes: 2, position: run.position(1, 2), ...seen };
        hasFields(lostTo(await run.store.setSweep({ ...write, sweepAt: null })), { sweepAt: T0 + 120_000 });
        lostTo(await run.store.setSweep({ ...write, sweepAt: T0 + 9 }));
      }
      deepStrictEqual(await run.stored(), header);
    },
  ],
  [
    'a run that nobody started is not swept',
    async (run) => {
      lostToNothing(await run.store.setSweep({ runId: run.runId, wakes: 0, position: '', sweepAt: T0 }));
      equal(await run.stored(), undefined);
    },
  ],
  [
    'each run whose time has come is named once',
    async (run) => {
      const ids = Array.from({ length: 12 }, () => run.backend.ids.unique());
      for (const runId of ids) await run.start({ runId, sweepAt: LONG_AGO });
      const due = await run.store.dueRuns({ now: LONG_AGO, limit: 1_000 });
      deepStrictEqual(new Set(due.filter((runId) => ids.includes(runId))), new Set(ids));
      equal(new Set(due).size, due.length);
      for (const runId of ids) await forget(run, runId);
    },
  ],
];

function parentOf(run: RunFixture) {
  return { runId: run.runId, key: { entry: 0 }, turn: '0001.000000.000' };
}

/** Leaves nothing to the tests after this one on a store that they share. */
async function forget(run: RunFixture, runId: string): Promise<void> {
  won(await run.store.setSweep({ runId, wakes: 0, position: '', sweepAt: null }));
}
