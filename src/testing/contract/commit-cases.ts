import { deepStrictEqual, equal } from 'node:assert/strict';
import { atOnce, hasFields, lostTo, lostToNothing, won } from './compare.ts';
import { outcomes, type RunFixture, T0, turn, value } from './run-fixture.ts';
import type { ContractCase } from './suite.ts';

const N = 12;

/** commit. */
export const commitCases: readonly ContractCase<RunFixture>[] = [
  [
    'a success is stored with its output, its time and all that it can carry',
    async (run) => {
      await run.start();
      const carried = {
        input: value({ given: 1 }),
        delta: value({ state: { a: 1 } }),
        shared: { ref: 'cd'.repeat(32), bytes: 99_999 },
        sharedFrom: 0,
        fromSegment: 3,
      };
      await run.settle({ ...outcomes.success, ...carried });
      const expected = {
        status: 'success',
        output: outcomes.success.output,
        endedAt: T0 + 10,
        ...carried,
      } as const;
      hasFields(await run.record(), {
        ...expected,
        turn: turn(),
        startedAt: T0,
        inputFrom: -1,
        error: undefined,
      });
    },
  ],
  [
    'a success that ends the run is told apart from another one',
    async (run) => {
      await run.start();
      await run.settle({ ...outcomes.success, bailed: true });
      await run.settle(outcomes.success, { key: { entry: 1 } });
      hasFields(await run.record(), { status: 'success', bailed: true });
      hasFields(await run.record({ entry: 1 }), { status: 'success', bailed: undefined });
    },
  ],
  [
    'a failure is stored with its error, and whether it may be retried',
    async (run) => {
      await run.start();
      await run.settle({ ...outcomes.failed, nonRetryable: true });
      await run.settle(outcomes.failed, { key: { entry: 1 } });
      const failed = {
        status: 'failed',
        error: value('error'),
        endedAt: T0 + 10,
        output: undefined,
      } as const;
      hasFields(await run.record(), { ...failed, nonRetryable: true });
      hasFields(await run.record({ entry: 1 }), { ...failed, nonRetryable: undefined });
    },
  ],
  [
    'a suspension is stored with its payload, its output, its labels and its keys',
    async (run) => {
      await run.start();
      const more = {
        suspendOutput: value('so far'),
        labels: ['approve', 'ü #1'],
        resumeKeys: ['payment:42', 'ü #1'],
        delta: value({ state: {} }),
      };
      await run.settle({ ...outcomes.suspended, ...more });
      const expected = {
        status: 'suspended',
        suspendPayload: value('who?'),
        suspendedAt: T0 + 10,
        ...more,
      } as const;
      hasFields(await run.record(), { ...expected, endedAt: undefined, output: undefined });
      await run.settle({ status: 'suspended', now: T0 + 10 }, { key: { entry: 1 } });
      hasFields(await run.record({ entry: 1 }), {
        status: 'suspended',
        suspendPayload: undefined,
        labels: undefined,
        resumeKeys: undefined,
      });
    },
  ],
  [
    'a retry makes the next turn due',
    async (run) => {
      await run.start();
      await run.settle(outcomes.due);
      const expected = {
        status: 'due',
        turn: turn({ attempt: 1 }),
        dueAt: T0 + 1_000,
        error: value('error'),
      } as const;
      hasFields(await run.record(), { ...expected, startedAt: T0, output: undefined });
    },
  ],
  [
    'the result of a worker whose turn was taken over is not stored',
    async (run) => {
      await run.start();
      won(await run.store.claim(run.claim()));
      const taken = { ...run.at(), seenOwner: 'process-a/1', owner: 'process-b/2', leaseUntil: T0 + 120_000 };
      const image = won(await run.store.takeOver(taken));
      for (const outcome of Object.values(outcomes)) {
        deepStrictEqual(lostTo(await run.store.commit(run.commit(outcome))), image);
      }
      deepStrictEqual(await run.record(), image);
      won(await run.store.commit(run.commit(outcomes.success, { owner: 'process-b/2' })));
    },
  ],
  [
    'the result of an earlier turn is not stored',
    async (run) => {
      await run.start();
      won(await run.store.claim(run.claim()));
      const image = won(await run.store.claim(run.claim({ turn: turn({ epoch: 2 }) })));
      deepStrictEqual(lostTo(await run.store.commit(run.commit(outcomes.success))), image);
      deepStrictEqual(await run.record(), image);
    },
  ],
  [
    'a result is stored once, and not without a claim',
    async (run) => {
      await run.start();
      lostToNothing(await run.store.commit(run.commit(outcomes.success)));
      equal(await run.record(), undefined);
      await run.settle(outcomes.success);
      const image = await run.record();
      for (const outcome of Object.values(outcomes)) {
        deepStrictEqual(lostTo(await run.store.commit(run.commit(outcome))), image);
      }
    },
  ],
  [
    'of concurrent outcomes of one claim exactly one is stored',
    async (run) => {
      await run.start();
      won(await run.store.claim(run.claim()));
      const writes = await atOnce(N, (number) =>
        run.store.commit(run.commit({ ...outcomes.success, output: value(number) })),
      );
      const winners = writes.flatMap((write, number) => (write.won ? [value(number)] : []));
      equal(winners.length, 1);
      deepStrictEqual((await run.record())?.output, winners[0]);
    },
  ],
  [
    'a step that ignores the end of its run still leaves its result',
    async (run) => {
      await run.start();
      won(await run.store.claim(run.claim()));
      won(await run.store.cancel({ runId: run.runId, now: T0 + 5, sweepAt: T0 + 6 }));
      won(await run.store.commit(run.commit(outcomes.success)));
      hasFields(await run.record(), { status: 'success' });
      hasFields(await run.stored(), { status: 'canceled' });
    },
  ],
  [
    'a second suspension replaces payload, labels and keys of the first, and keeps what it was resumed with',
    async (run) => {
      await run.start();
      await run.settle({ ...outcomes.suspended, labels: ['first'], resumeKeys: ['first'] });
      const nextTurn = turn({ generation: 1 });
      const resume = { nextTurn, resumeData: value('yes'), request: 'r1', now: T0 + 20, sweepAt: T0 + 30 };
      equal(
        (await run.store.resume({ ...run.at(), ...resume, runs: [{ runId: run.runId, epoch: 1 }] })).won,
        true,
      );
      const again = { status: 'suspended', now: T0 + 40, suspendPayload: value('and then?') } as const;
      await run.settle(again, { turn: nextTurn, fresh: false, now: T0 + 25 });
      const expected = {
        turn: nextTurn,
        suspendPayload: value('and then?'),
        suspendedAt: T0 + 40,
        startedAt: T0,
      };
      hasFields(await run.record(), {
        ...expected,
        labels: undefined,
        resumeKeys: undefined,
        resumeData: value('yes'),
        resumedAt: T0 + 20,
      });
    },
  ],
];
