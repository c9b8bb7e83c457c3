import { createHash } from 'node:crypto';
import { deepStrictEqual, equal } from 'node:assert/strict';
import type { RecordKey } from '../../core/records.ts';
import type { StoredDelta } from '../../ports/index.ts';
import { rejectsWith, won } from './compare.ts';
import { listPages } from './list-cases.ts';
import { readWholeLog } from './log-reading.ts';
import { outcomes, type RunFixture, T0, turn, value } from './run-fixture.ts';
import type { ContractCase } from './suite.ts';

/** Entries begin one after the other: a place may look for what belongs to a run where the last one is. */
const keys: readonly RecordKey[] = [{ entry: 0 }, { entry: 1, arm: 2 }, { entry: 2, item: 4 }];
const at = { entry: 2, epoch: 1 };
const payload = '"a payload"';
const hash = createHash('sha256').update(payload).digest('hex');
const delta: StoredDelta = { state: { a: value(1) }, requestContext: {}, removed: [] };

/** Stores one of all that a run can have; `more` records, so that a place has to remove in several requests. */
async function fill(run: RunFixture, runId: string, more = 0): Promise<void> {
  const { store, backend } = run;
  await run.start({ runId, history: 'full', status: 'suspended' });
  const parameters = { parameters: value(1), graphHash: 'g', perStep: false, now: T0, sweepAt: T0 + 60_000 };
  won(await store.travel({ runId, epoch: 1, wakes: 0, start: [2, 0, 0], ...parameters }));
  const items = Array.from({ length: more }, (_, item) => ({ entry: at.entry, item: 5 + item }));
  for (const key of [...keys, ...items]) await settle(run, runId, key);
  const pages = Array.from({ length: more + 1 }, (_, page) => value(page));
  await store.putPages({ runId, ...at, pageSize: 2, pages });
  const opening = { turn: turn(), total: more + 5, concurrency: more + 5, openedAt: T0, log: runId };
  won(await store.openJoin({ runId, ...at, ...opening }));
  // Enough for several segments, where these are small.
  for (let token = 0; token <= Math.min(more, 20); token += 1) {
    await store.appendToken({ runId, ...at, turn: turn(), token, fromSegment: 0 });
  }
  await store.mergeCell({ runId, ...at, position: 0, delta });
  await backend.payloads.put(runId, hash, payload);
  await backend.payloads.keep(runId, hash, payload, T0);
}

async function settle(run: RunFixture, runId: string, key: RecordKey): Promise<void> {
  won(await run.store.claim(run.claim({ runId, key, log: runId })));
  won(await run.store.commit(run.commit(outcomes.success, { runId, key })));
}

/** Asserts that nothing of a run is left, but for its payloads. */
async function isEmpty(run: RunFixture, runId: string): Promise<void> {
  const { store } = run;
  const block = { runId, ...at };
  equal(await store.loadHeader(runId), undefined);
  equal(await store.loadRun(runId), undefined);
  const load = await store.loadStep({ runId, keys, input: true, join: at, consistent: true });
  deepStrictEqual(load, { records: [undefined, undefined, undefined] });
  deepStrictEqual(await store.loadItems({ runId, entry: at.entry }), []);
  equal(await store.loadJoin(block), undefined);
  equal(await store.loadPage({ ...block, pageSize: 2, page: 0 }), undefined);
  deepStrictEqual(await store.loadCell(block), { state: {}, requestContext: {}, removed: [] });
  equal(await store.loadTravel({ runId, epoch: 2 }), undefined);
  deepStrictEqual(await readWholeLog(run, runId), []);
  equal(store.readInputSync?.(runId), undefined);
  equal(store.readRecordSync?.(runId, { entry: 0 }), undefined);
}

/** Asserts that a run still has all that {@link fill} stored. */
async function isWhole(run: RunFixture, runId: string): Promise<void> {
  const { store, backend } = run;
  const block = { runId, ...at };
  equal((await store.loadRun(runId))?.records.length, 2);
  deepStrictEqual((await store.loadRun(runId))?.input, { input: value(1) });
  equal((await store.loadItems({ runId, entry: at.entry })).length, 1);
  deepStrictEqual((await store.loadJoin(block))?.tokens, [0]);
  deepStrictEqual(await store.loadPage({ ...block, pageSize: 2, page: 0 }), value(0));
  deepStrictEqual(await store.loadCell(block), delta);
  deepStrictEqual(await store.loadTravel({ runId, epoch: 2 }), value(1));
  equal((await readWholeLog(run, runId)).length >= 10, true);
  equal(await backend.payloads.get(runId, hash), payload);
  equal(await backend.payloads.kept(runId, hash), payload);
}

/** removeRun. */
export const removalCases: readonly ContractCase<RunFixture>[] = [
  [
    'nothing of a removed run is left, and it cannot be removed twice',
    async (run) => {
      await fill(run, run.runId);
      await isWhole(run, run.runId);
      equal(await run.store.removeRun(run.runId), true);
      await isEmpty(run, run.runId);
      await rejectsWith(run.backend.payloads.get(run.runId, hash), 'WORKFLOW_RECORD_CORRUPT');
      equal(await run.backend.payloads.kept(run.runId, hash), undefined);
      equal(await run.store.removeRun(run.runId), false);
    },
  ],
  [
    'a run of many records is removed as a whole',
    async (run) => {
      await fill(run, run.runId, 120);
      equal(await run.store.removeRun(run.runId), true);
      await isEmpty(run, run.runId);
    },
  ],
  [
    'a run that nobody started is not removed',
    async (run) => {
      equal(await run.store.removeRun(run.runId), false);
      await run.store.loadCell({ runId: run.runId, ...at });
      equal(await run.store.removeRun(run.runId), false);
    },
  ],
  [
    'a run that was created only is removed',
    async (run) => {
      won(await run.store.createRun({ header: run.pending() }));
      equal(await run.store.removeRun(run.runId), true);
      equal(await run.stored(), undefined);
    },
  ],
  [
    'all other runs stay, however alike the ids are, and those that are nested, too',
    async (run) => {
      const { runId } = run;
      const others = [`${runId}#`, `${runId}#00000`, `${runId}0`, ` ${runId}`, `${runId}/`, `${runId}\n`];
      for (const id of [runId, ...others]) await fill(run, id);
      const child = run.backend.ids.unique();
      const parent = { runId, key: { entry: 0 }, turn: '0001.000000.000' };
      const header = run.header({ runId: child, root: runId, parent, history: 'full' });
      won(await run.store.startChild({ header, from: 0, begun: 0 }));
      equal(await run.store.removeRun(runId), true);
      await isEmpty(run, runId);
      for (const id of others) await isWhole(run, id);
      deepStrictEqual(await run.stored(child), header);
    },
  ],
  [
    'the log of the outermost run keeps what a nested run did that is removed',
    async (run) => {
      await run.start({ history: 'full' });
      const child = run.backend.ids.unique();
      const parent = { runId: run.runId, key: { entry: 0 }, turn: '0001.000000.000' };
      const header = run.header({ runId: child, root: run.runId, parent, history: 'full' });
      won(await run.store.startChild({ header, from: 0, begun: 0 }));
      const before = await readWholeLog(run);
      equal(await run.store.removeRun(child), true);
      deepStrictEqual(await readWholeLog(run), before);
    },
  ],
  [
    'a removed run is not listed, and not swept',
    async (run) => {
      await fill(run, run.runId);
      equal(await run.store.removeRun(run.runId), true);
      deepStrictEqual(await listPages(run, { workflowId: run.workflowId, limit: 10 }), []);
    },
  ],
  [
    'a run with the id of one that was removed is a new one',
    async (run) => {
      await fill(run, run.runId);
      equal(await run.store.removeRun(run.runId), true);
      const header = run.header({ history: 'full' });
      won(await run.store.startRun({ header, input: { input: value('new') } }));
      won(await run.store.claim(run.claim()));
      const load = await run.store.loadRun(run.runId);
      deepStrictEqual([load?.header, load?.input], [header, { input: value('new') }]);
      equal(load?.records.length, 1);
      deepStrictEqual(
        (await readWholeLog(run)).map((entry) => entry.kind),
        ['run'],
      );
    },
  ],
];
