import { deepStrictEqual, equal, ok } from 'node:assert/strict';
import type { LogEntry } from '../../core/history.ts';
import { atOnce, won } from './compare.ts';
import { firstOnly, readWholeLog } from './log-reading.ts';
import { type RunFixture, T0, value } from './run-fixture.ts';
import type { ContractCase } from './suite.ts';

const N = 12;

type Chunk = Extract<LogEntry, { readonly kind: 'chunk' }>;

function chunkOf(run: RunFixture, id: string, more: Partial<Chunk> = {}): Chunk {
  const { runId } = run;
  return {
    kind: 'chunk',
    id,
    runId,
    key: { entry: 0 },
    stepId: 'step',
    custom: false,
    chunk: value(id),
    time: T0,
    ...more,
  };
}

/** appendChunks and readLog. */
export const chunkCases: readonly ContractCase<RunFixture>[] = [
  [
    'chunks come back as they were appended, in their order, between the states of the run',
    async (run) => {
      await run.start({ history: 'full' });
      const { runId } = run;
      const first = [chunkOf(run, 'a'), chunkOf(run, 'b', { custom: true, key: { entry: 3, item: 4 } })];
      await run.store.appendChunks({ log: runId, chunks: first });
      won(await run.store.finish({ runId, epoch: 1, status: 'success', endedBy: 0, now: T0 + 1 }));
      const last = [chunkOf(run, 'c', { runId: 'nested', chunk: { ref: 'ab'.repeat(32), bytes: 30_000 } })];
      await run.store.appendChunks({ log: runId, chunks: last });
      const log = firstOnly(await readWholeLog(run));
      deepStrictEqual(
        log.map((entry) => entry.kind),
        ['run', 'chunk', 'chunk', 'run', 'chunk'],
      );
      deepStrictEqual(
        log.filter(({ kind }) => kind === 'chunk'),
        [...first, ...last],
      );
    },
  ],
  [
    'no chunks make no entries',
    async (run) => {
      await run.store.appendChunks({ log: run.runId, chunks: [] });
      deepStrictEqual(await readWholeLog(run), []);
    },
  ],
  [
    'of chunks that are appended at the same time each call’s stay in order, and none is lost',
    async (run) => {
      await atOnce(N, async (writer) => {
        for (let number = 0; number < 5; number += 1) {
          const chunks = ['x', 'y', 'z'].map((part) => chunkOf(run, `${writer} ${number} ${part}`));
          await run.store.appendChunks({ log: run.runId, chunks });
        }
      });
      const ids = firstOnly(await readWholeLog(run)).map((entry) => (entry.kind === 'chunk' ? entry.id : ''));
      equal(ids.length, N * 15);
      for (let writer = 0; writer < N; writer += 1) {
        const own = ids.filter((id) => id.startsWith(`${writer} `));
        deepStrictEqual(own, own.toSorted());
        equal(own.length, 15);
      }
    },
  ],
  [
    'a log is read in pieces, and each goes on where the one before ended',
    async (run) => {
      const ids = Array.from({ length: 23 }, (_, number) => `chunk ${number}`);
      for (const id of ids) await run.store.appendChunks({ log: run.runId, chunks: [chunkOf(run, id)] });
      const whole = await readWholeLog(run);
      for (const limit of [1, 7, 23, 24, 1_000]) {
        deepStrictEqual(await readWholeLog(run, run.runId, limit), whole);
        const first = await run.store.readLog({ log: run.runId, after: -1, limit });
        ok(first.entries.length <= limit);
        const again = await run.store.readLog({ log: run.runId, after: -1, limit });
        deepStrictEqual(again, first);
      }
    },
  ],
  [
    'at the end of a log nothing comes, and what is appended then comes from there',
    async (run) => {
      const { runId } = run;
      const empty = await run.store.readLog({ log: runId, after: -1, limit: 10 });
      deepStrictEqual(empty, { entries: [], next: -1 });
      let after = -1;
      for (const id of ['a', 'b', 'c']) {
        await run.store.appendChunks({ log: runId, chunks: [chunkOf(run, id)] });
        const { entries, next } = await run.store.readLog({ log: runId, after, limit: 10 });
        deepStrictEqual(entries, [chunkOf(run, id)]);
        ok(next > after);
        deepStrictEqual(await run.store.readLog({ log: runId, after: next, limit: 10 }), {
          entries: [],
          next,
        });
        after = next;
      }
    },
  ],
  [
    'a reader who follows a log while others write misses nothing',
    async (run) => {
      const { runId } = run;
      const seen: LogEntry[] = [];
      let isOver = false;
      const follow = async (): Promise<void> => {
        for (let after = -1; ; ) {
          const wasOver = isOver;
          const { entries, next } = await run.store.readLog({ log: runId, after, limit: 4 });
          seen.push(...entries);
          if (wasOver && entries.length === 0) return;
          after = next;
          await new Promise<void>((resolve) => {
            queueMicrotask(resolve);
          });
        }
      };
      const reader = follow();
      await atOnce(N, async (writer) => {
        for (let number = 0; number < 4; number += 1) {
          const chunks = [chunkOf(run, `${writer} ${number}`)];
          await run.store.appendChunks({ log: runId, chunks });
        }
      });
      isOver = true;
      await reader;
      deepStrictEqual(firstOnly(seen), firstOnly(await readWholeLog(run)));
      equal(firstOnly(seen).length, N * 4);
    },
  ],
  [
    'a log of more than a megabyte is read as a whole',
    async (run) => {
      const chunk = value('ü'.repeat(10_000));
      const count = 64;
      for (let number = 0; number < count; number += 4) {
        const chunks = [0, 1, 2, 3].map((more) => chunkOf(run, `${number + more}`, { chunk }));
        await run.store.appendChunks({ log: run.runId, chunks });
      }
      const log = firstOnly(await readWholeLog(run, run.runId, 1_000));
      deepStrictEqual(
        log.map((entry) => entry.kind === 'chunk' && [entry.id, entry.chunk]),
        Array.from({ length: count }, (_, number) => [`${number}`, chunk]),
      );
    },
  ],
  [
    'each log is its own, however alike the ids are',
    async (run) => {
      const ids = [
        run.runId,
        `${run.runId}#`,
        `${run.runId}0`,
        ` ${run.runId}`,
        `${run.runId}/`,
        `${run.runId}\n`,
      ];
      for (const log of ids) await run.store.appendChunks({ log, chunks: [chunkOf(run, log)] });
      for (const log of ids) {
        deepStrictEqual(firstOnly(await readWholeLog(run, log)), [chunkOf(run, log)]);
      }
    },
  ],
];
