import { deepStrictEqual, equal, ok } from 'node:assert/strict';
import type { RunHeader } from '../../core/records.ts';
import type { RunQuery } from '../../ports/index.ts';
import { rejectsWith, won } from './compare.ts';
import { type RunFixture, T0, value } from './run-fixture.ts';
import type { ContractCase } from './suite.ts';

/** Starts runs with the given fields, and returns their ids. */
async function startAll(run: RunFixture, headers: readonly Partial<RunHeader>[]): Promise<string[]> {
  const ids: string[] = [];
  for (const more of headers) {
    const runId = run.backend.ids.unique();
    won(await run.store.startRun({ header: run.header({ runId, ...more }), input: { input: value(1) } }));
    ids.push(runId);
  }
  return ids;
}

/** The ids of all pages from a cursor on, the first one by default. `between` is called before each next page. */
export async function listPages(
  run: RunFixture,
  query: RunQuery,
  between: (found: readonly string[]) => Promise<void> = async () => {},
): Promise<string[]> {
  const ids: string[] = [];
  let { cursor } = query;
  do {
    const { cursor: _, ...first } = query;
    const page = await run.store.listRuns({ ...first, ...(cursor === undefined ? {} : { cursor }) });
    ok(page.headers.length <= query.limit, 'a page has more runs than its limit');
    ids.push(...page.headers.map((header) => header.runId));
    ok(new Set(ids).size === ids.length, 'a run is on two pages');
    ok(page.cursor !== cursor || cursor === undefined, 'a page ends where it began');
    ({ cursor } = page);
    if (cursor !== undefined) await between(ids);
  } while (cursor !== undefined);
  return ids;
}

/** The runs of this fixture's workflow. */
function listed(run: RunFixture, query: Partial<RunQuery> = {}): Promise<string[]> {
  return listPages(run, { workflowId: run.workflowId, limit: 100, ...query });
}

/** listRuns. */
export const listCases: readonly ContractCase<RunFixture>[] = [
  [
    'runs are listed as they are stored, newest first',
    async (run) => {
      const ids = await startAll(run, [{ createdAt: T0 + 2 }, { createdAt: T0 + 3 }, { createdAt: T0 + 1 }]);
      deepStrictEqual(await listed(run), [ids[1], ids[0], ids[2]]);
      const page = await run.store.listRuns({ workflowId: run.workflowId, limit: 1 });
      deepStrictEqual(page.headers, [await run.stored(ids[1])]);
    },
  ],
  [
    'a pending run is listed, and a child run is not',
    async (run) => {
      won(await run.store.createRun({ header: run.pending() }));
      const parent = { runId: run.runId, key: { entry: 0 }, turn: '0001.000000.000' };
      await startAll(run, [{ parent, root: run.runId }]);
      deepStrictEqual(await listed(run), [run.runId]);
    },
  ],
  [
    'a list shows the status that a run has now',
    async (run) => {
      const [runId = ''] = await startAll(run, [{}]);
      deepStrictEqual(await listed(run, { status: 'running' }), [runId]);
      won(await run.store.cancel({ runId, now: T0, sweepAt: T0 }));
      deepStrictEqual(await listed(run, { status: 'running' }), []);
      deepStrictEqual(await listed(run, { status: 'canceled' }), [runId]);
    },
  ],
  [
    'each filter leaves out what does not fit, alone and with the others',
    async (run) => {
      const base = { status: 'suspended', resourceId: 'r 1', owner: 'me', createdAt: T0 + 5 } as const;
      const [wanted = ''] = await startAll(run, [base]);
      const others = await startAll(run, [
        { ...base, status: 'running' },
        { ...base, resourceId: 'r 2' },
        { ...base, owner: 'you' },
        { ...base, createdAt: T0 + 4 },
        { ...base, createdAt: T0 + 6 },
        { createdAt: T0 + 5, status: 'suspended' },
      ]);
      await startAll(run, [{ ...base, workflowId: `${run.workflowId}-2` }]);
      const without = (...left: number[]) =>
        [wanted, ...others.filter((_, index) => !left.includes(index))].toSorted();
      const found = async (query: Partial<RunQuery>) => (await listed(run, query)).toSorted();
      deepStrictEqual(await found({}), without());
      deepStrictEqual(await found({ status: 'suspended' }), without(0));
      deepStrictEqual(await found({ resourceId: 'r 1' }), without(1, 5));
      deepStrictEqual(await found({ owner: 'me' }), without(2, 5));
      deepStrictEqual(await found({ createdFrom: T0 + 5 }), without(3));
      deepStrictEqual(await found({ createdTo: T0 + 5 }), without(4));
      const all = {
        status: 'suspended',
        resourceId: 'r 1',
        owner: 'me',
        createdFrom: T0 + 5,
        createdTo: T0 + 5,
      } as const;
      deepStrictEqual(await found(all), [wanted]);
      deepStrictEqual(await found({ ...all, status: 'failed' }), []);
    },
  ],
  [
    'runs of all workflows are listed together',
    async (run) => {
      const resourceId = `resource-${run.backend.ids.unique()}`;
      const ids = await startAll(run, [
        { resourceId, createdAt: T0 + 1 },
        { resourceId, createdAt: T0 + 2, workflowId: `${run.workflowId}-2` },
        { resourceId, createdAt: T0 + 3 },
      ]);
      const found = await listPages(run, { resourceId, limit: 2 });
      deepStrictEqual(found, ids.toReversed());
    },
  ],
  [
    'pages hold each run once, even where many were created in the same millisecond',
    async (run) => {
      const times = Array.from({ length: 23 }, (_, number) => ({ createdAt: T0 + Math.floor(number / 8) }));
      const ids = await startAll(run, times);
      for (const limit of [1, 5, 23, 24]) {
        const found = await listed(run, { limit });
        equal(found.length, ids.length);
        deepStrictEqual(new Set(found), new Set(ids));
        const created = found.map((id) => times[ids.indexOf(id)]?.createdAt ?? 0);
        deepStrictEqual(
          created,
          created.toSorted((a, b) => b - a),
        );
      }
    },
  ],
  [
    'a filter leaves no run out at the border of a page',
    async (run) => {
      const statuses = Array.from({ length: 20 }, (_, number) => ({
        createdAt: T0 + number,
        status: number % 3 === 0 ? ('suspended' as const) : ('running' as const),
      }));
      const ids = await startAll(run, statuses);
      const wanted = ids.filter((_, number) => number % 3 === 0).toReversed();
      deepStrictEqual(await listed(run, { status: 'suspended', limit: 2 }), wanted);
    },
  ],
  [
    'pages are stable while runs are added and end',
    async (run) => {
      const ids = await startAll(
        run,
        Array.from({ length: 6 }, (_, number) => ({ createdAt: T0 + number })),
      );
      const query = { workflowId: run.workflowId, limit: 2 };
      const first = await run.store.listRuns(query);
      await startAll(run, [{ createdAt: T0 + 100 }]);
      won(await run.store.cancel({ runId: ids[0] ?? '', now: T0 + 200, sweepAt: T0 + 300 }));
      const { cursor } = first;
      ok(cursor !== undefined, 'the first page of three has no cursor');
      const rest = await listPages(run, { ...query, cursor }, async (found) => {
        await startAll(run, [{ createdAt: T0 + 100 + found.length }]);
      });
      const found = [...first.headers.map((header) => header.runId), ...rest];
      deepStrictEqual(found, ids.toReversed());
    },
  ],
  [
    'a cursor that the store did not give is refused',
    async (run) => {
      await startAll(run, [{}]);
      for (const cursor of ['', 'nonsense', '{"a":1}', '[1,2,3]', 'AAAA']) {
        await rejectsWith(
          run.store.listRuns({ workflowId: run.workflowId, limit: 2, cursor }),
          'WORKFLOW_CURSOR_INVALID',
        );
      }
    },
  ],
  [
    'where there is no run, the list is empty',
    async (run) => {
      deepStrictEqual(await run.store.listRuns({ workflowId: run.workflowId, limit: 10 }), { headers: [] });
    },
  ],
];
