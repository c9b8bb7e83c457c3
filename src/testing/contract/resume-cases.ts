import { deepStrictEqual, equal, ok } from 'node:assert/strict';
import type { StepRecord } from '../../core/records.ts';
import type { ResumeResult, ResumeWrite, RunEpoch } from '../../ports/index.ts';
import { atOnce, hasFields, won } from './compare.ts';
import { outcomes, type RunFixture, T0, turn, value } from './run-fixture.ts';
import type { ContractCase } from './suite.ts';

const N = 12;

function resumeOf(run: RunFixture, more: Partial<ResumeWrite> = {}): ResumeWrite {
  return {
    ...run.at(),
    nextTurn: turn({ generation: 1 }),
    resumeData: value({ approved: true }),
    resumeContext: value({ user: 'me' }),
    request: 'request-1',
    now: T0 + 20,
    sweepAt: T0 + 500,
    runs: inFirst(run.runId),
    ...more,
  };
}

/** Runs in their first epoch. */
function inFirst(...runIds: readonly string[]): RunEpoch[] {
  return runIds.map((runId) => ({ runId, epoch: 1 }));
}

/** A run whose entry 0 is suspended. */
async function suspend(run: RunFixture): Promise<void> {
  await run.start();
  await run.settle(outcomes.suspended);
}

/** Asserts that a resume was lost to the record, and returns the record. */
function lostToRecord(result: ResumeResult): StepRecord | undefined {
  ok(!result.won, 'the resume was won, but had to be lost');
  equal(result.lost, 'record');
  return result.lost === 'record' ? result.image : undefined;
}

/** resume. */
export const resumeCases: readonly ContractCase<RunFixture>[] = [
  [
    'a resume makes the next turn due, and lets the sweeper look at the run and its ancestors',
    async (run) => {
      const parent = run.backend.ids.unique();
      await run.start({ runId: parent, wakes: 4 });
      await suspend(run);
      const result = await run.store.resume(resumeOf(run, { runs: inFirst(run.runId, parent) }));
      ok(result.won);
      const resumed = { resumeData: value({ approved: true }), resumeContext: value({ user: 'me' }) };
      const expected = { status: 'due', turn: turn({ generation: 1 }), resumeRequest: 'request-1' } as const;
      hasFields(result.image, { ...expected, ...resumed, resumedAt: T0 + 20, suspendPayload: value('who?') });
      deepStrictEqual(await run.record(), result.image);
      hasFields(await run.stored(), { wakes: 1, sweepAt: T0 + 500, status: 'running' });
      hasFields(await run.stored(parent), { wakes: 5, sweepAt: T0 + 500 });
    },
  ],
  [
    'a resume without data leaves none',
    async (run) => {
      await suspend(run);
      const { resumeData: _, resumeContext: __, ...bare } = resumeOf(run);
      ok((await run.store.resume(bare)).won);
      hasFields(await run.record(), { resumeData: undefined, resumeContext: undefined, resumedAt: T0 + 20 });
    },
  ],
  [
    'a resumed turn is claimed like a retried one',
    async (run) => {
      await suspend(run);
      ok((await run.store.resume(resumeOf(run))).won);
      const claim = run.claim({
        turn: turn({ generation: 1 }),
        fresh: false,
        owner: 'process-b/1',
        now: T0 + 30,
      });
      hasFields(won(await run.store.claim(claim)), { status: 'running', startedAt: T0, claims: 1 });
      hasFields(await run.record(), { resumeData: value({ approved: true }), resumedAt: T0 + 20 });
    },
  ],
  [
    'the same request wins again, however far its turn has come, and wakes the run once',
    async (run) => {
      await suspend(run);
      ok((await run.store.resume(resumeOf(run))).won);
      const again = await run.store.resume(resumeOf(run));
      ok(again.won);
      hasFields(again.image, { status: 'due' });
      await run.settle(outcomes.success, { turn: turn({ generation: 1 }), fresh: false });
      const late = await run.store.resume(resumeOf(run));
      ok(late.won);
      hasFields(late.image, { status: 'success' });
      hasFields(await run.stored(), { wakes: 1 });
    },
  ],
  [
    'another request learns who won',
    async (run) => {
      await suspend(run);
      ok((await run.store.resume(resumeOf(run))).won);
      const second = await run.store.resume(resumeOf(run, { request: 'request-2', resumeData: value('no') }));
      const winner = { resumeRequest: 'request-1', resumeData: value({ approved: true }) };
      hasFields(lostToRecord(second), winner);
      hasFields(await run.record(), winner);
      hasFields(await run.stored(), { wakes: 1 });
    },
  ],
  [
    'of concurrent resumes of one suspension exactly one wins, and the others learn who',
    async (run) => {
      await suspend(run);
      const results = await atOnce(N, (number) =>
        run.store.resume(resumeOf(run, { request: `request-${number}`, resumeData: value(number) })),
      );
      const winners = results.flatMap((result, number) => (result.won ? [number] : []));
      equal(winners.length, 1);
      const request = `request-${winners[0]}`;
      hasFields(await run.record(), { resumeRequest: request, resumeData: value(winners[0]) });
      hasFields(await run.stored(), { wakes: 1 });
      for (const result of results.filter((one) => !one.won)) {
        hasFields(lostToRecord(result), { resumeRequest: request });
      }
    },
  ],
  [
    'concurrent resumes of different steps of one run all win, and each wakes it',
    async (run) => {
      await run.start();
      for (let arm = 0; arm < N; arm += 1) await run.settle(outcomes.suspended, { key: { entry: 0, arm } });
      const results = await atOnce(N, (arm) =>
        run.store.resume(resumeOf(run, { key: { entry: 0, arm }, request: `request-${arm}` })),
      );
      deepStrictEqual(
        results.map((result) => result.won),
        results.map(() => true),
      );
      hasFields(await run.stored(), { wakes: N });
    },
  ],
  [
    'what is not suspended, at this very turn, is not resumed',
    async (run) => {
      await run.start();
      deepStrictEqual(await run.store.resume(resumeOf(run)), { won: false, lost: 'record' });
      won(await run.store.claim(run.claim()));
      hasFields(lostToRecord(await run.store.resume(resumeOf(run))), { status: 'running' });
      won(await run.store.commit(run.commit(outcomes.suspended)));
      const other = { turn: turn({ generation: 1 }), nextTurn: turn({ generation: 2 }) };
      hasFields(lostToRecord(await run.store.resume(resumeOf(run, other))), { status: 'suspended' });
      hasFields(await run.record(), { status: 'suspended', turn: turn() });
      hasFields(await run.stored(), { wakes: 0, sweepAt: T0 + 120_000 });
    },
  ],
  [
    'no step of a run that is over is resumed: the record stays as it is',
    async (run) => {
      await suspend(run);
      won(await run.store.cancel({ runId: run.runId, now: T0 + 15, sweepAt: T0 + 16 }));
      const header = await run.stored();
      const result = await run.store.resume(resumeOf(run));
      deepStrictEqual(result, { won: false, lost: 'run', runId: run.runId, image: header });
      hasFields(await run.record(), { status: 'suspended', turn: turn(), resumeRequest: undefined });
      deepStrictEqual(await run.stored(), header);
    },
  ],
  [
    'where an ancestor is over, neither the record nor any other run is touched',
    async (run) => {
      const parent = run.backend.ids.unique();
      const root = run.backend.ids.unique();
      await suspend(run);
      await run.start({ runId: parent });
      await run.start({ runId: root });
      won(await run.store.finish({ runId: parent, epoch: 1, status: 'failed', endedBy: 0, now: T0 + 3 }));
      const result = await run.store.resume(resumeOf(run, { runs: inFirst(run.runId, parent, root) }));
      deepStrictEqual(result, { won: false, lost: 'run', runId: parent, image: await run.stored(parent) });
      hasFields(await run.record(), { status: 'suspended', resumeRequest: undefined });
      for (const runId of [run.runId, root]) hasFields(await run.stored(runId), { wakes: 0 });
    },
  ],
  [
    'where a run is in another epoch, or paused, neither the record nor any other run is touched',
    async (run) => {
      const parent = run.backend.ids.unique();
      await suspend(run);
      await run.start({ runId: parent, status: 'suspended' });
      const refused = async (): Promise<void> => {
        const result = await run.store.resume(resumeOf(run, { runs: inFirst(run.runId, parent) }));
        deepStrictEqual(result, { won: false, lost: 'run', runId: parent, image: await run.stored(parent) });
        hasFields(await run.record(), { status: 'suspended', resumeRequest: undefined });
        hasFields(await run.stored(), { wakes: 0 });
      };
      const pause = { runId: parent, epoch: 1, status: 'paused', position: run.position(0, 1) } as const;
      won(await run.store.setStatus({ ...pause, now: T0 + 2 }));
      await refused();
      const travel = { runId: parent, epoch: 1, wakes: 0, start: [2, 0, 0], perStep: false } as const;
      const times = { now: T0 + 3, sweepAt: T0 + 4 };
      won(await run.store.travel({ ...travel, ...times, parameters: value(0), graphHash: 'graph' }));
      await refused();
      const runs = [...inFirst(run.runId), { runId: parent, epoch: 2 }];
      ok((await run.store.resume(resumeOf(run, { runs }))).won);
      hasFields(await run.stored(parent), { epoch: 2, wakes: 2 });
    },
  ],
  [
    'a resume against a cancel either comes first or finds the run over',
    async (run) => {
      for (let round = 0; round < N; round += 1) {
        const runId = run.backend.ids.unique();
        await run.start({ runId });
        await run.store.claim(run.claim({ runId }));
        await run.store.commit(run.commit(outcomes.suspended, { runId }));
        const [result, cancel] = await Promise.all([
          run.store.resume(resumeOf(run, { runId, runs: inFirst(runId) })),
          run.store.cancel({ runId, now: T0 + 15, sweepAt: T0 + 16 }),
        ]);
        ok(cancel.won);
        if (!result.won) equal(result.lost, 'run');
        hasFields(await run.record({ entry: 0 }, runId), { status: result.won ? 'due' : 'suspended' });
        hasFields(await run.stored(runId), { status: 'canceled', wakes: result.won ? 1 : 0 });
      }
    },
  ],
];
