import { createHash } from 'node:crypto';
import { deepStrictEqual } from 'node:assert/strict';
import { limits } from '../../core/limits.ts';
import { rejectsWith, won } from './compare.ts';
import { listPages } from './list-cases.ts';
import { outcomes, type RunFixture, T0, turn, value } from './run-fixture.ts';
import type { ContractCase } from './suite.ts';

/** Ids that a careless key, path or query would mix up; `name` is nobody else's. */
function similarIds(name: string): string[] {
  const rest = limits.idLength - name.length;
  return [
    name,
    `${name}#j00001`,
    `${name}#k00001#0`,
    `${name}#p00001`,
    `${name}#`,
    `${name}##`,
    `${name}/`,
    `${name}//a`,
    `${name}/../b`,
    `${name}/A`,
    `${name} `,
    `${name} x`,
    ` ${name}`,
    `${name}%2F`,
    `${name}%`,
    `${name}_`,
    `${name}'; --`,
    `${name}"`,
    `${name}\\`,
    `${name}\n`,
    `${name}\t\u0001\u007f`,
    `${name}\u{10ffff}`,
    `${name}é`,
    `${name}e\u0301`,
    `${name}É`,
    `${name}日本語`,
    `${name}😀`,
    `${name}?a=b&c=d`,
    `${name}:`,
    `${name}|`,
    `${name}~`,
    name.toUpperCase() === name ? `${name}u` : name.toUpperCase(),
    name + 'x'.repeat(rest),
    name + 'y'.repeat(rest),
    name + '日'.repeat(rest),
    name + '😀'.repeat(Math.floor(rest / 2)),
  ];
}

/** Whatever characters an id has, it means one run. */
export const idCases: readonly ContractCase<RunFixture>[] = [
  [
    'runs whose ids are alike share neither header, input, record, join nor payload',
    async (run) => {
      const ids = similarIds(run.runId);
      const joinAt = (runId: string) => ({ runId, entry: 1, epoch: 1 });
      const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
      const textOf = (number: number) => `"payload ${number}"`;
      for (const [number, runId] of ids.entries()) {
        const header = run.header({ runId, inputHash: String(number) });
        won(await run.store.startRun({ header, input: { input: value(number) } }));
        won(await run.store.claim(run.claim({ runId })));
        won(await run.store.commit(run.commit({ ...outcomes.success, output: value(runId) }, { runId })));
        const opening = { turn: turn(), total: 100, concurrency: 100, openedAt: T0 };
        won(await run.store.openJoin({ ...joinAt(runId), ...opening }));
        await run.store.appendToken({ ...joinAt(runId), turn: turn(), token: number, fromSegment: 0 });
        await run.backend.payloads.put(runId, hashOf(textOf(number)), textOf(number));
        await run.backend.payloads.keep(runId, hashOf('name'), textOf(number), T0);
      }
      for (const [number, runId] of ids.entries()) {
        const load = await run.store.loadRun(runId);
        deepStrictEqual(load?.header, run.header({ runId, inputHash: String(number) }));
        deepStrictEqual(await run.stored(runId), load.header);
        deepStrictEqual(await run.record({ entry: 0 }, runId), load.records[0]);
        deepStrictEqual(load.input, { input: value(number) });
        deepStrictEqual(
          load.records.map((record) => record.output),
          [value(runId)],
        );
        deepStrictEqual((await run.store.loadJoin(joinAt(runId)))?.tokens, [number]);
        deepStrictEqual(await run.backend.payloads.get(runId, hashOf(textOf(number))), textOf(number));
        deepStrictEqual(await run.backend.payloads.kept(runId, hashOf('name')), textOf(number));
        const other = run.backend.payloads.get(runId, hashOf(textOf(number + 1)));
        await rejectsWith(other, 'WORKFLOW_RECORD_CORRUPT');
      }
    },
  ],
  [
    'ids of all lengths and characters are listed',
    async (run) => {
      const ids = similarIds(run.runId);
      for (const runId of ids) {
        won(await run.store.startRun({ header: run.header({ runId }), input: { input: value(1) } }));
      }
      const found = await listPages(run, { workflowId: run.workflowId, limit: 7 });
      deepStrictEqual(found.toSorted(), ids.toSorted());
    },
  ],
  [
    'step ids, owners, labels, resume keys and resources hold any character, too',
    async (run) => {
      const text = `#/ '"\\%_\n😀é${'ü'.repeat(150)}`;
      await run.start({ owner: text, resourceId: text, workflowId: text });
      won(await run.store.claim(run.claim({ stepId: text, owner: text })));
      const given = { labels: [text], resumeKeys: [text] };
      won(await run.store.commit(run.commit({ ...outcomes.suspended, ...given }, { owner: text })));
      const load = await run.store.loadRun(run.runId);
      deepStrictEqual(
        [load?.header.owner, load?.header.resourceId, load?.header.workflowId],
        [text, text, text],
      );
      const [record] = load?.records ?? [];
      deepStrictEqual([record?.stepId, record?.owner], [text, text]);
      deepStrictEqual([record?.labels, record?.resumeKeys], [[text], [text]]);
    },
  ],
];
