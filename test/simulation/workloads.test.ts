import { describe, expect, test } from 'vitest';
import { Random } from '../../src/testing/simulator/random.ts';
import { minimise } from './minimise.ts';
import {
  bodiesOf,
  entryCount,
  type GraphSpec,
  randomSpec,
  renderSpec,
  shrinkSpec,
} from './workloads/index.ts';
import type { BodySpec, EntrySpec, WorkflowSpec } from './workloads/spec.ts';

const drawn = Array.from({ length: 400 }, (_, seed) => randomSpec(new Random(seed)));

function entriesOf({ entries }: WorkflowSpec): EntrySpec[] {
  return entries.flatMap((entry) => [entry, ...bodiesOf(entry).flatMap(nestedEntries)]);
}

function nestedEntries(body: BodySpec): EntrySpec[] {
  return body.kind === 'step' ? [] : entriesOf(body.workflow);
}

function depthOf({ entries }: WorkflowSpec): number {
  const nested = entries.flatMap(bodiesOf).map((body) => (body.kind === 'step' ? 0 : depthOf(body.workflow)));
  return 1 + Math.max(0, ...nested);
}

/** What a graph has, by names. */
function featuresOf({ root }: GraphSpec): Set<string> {
  return new Set(
    entriesOf(root).flatMap((entry) => [
      entry.type,
      ...('form' in entry ? [`${entry.type} ${entry.form}`] : []),
      ...('throws' in entry && entry.throws ? ['loop throws'] : []),
      ...('items' in entry
        ? [typeof entry.items === 'number' ? `foreach of ${entry.concurrency}` : 'no array']
        : []),
      ...bodiesOf(entry).flatMap((body) => {
        if (body.kind === 'workflow') return [`nested in ${entry.type}`];
        return [
          body.end.end,
          ...body.acts.map(({ act }) => act),
          ...(body.suspend === undefined ? [] : ['suspend']),
        ];
      }),
    ]),
  );
}

describe('random workloads', () => {
  test('are of the size that is asked for, and nested as deep', () => {
    const sizes = drawn.map(({ root }) => entryCount(root)).toSorted((a, b) => a - b);
    expect(sizes[sizes.length / 2]).toBeGreaterThanOrEqual(7);
    expect(sizes[sizes.length / 2]).toBeLessThanOrEqual(9);
    const depths = drawn.map(({ root }) => depthOf(root));
    expect(Math.max(...depths)).toBe(3);
    expect(depths.filter((depth) => depth > 1).length).toBeGreaterThan(200);
  });

  const features = [
    'then map parallel branch loop foreach sleep',
    'fail failFirst refuse bail abort suspend set count context delete see result',
  ].flatMap((names) => names.split(' '));
  const longer =
    'nested in then,nested in parallel,nested in branch,nested in loop,nested in foreach,' +
    'loop throws,no array,sleep throws,map badPath,foreach of 1,foreach of 2,foreach of 3,foreach of 4';

  test.each([...features, ...longer.split(',')])('have %s in one of twenty at least', (feature) => {
    const having = drawn.filter((spec) => featuresOf(spec).has(feature));
    expect(having.length).toBeGreaterThanOrEqual(drawn.length / 20);
  });

  test('follow from the seed, and are plain JSON', () => {
    expect(randomSpec(new Random(7))).toEqual(randomSpec(new Random(7)));
    expect(randomSpec(new Random(7))).not.toEqual(randomSpec(new Random(8)));
    expect(JSON.parse(JSON.stringify(drawn[7]))).toEqual(drawn[7]);
  });

  test('are drawn without trouble where none is wanted', () => {
    const names = ['fail', 'refuse', 'bail', 'abort', 'suspend', 'loop throws', 'no array', 'sleep throws'];
    const found = drawn.map((_, seed) => featuresOf(randomSpec(new Random(seed), { trouble: 0 })));
    expect(found.flatMap((having) => names.filter((name) => having.has(name)))).toEqual([]);
  });
});

describe('smaller workloads', () => {
  test('are never larger, and come to an end', () => {
    for (const spec of drawn.slice(0, 50)) {
      const length = JSON.stringify(spec).length;
      for (const smaller of shrinkSpec(spec)) {
        expect(smaller).not.toEqual(spec);
        expect(entryCount(smaller.root)).toBeLessThanOrEqual(entryCount(spec.root));
        expect(JSON.stringify(smaller).length).toBeLessThanOrEqual(length + 20);
      }
    }
  });

  test('are found down to what fails', async () => {
    const spec = drawn.find((one) => entryCount(one.root) > 10 && featuresOf(one).has('sleep'));
    expect(spec).toBeDefined();
    const hasSleep = async (one: GraphSpec) => featuresOf(one).has('sleep');
    const small = await minimise(spec as GraphSpec, shrinkSpec, hasSleep, 2_000);
    expect(renderSpec(small)).toMatch(/^input own\nw\d+\n {2}sleep z\d+ \d+ ms, \w+$/);
  });
});

test('a workload is drawn as text', () => {
  const spec: GraphSpec = {
    input: 'null',
    initialState: { shared: 'own' },
    root: {
      id: 'w1',
      attempts: 1,
      entries: [
        {
          type: 'parallel',
          arms: [
            {
              kind: 'workflow',
              workflow: { id: 'w2', entries: [{ type: 'sleep', id: 'z1', ms: 5, form: 'date' }] },
            },
            {
              kind: 'step',
              id: 's1',
              acts: [{ act: 'set', key: 's1', value: 'own' }],
              suspend: { rounds: 2, label: true },
              end: { end: 'bail', value: 'null', when: { mod: 2, is: 1 } },
            },
          ],
        },
      ],
    },
  };
  expect(renderSpec(spec).split('\n')).toEqual([
    'input null, state {"shared":"own"}',
    'w1 (1 retries after 0 ms)',
    '  parallel',
    '    w2',
    '      sleep z1 5 ms, date',
    '    s1: set "s1" own, suspend 2 times by label, bail null if 1 of 2',
  ]);
});
