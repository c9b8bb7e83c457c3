import { deepStrictEqual, equal } from 'node:assert/strict';
import { applyToken, encodeToken, foldJoin, openJoin, type SettlementKind } from '../../core/join.ts';
import type { StepRecord } from '../../core/records.ts';
import type { AppendResult, AppendWrite, JoinOpening } from '../../ports/index.ts';
import { atOnce, lostTo, lostToNothing, rejectsWith, won } from './compare.ts';
import { type RunFixture, T0, turn, value } from './run-fixture.ts';
import type { ContractCase } from './suite.ts';

const N = 12;

function openingOf(total: number, concurrency = total): JoinOpening {
  return { turn: turn(), total, concurrency, openedAt: T0 };
}

function keyOf(run: RunFixture, epoch = 1) {
  return { runId: run.runId, entry: 1, epoch };
}

async function open(run: RunFixture, opening: JoinOpening): Promise<JoinOpening> {
  await run.start();
  won(await run.store.openJoin({ ...keyOf(run), ...opening }));
  return opening;
}

function tokenOf(member: number, kind: SettlementKind = 'success', generation = 0): number {
  return encodeToken({ generation, kind, hasDelta: member % 2 === 1, member });
}

function append(run: RunFixture, token: number, more: Partial<AppendWrite> = {}): Promise<AppendResult> {
  return run.store.appendToken({ ...keyOf(run), turn: turn(), token, fromSegment: 0, ...more });
}

/** What the pure fold says about the token at a position of a log. */
function derived(opening: JoinOpening, log: readonly number[], position: number) {
  const before = foldJoin(opening, log.slice(0, position));
  const { state, consequence } = applyToken(opening, before, log[position] ?? -1);
  return { position, consequence, after: state, opening };
}

/** Asserts that the stored log has each token once, that its state is its fold, and each answer what the fold says. */
async function holds(run: RunFixture, opening: JoinOpening, answers: ReadonlyMap<number, AppendResult>) {
  const log = await run.store.loadJoin(keyOf(run));
  const tokens = log?.tokens ?? [];
  deepStrictEqual(log, { ...opening, tokens, state: foldJoin(opening, tokens) });
  deepStrictEqual(new Set(tokens), new Set(answers.keys()));
  equal(tokens.length, answers.size);
  for (const [token, { won: isWinner, ...rest }] of answers) {
    deepStrictEqual(rest, derived(opening, tokens, tokens.indexOf(token)));
    equal(isWinner, true);
  }
}

/** openJoin and loadJoin. */
export const openCases: readonly ContractCase<RunFixture>[] = [
  [
    'a join is opened once: the second call gets the shape that is stored',
    async (run) => {
      await run.start();
      const opening = { ...openingOf(3), taken: [0, 2, 5] };
      deepStrictEqual(won(await run.store.openJoin({ ...keyOf(run), ...opening })), opening);
      const other = { ...openingOf(2), taken: [1, 2], openedAt: T0 + 1 };
      deepStrictEqual(lostTo(await run.store.openJoin({ ...keyOf(run), ...other })), opening);
      const log = { ...opening, tokens: [], state: openJoin(opening) };
      deepStrictEqual(await run.store.loadJoin(keyOf(run)), log);
    },
  ],
  [
    'a join that was not opened is not there',
    async (run) => {
      await open(run, openingOf(2));
      equal(await run.store.loadJoin(keyOf(run, 2)), undefined);
      equal(await run.store.loadJoin({ ...keyOf(run), entry: 2 }), undefined);
      equal(await run.store.loadJoin({ ...keyOf(run), runId: run.backend.ids.unique() }), undefined);
    },
  ],
  [
    'each epoch and entry has a join of its own',
    async (run) => {
      const first = await open(run, openingOf(2));
      const second = { ...openingOf(3), turn: turn({ epoch: 2 }) };
      won(await run.store.openJoin({ ...keyOf(run, 2), ...second }));
      won(await run.store.openJoin({ ...keyOf(run), entry: 2, ...first }));
      await append(run, tokenOf(0));
      deepStrictEqual((await run.store.loadJoin(keyOf(run)))?.tokens, [tokenOf(0)]);
      deepStrictEqual((await run.store.loadJoin(keyOf(run, 2)))?.tokens, []);
      deepStrictEqual((await run.store.loadJoin({ ...keyOf(run), entry: 2 }))?.tokens, []);
    },
  ],
  [
    'of concurrent openings exactly one wins, and all get its shape',
    async (run) => {
      await run.start();
      const writes = await atOnce(N, (number) =>
        run.store.openJoin({ ...keyOf(run), ...openingOf(2), openedAt: T0 + number }),
      );
      const winners = writes.flatMap((write, number) => (write.won ? [number] : []));
      equal(winners.length, 1);
      for (const write of writes) {
        deepStrictEqual(write.image, { ...openingOf(2), openedAt: T0 + (winners[0] ?? -1) });
      }
    },
  ],
];

/** appendToken. */
export const appendCases: readonly ContractCase<RunFixture>[] = [
  [
    'what a token sets off is a function of the log up to it',
    async (run) => {
      const opening = await open(run, openingOf(4, 2));
      const log = [
        tokenOf(0),
        tokenOf(1, 'suspended'),
        tokenOf(2, 'suspended'),
        tokenOf(1, 'resumed', 1),
        tokenOf(1, 'success', 1),
        tokenOf(2, 'resumed', 1),
        tokenOf(2, 'failed', 1),
      ];
      for (const [position, token] of log.entries()) {
        deepStrictEqual(await append(run, token), { won: true, ...derived(opening, log, position) });
      }
      deepStrictEqual((await run.store.loadJoin(keyOf(run)))?.tokens, log);
    },
  ],
  [
    'a token is put once: whoever appends it later gets the same answer, however the log went on',
    async (run) => {
      await open(run, openingOf(3));
      const first = await append(run, tokenOf(1));
      deepStrictEqual(await append(run, tokenOf(1)), { ...first, won: false });
      await append(run, tokenOf(0));
      await append(run, tokenOf(2));
      deepStrictEqual(await append(run, tokenOf(1)), { ...first, won: false });
      deepStrictEqual((await run.store.loadJoin(keyOf(run)))?.tokens, [tokenOf(1), tokenOf(0), tokenOf(2)]);
    },
  ],
  [
    'concurrent appends of different tokens get positions without a gap, and one of them closes the join',
    async (run) => {
      const opening = await open(run, openingOf(N));
      const results = await atOnce(N, (member) => append(run, tokenOf(member)));
      await holds(run, opening, new Map(results.map((result, member) => [tokenOf(member), result])));
      const closing = results.filter((result) => result.consequence.closed !== undefined);
      deepStrictEqual(
        closing.map((result) => result.position),
        [N - 1],
      );
    },
  ],
  [
    'of concurrent appends of one token exactly one wins, and all get the same answer',
    async (run) => {
      await open(run, openingOf(2));
      const results = await atOnce(N, () => append(run, tokenOf(0)));
      equal(results.filter((result) => result.won).length, 1);
      for (const result of results) deepStrictEqual({ ...result, won: true }, { ...results[0], won: true });
      deepStrictEqual((await run.store.loadJoin(keyOf(run)))?.tokens, [tokenOf(0)]);
    },
  ],
  [
    'a log of several segments has each token once, whoever appends how often at the same time',
    async (run) => {
      const total = 2 * run.segmentSize + 7;
      const opening = await open(run, openingOf(total));
      const answers = new Map<number, AppendResult>();
      for (let from = 0; from < total; from += N) {
        const members = Array.from({ length: Math.min(N, total - from) }, (_, index) => from + index);
        const results = await Promise.all(
          [...members, ...members].map((member) => append(run, tokenOf(member))),
        );
        for (const [index, member] of members.entries()) {
          const pair = [results[index], results[index + members.length]].filter((one) => one !== undefined);
          equal(pair.filter((one) => one.won).length, 1);
          equal(pair.length, 2);
          for (const one of pair) answers.set(tokenOf(member), { ...one, won: true });
          deepStrictEqual({ ...pair[0], won: true }, { ...pair[1], won: true });
        }
      }
      await holds(run, opening, answers);
    },
  ],
  [
    'a token is appended from the segment that its record names',
    async (run) => {
      const opening = await open(run, openingOf(3 * run.segmentSize));
      const count = run.segmentSize + 1;
      const answers = new Map<number, AppendResult>();
      for (let member = 0; member < count; member += 1) {
        answers.set(tokenOf(member), await append(run, tokenOf(member)));
      }
      const last = await append(run, tokenOf(count), { fromSegment: 1 });
      equal(last.position, count);
      deepStrictEqual(await append(run, tokenOf(count), { fromSegment: 1 }), { ...last, won: false });
      await holds(run, opening, answers.set(tokenOf(count), last));
    },
  ],
  [
    'nothing is appended at another turn than the block’s, or to a join that is not open',
    async (run) => {
      await open(run, openingOf(2));
      const other = append(run, tokenOf(0), { turn: turn({ iteration: 1 }) });
      await rejectsWith(other, 'WORKFLOW_RECORD_CORRUPT');
      await rejectsWith(append(run, tokenOf(0), { epoch: 2 }), 'WORKFLOW_RECORD_CORRUPT');
      deepStrictEqual((await run.store.loadJoin(keyOf(run)))?.tokens, []);
      equal(await run.store.loadJoin(keyOf(run, 2)), undefined);
    },
  ],
  [
    'a log that is read while it grows is a prefix of what it becomes',
    async (run) => {
      const opening = await open(run, openingOf(N));
      const [logs] = await Promise.all([
        atOnce(N, () => run.store.loadJoin(keyOf(run))),
        atOnce(N, (member) => append(run, tokenOf(member))),
      ]);
      const final = (await run.store.loadJoin(keyOf(run)))?.tokens ?? [];
      equal(final.length, N);
      for (const log of logs) {
        deepStrictEqual(log?.tokens, final.slice(0, log?.tokens.length));
        deepStrictEqual(log?.state, foldJoin(opening, log?.tokens ?? []));
      }
    },
  ],
];

function blockResult(more: Partial<StepRecord> = {}): StepRecord {
  const key = { entry: 1 };
  const time = { startedAt: T0, endedAt: T0 + 10 };
  return {
    key,
    stepId: 'parallel_1',
    turn: turn(),
    status: 'success',
    output: value({ a: 1 }),
    ...time,
    ...more,
  };
}

/** closeBlock. */
export const closeCases: readonly ContractCase<RunFixture>[] = [
  [
    'the result of a block is put at its entry, beside those of its arms',
    async (run) => {
      await run.start();
      won(await run.store.claim(run.claim({ key: { entry: 1, arm: 0 } })));
      const record = blockResult({ shared: value({}), sharedFrom: 0 });
      deepStrictEqual(won(await run.store.closeBlock({ runId: run.runId, record })), record);
      deepStrictEqual(await run.record({ entry: 1 }), record);
    },
  ],
  [
    'a block is closed once in its turn: the second call gets the result that is stored',
    async (run) => {
      await run.start();
      won(await run.store.closeBlock({ runId: run.runId, record: blockResult() }));
      const second = blockResult({ status: 'failed', endedAt: T0 + 20 });
      deepStrictEqual(
        lostTo(await run.store.closeBlock({ runId: run.runId, record: second })),
        blockResult(),
      );
      deepStrictEqual(await run.record({ entry: 1 }), blockResult());
    },
  ],
  [
    'a result replaces that of an earlier turn as a whole, and never that of a later one',
    async (run) => {
      await run.start();
      won(await run.store.closeBlock({ runId: run.runId, record: blockResult() }));
      const { output: _, ...failed } = blockResult({
        turn: turn({ epoch: 2 }),
        status: 'failed',
        error: value('why'),
      });
      deepStrictEqual(won(await run.store.closeBlock({ runId: run.runId, record: failed })), failed);
      deepStrictEqual(await run.record({ entry: 1 }), failed);
      deepStrictEqual(
        lostTo(await run.store.closeBlock({ runId: run.runId, record: blockResult() })),
        failed,
      );
    },
  ],
  [
    'of concurrent results of one block exactly one wins',
    async (run) => {
      await run.start();
      const writes = await atOnce(N, (number) =>
        run.store.closeBlock({ runId: run.runId, record: blockResult({ endedAt: T0 + number }) }),
      );
      const winners = writes.flatMap((write, number) => (write.won ? [number] : []));
      equal(winners.length, 1);
      equal((await run.record({ entry: 1 }))?.endedAt, T0 + (winners[0] ?? -1));
    },
  ],
  [
    'what a time travel keeps is put only while the run is in its epoch, on no record and on an earlier one',
    async (run) => {
      const { runId } = run;
      await run.start({ status: 'suspended' });
      won(await run.store.closeBlock({ runId, record: blockResult() }));
      const travel = { runId, graphHash: 'graph', perStep: false, now: T0 + 3, sweepAt: T0 + 4 } as const;
      const parameters = value('parameters');
      won(await run.store.travel({ ...travel, epoch: 1, wakes: 0, start: [2, 2, 2], parameters }));
      const kept = (entry: number, epoch: number) =>
        blockResult({ key: { entry }, turn: turn({ epoch }), kept: true });
      const put = (entry: number, epoch: number) =>
        run.store.closeBlock({ runId, record: kept(entry, epoch), epoch });
      deepStrictEqual(won(await put(0, 2)), kept(0, 2));
      deepStrictEqual(lostTo(await put(0, 2)), kept(0, 2));
      won(await run.store.finish({ runId, epoch: 2, status: 'success', endedBy: 2, now: T0 + 5 }));
      won(await run.store.travel({ ...travel, epoch: 2, wakes: 1, start: [3, 2, 2], parameters }));
      deepStrictEqual(lostTo(await put(1, 2)), blockResult());
      lostToNothing(await put(2, 2));
      deepStrictEqual(await run.record({ entry: 1 }), blockResult());
      deepStrictEqual(await run.record({ entry: 2 }), undefined);
      deepStrictEqual(won(await put(1, 3)), kept(1, 3));
    },
  ],
];
