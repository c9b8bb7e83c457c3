import { describe, expect, test } from 'vitest';
import type { Graph } from '../../src/core/graph.ts';
import { lifecycleEvents } from '../../src/core/lifecycle.ts';
import { graphOf, header, record, stored, view } from './builders.ts';
import { readAll } from './lifecycle-history.ts';

const input = { input: stored({ n: 1 }) };
const graph = graphOf('step', 'step');

describe('a run that stops', () => {
  const position = '00000.000000.0000001';

  test.each([
    ['suspended', ['workflow-finish']],
    ['paused', ['workflow-paused', 'workflow-finish']],
  ] as const)('%s says so once, each time', (status, told) => {
    const stopped = (at: string) => view({ graph, header: header({ status, position: at }) });
    const { pages, events, done } = readAll([
      stopped(position),
      stopped(position),
      view({ graph, header: header({ position: '00000.000000.0000002' }) }),
      stopped('00000.000000.0000003'),
      view({ graph, header: header({ status: 'success', endedBy: 1, endedAt: 9 }) }),
    ]);
    expect(pages).toEqual([['workflow-start', ...told], [], [], [...told], ['workflow-finish']]);
    expect(done).toEqual([false, false, false, false, true]);
    expect(events[told.length]).toMatchObject({
      id: `r1/workflow-finish/1/${position}`,
      payload: { workflowStatus: status },
    });
  });

  test('by itself says why it failed', () => {
    const error = stored(new RangeError('too long'));
    const { events } = lifecycleEvents(view({ graph, header: header({ status: 'failed', error }) }));
    expect(events.at(-1)?.payload).toMatchObject({
      metadata: { error: new RangeError('too long'), errorMessage: 'too long' },
    });
  });
});

test('a foreach and a sleep have a start and a result of their own, which are no call of a step', () => {
  const kinds: Graph = [
    { type: 'foreach', step: { id: 'item', canSuspend: false }, concurrency: '1' },
    { type: 'sleep', id: 'nap', time: '5' },
  ];
  const done = { status: 'success', startedAt: 10, endedAt: 20, output: stored([2]) } as const;
  const { events } = lifecycleEvents(
    view({
      graph: kinds,
      input,
      records: [
        record(0, { ...done, stepId: 'item', inputFrom: -1 }),
        record(1, { ...done, stepId: 'nap', inputFrom: 0 }),
      ],
    }),
  );
  const item = { id: 'item', stepName: 'item' };
  const nap = { id: 'nap', stepName: 'nap' };
  const end = { status: 'success', output: [2], endedAt: 20 };
  expect(events.slice(1).map(({ type, payload }) => [type, payload])).toEqual([
    ['workflow-step-start', { ...item, status: 'running', payload: { n: 1 }, startedAt: 10 }],
    ['workflow-step-result', { ...item, ...end }],
    ['workflow-step-waiting', { ...nap, status: 'waiting', payload: [2], startedAt: 10 }],
    ['workflow-step-result', { ...nap, ...end }],
  ]);
});
