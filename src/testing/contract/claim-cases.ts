import { deepStrictEqual, equal } from 'node:assert/strict';
import { atOnce, hasFields, lostTo, lostToNothing, won } from './compare.ts';
import { outcomes, type RunFixture, T0, turn } from './run-fixture.ts';
import type { ContractCase } from './suite.ts';

const N = 12;

/** claim, takeOver and renew. */
export const claimCases: readonly ContractCase<RunFixture>[] = [
  [
    'the first claim of a turn makes the record',
    async (run) => {
      await run.start();
      const expected = {
        key: { entry: 0 },
        stepId: 'step',
        turn: turn(),
        status: 'running',
        owner: 'process-a/1',
        leaseUntil: T0 + 60_000,
        claims: 1,
        startedAt: T0,
        inputFrom: -1,
        sharedFrom: -1,
      } as const;
      deepStrictEqual(won(await run.store.claim(run.claim({ sharedFrom: -1 }))), expected);
      deepStrictEqual(await run.record(), expected);
    },
  ],
  [
    'a record that reads no shared data does not name any',
    async (run) => {
      await run.start();
      equal('sharedFrom' in won(await run.store.claim(run.claim())), false);
      equal('sharedFrom' in ((await run.record()) ?? {}), false);
    },
  ],
  [
    'of concurrent claims of a turn exactly one wins, and the others see it',
    async (run) => {
      await run.start();
      const writes = await atOnce(N, (number) =>
        run.store.claim(run.claim({ owner: `process-${number}/1` })),
      );
      const winners = writes.flatMap((write, number) => (write.won ? [`process-${number}/1`] : []));
      equal(winners.length, 1);
      hasFields(await run.record(), { owner: winners[0], claims: 1 });
      for (const write of writes) hasFields(write.image, { owner: winners[0], status: 'running' });
    },
  ],
  [
    'a worker whose answer was lost claims again, and wins again',
    async (run) => {
      await run.start();
      won(await run.store.claim(run.claim()));
      const again = won(await run.store.claim(run.claim()));
      hasFields(again, { owner: 'process-a/1', claims: 1, startedAt: T0 });
      deepStrictEqual(await run.record(), again);
    },
  ],
  [
    'a worker whose claim was overtaken or is done does not win again',
    async (run) => {
      await run.start();
      await run.settle(outcomes.success);
      hasFields(lostTo(await run.store.claim(run.claim())), { status: 'success' });
      hasFields(await run.record(), { status: 'success', output: outcomes.success.output });
    },
  ],
  [
    'a fresh claim of a later turn wins over any state of an earlier one, and leaves nothing of its outcome',
    async (run) => {
      await run.start();
      const later = run.claim({ turn: turn({ epoch: 2 }), owner: 'process-b/1', now: T0 + 77 });
      for (const [entry, outcome] of [outcomes.failed, outcomes.suspended, outcomes.due].entries()) {
        await run.settle(outcome, { key: { entry } });
        const image = won(await run.store.claim({ ...later, key: { entry } }));
        hasFields(image, {
          status: 'running',
          turn: turn({ epoch: 2 }),
          owner: 'process-b/1',
          startedAt: T0 + 77,
        });
        const gone = {
          error: undefined,
          suspendPayload: undefined,
          suspendedAt: undefined,
          endedAt: undefined,
        };
        hasFields(await run.record({ entry }), { ...gone, dueAt: undefined, claims: 1 });
      }
      const key = { entry: 3 };
      won(await run.store.claim(run.claim({ key })));
      hasFields(won(await run.store.claim({ ...later, key })), { owner: 'process-b/1' });
    },
  ],
  [
    'a claim of an earlier turn loses, whatever the state of the later one',
    async (run) => {
      await run.start();
      won(await run.store.claim(run.claim({ turn: turn({ epoch: 2 }) })));
      hasFields(lostTo(await run.store.claim(run.claim({ owner: 'process-b/1' }))), {
        turn: turn({ epoch: 2 }),
      });
      hasFields(lostTo(await run.store.claim(run.claim())), { turn: turn({ epoch: 2 }) });
    },
  ],
  [
    'a retried turn is claimed when it is due, and keeps when and with what the iteration began',
    async (run) => {
      await run.start();
      await run.settle(outcomes.due, { sharedFrom: 2, inputFrom: 4 });
      const retry = run.claim({
        turn: turn({ attempt: 1 }),
        fresh: false,
        owner: 'process-b/7',
        leaseUntil: T0 + 90_000,
        now: T0 + 1_000,
        inputFrom: 9,
      });
      const image = won(await run.store.claim(retry));
      const kept = { startedAt: T0, inputFrom: 4, sharedFrom: 2, stepId: 'step' };
      const lease = { status: 'running', owner: 'process-b/7', leaseUntil: T0 + 90_000, claims: 1 } as const;
      hasFields(image, { ...kept, ...lease, turn: turn({ attempt: 1 }) });
      deepStrictEqual(await run.record(), image);
      deepStrictEqual(won(await run.store.claim(retry)), image);
    },
  ],
  [
    'a retried turn is not claimed without its record, at another turn, or twice',
    async (run) => {
      await run.start();
      const retry = run.claim({ turn: turn({ attempt: 1 }), fresh: false, owner: 'process-b/7' });
      lostToNothing(await run.store.claim(retry));
      equal(await run.record(), undefined);
      won(await run.store.claim(run.claim()));
      hasFields(lostTo(await run.store.claim(retry)), { turn: turn(), status: 'running' });
      won(await run.store.commit(run.commit(outcomes.due)));
      const next = { ...retry, turn: turn({ attempt: 2 }) };
      hasFields(lostTo(await run.store.claim(next)), { turn: turn({ attempt: 1 }), status: 'due' });
      hasFields(lostTo(await run.store.claim({ ...retry, turn: turn() })), { status: 'due' });
      won(await run.store.claim(retry));
      hasFields(lostTo(await run.store.claim({ ...retry, owner: 'process-c/1' })), { owner: 'process-b/7' });
    },
  ],
  [
    'of concurrent claims of a retried turn exactly one wins',
    async (run) => {
      await run.start();
      await run.settle(outcomes.due);
      const retry = { turn: turn({ attempt: 1 }), fresh: false };
      const writes = await atOnce(N, (number) =>
        run.store.claim(run.claim({ ...retry, owner: `p/${number}` })),
      );
      equal(writes.filter((write) => write.won).length, 1);
    },
  ],
  [
    'a turn is taken over from the worker that was seen, and the claims are counted',
    async (run) => {
      await run.start();
      won(await run.store.claim(run.claim()));
      const write = { ...run.at(), seenOwner: 'process-a/1', owner: 'process-b/2', leaseUntil: T0 + 120_000 };
      const image = won(await run.store.takeOver(write));
      hasFields(image, { owner: 'process-b/2', leaseUntil: T0 + 120_000, claims: 2, startedAt: T0 });
      deepStrictEqual(await run.record(), image);
      const third = { ...write, seenOwner: 'process-b/2', owner: 'process-c/3' };
      hasFields(won(await run.store.takeOver(third)), { owner: 'process-c/3', claims: 3 });
    },
  ],
  [
    'a turn is not taken over from another worker, at another turn, or when it is done',
    async (run) => {
      await run.start();
      const write = { ...run.at(), seenOwner: 'process-a/1', owner: 'process-b/2', leaseUntil: T0 + 120_000 };
      lostToNothing(await run.store.takeOver(write));
      won(await run.store.claim(run.claim()));
      hasFields(lostTo(await run.store.takeOver({ ...write, seenOwner: 'process-x/1' })), { claims: 1 });
      hasFields(lostTo(await run.store.takeOver({ ...write, turn: turn({ attempt: 1 }) })), { claims: 1 });
      won(await run.store.commit(run.commit(outcomes.success)));
      hasFields(lostTo(await run.store.takeOver(write)), { status: 'success', owner: 'process-a/1' });
    },
  ],
  [
    'of concurrent takers exactly one wins',
    async (run) => {
      await run.start();
      won(await run.store.claim(run.claim()));
      const writes = await atOnce(N, (number) =>
        run.store.takeOver({ ...run.at(), seenOwner: 'process-a/1', owner: `p/${number}`, leaseUntil: T0 }),
      );
      const winners = writes.flatMap((write, number) => (write.won ? [`p/${number}`] : []));
      equal(winners.length, 1);
      hasFields(await run.record(), { owner: winners[0], claims: 2 });
    },
  ],
  [
    'a lease is renewed by its worker only, and only while the turn runs',
    async (run) => {
      await run.start();
      const renewal = { ...run.at(), owner: 'process-a/1', leaseUntil: T0 + 80_000 };
      lostToNothing(await run.store.renew(renewal));
      won(await run.store.claim(run.claim()));
      hasFields(won(await run.store.renew(renewal)), { leaseUntil: T0 + 80_000, claims: 1, startedAt: T0 });
      hasFields(await run.record(), { leaseUntil: T0 + 80_000 });
      hasFields(lostTo(await run.store.renew({ ...renewal, owner: 'process-b/1' })), {
        owner: 'process-a/1',
      });
      hasFields(lostTo(await run.store.renew({ ...renewal, turn: turn({ attempt: 1 }) })), { turn: turn() });
      won(await run.store.commit(run.commit(outcomes.success)));
      hasFields(lostTo(await run.store.renew(renewal)), { status: 'success' });
    },
  ],
];
