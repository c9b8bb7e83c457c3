import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { id } from './samples.ts';
import {
  escapeId,
  headerKey,
  inputKey,
  listPartition,
  listPartitions,
  listSort,
  recordItemKey,
  recordKeyOf,
  runRange,
  segmentItemKey,
  sweepPartition,
  sweepPartitions,
  unescapeId,
  workflowsPartition,
} from '../../../src/adapters/aws/keys.ts';
import { objectKey } from '../../../src/adapters/aws/payload-store.ts';
import { limits } from '../../../src/core/limits.ts';

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const longestSortKey = 1024;
const longestPartitionKey = 2048;
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const longestObjectKey = 1024;

describe('ids in keys', () => {
  test('come back, are UTF-8, and hold none of the characters that keys use', () => {
    fc.assert(
      fc.property(id, (runId) => {
        const escaped = escapeId(runId);
        expect(unescapeId(escaped)).toBe(runId);
        expect(escaped.isWellFormed()).toBe(true);
        expect(escaped).not.toContain('#');
      }),
      { numRuns: 1000 },
    );
  });

  test('never meet in an item: neither those of two runs, nor those of a run and a part of another', () => {
    fc.assert(
      fc.property(id, id, fc.nat(99_999), fc.nat(99), (one, other, entry, arm) => {
        fc.pre(one !== other);
        const all = [one, other].flatMap((runId) => [
          headerKey(runId),
          inputKey(runId),
          inputKey(runId, 'ab'),
          recordItemKey(runId, { entry }),
          recordItemKey(runId, { entry, arm }),
          segmentItemKey({ runId, entry, epoch: 1 }, 0),
          segmentItemKey({ runId, entry, epoch: 1 }, 1),
        ]);
        const keys = [...all, { pk: workflowsPartition, sk: escapeId(one) }];
        expect(new Set(keys.map(({ pk, sk }) => JSON.stringify([pk, sk]))).size).toBe(keys.length);
      }),
    );
  });

  test.each([
    ['lone surrogates', '\ud800'],
    ['characters outside of the basic plane', '😀'],
    ['characters that are escaped', '#'],
    ['characters of three bytes', '日'],
  ])('fit at their full length: %s', (_, character) => {
    const longest = character.repeat(limits.idLength);
    const bytes = (text: string): number => Buffer.byteLength(text);
    expect(bytes(listSort(4_102_444_800_000, longest))).toBeLessThanOrEqual(longestSortKey);
    expect(bytes(escapeId(longest))).toBeLessThanOrEqual(longestSortKey);
    expect(
      bytes(segmentItemKey({ runId: longest, entry: 99_999, epoch: 9_999 }, 999).pk),
    ).toBeLessThanOrEqual(longestPartitionKey);
    expect(bytes(listPartition(longest, 'run'))).toBeLessThanOrEqual(longestPartitionKey);
    expect(bytes(objectKey(longest, 'ab'.repeat(32)))).toBeLessThanOrEqual(longestObjectKey);
  });
});

describe('the order of keys', () => {
  test('is the order of the graph, within the range that is read as a run', () => {
    const place = fc.tuple(
      fc.nat(limits.entries - 1),
      fc.option(fc.nat(limits.arms - 1), { nil: undefined }),
    );
    fc.assert(
      fc.property(place, place, (a, b) => {
        const [one, other] = [a, b].map(([entry, arm]) => {
          const key = arm === undefined ? { entry } : { entry, arm };
          const { pk, sk } = recordItemKey('run', key);
          expect(recordKeyOf({ pk, sk })).toStrictEqual(key);
          expect(sk > runRange.from && sk < runRange.to).toBe(true);
          return sk;
        });
        const [x, y] = [a, b].map(([entry, arm]) => entry * 1000 + (arm ?? -1) + 1);
        expect((one ?? '') < (other ?? '')).toBe((x ?? 0) < (y ?? 0));
      }),
    );
  });

  test('reads a run without its segments', () => {
    const { pk } = segmentItemKey({ runId: 'run', entry: 1, epoch: 1 }, 0);
    expect(pk).not.toBe(headerKey('run').pk);
  });

  test('of a list is that of creation', () => {
    fc.assert(
      fc.property(fc.nat(4_102_444_800_000), fc.nat(4_102_444_800_000), id, (a, b, runId) => {
        fc.pre(a !== b);
        expect(listSort(a, runId) < listSort(b, runId)).toBe(a < b);
      }),
    );
  });
});

test('every run is in one of the partitions that are asked for', () => {
  fc.assert(
    fc.property(id, id, (workflowId, runId) => {
      expect(listPartitions(workflowId)).toContain(listPartition(workflowId, runId));
      expect(sweepPartitions()).toContain(sweepPartition(runId));
    }),
  );
});

test('names of objects stay in the path that they are put to, and never meet', () => {
  const names = [
    'a',
    '.',
    '..',
    'a/b',
    'a/../b',
    '~',
    '~a',
    'a b',
    'a%2Fb',
    '',
    '日',
    '\ud800',
    '\ud801',
    'x'.repeat(200),
  ];
  const keys = names.map((name) => objectKey(name, 'hash'));
  expect(new Set(keys).size).toBe(names.length);
  for (const key of keys) expect(key).toMatch(/^[\w~-][\w.-]*\/hash$/);
});
