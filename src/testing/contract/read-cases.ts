import { deepStrictEqual, equal, ok } from 'node:assert/strict';
import { limits } from '../../core/limits.ts';
import type { RecordKey, StepRecord } from '../../core/records.ts';
import type { NewRun } from '../../ports/index.ts';
import { hasFields, won } from './compare.ts';
import { outcomes, type RunFixture, turn, value } from './run-fixture.ts';
import type { ContractCase } from './suite.ts';

/** A value that just stays in its record, full of characters of two to four bytes. */
function largestInline(seed: string) {
  const inline = JSON.stringify(`${seed} ${'ü€😀'.repeat(limits.inlineBytes)}`);
  let text = inline.slice(0, Math.floor(limits.inlineBytes / 4));
  text = `${text.replace(/[\ud800-\udbff]$/, '')}"`;
  return { inline: text };
}

/** Reading, and what values come back as. */
export const readCases: readonly ContractCase<RunFixture>[] = [
  [
    'a run is read in the order of its graph, arms after the entry of their block',
    async (run) => {
      await run.start();
      const keys: RecordKey[] = [
        { entry: 99_999 },
        { entry: 10 },
        { entry: 2, arm: 10 },
        { entry: 2, arm: 9 },
        { entry: 2 },
        { entry: 2, arm: 99 },
        { entry: 2, arm: 0 },
        { entry: 0 },
      ];
      for (const key of keys) await run.settle(outcomes.success, { key });
      const load = await run.store.loadRun(run.runId);
      deepStrictEqual(
        load?.records.map((record) => record.key),
        [
          { entry: 0 },
          { entry: 2 },
          { entry: 2, arm: 0 },
          { entry: 2, arm: 9 },
          { entry: 2, arm: 10 },
          { entry: 2, arm: 99 },
          { entry: 10 },
          { entry: 99_999 },
        ],
      );
    },
  ],
  [
    'the records of a step come in the order in which they are asked for, absent ones too',
    async (run) => {
      const header = await run.start();
      await run.settle(outcomes.success, { key: { entry: 3 }, stepId: 'three' });
      await run.settle(outcomes.success, { key: { entry: 1, arm: 2 }, stepId: 'arm' });
      const load = await run.store.loadStep({
        runId: run.runId,
        keys: [{ entry: 3 }, { entry: 1 }, { entry: 1, arm: 2 }, { entry: 3 }],
        input: false,
        consistent: true,
      });
      deepStrictEqual(
        load.records.map((record) => record?.stepId),
        ['three', undefined, 'arm', 'three'],
      );
      deepStrictEqual(load.header, header);
      equal(load.input, undefined);
    },
  ],
  [
    'a step may ask for the records of more entries than one request to a database can name',
    async (run) => {
      await run.start();
      const count = 120;
      for (let entry = 0; entry < count; entry += 1) {
        won(await run.store.claim(run.claim({ key: { entry }, stepId: `step-${entry}` })));
      }
      const keys = Array.from({ length: count }, (_, entry) => ({ entry }));
      const load = await run.store.loadStep({ runId: run.runId, keys, input: true, consistent: true });
      deepStrictEqual(
        load.records.map((record) => record?.stepId),
        keys.map(({ entry }) => `step-${entry}`),
      );
      deepStrictEqual(load.input, { input: value(1) });
    },
  ],
  [
    'a run of more than a megabyte is read as a whole, and each value comes back as it was',
    async (run) => {
      const input = { input: largestInline('input'), shared: largestInline('shared') };
      await run.start({}, input);
      const count = 48;
      for (let entry = 0; entry < count; entry += 1) {
        await run.settle(
          { ...outcomes.success, output: largestInline(`output ${entry}`) },
          { key: { entry } },
        );
      }
      const load = await run.store.loadRun(run.runId);
      deepStrictEqual(load?.input, input);
      equal(load.records.length, count);
      for (const [entry, record] of load.records.entries()) {
        deepStrictEqual(record.output, largestInline(`output ${entry}`));
      }
    },
  ],
  [
    'every write that was won is seen by a consistent read',
    async (run) => {
      await run.start();
      for (let entry = 0; entry < 20; entry += 1) {
        won(await run.store.claim(run.claim({ key: { entry } })));
        hasFields(await run.record({ entry }), { status: 'running' });
        won(await run.store.commit(run.commit(outcomes.success, { key: { entry } })));
        hasFields(await run.record({ entry }), { status: 'success' });
        equal((await run.store.loadRun(run.runId))?.records.length, entry + 1);
      }
    },
  ],
  [
    'a read that may be older shows some state that was, or nothing',
    async (run) => {
      const header = await run.start();
      await run.settle(outcomes.success);
      const read = await run.store.loadHeader(run.runId, { consistent: false });
      if (read !== undefined) deepStrictEqual(read, header);
      const keys = [{ entry: 0 }, { entry: 1 }];
      const load = await run.store.loadStep({ runId: run.runId, keys, input: false, consistent: false });
      equal(load.records.length, 2);
      if (load.records[0] !== undefined) equal(load.records[0].turn, turn());
      equal(load.records[1], undefined);
    },
  ],
  [
    'where the place can read without waiting, it reads the same',
    async (run) => {
      const { store, runId } = run;
      equal(store.readInputSync?.(runId), undefined);
      equal(store.readRecordSync?.(runId, { entry: 0 }), undefined);
      await run.start();
      await run.settle(outcomes.success, { key: { entry: 4, arm: 1 } });
      const key = { entry: 4, arm: 1 };
      const record = await run.record(key);
      ok(record !== undefined);
      if (store.readRecordSync !== undefined) deepStrictEqual(store.readRecordSync(runId, key), record);
      if (store.readInputSync !== undefined) deepStrictEqual(store.readInputSync(runId), { input: value(1) });
    },
  ],
  [
    'what a caller changes after a write, or in what it got, changes nothing in the store',
    async (run) => {
      const from: [number, number, number][] = [[2, 1, 1]];
      const input = { input: { inline: '"before"' } };
      const start: NewRun = { header: run.header({ epoch: 2, from }), input };
      const { image } = await run.store.startRun(start);
      from.push([3, 1, 1]);
      input.input.inline = '"after"';
      change(image, 'status');
      const labels = ['one'];
      await run.settle({ ...outcomes.suspended, labels });
      labels.push('two');
      change(await run.record(), 'labels');
      const load = await run.store.loadRun(run.runId);
      hasFields(load?.header, { from: [[2, 1, 1]], status: 'running' });
      deepStrictEqual(load?.input, { input: { inline: '"before"' } });
      hasFields<StepRecord>(load?.records[0], { labels: ['one'] });
    },
  ],
  [
    'all that was written so far is durable when the store says so',
    async (run) => {
      await run.start();
      await run.settle(outcomes.success);
      await run.store.durable();
      hasFields(await run.record(), { status: 'success' });
    },
  ],
];

/** Overwrites a field where the place lets its caller do so: frozen records are as good as copies. */
function change(image: object | undefined, field: string): void {
  ok(image !== undefined);
  if (!Object.isFrozen(image)) Object.assign(image, { [field]: 'changed by the caller' });
}
