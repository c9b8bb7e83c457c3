import { expect, test } from 'vitest';
import type { Graph, GraphEntry, GraphStep } from '../../src/core/graph.ts';
import { serializedGraph } from '../../src/core/serialized-graph.ts';

const a: GraphStep = { id: 'a', canSuspend: false };
const b: GraphStep = { id: 'b', canSuspend: true, description: 'Asks', metadata: { owner: 'ada' } };
const nested: GraphStep = {
  id: 'inner',
  canSuspend: true,
  component: 'WORKFLOW',
  nested: { workflowId: 'inner', graph: [{ type: 'step', ...b }] },
};
const named = { id: 'named', description: 'Does it', metadata: { n: 1 } };
const innerFlow = [
  {
    type: 'step',
    step: { id: 'b', canSuspend: true, description: 'Asks', metadata: { owner: 'ada' } },
  },
];
const predicate = { op: 'eq', path: 'inputData', value: 1 };
const data = JSON.stringify({ predicate });
const loop = { type: 'loop', step: a } as const;

test.each<[string, GraphEntry, object]>([
  ['a step', { type: 'step', ...a }, { type: 'step', step: { id: 'a', canSuspend: false } }],
  ['what is said of a step', { type: 'step', ...b }, { type: 'step', step: b }],
  [
    'a step that was made of an agent',
    { type: 'step', ...a, component: 'AGENT' },
    { type: 'step', step: { id: 'a', component: 'AGENT', canSuspend: false } },
  ],
  [
    'an agent',
    { type: 'step', ...b, component: 'AGENT', executes: 'writer' },
    { type: 'agent', id: 'b', agentId: 'writer', description: 'Asks', metadata: { owner: 'ada' } },
  ],
  [
    'a tool',
    { type: 'step', ...a, component: 'TOOL', executes: 'search' },
    { type: 'tool', id: 'a', toolId: 'search' },
  ],
  [
    'a workflow',
    { type: 'step', ...nested },
    { type: 'workflow', id: 'inner', workflowId: 'inner', serializedStepFlow: innerFlow },
  ],
  [
    'a mapping',
    { type: 'mapping', ...named, mapConfig: '{}' },
    { type: 'mapping', ...named, mapConfig: '{}' },
  ],
  [
    'a parallel',
    { type: 'parallel', arms: [a, nested], ...named },
    {
      type: 'parallel',
      steps: [
        { type: 'step', step: a },
        { type: 'workflow', id: 'inner', workflowId: 'inner', serializedStepFlow: innerFlow },
      ],
      ...named,
    },
  ],
  [
    'a branch with functions',
    { type: 'conditional', arms: [a, b], conditions: ['() => true', 'async () => false'] },
    {
      type: 'conditional',
      steps: [
        { type: 'step', step: a },
        { type: 'step', step: b },
      ],
      serializedConditions: [
        { id: 'a-condition', fn: '() => true' },
        { id: 'b-condition', fn: 'async () => false' },
      ],
    },
  ],
  [
    'a branch with data',
    { type: 'conditional', arms: [a, b], conditions: ['() => true', data] },
    {
      type: 'conditional',
      steps: [
        { type: 'step', step: a },
        { type: 'step', step: b },
      ],
      serializedConditions: [
        { id: 'a-condition', fn: '() => true' },
        { id: 'b-condition', fn: data },
      ],
      predicates: [null, predicate],
    },
  ],
  [
    'a loop',
    { ...loop, loopType: 'dountil', condition: '() => true', id: 'again' },
    {
      ...loop,
      loopType: 'dountil',
      serializedCondition: { id: 'a-condition', fn: '() => true' },
      id: 'again',
    },
  ],
  [
    'a loop over a workflow, with data',
    { type: 'loop', loopType: 'dowhile', step: nested, condition: data },
    {
      type: 'loop',
      loopType: 'dowhile',
      step: { id: 'inner', canSuspend: true, component: 'WORKFLOW', serializedStepFlow: innerFlow },
      serializedCondition: { id: 'inner-condition', fn: data },
      predicate,
    },
  ],
  [
    'a foreach',
    { type: 'foreach', step: a, concurrency: '4' },
    { type: 'foreach', step: a, opts: { concurrency: 4 } },
  ],
  [
    'a foreach with a function',
    { type: 'foreach', step: a, concurrency: '() => 4', ...named },
    { type: 'foreach', step: a, opts: { fn: '() => 4' }, ...named },
  ],
  ['a sleep', { type: 'sleep', id: 's', time: '50' }, { type: 'sleep', id: 's', duration: 50 }],
  [
    'a sleep with a function',
    { type: 'sleep', ...named, time: '() => 50' },
    { type: 'sleep', ...named, fn: '() => 50' },
  ],
  [
    'a sleep until a date',
    { type: 'sleepUntil', id: 's', time: '2026-01-02T03:04:05.000Z' },
    { type: 'sleepUntil', id: 's', date: '2026-01-02T03:04:05.000Z' },
  ],
  [
    'a sleep until a date that is far away',
    { type: 'sleepUntil', id: 's', time: '+012026-01-02T03:04:05.000Z' },
    { type: 'sleepUntil', id: 's', date: '+012026-01-02T03:04:05.000Z' },
  ],
  [
    'a sleep until what a function says',
    { type: 'sleepUntil', id: 's', time: '() => new Date(0)' },
    { type: 'sleepUntil', id: 's', fn: '() => new Date(0)' },
  ],
])('shows %s', (_, entry, expected) => {
  expect(serializedGraph([entry])).toStrictEqual([expected]);
});

test('shows entries in their order', () => {
  const graph: Graph = [
    { type: 'step', ...b },
    { type: 'step', ...a },
  ];
  expect(serializedGraph(graph)).toEqual([
    { type: 'step', step: b },
    { type: 'step', step: a },
  ]);
});
