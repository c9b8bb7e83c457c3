import { createHash } from 'node:crypto';
import { deepStrictEqual, equal, throws } from 'node:assert/strict';
import { isWorkflowError } from '../../core/errors.ts';
import { rejectsWith } from './compare.ts';
import type { ContractBackend, ContractCase } from './suite.ts';

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The payload store. */
export const payloadCases: readonly ContractCase<ContractBackend>[] = [
  [
    'a payload of megabytes comes back as it was',
    async ({ payloads, ids }) => {
      const runId = ids.unique();
      const text = JSON.stringify('ü€😀 \n'.repeat(200_000));
      await payloads.put(runId, hashOf(text), text);
      equal(await payloads.get(runId, hashOf(text)), text);
    },
  ],
  [
    'writing a payload again is harmless, also at the same time',
    async ({ payloads, ids }) => {
      const runId = ids.unique();
      const text = '"again"';
      await payloads.put(runId, hashOf(text), text);
      await Promise.all([1, 2, 3].map(() => payloads.put(runId, hashOf(text), text)));
      equal(await payloads.get(runId, hashOf(text)), text);
    },
  ],
  [
    'a run has its own payloads, as many as it likes',
    async ({ payloads, ids }) => {
      const [one, other] = [ids.unique(), ids.unique()];
      const texts = Array.from({ length: 5 }, (_, number) => `"${number}"`);
      for (const text of texts) await payloads.put(one, hashOf(text), text);
      for (const text of texts) equal(await payloads.get(one, hashOf(text)), text);
      await rejectsWith(payloads.get(other, hashOf('"1"')), 'WORKFLOW_RECORD_CORRUPT');
    },
  ],
  [
    'a payload that was never put is a corrupt record',
    async ({ payloads, ids }) => {
      await rejectsWith(payloads.get(ids.unique(), hashOf('nothing')), 'WORKFLOW_RECORD_CORRUPT');
    },
  ],
  [
    'what is sent ahead of a run is kept apart from its payloads',
    async ({ payloads, ids }) => {
      const [one, other] = [ids.unique(), ids.unique()];
      const [name, text] = [hashOf('name'), JSON.stringify('ü€😀 \n'.repeat(200_000))];
      equal(await payloads.kept(one, name), undefined);
      await payloads.keep(one, name, '"first"', 1);
      await payloads.keep(one, name, text, 2);
      equal(await payloads.kept(one, name), text);
      equal(await payloads.kept(one, hashOf('other name')), undefined);
      equal(await payloads.kept(other, name), undefined);
      await rejectsWith(payloads.get(one, name), 'WORKFLOW_RECORD_CORRUPT');
      await payloads.put(other, name, '"payload"');
      equal(await payloads.kept(other, name), undefined);
    },
  ],
  [
    'what was sent ahead of a run too long ago is forgotten, where the place does not do that by itself',
    async ({ payloads, ids }) => {
      const runId = ids.unique();
      const names = ['old', 'renewed', 'new'].map(hashOf);
      for (const name of names) await payloads.keep(runId, name, '1', 10);
      await payloads.put(runId, hashOf('payload'), '"payload"');
      for (const name of names.slice(1)) await payloads.keep(runId, name, '2', 20);
      await payloads.dropKept?.(20);
      const left = await Promise.all(names.map((name) => payloads.kept(runId, name)));
      deepStrictEqual(left, payloads.dropKept === undefined ? ['1', '2', '2'] : [undefined, '2', '2']);
      await payloads.dropKept?.(21);
      equal(await payloads.get(runId, hashOf('payload')), '"payload"');
      const last = await payloads.kept(runId, hashOf('new'));
      equal(last, payloads.dropKept === undefined ? '2' : undefined);
    },
  ],
  [
    'where the place can read a payload without waiting, it reads the same',
    async ({ payloads, ids }) => {
      const runId = ids.unique();
      const text = '"sync"';
      await payloads.put(runId, hashOf(text), text);
      if (payloads.getSync === undefined) return;
      equal(payloads.getSync(runId, hashOf(text)), text);
      throws(
        () => payloads.getSync?.(runId, hashOf('nothing')),
        (error) => isWorkflowError(error, 'WORKFLOW_RECORD_CORRUPT'),
      );
    },
  ],
];
