import { describe, expect, test } from 'vitest';
import {
  armsOf,
  entryId,
  type Graph,
  graphSteps,
  graphText,
  placesOf,
  stepIdAt,
} from '../../src/core/graph.ts';
import { graphOf } from './builders.ts';

const graph: Graph = [
  { type: 'step', id: 'fetch', canSuspend: false },
  { type: 'mapping', id: 'shape', mapConfig: '{}' },
  {
    type: 'parallel',
    arms: [
      { id: 'fetch', canSuspend: false },
      { id: 'ask', canSuspend: true },
    ],
  },
  {
    type: 'conditional',
    id: 'choose',
    arms: [{ id: 'ask', canSuspend: true }],
    conditions: ['() => true'],
  },
];

test('arms belong to blocks only', () => {
  expect(graph.map(armsOf).map((arms) => arms?.length)).toEqual([undefined, undefined, 2, 1]);
});

test('an entry is named by its step, a block by its own id or its kind and place', () => {
  expect(graph.map(entryId)).toEqual(['fetch', 'shape', 'parallel_2', 'choose']);
});

test('an entry has its own step, that of a loop or foreach, or its arms; a mapping has none', () => {
  const all = graphOf('step', 'loop', 'foreach', ['parallel', 2], 'mapping', 'sleep');
  expect(all.map((entry) => graphSteps(entry).map(({ id }) => id))).toEqual([
    ['s0'],
    ['s1'],
    ['s2'],
    ['s3.0', 's3.1'],
    [],
    [],
  ]);
});

describe('the step at a key', () => {
  test.each([
    [{ entry: 0 }, 'fetch'],
    [{ entry: 1 }, 'shape'],
    [{ entry: 2 }, 'parallel_2'],
    [{ entry: 2, arm: 1 }, 'ask'],
    [{ entry: 3, arm: 0 }, 'ask'],
    [{ entry: 3, arm: 1 }, undefined],
    [{ entry: 0, arm: 0 }, undefined],
    [{ entry: 4 }, undefined],
    [{ entry: 4, arm: 0 }, undefined],
    [{ entry: -1 }, undefined],
    [{ entry: 2, item: 0 }, undefined],
  ])('%j is %s', (key, id) => {
    expect(stepIdAt(graph, key)).toBe(id);
  });
});

test('all places of a step, in graph order', () => {
  expect(placesOf(graph, 'fetch')).toEqual([{ entry: 0 }, { entry: 2, arm: 0 }]);
  expect(placesOf(graph, 'ask')).toEqual([
    { entry: 2, arm: 1 },
    { entry: 3, arm: 0 },
  ]);
  expect(placesOf(graph, 'choose')).toEqual([]);
  expect(placesOf(graph, 'absent')).toEqual([]);
});

describe('the text that a run depends on', () => {
  test('ignores descriptions and sources', () => {
    const reworded = graph.map((entry) => ({
      ...entry,
      description: 'other words',
      ...(entry.type === 'conditional' ? { conditions: ['()=>true'] } : {}),
      ...(entry.type === 'mapping' ? { mapConfig: '{ }' } : {}),
    }));
    expect(graphText(reworded as Graph)).toBe(graphText(graph));
  });

  test.each([
    ['the kind of a block', graphOf(['conditional', 2])],
    ['the number of arms', graphOf(['parallel', 3])],
    ['another entry', graphOf(['parallel', 2], 'step')],
    ['the kind of a single entry', graphOf('step')],
  ])('tells %s', (_name, other) => {
    expect(graphText(other)).not.toBe(graphText(graphOf(['parallel', 2])));
  });

  test('tells a step from a mapping and one order from another', () => {
    expect(graphText(graphOf('step'))).not.toBe(graphText(graphOf('mapping')));
    const [first, second] = [graph[0], graph[1]];
    if (first === undefined || second === undefined) throw new Error('the graph has four entries');
    expect(graphText([first, second])).not.toBe(graphText([second, first]));
  });
});
