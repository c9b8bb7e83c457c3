import { deepStrictEqual, equal } from 'node:assert/strict';
import { atOnce, hasFields, lostTo, lostToNothing, won } from './compare.ts';
import { outcomes, type RunFixture, T0, turn, value } from './run-fixture.ts';
import type { ContractCase } from './suite.ts';

const N = 12;

/** createRun and startRun. */
export const startCases: readonly ContractCase<RunFixture>[] = [
  [
    'a created run is pending, and has no input',
    async (run) => {
      const header = run.pending({ resourceId: 'customer', owner: 'me' });
      deepStrictEqual(won(await run.store.createRun({ header })), header);
      deepStrictEqual(await run.store.loadRun(run.runId), { header, records: [] });
    },
  ],
  [
    'a run is created once: the second call gets the stored one and changes nothing',
    async (run) => {
      won(await run.store.createRun({ header: run.pending() }));
      const second = await run.store.createRun({
        header: run.pending({ createdAt: T0 + 1, owner: 'other' }),
      });
      deepStrictEqual(lostTo(second), run.pending());
      deepStrictEqual(await run.stored(), run.pending());
    },
  ],
  [
    'a started run keeps each field of its header, and its input',
    async (run) => {
      const header = run.header({
        epoch: 3,
        from: [
          [2, 0, 0],
          [3, 4, 4],
        ],
        wakes: 2,
        resourceId: 'customer 1',
        owner: 'arn:aws:iam::1:role/x',
        root: 'outermost',
        parent: { runId: 'parent', key: { entry: 4, arm: 2 }, turn: '0001.000000.000' },
      });
      const input = { input: value({ a: [1, 'ü'] }), shared: { ref: 'ab'.repeat(32), bytes: 30_000 } };
      deepStrictEqual(won(await run.store.startRun({ header, input })), header);
      deepStrictEqual(await run.store.loadRun(run.runId), { header, input, records: [] });
      const load = await run.store.loadStep({ runId: run.runId, keys: [], input: true, consistent: true });
      deepStrictEqual(load, { header, input, records: [] });
    },
  ],
  [
    'starting a pending run keeps its time of creation, and its resourceId when none is given',
    async (run) => {
      won(await run.store.createRun({ header: run.pending({ resourceId: 'customer', owner: 'me' }) }));
      const header = run.header({
        createdAt: T0 + 500,
        startedAt: T0 + 500,
        updatedAt: T0 + 500,
        owner: 'me',
      });
      const expected = { ...header, createdAt: T0, resourceId: 'customer' };
      deepStrictEqual(won(await run.store.startRun({ header, input: { input: value(1) } })), expected);
      const load = await run.store.loadRun(run.runId);
      deepStrictEqual(load, { header: expected, input: { input: value(1) }, records: [] });
    },
  ],
  [
    'starting a pending run takes the resourceId that is given',
    async (run) => {
      won(await run.store.createRun({ header: run.pending({ resourceId: 'old' }) }));
      hasFields(await run.start({ resourceId: 'new' }), { resourceId: 'new', status: 'running' });
    },
  ],
  [
    'a pending run is started by its own owner and workflow only',
    async (run) => {
      const header = run.pending({ owner: 'me' });
      won(await run.store.createRun({ header }));
      const input = { input: value(1) };
      for (const other of [{ owner: 'you' }, {}, { owner: 'me', workflowId: `${run.workflowId}-2` }]) {
        deepStrictEqual(lostTo(await run.store.startRun({ header: run.header(other), input })), header);
      }
      deepStrictEqual(await run.store.loadRun(run.runId), { header, records: [] });
    },
  ],
  [
    'a run that has an owner is not started by nobody, nor one without an owner by somebody',
    async (run) => {
      won(await run.store.createRun({ header: run.pending() }));
      const start = { header: run.header({ owner: 'me' }), input: { input: value(1) } };
      deepStrictEqual(lostTo(await run.store.startRun(start)), run.pending());
    },
  ],
  [
    'a run that was started is not started again, nor created',
    async (run) => {
      const header = await run.start();
      const again = { header: run.header({ inputHash: 'other' }), input: { input: value(2) } };
      deepStrictEqual(lostTo(await run.store.startRun(again)), header);
      deepStrictEqual(lostTo(await run.store.createRun({ header: run.pending() })), header);
      deepStrictEqual((await run.store.loadRun(run.runId))?.input, { input: value(1) });
    },
  ],
  [
    'a run that nobody started is unknown',
    async (run) => {
      equal(await run.stored(), undefined);
      equal(await run.store.loadRun(run.runId), undefined);
      const load = await run.store.loadStep({
        runId: run.runId,
        keys: [{ entry: 0 }],
        input: true,
        consistent: true,
      });
      deepStrictEqual(load, { records: [undefined] });
    },
  ],
  [
    'of concurrent starts of one id exactly one wins, and its input is the one that is stored',
    async (run) => {
      const writes = await atOnce(N, (number) =>
        run.store.startRun({
          header: run.header({ inputHash: `input-${number}` }),
          input: { input: value(number) },
        }),
      );
      const winners = writes.flatMap((write, number) => (write.won ? [number] : []));
      equal(winners.length, 1);
      const load = await run.store.loadRun(run.runId);
      equal(load?.header.inputHash, `input-${winners[0]}`);
      deepStrictEqual(load.input, { input: value(winners[0]) });
      for (const write of writes) deepStrictEqual(write.image, load.header);
    },
  ],
  [
    'of concurrent starts of a pending run exactly one wins',
    async (run) => {
      won(await run.store.createRun({ header: run.pending() }));
      const writes = await atOnce(N, (number) =>
        run.store.startRun({
          header: run.header({ inputHash: `input-${number}` }),
          input: { input: value(number) },
        }),
      );
      equal(writes.filter((write) => write.won).length, 1);
    },
  ],
];

/** setStatus. */
export const statusCases: readonly ContractCase<RunFixture>[] = [
  [
    'the status is ordered by a position: an equal or earlier one loses',
    async (run) => {
      await run.start();
      const write = { runId: run.runId, epoch: 1, now: T0 + 1 } as const;
      const later = await run.store.setStatus({
        ...write,
        status: 'suspended',
        position: run.position(2, 1),
      });
      hasFields(won(later), { status: 'suspended', position: run.position(2, 1), updatedAt: T0 + 1 });
      for (const position of [run.position(2, 1), run.position(2, 0), run.position(1, 9)]) {
        const lost = await run.store.setStatus({ ...write, status: 'running', position });
        hasFields(lostTo(lost), { status: 'suspended', position: run.position(2, 1) });
      }
      won(await run.store.setStatus({ ...write, status: 'running', position: run.position(2, 2) }));
      hasFields(await run.stored(), { status: 'running', position: run.position(2, 2) });
    },
  ],
  [
    'whatever the order in which concurrent status writes arrive, the latest position stands',
    async (run) => {
      await run.start();
      await atOnce(N, (number) =>
        run.store.setStatus({
          runId: run.runId,
          epoch: 1,
          status: number % 2 === 0 ? 'suspended' : 'running',
          position: run.position((number * 7) % N),
          now: T0,
        }),
      );
      // Entry N - 1 was written by the number whose sevenfold leaves N - 1.
      hasFields(await run.stored(), { position: run.position(N - 1) });
    },
  ],
  [
    'a status write of another epoch loses',
    async (run) => {
      await run.start({ epoch: 2, from: [[2, 0, 0]] });
      for (const epoch of [1, 3]) {
        const position = run.position(0, 1);
        const write = { runId: run.runId, epoch, status: 'suspended', position, now: T0 } as const;
        hasFields(lostTo(await run.store.setStatus(write)), { status: 'running' });
      }
    },
  ],
  [
    'a status write moves the time of the next sweep, leaves it, or takes the run out of sight',
    async (run) => {
      await run.start({ sweepAt: T0 + 7 });
      const write = { runId: run.runId, epoch: 1, status: 'waiting', now: T0 } as const;
      const kept = won(await run.store.setStatus({ ...write, position: run.position(0, 1) }));
      equal(kept.sweepAt, T0 + 7);
      const moved = { ...write, position: run.position(0, 2), sweepAt: T0 + 99 };
      equal(won(await run.store.setStatus(moved)).sweepAt, T0 + 99);
      equal((await run.stored())?.sweepAt, T0 + 99);
      const removed = { ...write, position: run.position(0, 3), sweepAt: null };
      equal('sweepAt' in won(await run.store.setStatus(removed)), false);
      equal('sweepAt' in ((await run.stored()) ?? {}), false);
    },
  ],
  [
    'a status write, an end and a cancel of a run that nobody started lose to nothing',
    async (run) => {
      const { runId } = run;
      const position = run.position(0);
      const end = { runId, epoch: 1, status: 'success', endedBy: 0, now: T0 } as const;
      lostToNothing(await run.store.setStatus({ runId, epoch: 1, status: 'running', position, now: T0 }));
      lostToNothing(await run.store.finish(end));
      lostToNothing(await run.store.cancel({ runId, now: T0, sweepAt: T0 }));
      equal(await run.stored(), undefined);
    },
  ],
];

/** finish and cancel. */
export const endCases: readonly ContractCase<RunFixture>[] = [
  [
    'an end stores its status, time, entry and error, and when to sweep',
    async (run) => {
      await run.start();
      const { runId } = run;
      const end = {
        runId,
        epoch: 1,
        status: 'failed',
        endedBy: 3,
        error: value('why'),
        now: T0 + 9,
      } as const;
      const image = won(await run.store.finish({ ...end, sweepAt: T0 + 99 }));
      const expected = {
        status: 'failed',
        endedAt: T0 + 9,
        endedBy: 3,
        error: value('why'),
        updatedAt: T0 + 9,
      };
      hasFields(image, { ...expected, status: 'failed', sweepAt: T0 + 99 });
      deepStrictEqual(await run.stored(), image);
    },
  ],
  [
    'an end without a time takes the run out of the sight of the sweeper',
    async (run) => {
      await run.start();
      const end = { runId: run.runId, epoch: 1, status: 'success', endedBy: 0, now: T0 + 9 } as const;
      const image = won(await run.store.finish(end));
      equal('sweepAt' in image, false);
      equal('error' in image, false);
      deepStrictEqual(await run.stored(), image);
    },
  ],
  [
    'an end of another epoch loses',
    async (run) => {
      await run.start();
      const end = { runId: run.runId, epoch: 2, status: 'success', endedBy: 0, now: T0 } as const;
      hasFields(lostTo(await run.store.finish(end)), { status: 'running', endedAt: undefined });
    },
  ],
  [
    'an end by a graph that the run is not marked with loses',
    async (run) => {
      await run.start();
      const end = { runId: run.runId, epoch: 1, status: 'success', endedBy: 0, now: T0 } as const;
      hasFields(lostTo(await run.store.finish({ ...end, graphHash: 'other' })), { status: 'running' });
      hasFields(won(await run.store.finish({ ...end, graphHash: 'graph' })), { status: 'success' });
    },
  ],
  [
    'a terminal status never changes',
    async (run) => {
      for (const status of ['success', 'failed', 'tripwire', 'canceled'] as const) {
        const runId = run.backend.ids.unique();
        await run.start({ runId });
        const end = { runId, epoch: 1, status, endedBy: 1, now: T0 + 1 };
        const image = won(await run.store.finish(end));
        const later = { runId, epoch: 1, status: 'running', position: run.position(9), now: T0 + 2 } as const;
        deepStrictEqual(lostTo(await run.store.setStatus(later)), image);
        deepStrictEqual(lostTo(await run.store.finish({ ...end, status: 'failed', now: T0 + 2 })), image);
        deepStrictEqual(lostTo(await run.store.cancel({ runId, now: T0 + 2, sweepAt: T0 })), image);
        deepStrictEqual(await run.stored(runId), image);
      }
    },
  ],
  [
    'a cancel ends the run, whatever it was doing, and lets the sweeper look once more',
    async (run) => {
      for (const status of ['running', 'waiting', 'suspended', 'paused'] as const) {
        const runId = run.backend.ids.unique();
        await run.start({ runId, status });
        const image = won(await run.store.cancel({ runId, now: T0 + 5, sweepAt: T0 + 50 }));
        hasFields(image, {
          status: 'canceled',
          endedAt: T0 + 5,
          endedBy: -1,
          updatedAt: T0 + 5,
          sweepAt: T0 + 50,
        });
        deepStrictEqual(await run.stored(runId), image);
      }
    },
  ],
  [
    'a pending run is canceled, and not started afterwards',
    async (run) => {
      won(await run.store.createRun({ header: run.pending() }));
      const image = won(await run.store.cancel({ runId: run.runId, now: T0 + 5, sweepAt: T0 + 50 }));
      const start = { header: run.header(), input: { input: value(1) } };
      deepStrictEqual(lostTo(await run.store.startRun(start)), image);
    },
  ],
  [
    'a cancel in the name of an owner needs that owner',
    async (run) => {
      const header = await run.start({ owner: 'me' });
      const write = { runId: run.runId, now: T0 + 5, sweepAt: T0 + 50 };
      deepStrictEqual(lostTo(await run.store.cancel({ ...write, owner: 'you' })), header);
      hasFields(won(await run.store.cancel({ ...write, owner: 'me' })), { status: 'canceled' });
    },
  ],
  [
    'a cancel in the name of an owner does not reach a run without one, and one in nobody’s name any run',
    async (run) => {
      const header = await run.start();
      const other = run.backend.ids.unique();
      await run.start({ runId: other, owner: 'me' });
      const write = { now: T0 + 5, sweepAt: T0 + 50 };
      deepStrictEqual(lostTo(await run.store.cancel({ ...write, runId: run.runId, owner: 'me' })), header);
      hasFields(won(await run.store.cancel({ ...write, runId: other })), { status: 'canceled' });
    },
  ],
  [
    'a cancel of an epoch does not reach a later one',
    async (run) => {
      const header = await run.start({ epoch: 2 });
      const write = { runId: run.runId, now: T0 + 5, sweepAt: T0 + 50 };
      deepStrictEqual(lostTo(await run.store.cancel({ ...write, epoch: 1 })), header);
      hasFields(won(await run.store.cancel({ ...write, epoch: 2 })), { status: 'canceled' });
    },
  ],
  [
    'of a cancel and an end at the same time exactly one wins',
    async (run) => {
      for (let round = 0; round < N; round += 1) {
        const runId = run.backend.ids.unique();
        await run.start({ runId });
        const writes = await Promise.all([
          run.store.finish({ runId, epoch: 1, status: 'success', endedBy: 0, now: T0 + 1 }),
          run.store.cancel({ runId, now: T0 + 2, sweepAt: T0 }),
        ]);
        equal(writes.filter((write) => write.won).length, 1);
        const header = await run.stored(runId);
        equal(header?.status, writes[0].won ? 'success' : 'canceled');
        for (const write of writes) deepStrictEqual(write.image, header);
      }
    },
  ],
  [
    'of concurrent ends exactly one wins',
    async (run) => {
      await run.start();
      const writes = await atOnce(N, (endedBy) =>
        run.store.finish({ runId: run.runId, epoch: 1, status: 'success', endedBy, now: T0 + endedBy }),
      );
      const winners = writes.flatMap((write, number) => (write.won ? [number] : []));
      equal(winners.length, 1);
      hasFields(await run.stored(), { endedBy: winners[0] });
    },
  ],
  [
    'no write on the record of a step touches the header',
    async (run) => {
      const header = await run.start();
      await run.settle({ ...outcomes.success, shared: value({}), delta: value({}) });
      const next = { key: { entry: 1 }, turn: turn() };
      won(await run.store.claim(run.claim(next)));
      won(await run.store.renew({ runId: run.runId, ...next, owner: 'process-a/1', leaseUntil: T0 + 99 }));
      won(await run.store.commit(run.commit(outcomes.suspended, next)));
      deepStrictEqual(await run.stored(), header);
    },
  ],
];
