import { deepStrictEqual } from 'node:assert/strict';
import type { Parked } from '../../core/records.ts';
import { atOnce, lostTo, lostToNothing, won } from './compare.ts';
import { listPages } from './list-cases.ts';
import { outcomes, type RunFixture, T0, value } from './run-fixture.ts';
import type { ContractCase } from './suite.ts';

const parked: Parked = {
  code: 'WORKFLOW_GRAPH_CHANGED',
  since: T0 + 5,
  remedy: 'deploy the definition again',
  place: { path: [1, 0], stepId: 'pay' },
};

function parkOf(run: RunFixture, runId = run.runId, reason: Parked = parked) {
  return { runId, epoch: 1, parked: reason, now: T0 + 10, sweepAt: T0 + 500 };
}

function unparkOf(run: RunFixture, graphHash = 'graph', runId = run.runId) {
  return { runId, epoch: 1, graphHash, now: T0 + 20, sweepAt: T0 + 900 };
}

function listed(run: RunFixture, more: { readonly owner?: string; readonly limit?: number } = {}) {
  return listPages(run, { workflowId: run.workflowId, limit: 100, parked: true, ...more });
}

/** park, unpark. */
export const parkingCases: readonly ContractCase<RunFixture>[] = [
  [
    'a run is parked with its status as it is, and goes on with another graph',
    async (run) => {
      const header = await run.start();
      const image = won(await run.store.park(parkOf(run)));
      deepStrictEqual(image, { ...header, parked, wakes: 1, updatedAt: T0 + 10, sweepAt: T0 + 500 });
      deepStrictEqual(await run.stored(), image);
      const later: Parked = { code: 'WORKFLOW_NOT_FOUND', since: T0 + 5, remedy: 'register it' };
      deepStrictEqual(won(await run.store.park(parkOf(run, run.runId, later))).parked, later);
      const open = won(await run.store.unpark(unparkOf(run, 'other')));
      const after = { graphHash: 'other', wakes: 3, updatedAt: T0 + 20, sweepAt: T0 + 900 };
      deepStrictEqual(open, { ...header, ...after });
      deepStrictEqual(await run.stored(), open);
    },
  ],
  [
    'a run that is not parked takes another graph, and the same one only once',
    async (run) => {
      await run.start();
      deepStrictEqual(lostTo(await run.store.unpark(unparkOf(run))), await run.stored());
      const writes = await atOnce(4, () => run.store.unpark(unparkOf(run, 'other')));
      deepStrictEqual(writes.filter((write) => write.won).length, 1);
      deepStrictEqual((await run.stored())?.wakes, 1);
    },
  ],
  [
    'what is begun keeps the graph by which it was',
    async (run) => {
      await run.start();
      const graph = '12345678s';
      won(await run.store.claim(run.claim({ graph })));
      deepStrictEqual((await run.record())?.graph, graph);
      won(await run.store.commit(run.commit(outcomes.success)));
      deepStrictEqual((await run.record())?.graph, graph);
      const { owner: _, leaseUntil: __, ...begin } = run.claim({ graph: '12345678n' });
      won(await run.store.nest({ ...begin, key: { entry: 1 }, childRunId: run.backend.ids.unique() }));
      deepStrictEqual((await run.record({ entry: 1 }))?.graph, '12345678n');
      const { runId, turn, stepId, now, inputFrom } = begin;
      const sleep = { runId, turn, stepId, now, inputFrom, dueAt: T0 + 60_000, graph: '12345678z' };
      won(await run.store.sleep({ ...sleep, key: { entry: 2 } }));
      deepStrictEqual((await run.record({ entry: 2 }))?.graph, '12345678z');
      const opening = { turn, total: 2, concurrency: 2, openedAt: T0, graph: '12345678p' };
      deepStrictEqual(won(await run.store.openJoin({ runId, entry: 3, epoch: 1, ...opening })), opening);
      deepStrictEqual((await run.store.loadJoin({ runId, entry: 3, epoch: 1 }))?.graph, '12345678p');
    },
  ],
  [
    'only a run that is not over, in the epoch that was seen, is parked or goes on',
    async (run) => {
      lostToNothing(await run.store.park(parkOf(run)));
      lostToNothing(await run.store.unpark(unparkOf(run, 'other')));
      const header = await run.start();
      deepStrictEqual(lostTo(await run.store.park({ ...parkOf(run), epoch: 2 })), header);
      deepStrictEqual(lostTo(await run.store.unpark({ ...unparkOf(run, 'other'), epoch: 2 })), header);
      won(await run.store.finish({ runId: run.runId, epoch: 1, status: 'success', endedBy: 0, now: T0 + 1 }));
      const over = await run.stored();
      deepStrictEqual(lostTo(await run.store.park(parkOf(run))), over);
      deepStrictEqual(lostTo(await run.store.unpark(unparkOf(run, 'other'))), over);
    },
  ],
  [
    'an end, a cancel and a time travel take it back, and a parked run may travel whatever it does',
    async (run) => {
      const ids = [run.backend.ids.unique(), run.backend.ids.unique(), run.backend.ids.unique()] as const;
      for (const runId of ids) {
        await run.start({ runId });
        won(await run.store.park(parkOf(run, runId)));
      }
      const [ended, canceled, travels] = ids;
      const end = { runId: ended, epoch: 1, status: 'success', endedBy: 0, now: T0 + 30 } as const;
      deepStrictEqual(won(await run.store.finish(end)).parked, undefined);
      const cancel = { runId: canceled, now: T0 + 30, sweepAt: T0 + 60 };
      deepStrictEqual(won(await run.store.cancel(cancel)).parked, undefined);
      const travel = won(
        await run.store.travel({
          runId: travels,
          epoch: 1,
          wakes: 1,
          start: [2, 0, 1],
          parameters: value('parameters'),
          graphHash: 'new',
          perStep: false,
          now: T0 + 30,
          sweepAt: T0 + 60,
        }),
      );
      deepStrictEqual([travel.parked, travel.epoch, travel.graphHash], [undefined, 2, 'new']);
      deepStrictEqual(await listed(run), []);
    },
  ],
  [
    'a sweep that began before a run was parked does not take it out of sight',
    async (run) => {
      const { wakes, position } = await run.start();
      const image = won(await run.store.park(parkOf(run)));
      deepStrictEqual(
        lostTo(await run.store.setSweep({ runId: run.runId, wakes, position, sweepAt: null })),
        image,
      );
      deepStrictEqual(
        await run.store.dueRuns({ now: T0 + 500, limit: 1000 }).then((ids) => ids.includes(run.runId)),
        true,
      );
    },
  ],
  [
    'parked runs are listed apart, nested ones too, newest first, page by page',
    async (run) => {
      const parent = { runId: run.runId, key: { entry: 0 }, turn: '0001.000000.000' };
      const runs = [
        { runId: run.backend.ids.unique(), createdAt: T0 + 1 },
        { runId: run.backend.ids.unique(), createdAt: T0 + 3, owner: 'me' },
        { runId: run.backend.ids.unique(), createdAt: T0 + 2, parent, root: run.runId },
        { runId: run.backend.ids.unique(), createdAt: T0 + 4 },
      ] as const;
      for (const more of runs) await run.start(more);
      const [oldest, newest, nested, other] = runs.map(({ runId }) => runId);
      for (const runId of [oldest, newest, nested]) won(await run.store.park(parkOf(run, runId)));
      deepStrictEqual(await listed(run), [newest, nested, oldest]);
      deepStrictEqual(await listed(run, { limit: 1 }), [newest, nested, oldest]);
      deepStrictEqual(await listed(run, { owner: 'me' }), [newest]);
      won(await run.store.unpark(unparkOf(run, 'graph', nested)));
      deepStrictEqual(await listed(run), [newest, oldest]);
      const all = await listPages(run, { workflowId: run.workflowId, limit: 100 });
      deepStrictEqual(all, [other, newest, oldest]);
    },
  ],
];
