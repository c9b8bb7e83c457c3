import { deepStrictEqual, equal } from 'node:assert/strict';
import type { RecordKey, StoredValue } from '../../core/records.ts';
import type { CellWrite, JoinOpening, PagesWrite, StoredDelta } from '../../ports/index.ts';
import { atOnce, hasFields, lostTo, won } from './compare.ts';
import { outcomes, type RunFixture, T0, turn, value } from './run-fixture.ts';
import type { ContractCase } from './suite.ts';

const N = 12;

async function numbersOf(run: RunFixture, entry: number, items?: readonly number[]) {
  const records = await run.store.loadItems({
    runId: run.runId,
    entry,
    ...(items === undefined ? {} : { items }),
  });
  return records.map((record) => record.key.item);
}

/** Records of the items of a foreach. */
export const itemCases: readonly ContractCase<RunFixture>[] = [
  [
    'items are read in the order of their numbers, and without those of other entries',
    async (run) => {
      await run.start();
      const items = [10, 2, 16_383, 0, 100, 9, 1];
      for (const item of items) won(await run.store.claim(run.claim({ key: { entry: 3, item } })));
      for (const entry of [2, 4, 30, 99_999]) {
        won(await run.store.claim(run.claim({ key: { entry, item: 5 } })));
      }
      deepStrictEqual(await numbersOf(run, 3), [0, 1, 2, 9, 10, 100, 16_383]);
      deepStrictEqual(await numbersOf(run, 99_999), [5]);
      deepStrictEqual(await numbersOf(run, 5), []);
    },
  ],
  [
    'items that are asked for by number come in order, without those that have no record',
    async (run) => {
      await run.start();
      for (const item of [4, 0, 7]) won(await run.store.claim(run.claim({ key: { entry: 3, item } })));
      deepStrictEqual(await numbersOf(run, 3, [7, 3, 0]), [0, 7]);
      deepStrictEqual(await numbersOf(run, 3, [1]), []);
      deepStrictEqual(await numbersOf(run, 3, []), []);
    },
  ],
  [
    'reading a run reads none of its items',
    async (run) => {
      await run.start();
      const keys: RecordKey[] = [{ entry: 0 }, { entry: 1 }, { entry: 1, arm: 3 }, { entry: 99_999 }];
      for (const key of keys) await run.settle(outcomes.success, { key });
      for (const entry of [0, 1, 2, 99_999]) await run.settle(outcomes.success, { key: { entry, item: 3 } });
      const load = await run.store.loadRun(run.runId);
      deepStrictEqual(
        load?.records.map((record) => record.key),
        keys,
      );
    },
  ],
  [
    'an item, an arm and an entry of the same numbers are three records',
    async (run) => {
      await run.start();
      const keys: RecordKey[] = [{ entry: 3 }, { entry: 3, arm: 0 }, { entry: 3, item: 0 }];
      for (const [number, key] of keys.entries()) {
        await run.settle({ ...outcomes.success, output: value(number) }, { key });
      }
      const load = await run.store.loadStep({ runId: run.runId, keys, input: false, consistent: true });
      deepStrictEqual(
        load.records.map((record) => [record?.key, record?.output]),
        keys.map((key, number) => [key, value(number)]),
      );
    },
  ],
  [
    'an item goes the same ways as any record',
    async (run) => {
      await run.start();
      const key = { entry: 3, item: 12 };
      const claim = run.claim({ key, seesCell: true });
      hasFields(won(await run.store.claim(claim)), { key, seesCell: true, status: 'running' });
      lostTo(await run.store.claim({ ...claim, owner: 'process-b/1' }));
      won(await run.store.commit(run.commit(outcomes.suspended, { key })));
      const nextTurn = turn({ generation: 1 });
      const resume = {
        nextTurn,
        request: 'r1',
        now: T0 + 20,
        sweepAt: T0 + 500,
        runs: [{ runId: run.runId, epoch: 1 }],
      };
      equal((await run.store.resume({ ...run.at({ key }), ...resume })).won, true);
      won(await run.store.claim({ ...claim, turn: nextTurn, fresh: false }));
      const image = won(await run.store.commit(run.commit(outcomes.success, { key, turn: nextTurn })));
      hasFields(image, { key, seesCell: true, status: 'success', turn: nextTurn });
      deepStrictEqual(await run.store.loadItems({ runId: run.runId, entry: 3 }), [image]);
      if (run.store.readRecordSync !== undefined) {
        deepStrictEqual(run.store.readRecordSync(run.runId, key), image);
      }
    },
  ],
  [
    'a later turn that was resumed may see what it did not see before',
    async (run) => {
      await run.start();
      const key = { entry: 3, arm: 1 };
      await run.settle(outcomes.due, { key });
      const again = run.claim({ key, turn: outcomes.due.nextTurn, fresh: false });
      hasFields(won(await run.store.claim({ ...again, seesCell: true })), { seesCell: true });
    },
  ],
  [
    'items of more than a megabyte are read as a whole',
    async (run) => {
      await run.start();
      const output = value('ü'.repeat(10_000));
      const count = 64;
      for (let item = 0; item < count; item += 1) {
        await run.settle({ ...outcomes.success, output }, { key: { entry: 3, item } });
      }
      const items = Array.from({ length: count }, (_, item) => item);
      for (const wanted of [undefined, items]) {
        const records = await run.store.loadItems({
          runId: run.runId,
          entry: 3,
          ...(wanted === undefined ? {} : { items: wanted }),
        });
        deepStrictEqual(
          records.map((record) => record.key.item),
          items,
        );
        for (const record of records) deepStrictEqual(record.output, output);
      }
    },
  ],
];

function pagesOf(run: RunFixture, more: Partial<PagesWrite> = {}): PagesWrite {
  const pages = Array.from({ length: 3 }, (_, page) => value([`page ${page}`]));
  return { runId: run.runId, entry: 3, epoch: 1, pageSize: 2, pages, ...more };
}

/** putPages, and what a join of a foreach keeps. */
export const pageCases: readonly ContractCase<RunFixture>[] = [
  [
    'pages come back as they were put',
    async (run) => {
      const write = pagesOf(run);
      await run.store.putPages(write);
      for (const [page, expected] of write.pages.entries()) {
        deepStrictEqual(await run.store.loadPage({ ...write, page }), expected);
      }
      equal(await run.store.loadPage({ ...write, page: 3 }), undefined);
    },
  ],
  [
    'pages of another entry, epoch, size or run are others',
    async (run) => {
      const write = pagesOf(run);
      await run.store.putPages(write);
      const others = [{ entry: 4 }, { epoch: 2 }, { pageSize: 3 }, { runId: run.backend.ids.unique() }];
      for (const other of others) {
        equal(await run.store.loadPage({ ...write, page: 0, ...other }), undefined);
        await run.store.putPages({ ...write, ...other, pages: [value('other')] });
        deepStrictEqual(await run.store.loadPage({ ...write, page: 0, ...other }), value('other'));
      }
      deepStrictEqual(await run.store.loadPage({ ...write, page: 0 }), write.pages[0]);
    },
  ],
  [
    'pages may be put several times, at once and again',
    async (run) => {
      const pages = Array.from({ length: 60 }, (_, page) => value(`${page} ${'x'.repeat(4_000)}`));
      const write = pagesOf(run, { pages });
      await atOnce(3, () => run.store.putPages(write));
      await run.store.putPages(write);
      for (const [page, expected] of pages.entries()) {
        deepStrictEqual(await run.store.loadPage({ ...write, page }), expected);
      }
    },
  ],
  [
    'a page may be in the payload store',
    async (run) => {
      const page: StoredValue = { ref: 'ab'.repeat(32), bytes: 30_000 };
      await run.store.putPages(pagesOf(run, { pages: [page] }));
      deepStrictEqual(await run.store.loadPage({ ...pagesOf(run), page: 0 }), page);
    },
  ],
  [
    'an array without elements has no page',
    async (run) => {
      await run.store.putPages(pagesOf(run, { pages: [] }));
      equal(await run.store.loadPage({ ...pagesOf(run), page: 0 }), undefined);
    },
  ],
  [
    'a join keeps what a foreach was opened with, and a step reads it',
    async (run) => {
      const header = await run.start();
      const at = { runId: run.runId, entry: 3, epoch: 1 };
      const opening: JoinOpening = {
        turn: turn(),
        total: 5,
        concurrency: 2,
        openedAt: T0,
        pageSize: 2,
        sharedFrom: -1,
        log: 'root',
      };
      const read = { runId: run.runId, keys: [{ entry: 3, item: 0 }], input: false, consistent: true };
      const step = { ...read, join: { entry: 3, epoch: 1 } };
      deepStrictEqual(await run.store.loadStep(step), { header, records: [undefined] });
      deepStrictEqual(won(await run.store.openJoin({ ...at, ...opening })), opening);
      deepStrictEqual(lostTo(await run.store.openJoin({ ...at, ...opening, total: 9 })), opening);
      const load = await run.store.loadStep(step);
      deepStrictEqual(load, { header, records: [undefined], join: { opening, newestSegment: 0 } });
      equal((await run.store.loadStep(read)).join, undefined);
      hasFields(await run.store.loadJoin(at), opening);
      const append = { ...at, turn: turn(), token: 0, fromSegment: 0 };
      deepStrictEqual((await run.store.appendToken(append)).opening, opening);
    },
  ],
  [
    'a segment that a step is told of can hold the tokens that are possible from then on',
    async (run) => {
      await run.start();
      const at = { runId: run.runId, entry: 3, epoch: 1 };
      const total = run.segmentSize * 2 + 2;
      won(await run.store.openJoin({ ...at, turn: turn(), total, concurrency: total, openedAt: T0 }));
      for (let token = 0; token < total - 1; token += 1) {
        await run.store.appendToken({ ...at, turn: turn(), token, fromSegment: 0 });
      }
      const load = await run.store.loadStep({
        runId: run.runId,
        keys: [],
        input: false,
        join: { entry: 3, epoch: 1 },
        consistent: true,
      });
      const fromSegment = load.join?.newestSegment ?? -1;
      const last = { ...at, turn: turn(), token: total - 1, fromSegment };
      hasFields(await run.store.appendToken(last), { won: true, position: total - 1 });
      hasFields(await run.store.appendToken(last), { won: false, position: total - 1 });
      equal((await run.store.loadJoin(at))?.tokens.length, total);
    },
  ],
];

const empty: StoredDelta = { state: {}, requestContext: {}, removed: [] };

function change(run: RunFixture, position: number, delta: Partial<StoredDelta>): CellWrite {
  return { runId: run.runId, entry: 3, epoch: 1, position, delta: { ...empty, ...delta } };
}

async function cellOf(run: RunFixture, more: Partial<CellWrite> = {}): Promise<StoredDelta> {
  const { state, requestContext, removed } = await run.store.loadCell({
    runId: run.runId,
    entry: 3,
    epoch: 1,
    ...more,
  });
  return { state, requestContext, removed: removed.toSorted() };
}

/** mergeCell. */
export const cellCases: readonly ContractCase<RunFixture>[] = [
  [
    'a block whose members changed nothing has an empty cell',
    async (run) => {
      deepStrictEqual(await cellOf(run), empty);
      await run.store.mergeCell(change(run, 0, {}));
      deepStrictEqual(await cellOf(run), empty);
    },
  ],
  [
    'changes of several members are merged by key',
    async (run) => {
      await run.store.mergeCell(change(run, 0, { state: { a: value(1), b: value(1) } }));
      await run.store.mergeCell(change(run, 1, { requestContext: { a: value('context') } }));
      await run.store.mergeCell(change(run, 2, { state: { b: value(2), c: value(2) }, removed: ['gone'] }));
      deepStrictEqual(await cellOf(run), {
        state: { a: value(1), b: value(2), c: value(2) },
        requestContext: { a: value('context') },
        removed: ['gone'],
      });
    },
  ],
  [
    'the change with the later position stays, in whatever order they come',
    async (run) => {
      await run.store.mergeCell(change(run, 100, { state: { a: value('later') } }));
      await run.store.mergeCell(change(run, 20, { state: { a: value('earlier'), b: value('earlier') } }));
      await run.store.mergeCell(change(run, 3, { requestContext: { x: value('set') } }));
      await run.store.mergeCell(change(run, 2, { removed: ['x'] }));
      await run.store.mergeCell(change(run, 4, { removed: ['y'] }));
      await run.store.mergeCell(change(run, 1, { requestContext: { y: value('set') } }));
      deepStrictEqual(await cellOf(run), {
        state: { a: value('later'), b: value('earlier') },
        requestContext: { x: value('set') },
        removed: ['y'],
      });
    },
  ],
  [
    'a key that was removed can be set again, and one that was set removed',
    async (run) => {
      await run.store.mergeCell(change(run, 0, { removed: ['x'] }));
      await run.store.mergeCell(change(run, 1, { requestContext: { x: value(1), y: value(1) } }));
      await run.store.mergeCell(change(run, 2, { removed: ['y'] }));
      deepStrictEqual(await cellOf(run), {
        state: {},
        requestContext: { x: value(1) },
        removed: ['y'],
      });
    },
  ],
  [
    'a change that comes again changes nothing',
    async (run) => {
      const first = change(run, 0, { state: { a: value(1) }, removed: ['x'] });
      await run.store.mergeCell(first);
      await run.store.mergeCell(change(run, 1, { state: { a: value(2) } }));
      await run.store.mergeCell(first);
      deepStrictEqual(await cellOf(run), { state: { a: value(2) }, requestContext: {}, removed: ['x'] });
    },
  ],
  [
    'of changes at the same time the latest position stays, key by key',
    async (run) => {
      await atOnce(N, (number) => {
        const position = (number * 7) % N;
        const state = { all: value(position), [`own ${position}`]: value(position) };
        return run.store.mergeCell(change(run, position, { state }));
      });
      const own = Array.from({ length: N }, (_, position) => [`own ${position}`, value(position)] as const);
      deepStrictEqual((await cellOf(run)).state, { all: value(N - 1), ...Object.fromEntries(own) });
    },
  ],
  [
    'each block has a cell of its own in each epoch',
    async (run) => {
      const others = [{ entry: 4 }, { epoch: 2 }, { runId: run.backend.ids.unique() }];
      await run.store.mergeCell(change(run, 0, { state: { a: value('here') } }));
      for (const other of others) deepStrictEqual(await cellOf(run, other), empty);
      for (const [number, other] of others.entries()) {
        await run.store.mergeCell({ ...change(run, 9, { state: { a: value(number) } }), ...other });
        deepStrictEqual((await cellOf(run, other)).state, { a: value(number) });
      }
      deepStrictEqual((await cellOf(run)).state, { a: value('here') });
    },
  ],
  [
    'a key may be any text, and a value in the payload store',
    async (run) => {
      const names = ['', '#', 'a.b', "' or 1", 'constructor', '__proto__', '日本語', '\n', '😀', '0'];
      const stored: StoredValue = { ref: 'ab'.repeat(32), bytes: 30_000 };
      const state = Object.fromEntries(names.map((name) => [name, value(name)]));
      const requestContext = Object.fromEntries(names.map((name) => [name, stored]));
      await run.store.mergeCell(change(run, 0, { state, requestContext }));
      const cell = await cellOf(run);
      for (const name of names) {
        deepStrictEqual([cell.state[name], cell.requestContext[name]], [value(name), stored]);
      }
      deepStrictEqual(Object.keys(cell.state).toSorted(), names.toSorted());
      await run.store.mergeCell(change(run, 1, { removed: names }));
      deepStrictEqual((await cellOf(run)).removed, names.toSorted());
    },
  ],
];
