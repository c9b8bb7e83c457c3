import { expect, test } from 'vitest';
import type { Graph } from '../../src/core/graph.ts';
import { lines } from '../parity/stream-events.ts';
import { graphOf, header, item, record, stored } from './builders.ts';
import { eventsOf, opened, run, settled, state, success } from './log-answers.ts';

/** What is told of a workflow that does not tell of its steps. */

const outer: Graph = [{ type: 'step', id: 'nest', canSuspend: false }, ...graphOf('foreach')];
const nested = header({
  runId: 'c1',
  workflowId: 'inner',
  root: 'r1',
  parent: { runId: 'r1', key: { entry: 0 }, turn: '0001.000000.000' },
});
const known = { graphs: { w: outer, inner: graphOf('step') }, headers: { r1: header(), c1: nested } };
const each = outer[1]?.type === 'foreach' ? outer[1].step.id : '';

const entries = [
  run({ status: 'running', startedAt: 1 }),
  state(record(0, { stepId: 'nest', status: 'child', startedAt: 1 }), 0),
  state(record(0, { startedAt: 1 }), 0, 'c1'),
  {
    kind: 'chunk',
    id: 'chunk',
    runId: 'c1',
    key: { entry: 0 },
    stepId: 's0',
    custom: false,
    chunk: stored('written'),
    time: 3,
  } as const,
  state(record(0, { status: 'suspended', suspendedAt: 5 }), 0, 'c1'),
  state(record(0, success), 0, 'c1'),
  state(record(0, { ...success, stepId: 'nest' }), 0),
  opened(1, 2),
  settled(1, 2, [['success', 0]]),
  state(item(1, 1, { status: 'suspended', suspendedAt: 7 }), 0),
  settled(1, 2, [
    ['success', 0],
    ['suspended', 1],
  ]),
  state(record(1, { ...success, stepId: each }), 0),
  run({ status: 'success', startedAt: 1, endedAt: 9, endedBy: 1 }),
];

const told = (quiet: readonly string[]): string[] => lines(eventsOf(entries, { ...known, quiet }).events);

const inside = ['step-start nest.s0', 'step-output nest.s0', 'step-suspended nest.s0', 'step-result nest.s0'];
const around = [
  'step-start nest',
  'step-result nest',
  `step-start ${each}`,
  `step-progress ${each}`,
  `step-progress ${each}`,
  `step-suspended ${each}`,
  `step-result ${each}`,
];

test('the run, what steps write, and who waits', () => {
  expect(told(['w', 'inner'])).toEqual([
    'start',
    'step-output nest.s0',
    'step-suspended nest.s0',
    `step-suspended ${each}`,
    'finish',
  ]);
});

test('of nested runs, what their own workflow says', () => {
  expect(told(['w'])).toEqual(['start', ...inside, `step-suspended ${each}`, 'finish']);
  expect(told(['inner'])).toEqual([
    'start',
    'step-start nest',
    'step-output nest.s0',
    'step-suspended nest.s0',
    ...around.slice(1),
    'finish',
  ]);
  expect(told([])).toEqual(['start', 'step-start nest', ...inside, ...around.slice(1), 'finish']);
});
