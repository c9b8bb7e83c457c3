import { deepStrictEqual, equal } from 'node:assert/strict';
import type { SleepWrite } from '../../ports/index.ts';
import { atOnce, hasFields, lostTo, lostToNothing, won } from './compare.ts';
import { outcomes, type RunFixture, T0, turn, value } from './run-fixture.ts';
import type { ContractCase } from './suite.ts';

const second = turn({ iteration: 1 });

/** A claim of the iteration after the one that {@link RunFixture.claim} claims. */
function nextIteration(run: RunFixture, more: object = {}) {
  return run.claim({ turn: second, iterates: true, inputFrom: 0, now: T0 + 20, ...more });
}

/** Iterations of a loop. */
export const loopCases: readonly ContractCase<RunFixture>[] = [
  [
    'an outcome says that another iteration follows, or that the body aborted the run',
    async (run) => {
      await run.start();
      await run.settle({ ...outcomes.success, again: true });
      await run.settle({ ...outcomes.success, aborted: true }, { key: { entry: 1 } });
      await run.settle(outcomes.success, { key: { entry: 2 } });
      hasFields(await run.record(), { again: true, aborted: undefined });
      hasFields(await run.record({ entry: 1 }), { again: undefined, aborted: true });
      hasFields(await run.record({ entry: 2 }), { again: undefined, aborted: undefined });
    },
  ],
  [
    'the next iteration keeps the output, which is its input, and nothing else of the one before',
    async (run) => {
      await run.start();
      const carried = { input: value('in'), shared: value('state'), sharedFrom: 3 };
      await run.settle({ ...outcomes.success, ...carried, again: true });
      const image = won(await run.store.claim(nextIteration(run, { sharedFrom: 3 })));
      hasFields(image, {
        turn: second,
        status: 'running',
        startedAt: T0 + 20,
        output: outcomes.success.output,
        inputFrom: 0,
        sharedFrom: 3,
        input: undefined,
        shared: undefined,
        endedAt: undefined,
        again: undefined,
      });
      deepStrictEqual(await run.record(), image);
    },
  ],
  [
    'nothing of a suspension, an error or an outcome of the iteration before is left, on whatever way it ended',
    async (run) => {
      await run.start();
      const retried = turn({ attempt: 1 });
      const resumed = turn({ generation: 1 });
      await run.settle({ ...outcomes.due, nextTurn: retried });
      const suspension = { suspendOutput: value('so far'), labels: ['approve'] };
      await run.settle({ ...outcomes.suspended, ...suspension }, { turn: retried, fresh: false });
      const resume = { resumeData: value('yes'), resumeContext: value({ a: 1 }), request: 'r1' };
      const times = { now: T0 + 12, sweepAt: T0 + 500 };
      const at = run.at({ turn: retried });
      const result = await run.store.resume({
        ...at,
        ...resume,
        ...times,
        nextTurn: resumed,
        runs: [{ runId: run.runId, epoch: 1 }],
      });
      equal(result.won, true);
      const carried = { input: value('in'), delta: value({ state: { a: 1 } }), fromSegment: 2 };
      const shared = value({ state: { a: 1 }, requestContext: {} });
      await run.settle(
        { ...outcomes.success, ...carried, shared, sharedFrom: 0, again: true },
        { turn: resumed, fresh: false },
      );
      const image = won(await run.store.claim(nextIteration(run, { sharedFrom: 0, owner: 'process-b/1' })));
      deepStrictEqual(image, {
        key: { entry: 0 },
        stepId: 'step',
        turn: second,
        status: 'running',
        owner: 'process-b/1',
        leaseUntil: T0 + 60_000,
        claims: 1,
        startedAt: T0 + 20,
        inputFrom: 0,
        sharedFrom: 0,
        output: outcomes.success.output,
        shared,
      });
      deepStrictEqual(await run.record(), image);
    },
  ],
  [
    'a worker whose answer was lost claims the iteration again, wins again, and still has its input',
    async (run) => {
      await run.start();
      const shared = value({ state: { a: 1 }, requestContext: {} });
      await run.settle({ ...outcomes.success, shared, sharedFrom: 0, again: true });
      const write = nextIteration(run, { sharedFrom: 0 });
      const image = won(await run.store.claim(write));
      deepStrictEqual(won(await run.store.claim(write)), image);
      hasFields(await run.record(), { output: outcomes.success.output, shared });
    },
  ],
  [
    'of concurrent claims of an iteration one wins, and a worker of the one before changes nothing any more',
    async (run) => {
      await run.start();
      await run.settle({ ...outcomes.success, again: true });
      const writes = await atOnce(8, (n) => run.store.claim(nextIteration(run, { owner: `process-${n}/1` })));
      equal(writes.filter((write) => write.won).length, 1);
      const image = await run.record();
      for (const write of writes) deepStrictEqual(write.image, image);
      deepStrictEqual(lostTo(await run.store.claim(run.claim())), image);
      const late = run.commit({ ...outcomes.success, output: value('late') });
      deepStrictEqual(lostTo(await run.store.commit(late)), image);
      deepStrictEqual(await run.record(), image);
    },
  ],
  [
    'it keeps the shared data that the record itself holds, because it reads its state from there',
    async (run) => {
      await run.start();
      const shared = value({ state: { a: 1 }, requestContext: {} });
      await run.settle({ ...outcomes.success, shared, sharedFrom: 0, again: true });
      hasFields(won(await run.store.claim(nextIteration(run, { sharedFrom: 0 }))), { shared, sharedFrom: 0 });
    },
  ],
  [
    'an iteration that is suspended, resumed or tried again still has its input',
    async (run) => {
      await run.start();
      const { output } = outcomes.success;
      await run.settle({ ...outcomes.success, again: true });
      won(await run.store.claim(nextIteration(run)));
      const nextTurn = turn({ iteration: 1, attempt: 1 });
      won(await run.store.commit(run.commit({ ...outcomes.due, nextTurn }, { turn: second })));
      hasFields(await run.record(), { status: 'due', output });
      won(await run.store.claim(run.claim({ turn: nextTurn, fresh: false, owner: 'process-b/1' })));
      const held = { turn: nextTurn, owner: 'process-b/1' };
      won(await run.store.commit(run.commit(outcomes.suspended, held)));
      hasFields(await run.record(), { status: 'suspended', output });
      const resumed = turn({ iteration: 1, generation: 1 });
      const resume = {
        nextTurn: resumed,
        request: 'r1',
        now: T0 + 40,
        sweepAt: T0 + 500,
        runs: [{ runId: run.runId, epoch: 1 }],
      };
      equal((await run.store.resume({ ...run.at({ turn: nextTurn }), ...resume })).won, true);
      hasFields(await run.record(), { status: 'due', output });
      const claim = run.claim({ turn: resumed, fresh: false, iterates: true, now: T0 + 50 });
      hasFields(won(await run.store.claim(claim)), { status: 'running', output, startedAt: T0 + 20 });
    },
  ],
  [
    'a claim that begins anew keeps nothing',
    async (run) => {
      await run.start();
      await run.settle({ ...outcomes.success, shared: value('state'), sharedFrom: 0, again: true });
      const later = turn({ epoch: 2 });
      const image = won(await run.store.claim(run.claim({ turn: later, sharedFrom: 0 })));
      hasFields(image, { turn: later, output: undefined, shared: undefined, again: undefined });
    },
  ],
];

const dueAt = T0 + 3_600_000;

function sleep(run: RunFixture, more: Partial<SleepWrite> = {}): SleepWrite {
  return {
    runId: run.runId,
    key: { entry: 0 },
    turn: turn(),
    stepId: 'nap',
    now: T0,
    dueAt,
    inputFrom: -1,
    ...more,
  };
}

/** Sleeps. */
export const sleepCases: readonly ContractCase<RunFixture>[] = [
  [
    'a sleep is stored with the time at which it ends',
    async (run) => {
      await run.start();
      const image = won(await run.store.sleep(sleep(run, { sharedFrom: -1 })));
      hasFields(image, {
        stepId: 'nap',
        turn: turn(),
        status: 'waiting',
        startedAt: T0,
        dueAt,
        inputFrom: -1,
        sharedFrom: -1,
        owner: undefined,
      });
      deepStrictEqual(await run.record(), image);
    },
  ],
  [
    'of many that store one, one wins, and the others learn of its time',
    async (run) => {
      await run.start();
      const writes = await atOnce(8, (n) => run.store.sleep(sleep(run, { dueAt: dueAt + n, now: T0 + n })));
      const stored = await run.record();
      equal(writes.filter((write) => write.won).length, 1);
      for (const write of writes) deepStrictEqual(write.image, stored);
    },
  ],
  [
    'a sleep does not overwrite its own turn or a later one, and overwrites an earlier one whole',
    async (run) => {
      await run.start();
      await run.settle({ ...outcomes.success, shared: value('old'), sharedFrom: 0 });
      const done = await run.record();
      deepStrictEqual(lostTo(await run.store.sleep(sleep(run))), done);
      const later = turn({ epoch: 2 });
      const image = won(await run.store.sleep(sleep(run, { turn: later })));
      hasFields(image, { turn: later, output: undefined, shared: undefined, endedAt: undefined });
      deepStrictEqual(lostTo(await run.store.sleep(sleep(run))), image);
    },
  ],
  [
    'a wake ends the sleep with what it passes on, once',
    async (run) => {
      await run.start();
      won(await run.store.sleep(sleep(run)));
      const wakes = await atOnce(8, (n) =>
        run.store.wake({ ...run.at(), now: dueAt + n, output: value('passed on') }),
      );
      equal(wakes.filter((wake) => wake.won).length, 1);
      const stored = await run.record();
      hasFields(stored, { status: 'success', output: value('passed on'), startedAt: T0, dueAt: undefined });
      for (const wake of wakes) deepStrictEqual(wake.image, stored);
    },
  ],
  [
    'a wake before the sleep is over changes nothing, and learns when it is',
    async (run) => {
      await run.start();
      const image = won(await run.store.sleep(sleep(run)));
      const early = await run.store.wake({ ...run.at(), now: dueAt - 1, output: value(1) });
      deepStrictEqual(lostTo(early), image);
      won(await run.store.wake({ ...run.at(), now: dueAt, output: value(1) }));
    },
  ],
  [
    'a wake needs a sleep of its turn',
    async (run) => {
      await run.start();
      const wake = { ...run.at(), now: dueAt, output: value(1) };
      lostToNothing(await run.store.wake(wake));
      won(await run.store.sleep(sleep(run, { turn: turn({ epoch: 2 }) })));
      hasFields(lostTo(await run.store.wake(wake)), { turn: turn({ epoch: 2 }), status: 'waiting' });
      await run.settle(outcomes.success, { key: { entry: 1 } });
      const other = await run.store.wake({ ...wake, key: { entry: 1 } });
      hasFields(lostTo(other), { status: 'success', output: outcomes.success.output });
    },
  ],
];
