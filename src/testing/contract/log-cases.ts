import { deepStrictEqual, equal, ok } from 'node:assert/strict';
import { encodeToken } from '../../core/join.ts';
import type { RecordKey, RunHeader, StepRecord } from '../../core/records.ts';
import type { JoinOpening } from '../../ports/index.ts';
import { atOnce, hasFields, lostTo, won } from './compare.ts';
import { firstOnly, readWholeLog, recordStates, runStates } from './log-reading.ts';
import { outcomes, type RunFixture, T0, turn, value } from './run-fixture.ts';
import type { ContractCase } from './suite.ts';

const N = 12;

function start(run: RunFixture, more: Partial<RunHeader> = {}): Promise<RunHeader> {
  return run.start({ history: 'full', ...more });
}

function claimOf(run: RunFixture, key: RecordKey = { entry: 0 }) {
  return run.claim({ key, log: run.runId });
}

/** What the log of a run with history shows. */
export const logCases: readonly ContractCase<RunFixture>[] = [
  [
    'a run without history has no log',
    async (run) => {
      await run.start();
      await run.settle(outcomes.success);
      const opening = { turn: turn(), total: 1, concurrency: 1, openedAt: T0 };
      const at = { runId: run.runId, entry: 1, epoch: 1 };
      won(await run.store.openJoin({ ...at, ...opening }));
      await run.store.appendToken({ ...at, turn: turn(), token: 0, fromSegment: 0 });
      won(await run.store.finish({ runId: run.runId, epoch: 1, status: 'success', endedBy: 0, now: T0 }));
      deepStrictEqual(await run.store.readLog({ log: run.runId, after: -1, limit: 10 }), {
        entries: [],
        next: -1,
      });
    },
  ],
  [
    'each state of a header is in the log, with the input that it began with',
    async (run) => {
      const { runId } = run;
      const input = { input: value('in') };
      const states: { header: RunHeader; input?: typeof input }[] = [];
      const header = run.pending({ history: 'full' });
      states.push({ header: won(await run.store.createRun({ header })) });
      const running = run.header({ history: 'full' });
      states.push({ header: won(await run.store.startRun({ header: running, input })), input });
      const status = {
        runId,
        epoch: 1,
        status: 'suspended',
        position: run.position(1),
        now: T0 + 1,
      } as const;
      states.push({ header: won(await run.store.setStatus(status)) });
      states.push({
        header: won(await run.store.showSnapshot({ runId, mark: '1', snapshot: value('shown') })),
      });
      const travel = {
        wakes: 0,
        start: [2, 0, 1],
        parameters: value(1),
        graphHash: 'g',
        perStep: false,
      } as const;
      const travelInput = { input: value('other') };
      const traveled = { runId, epoch: 1, input: travelInput, inputHash: 'h', now: T0 + 2, sweepAt: T0 + 9 };
      states.push({ header: won(await run.store.travel({ ...traveled, ...travel })), input: travelInput });
      states.push({ header: won(await run.store.restart({ runId, now: T0 + 3, sweepAt: T0 + 9 })) });
      const end = {
        runId,
        epoch: 2,
        status: 'failed',
        endedBy: 0,
        error: value('why'),
        now: T0 + 4,
      } as const;
      states.push({ header: won(await run.store.finish(end)) });
      deepStrictEqual(
        runStates(await readWholeLog(run), runId).map(({ header: logged, input: given }) => [logged, given]),
        states.map((state) => [state.header, state.input]),
      );
    },
  ],
  [
    'a cancel is in the log',
    async (run) => {
      await start(run);
      const image = won(await run.store.cancel({ runId: run.runId, now: T0 + 5, sweepAt: T0 + 50 }));
      deepStrictEqual(runStates(await readWholeLog(run), run.runId).at(-1)?.header, image);
    },
  ],
  [
    'each state of a record is in the log, and what a claim executes with',
    async (run) => {
      await start(run);
      const states: [StepRecord | undefined, unknown][] = [];
      const claim = claimOf(run);
      states.push([won(await run.store.claim({ ...claim, executesWith: value('in') })), value('in')]);
      states.push([won(await run.store.commit(run.commit(outcomes.due))), undefined]);
      const second = { turn: outcomes.due.nextTurn, fresh: false };
      states.push([won(await run.store.claim({ ...claim, ...second })), undefined]);
      const { turn: at } = second;
      states.push([won(await run.store.commit(run.commit(outcomes.suspended, { turn: at }))), undefined]);
      const nextTurn = turn({ generation: 1 });
      const resume = {
        nextTurn,
        request: 'r1',
        now: T0 + 20,
        sweepAt: T0 + 500,
        runs: [{ runId: run.runId, epoch: 1 }],
      };
      const resumed = await run.store.resume({ ...run.at({ turn: at }), ...resume });
      states.push([resumed.image as StepRecord, undefined]);
      states.push([won(await run.store.claim({ ...claim, turn: nextTurn, fresh: false })), undefined]);
      states.push([won(await run.store.commit(run.commit(outcomes.success, { turn: nextTurn }))), undefined]);
      const log = await readWholeLog(run);
      deepStrictEqual(
        recordStates(log, run.runId).map(({ record, input }) => [record, input]),
        states,
      );
      hasFields(runStates(log, run.runId).at(-1)?.header, { wakes: 1, sweepAt: T0 + 500 });
    },
  ],
  [
    'sleeps, nested runs and records that are put as a whole are in the log, too',
    async (run) => {
      const { runId } = run;
      await start(run);
      const place = (entry: number) => ({ ...run.at({ key: { entry } }), log: runId, stepId: 's', now: T0 });
      const sleep = { ...place(0), dueAt: T0 + 5, inputFrom: -1, executesWith: value('passes on') };
      const nest = { ...place(1), fresh: true, childRunId: 'c', inputFrom: -1, executesWith: value('in') };
      const states = [
        [won(await run.store.sleep(sleep)), value('passes on')],
        [won(await run.store.wake({ ...place(0), now: T0 + 6, output: value('out') })), undefined],
        [won(await run.store.nest(nest)), value('in')],
        [
          won(await run.store.followChild({ ...place(1), seen: 'child', outcome: outcomes.success })),
          undefined,
        ],
      ];
      const record: StepRecord = {
        key: { entry: 2 },
        stepId: 's',
        turn: turn(),
        status: 'success',
        log: runId,
      };
      states.push([won(await run.store.closeBlock({ runId, record })), undefined]);
      deepStrictEqual(
        recordStates(await readWholeLog(run), runId).map((state) => [state.record, state.input]),
        states,
      );
    },
  ],
  [
    'leases, sweeps and callbacks are no states that the log shows, and neither are writes that lose',
    async (run) => {
      const { runId } = run;
      await start(run);
      won(await run.store.claim(claimOf(run)));
      const before = await readWholeLog(run);
      const other = { owner: 'process-b/1', leaseUntil: T0 + 99 };
      lostTo(await run.store.claim({ ...claimOf(run), ...other }));
      won(await run.store.renew({ ...run.at(), owner: 'process-a/1', leaseUntil: T0 + 99 }));
      won(await run.store.voidLease({ ...run.at(), seenOwner: 'process-a/1' }));
      won(await run.store.takeOver({ ...run.at(), seenOwner: 'process-a/1', ...other }));
      won(await run.store.setSweep({ runId, wakes: 0, position: '', sweepAt: T0 + 9 }));
      won(await run.store.claimCallback({ runId, mark: '1', ...other, now: T0 }));
      won(await run.store.finishCallback({ runId, mark: '1', owner: 'process-b/1' }));
      lostTo(await run.store.commit(run.commit(outcomes.success)));
      lostTo(await run.store.finish({ runId, epoch: 2, status: 'success', endedBy: 0, now: T0 }));
      deepStrictEqual(firstOnly(await readWholeLog(run)), firstOnly(before));
    },
  ],
  [
    'a block is in the log: its opening, and each settlement with its place and its output',
    async (run) => {
      const { runId } = run;
      await start(run);
      const at = { runId, entry: 1, epoch: 1 };
      const opening: JoinOpening = {
        turn: turn(),
        total: 3,
        concurrency: 2,
        openedAt: T0,
        pageSize: 2,
        log: runId,
      };
      won(await run.store.openJoin({ ...at, ...opening }));
      lostTo(await run.store.openJoin({ ...at, ...opening, total: 9 }));
      const results = [];
      for (const member of [1, 0, 2]) {
        const token = encodeToken({ generation: 0, kind: 'success', hasDelta: false, member });
        const output = member === 2 ? {} : { output: value(member) };
        const append = { ...at, turn: turn(), token, fromSegment: 0, ...output };
        const { position, after } = await run.store.appendToken(append);
        await run.store.appendToken(append);
        results.push({ kind: 'settled', ...at, token, position, total: 3, after, ...output });
      }
      const blocks = (await readWholeLog(run)).filter(({ kind }) => kind === 'opened' || kind === 'settled');
      deepStrictEqual(firstOnly(blocks), [{ kind: 'opened', ...at, opening }, ...results]);
    },
  ],
  [
    'what nested runs do is in the log of the outermost one, and in no other',
    async (run) => {
      const child = run.backend.ids.unique();
      await start(run);
      const parent = { runId: run.runId, key: { entry: 0 }, turn: '0001.000000.000' };
      const header = run.header({ runId: child, root: run.runId, parent, history: 'full' });
      const input = { input: value('nested') };
      won(await run.store.startChild({ header, input, from: 0, begun: 0 }));
      const record = won(await run.store.claim({ ...claimOf(run), runId: child }));
      const log = await readWholeLog(run);
      deepStrictEqual(
        runStates(log, child).map((state) => [state.header, state.input]),
        [[header, input]],
      );
      deepStrictEqual(
        recordStates(log, child).map((state) => state.record),
        [record],
      );
      equal(recordStates(log, run.runId).length, 0);
      deepStrictEqual(await readWholeLog(run, child), []);
    },
  ],
  [
    'whoever wins or loses a write finds the state that it returned in the log',
    async (run) => {
      await start(run);
      await atOnce(N, async (number) => {
        const owner = `process-${number}/1`;
        const { image } = await run.store.claim({ ...claimOf(run), owner });
        const states = recordStates(await readWholeLog(run), run.runId);
        ok(
          states.some(({ record }) => record.owner === image?.owner),
          `${image?.owner} is not in the log`,
        );
      });
    },
  ],
  [
    'an earlier state of a record never comes after a later one, whoever writes meanwhile',
    async (run) => {
      await start(run);
      await atOnce(N, async (entry) => {
        const key = { entry };
        const { owner } = won(await run.store.claim(claimOf(run, key)));
        for (let number = 0; number < 3; number += 1) {
          const last = { key, turn: turn({ attempt: number }), owner: owner ?? '' };
          const next = { nextTurn: turn({ attempt: number + 1 }), dueAt: T0 };
          won(await run.store.commit(run.commit({ ...outcomes.due, ...next }, last)));
          won(await run.store.claim({ ...claimOf(run, key), turn: next.nextTurn, fresh: false }));
        }
      });
      const states = recordStates(await readWholeLog(run), run.runId);
      for (let entry = 0; entry < N; entry += 1) {
        const own = states.filter(({ record }) => record.key.entry === entry);
        const names = own.map(({ record }) => `${record.status} ${record.turn}`);
        const later = [1, 2, 3].flatMap((attempt) => [
          `due ${turn({ attempt })}`,
          `running ${turn({ attempt })}`,
        ]);
        deepStrictEqual(names, [`running ${turn()}`, ...later]);
      }
    },
  ],
];
