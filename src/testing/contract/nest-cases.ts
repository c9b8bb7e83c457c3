import { deepStrictEqual, equal } from 'node:assert/strict';
import type { RunHeader } from '../../core/records.ts';
import type { ChildStartWrite, ChildWrite, NestWrite } from '../../ports/index.ts';
import { atOnce, hasFields, lostTo, lostToNothing, won } from './compare.ts';
import { outcomes, type RunFixture, T0, turn, value } from './run-fixture.ts';
import type { ContractCase } from './suite.ts';

const N = 12;
const firstParent = '0001.000000.000';
const laterParent = '0001.000001.000';

function childOf(run: RunFixture, more: Partial<RunHeader> = {}): RunHeader {
  const parent = { runId: 'parent', key: { entry: 2, item: 4 }, turn: firstParent };
  return run.header({ parent, root: 'outermost', ...more });
}

/** A start by the first turn of the parent's record, or by the turn that is given. */
function startOf(
  run: RunFixture,
  parentTurn = firstParent,
  more: Partial<ChildStartWrite> = {},
): ChildStartWrite {
  const parent = { runId: 'parent', key: { entry: 2, item: 4 }, turn: parentTurn };
  return {
    header: childOf(run, { parent }),
    input: { input: value(parentTurn) },
    from: 0,
    begun: 0,
    ...more,
  };
}

/** startChild. */
export const childCases: readonly ContractCase<RunFixture>[] = [
  [
    'a nested run is started with its link to the parent, and its input',
    async (run) => {
      const start = startOf(run);
      deepStrictEqual(won(await run.store.startChild(start)), start.header);
      deepStrictEqual(await run.store.loadRun(run.runId), {
        header: start.header,
        input: start.input,
        records: [],
      });
      equal(await run.store.loadTravel({ runId: run.runId, epoch: 1 }), undefined);
    },
  ],
  [
    'the same turn of the parent starts it once, an earlier one never',
    async (run) => {
      const { header } = startOf(run, laterParent);
      won(await run.store.startChild(startOf(run, laterParent)));
      for (const parentTurn of [laterParent, firstParent]) {
        const again = startOf(run, parentTurn, { input: { input: value('other') } });
        deepStrictEqual(lostTo(await run.store.startChild(again)), header);
      }
      deepStrictEqual((await run.store.loadRun(run.runId))?.input, { input: value(laterParent) });
    },
  ],
  [
    'a later turn of the parent begins the next epoch, whatever became of the one before',
    async (run) => {
      const ends = ['success', 'failed', 'canceled', undefined] as const;
      for (const status of ends) {
        const runId = run.backend.ids.unique();
        const start = startOf(run);
        won(await run.store.startChild({ ...start, header: { ...start.header, runId } }));
        const end = { runId, epoch: 1, endedBy: 1, error: value('why'), now: T0 + 1 };
        if (status !== undefined) won(await run.store.finish({ ...end, status }));
        const again = startOf(run, laterParent, { from: 2, begun: 3 });
        const header = { ...again.header, runId, createdAt: T0 + 9, startedAt: T0 + 9, updatedAt: T0 + 9 };
        const image = won(await run.store.startChild({ ...again, header }));
        deepStrictEqual(image, { ...header, epoch: 2, wakes: 1, from: [[2, 2, 3]], createdAt: T0 });
        const load = await run.store.loadRun(runId);
        deepStrictEqual([load?.header, load?.input], [image, { input: value(laterParent) }]);
      }
    },
  ],
  [
    'each further epoch adds its beginning, and keeps what it is prepared from',
    async (run) => {
      const turns = ['0001.000000.001', '0001.000001.000', '0002.000000.000'];
      won(await run.store.startChild(startOf(run)));
      for (const [number, parentTurn] of turns.entries()) {
        const parameters = value({ number });
        const start = startOf(run, parentTurn, { from: number, begun: 5, parameters });
        hasFields(won(await run.store.startChild(start)), { epoch: number + 2, wakes: number + 1 });
      }
      const from = [
        [2, 0, 5],
        [3, 1, 5],
        [4, 2, 5],
      ];
      deepStrictEqual((await run.stored())?.from, from);
      for (const number of turns.keys()) {
        const stored = await run.store.loadTravel({ runId: run.runId, epoch: number + 2 });
        deepStrictEqual(stored, value({ number }));
      }
    },
  ],
  [
    'a first epoch can have what it is prepared from, too',
    async (run) => {
      won(await run.store.startChild(startOf(run, firstParent, { parameters: value('travel') })));
      deepStrictEqual(await run.store.loadTravel({ runId: run.runId, epoch: 1 }), value('travel'));
    },
  ],
  [
    'of concurrent starts exactly one wins, and the others see it',
    async (run) => {
      won(await run.store.startChild(startOf(run)));
      const writes = await atOnce(N, (number) =>
        run.store.startChild(startOf(run, laterParent, { input: { input: value(number) } })),
      );
      const winners = writes.flatMap((write, number) => (write.won ? [number] : []));
      equal(winners.length, 1);
      const load = await run.store.loadRun(run.runId);
      deepStrictEqual(load?.input, { input: value(winners[0]) });
      hasFields(load.header, { epoch: 2, wakes: 1 });
      for (const write of writes) deepStrictEqual(write.image, load.header);
    },
  ],
  [
    'a nested run is listed nowhere',
    async (run) => {
      won(await run.store.startChild(startOf(run)));
      const { headers } = await run.store.listRuns({ workflowId: run.workflowId, limit: 10 });
      deepStrictEqual(headers, []);
    },
  ],
];

/** A fresh nesting at entry 0; `more` wins. */
function nestOf(run: RunFixture, more: Partial<NestWrite> = {}): NestWrite {
  return {
    ...run.at(),
    fresh: true,
    stepId: 'nested',
    childRunId: 'child',
    now: T0,
    inputFrom: -1,
    ...more,
  };
}

function follow(run: RunFixture, outcome: ChildWrite['outcome'], more: Partial<ChildWrite> = {}) {
  return run.store.followChild({ ...run.at(), seen: 'child', outcome, ...more });
}

/** nest. */
export const nestCases: readonly ContractCase<RunFixture>[] = [
  [
    'the record of a nested run names it, and holds what it began with',
    async (run) => {
      await run.start();
      const write = nestOf(run, {
        key: { entry: 1, item: 2 },
        input: value('in'),
        sharedFrom: -1,
        fromSegment: 3,
        seesCell: true,
        log: 'root',
        executesWith: value('not kept here'),
      });
      const image = won(await run.store.nest(write));
      deepStrictEqual(image, {
        key: { entry: 1, item: 2 },
        stepId: 'nested',
        turn: turn(),
        status: 'child',
        startedAt: T0,
        inputFrom: -1,
        input: value('in'),
        sharedFrom: -1,
        fromSegment: 3,
        childRunId: 'child',
        seesCell: true,
        log: 'root',
      });
      deepStrictEqual(await run.record({ entry: 1, item: 2 }), image);
    },
  ],
  [
    'a fresh turn wins over no record and over earlier turns only',
    async (run) => {
      await run.start();
      const later = turn({ iteration: 1 });
      await run.settle(outcomes.success);
      const image = won(await run.store.nest(nestOf(run, { turn: later })));
      hasFields(image, { turn: later, status: 'child', output: undefined, owner: undefined });
      const others = [later, turn(), turn({ attempt: 1 })];
      for (const other of others) {
        const lost = await run.store.nest(nestOf(run, { turn: other, childRunId: 'other' }));
        deepStrictEqual(lostTo(lost), image);
      }
      deepStrictEqual(await run.record(), image);
    },
  ],
  [
    'a later iteration keeps the output of the one before, which is its input',
    async (run) => {
      await run.start();
      await run.settle({ ...outcomes.success, shared: value('state'), sharedFrom: 0, again: true });
      const next = { turn: turn({ iteration: 1 }), iterates: true, inputFrom: 0, sharedFrom: 0 };
      hasFields(won(await run.store.nest(nestOf(run, next))), {
        output: outcomes.success.output,
        shared: value('state'),
        again: undefined,
        endedAt: undefined,
      });
    },
  ],
  [
    'a turn that is due nests once, and keeps when its iteration began',
    async (run) => {
      await run.start();
      const { nextTurn } = outcomes.due;
      const again = nestOf(run, { turn: nextTurn, fresh: false, childRunId: 'child', now: T0 + 50 });
      lostToNothing(await run.store.nest(again));
      await run.settle(outcomes.due);
      lostTo(await run.store.nest({ ...again, turn: turn() }));
      const image = won(await run.store.nest(again));
      const dropped = { dueAt: undefined, error: undefined };
      hasFields(image, { turn: nextTurn, status: 'child', startedAt: T0, childRunId: 'child', ...dropped });
      deepStrictEqual(lostTo(await run.store.nest(again)), image);
      deepStrictEqual(await run.record(), image);
    },
  ],
  [
    'of concurrent nestings exactly one wins, and the others see it',
    async (run) => {
      await run.start();
      const writes = await atOnce(N, (number) =>
        run.store.nest(nestOf(run, { childRunId: `child-${number}` })),
      );
      const winners = writes.flatMap((write, number) => (write.won ? [`child-${number}`] : []));
      equal(winners.length, 1);
      for (const write of writes) hasFields(write.image, { status: 'child', childRunId: winners[0] });
      hasFields(await run.record(), { childRunId: winners[0] });
    },
  ],
];

/** followChild. */
export const followCases: readonly ContractCase<RunFixture>[] = [
  [
    'a success, a failure and a suspension of a nested run are those of its record',
    async (run) => {
      await run.start();
      const ends = [
        [outcomes.success, { output: outcomes.success.output, endedAt: T0 + 10 }],
        [
          { ...outcomes.failed, nonRetryable: true },
          { error: value('error'), nonRetryable: true },
        ],
        [
          { ...outcomes.suspended, labels: ['a'] },
          { suspendPayload: value('who?'), labels: ['a'] },
        ],
        [outcomes.due, { turn: outcomes.due.nextTurn, dueAt: outcomes.due.dueAt, error: value('error') }],
      ] as const;
      for (const [entry, [outcome, fields]] of ends.entries()) {
        const key = { entry };
        won(await run.store.nest(nestOf(run, { key })));
        const carried = { delta: value({ a: 1 }), shared: value({ a: 1 }), sharedFrom: entry };
        const image = won(await follow(run, { ...outcome, ...carried }, { key }));
        hasFields(image, { status: outcome.status, childRunId: 'child', ...carried, ...fields });
        deepStrictEqual(await run.record(key), image);
      }
    },
  ],
  [
    'a nested run that was canceled or paused leaves its record so',
    async (run) => {
      await run.start();
      for (const [entry, status] of (['canceled', 'paused'] as const).entries()) {
        const key = { entry };
        won(await run.store.nest(nestOf(run, { key })));
        const image = won(await follow(run, { status, now: T0 + 10 }, { key }));
        hasFields(image, { status, endedAt: T0 + 10, childRunId: 'child' });
        deepStrictEqual(await run.record(key), image);
      }
    },
  ],
  [
    'a nested run that was suspended runs again, in the next generation of the record',
    async (run) => {
      await run.start();
      won(await run.store.nest(nestOf(run)));
      won(await follow(run, outcomes.suspended));
      const nextTurn = turn({ generation: 1 });
      const resumed = { status: 'child', nextTurn, now: T0 + 30, resumeData: value('yes') } as const;
      const image = won(await follow(run, resumed, { seen: 'suspended' }));
      const shown = { resumedAt: T0 + 30, resumeData: value('yes'), startedAt: T0 };
      hasFields(image, { status: 'child', turn: nextTurn, ...shown });
      deepStrictEqual(lostTo(await follow(run, resumed, { seen: 'suspended' })), image);
      hasFields(won(await follow(run, outcomes.suspended, { turn: nextTurn })), shown);
      const last = turn({ generation: 2 });
      const again = { status: 'child', nextTurn: last, now: T0 + 40 } as const;
      const without = won(await follow(run, again, { seen: 'suspended', turn: nextTurn }));
      hasFields(without, { resumedAt: T0 + 40, resumeData: undefined });
      hasFields(won(await follow(run, outcomes.success, { turn: last })), { status: 'success' });
    },
  ],
  [
    'only who saw the status and the turn of the record follows',
    async (run) => {
      await run.start();
      lostToNothing(await follow(run, outcomes.success));
      const image = won(await run.store.nest(nestOf(run)));
      const stale = [{ seen: 'suspended' }, { turn: turn({ attempt: 1 }) }] as const;
      for (const more of stale) deepStrictEqual(lostTo(await follow(run, outcomes.success, more)), image);
      const end = won(await follow(run, outcomes.success));
      deepStrictEqual(lostTo(await follow(run, outcomes.failed)), end);
      won(await run.store.claim(run.claim({ key: { entry: 1 } })));
      hasFields(lostTo(await follow(run, outcomes.success, { key: { entry: 1 } })), { status: 'running' });
    },
  ],
  [
    'of concurrent ends exactly one wins, and the others see it',
    async (run) => {
      await run.start();
      won(await run.store.nest(nestOf(run)));
      const writes = await atOnce(N, (number) => follow(run, { ...outcomes.success, output: value(number) }));
      const winners = writes.flatMap((write, number) => (write.won ? [number] : []));
      equal(winners.length, 1);
      for (const write of writes) hasFields(write.image, { output: value(winners[0]) });
    },
  ],
];
