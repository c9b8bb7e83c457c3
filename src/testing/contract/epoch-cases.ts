import { deepStrictEqual, equal } from 'node:assert/strict';
import type { RunHeader, RunStatus } from '../../core/records.ts';
import type { TravelWrite } from '../../ports/index.ts';
import { atOnce, hasFields, lostTo, lostToNothing, won } from './compare.ts';
import { outcomes, type RunFixture, T0, turn, value } from './run-fixture.ts';
import type { ContractCase } from './suite.ts';

const N = 12;

function travelOf(run: RunFixture, more: Partial<TravelWrite> = {}): TravelWrite {
  return {
    runId: run.runId,
    epoch: 1,
    wakes: 0,
    start: [2, 1, 4],
    parameters: value('parameters'),
    graphHash: 'new graph',
    perStep: false,
    now: T0 + 100,
    sweepAt: T0 + 900,
    ...more,
  };
}

/** Starts a run of its own in a status, and returns its id. */
async function runIn(run: RunFixture, status: RunStatus): Promise<string> {
  const runId = run.backend.ids.unique();
  const isOver =
    status === 'success' || status === 'failed' || status === 'canceled' || status === 'tripwire';
  if (status === 'pending') won(await run.store.createRun({ header: run.pending({ runId }) }));
  else await run.start({ runId, status: isOver ? 'running' : status });
  const end = { runId, epoch: 1, endedBy: 3, error: value('why'), now: T0 + 50 };
  if (isOver) won(await run.store.finish({ ...end, status }));
  return runId;
}

/** travel. */
export const travelCases: readonly ContractCase<RunFixture>[] = [
  [
    'a time travel begins a new epoch, and what the end left behind is gone',
    async (run) => {
      const header = await run.start({ resourceId: 'customer', owner: 'me', perStep: true });
      const position = run.position(2, 1);
      const status = { runId: run.runId, epoch: 1, status: 'suspended', position, now: T0 + 1 } as const;
      won(await run.store.setStatus(status));
      const end = { runId: run.runId, epoch: 1, status: 'failed', endedBy: 3, now: T0 + 50 } as const;
      won(await run.store.finish({ ...end, error: value('why') }));
      const image = won(await run.store.travel(travelOf(run)));
      const { perStep: _, ...kept } = header;
      deepStrictEqual(image, {
        ...kept,
        status: 'running',
        epoch: 2,
        position: '',
        wakes: 1,
        from: [[2, 1, 4]],
        graphHash: 'new graph',
        updatedAt: T0 + 100,
        sweepAt: T0 + 900,
      });
      const load = await run.store.loadRun(run.runId);
      deepStrictEqual([load?.header, load?.input], [image, { input: value(1) }]);
    },
  ],
  [
    'a time travel gives the run the deadline of its epoch, or takes it away',
    async (run) => {
      const header = await run.start({ status: 'suspended', deadlineAt: T0 + 500, timeoutMs: 500 });
      hasFields(header, { deadlineAt: T0 + 500, timeoutMs: 500 });
      const { runId } = run;
      hasFields(won(await run.store.travel(travelOf(run, { deadlineAt: T0 + 600 }))), {
        deadlineAt: T0 + 600,
        timeoutMs: 500,
      });
      const status = {
        runId,
        epoch: 2,
        status: 'suspended',
        position: run.position(2, 1),
        now: T0 + 101,
      } as const;
      hasFields(won(await run.store.setStatus(status)), { deadlineAt: T0 + 600 });
      const again = travelOf(run, { epoch: 2, wakes: 1, start: [3, 1, 4] });
      hasFields(won(await run.store.travel(again)), { deadlineAt: undefined, timeoutMs: 500 });
      deepStrictEqual((await run.stored(runId))?.timeoutMs, 500);
    },
  ],
  [
    'a run travels when it is pending, suspended, paused or over',
    async (run) => {
      const statuses = [
        'pending',
        'suspended',
        'paused',
        'success',
        'failed',
        'tripwire',
        'canceled',
      ] as const;
      for (const status of statuses) {
        const runId = await runIn(run, status);
        const image = won(await run.store.travel(travelOf(run, { runId })));
        const gone = { endedAt: undefined, endedBy: undefined, error: undefined };
        const startedAt = status === 'pending' ? T0 + 100 : T0;
        hasFields(image, { status: 'running', epoch: 2, startedAt, ...gone });
        deepStrictEqual(await run.stored(runId), image);
      }
    },
  ],
  [
    'a run that is running or waiting does not travel',
    async (run) => {
      for (const status of ['running', 'waiting'] as const) {
        const runId = await runIn(run, status);
        hasFields(lostTo(await run.store.travel(travelOf(run, { runId }))), { status, epoch: 1 });
        equal(await run.store.loadTravel({ runId, epoch: 2 }), undefined);
      }
    },
  ],
  [
    'a run that nobody started does not travel, and one in another epoch neither',
    async (run) => {
      lostToNothing(await run.store.travel(travelOf(run)));
      const header = await run.start({ status: 'suspended' });
      for (const epoch of [0, 2]) {
        deepStrictEqual(
          lostTo(await run.store.travel(travelOf(run, { epoch, input: { input: value(9) } }))),
          header,
        );
      }
      deepStrictEqual((await run.store.loadRun(run.runId))?.input, { input: value(1) });
    },
  ],
  [
    'a run that somebody resumed since it was looked at does not travel',
    async (run) => {
      const header = await run.start({ status: 'suspended', wakes: 1 });
      deepStrictEqual(lostTo(await run.store.travel(travelOf(run))), header);
      hasFields(won(await run.store.travel(travelOf(run, { wakes: 1 }))), { epoch: 2, wakes: 2 });
    },
  ],
  [
    'a run keeps the name of its concurrency key, and a time travel gives it one or leaves it the one it has',
    async (run) => {
      const { store, runId } = run;
      const end = { runId, status: 'success', endedBy: 3, now: T0 + 50 } as const;
      hasFields(await run.start({ limit: 'limit:one' }), { limit: 'limit:one' });
      won(await store.finish({ ...end, epoch: 1 }));
      hasFields(won(await store.travel(travelOf(run))), { limit: 'limit:one', epoch: 2 });
      won(await store.finish({ ...end, epoch: 2 }));
      const again = travelOf(run, { epoch: 2, wakes: 1, start: [3, 0, 0], limit: 'limit:two' });
      hasFields(won(await store.travel(again)), { limit: 'limit:two', epoch: 3 });
      hasFields(await store.loadHeader(runId), { limit: 'limit:two' });
    },
  ],
  [
    'a time travel takes a new input along, and a step that is made for it',
    async (run) => {
      await run.start({ status: 'suspended' });
      const input = { input: value(2), shared: value('state') };
      const image = won(await run.store.travel(travelOf(run, { input, inputHash: 'two', perStep: true })));
      hasFields(image, { inputHash: 'two', perStep: true });
      const load = await run.store.loadRun(run.runId);
      deepStrictEqual([load?.header, load?.input], [image, input]);
    },
  ],
  [
    'each epoch keeps what it was asked for',
    async (run) => {
      await run.start({ status: 'suspended' });
      for (const epoch of [1, 2, 3]) {
        const start = [epoch + 1, epoch, 7] as const;
        const parameters = value({ epoch });
        won(await run.store.travel(travelOf(run, { epoch, wakes: epoch - 1, start, parameters })));
        const pause = { runId: run.runId, epoch: epoch + 1, position: run.position(1), now: T0 };
        won(await run.store.setStatus({ ...pause, status: 'suspended' }));
      }
      const from = [
        [2, 1, 7],
        [3, 2, 7],
        [4, 3, 7],
      ];
      hasFields<RunHeader>(await run.stored(), { epoch: 4, wakes: 3 });
      deepStrictEqual((await run.stored())?.from, from);
      for (const epoch of [1, 2, 3]) {
        const stored = await run.store.loadTravel({ runId: run.runId, epoch: epoch + 1 });
        deepStrictEqual(stored, value({ epoch }));
      }
      equal(await run.store.loadTravel({ runId: run.runId, epoch: 1 }), undefined);
      equal(await run.store.loadTravel({ runId: run.runId, epoch: 5 }), undefined);
    },
  ],
  [
    'of concurrent time travels exactly one wins, and it is its parameters that are kept',
    async (run) => {
      await run.start({ status: 'suspended' });
      const writes = await atOnce(N, (number) => {
        const input = { input: value(number) };
        return run.store.travel(travelOf(run, { parameters: value(number), input, inputHash: `${number}` }));
      });
      const winners = writes.flatMap((write, number) => (write.won ? [number] : []));
      equal(winners.length, 1);
      const load = await run.store.loadRun(run.runId);
      hasFields(load?.header, { epoch: 2, wakes: 1, inputHash: `${winners[0]}` });
      deepStrictEqual(load?.input, { input: value(winners[0]) });
      deepStrictEqual(await run.store.loadTravel({ runId: run.runId, epoch: 2 }), value(winners[0]));
      for (const write of writes) deepStrictEqual(write.image, load.header);
    },
  ],
  [
    'a write of the epoch before loses, and a claim of the new one wins over its records',
    async (run) => {
      await run.start();
      await run.settle(outcomes.suspended);
      const status = { runId: run.runId, epoch: 1, position: run.position(0, 1), now: T0 } as const;
      won(await run.store.setStatus({ ...status, status: 'suspended' }));
      won(await run.store.travel(travelOf(run, { start: [2, 0, 0] })));
      const late = { ...status, status: 'failed', position: run.position(9), endedBy: 0 } as const;
      lostTo(await run.store.setStatus(late));
      lostTo(await run.store.finish(late));
      const next = turn({ epoch: 2 });
      hasFields(won(await run.store.claim(run.claim({ turn: next }))), {
        turn: next,
        suspendPayload: undefined,
      });
      const early = {
        runId: run.runId,
        epoch: 2,
        status: 'suspended',
        position: run.position(0),
        now: T0,
      } as const;
      hasFields(won(await run.store.setStatus(early)), { position: run.position(0) });
    },
  ],
];

/** restart and voidLease. */
export const restartCases: readonly ContractCase<RunFixture>[] = [
  [
    'a restart opens a run that is running or waiting',
    async (run) => {
      for (const status of ['running', 'waiting'] as const) {
        const runId = await runIn(run, status);
        const before = await run.stored(runId);
        const write = { runId, now: T0 + 5, sweepAt: T0 + 50 };
        const image = won(await run.store.restart(write));
        deepStrictEqual(image, { ...before, wakes: 1, updatedAt: T0 + 5, sweepAt: T0 + 50 });
        hasFields(won(await run.store.restart({ ...write, now: T0 + 6 })), { wakes: 2, updatedAt: T0 + 6 });
        hasFields(await run.stored(runId), { wakes: 2, status });
      }
    },
  ],
  [
    'no other run is restarted',
    async (run) => {
      lostToNothing(await run.store.restart({ runId: run.runId, now: T0, sweepAt: T0 }));
      equal(await run.stored(), undefined);
      for (const status of ['pending', 'suspended', 'paused', 'success', 'failed', 'canceled'] as const) {
        const runId = await runIn(run, status);
        const before = await run.stored(runId);
        deepStrictEqual(lostTo(await run.store.restart({ runId, now: T0 + 5, sweepAt: T0 })), before);
        deepStrictEqual(await run.stored(runId), before);
      }
    },
  ],
  [
    'a restart of a nested run also opens one that is suspended or paused',
    async (run) => {
      for (const status of ['running', 'waiting', 'suspended', 'paused'] as const) {
        const runId = await runIn(run, status);
        const before = await run.stored(runId);
        const write = { runId, now: T0 + 5, sweepAt: T0 + 50, suspended: true };
        const image = won(await run.store.restart(write));
        deepStrictEqual(image, { ...before, wakes: 1, updatedAt: T0 + 5, sweepAt: T0 + 50 });
      }
      for (const status of ['pending', 'success', 'failed', 'canceled'] as const) {
        const runId = await runIn(run, status);
        lostTo(await run.store.restart({ runId, now: T0 + 5, sweepAt: T0, suspended: true }));
      }
    },
  ],
  [
    'what a restart brings is in the same write, and stays',
    async (run) => {
      const before = await run.start();
      const restarts = { at: T0 + 5, value: value({ user: 'new' }) };
      const write = { runId: run.runId, now: T0 + 5, sweepAt: T0 + 50, restarts, wakes: 0 };
      const image = won(await run.store.restart(write));
      deepStrictEqual(image, { ...before, wakes: 1, updatedAt: T0 + 5, sweepAt: T0 + 50, restarts });
      deepStrictEqual(await run.stored(), image);
      hasFields(won(await run.store.restart({ runId: run.runId, now: T0 + 6, sweepAt: T0 })), { restarts });
      const position = run.position(1);
      const status = { runId: run.runId, epoch: 1, status: 'suspended', position, now: T0 + 7 } as const;
      hasFields(won(await run.store.setStatus(status)), { restarts });
      hasFields(won(await run.store.travel(travelOf(run, { wakes: 2 }))), { restarts });
    },
  ],
  [
    'of concurrent restarts that saw the same, one brings what it brings',
    async (run) => {
      await run.start();
      let wins = 0;
      await atOnce(N, async (number) => {
        const restarts = { at: T0 + number, value: value(number) };
        const write = { runId: run.runId, now: T0 + number, sweepAt: T0, restarts, wakes: 0 };
        const result = await run.store.restart(write);
        if (!result.won) return hasFields(result.image, { wakes: 1 });
        wins += 1;
        hasFields(result.image, { wakes: 1, restarts });
      });
      equal(wins, 1);
      hasFields(await run.stored(), { wakes: 1 });
    },
  ],
  [
    'each of concurrent restarts counts',
    async (run) => {
      await run.start();
      await atOnce(N, async () => {
        won(await run.store.restart({ runId: run.runId, now: T0, sweepAt: T0 }));
      });
      hasFields(await run.stored(), { wakes: N });
    },
  ],
  [
    'a lease that is voided has ended, and its turn is taken over',
    async (run) => {
      await run.start();
      const claimed = won(await run.store.claim(run.claim()));
      const image = won(await run.store.voidLease({ ...run.at(), seenOwner: 'process-a/1' }));
      deepStrictEqual(image, { ...claimed, leaseUntil: 0 });
      deepStrictEqual(await run.record(), image);
      const other = { seenOwner: 'process-a/1', owner: 'process-b/1', leaseUntil: T0 + 99 };
      hasFields(won(await run.store.takeOver({ ...run.at(), ...other })), {
        owner: 'process-b/1',
        claims: 2,
      });
      lostTo(await run.store.commit(run.commit(outcomes.success)));
    },
  ],
  [
    'a voided lease can still be renewed by its worker, as long as nobody else has the turn',
    async (run) => {
      await run.start();
      won(await run.store.claim(run.claim()));
      won(await run.store.voidLease({ ...run.at(), seenOwner: 'process-a/1' }));
      const renewal = { ...run.at(), owner: 'process-a/1', leaseUntil: T0 + 70_000 };
      hasFields(won(await run.store.renew(renewal)), { leaseUntil: T0 + 70_000 });
    },
  ],
  [
    'only the lease that was seen is voided',
    async (run) => {
      await run.start();
      const write = { ...run.at(), seenOwner: 'process-a/1' };
      lostToNothing(await run.store.voidLease(write));
      const claimed = won(await run.store.claim(run.claim()));
      deepStrictEqual(lostTo(await run.store.voidLease({ ...write, seenOwner: 'process-b/1' })), claimed);
      deepStrictEqual(lostTo(await run.store.voidLease({ ...write, turn: turn({ attempt: 1 }) })), claimed);
      const end = won(await run.store.commit(run.commit(outcomes.success)));
      deepStrictEqual(lostTo(await run.store.voidLease(write)), end);
      deepStrictEqual(await run.record(), end);
    },
  ],
];
