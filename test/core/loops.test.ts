import { describe, expect, test } from 'vitest';
import { assembleState, stepResultOf } from '../../src/core/assemble.ts';
import {
  isDone,
  iterationStands,
  nextIteration,
  predecessorStands,
  settlementOf,
} from '../../src/core/decide.ts';
import { entryId, graphText, placesOf, stepIdAt } from '../../src/core/graph.ts';
import { lifecycleEvents } from '../../src/core/lifecycle.ts';
import type { StepRecord } from '../../src/core/records.ts';
import { planSweep } from '../../src/core/sweep.ts';
import { parseTurn } from '../../src/core/turn.ts';
import { graphOf, header, record, stored, turn, view } from './builders.ts';

const graph = graphOf('loop', 'sleep', 'step');
const input = { input: stored('in') };

describe('a loop in a graph', () => {
  test('goes by the id of its body, a sleep by its own', () => {
    expect(graph.map(entryId)).toEqual(['s0', 's1', 's2']);
    expect(stepIdAt(graph, { entry: 0 })).toBe('s0');
    expect(stepIdAt(graph, { entry: 0, arm: 0 })).toBeUndefined();
    expect(placesOf(graph, 's1')).toEqual([{ entry: 1 }]);
  });

  test('is part of what a run depends on, by kind and id', () => {
    expect(graphText(graph)).toBe('[["loop","s0"],["sleep","s1"],["step","s2"]]');
  });
});

describe('whether a loop goes on', () => {
  const asked = record(0, { status: 'success', again: true, turn: { iteration: 2 } });

  test('an iteration that asks for another one is not the end of its entry', () => {
    expect(isDone(asked)).toBe(false);
    expect(predecessorStands(header(), 1, asked)).toBe(false);
    expect(isDone(record(0, { status: 'success' }))).toBe(true);
    expect(isDone(record(0))).toBe(false);
  });

  test('the next turn begins anew', () => {
    expect(nextIteration(turn({ iteration: 2, generation: 4, attempt: 3 }))).toBe(turn({ iteration: 3 }));
  });

  test.each<[string, StepRecord | undefined, number, boolean]>([
    ['nothing is stored', undefined, 1, false],
    ['the one before asked for it', asked, 3, true],
    ['the one before asked for another', asked, 4, false],
    ['the one before is over for good', record(0, { status: 'success', turn: { iteration: 2 } }), 3, false],
    ['the one before runs', record(0, { turn: { iteration: 2 } }), 3, false],
    ['it has begun', record(0, { turn: { iteration: 3 } }), 3, true],
    ['a later one has begun', record(0, { turn: { iteration: 5 } }), 3, true],
    ['it is of an earlier epoch', record(0, { again: true, turn: { epoch: 1, iteration: 2 } }), -1, false],
  ])('%s', (_, own, iteration, stands) => {
    const wanted = iteration < 0 ? turn({ epoch: 2, iteration: 3 }) : turn({ iteration });
    expect(iterationStands(own, parseTurn(wanted))).toBe(stands);
  });
});

test('an arm that aborted its run settles as canceled', () => {
  const aborted = record([0, 1], { status: 'success', aborted: true });
  expect(settlementOf(aborted)).toMatchObject({ kind: 'canceled', member: 1 });
});

describe('the public entry of a loop', () => {
  test('counts the iterations that began', () => {
    const third = record(0, { turn: { iteration: 2 }, inputFrom: 0, output: stored(7) });
    const run = view({ graph, input, records: [third] });
    expect(stepResultOf(run, third)).toEqual({
      status: 'running',
      payload: 7,
      metadata: { iterationCount: 3 },
    });
  });

  test('a sleep shows where the run waits', () => {
    const nap = record(1, { status: 'waiting', dueAt: 9, inputFrom: 0 });
    const loop = record(0, { status: 'success', output: stored(1) });
    const run = view({ graph, input, header: header({ status: 'waiting' }), records: [loop, nap] });
    expect(assembleState(run)).toMatchObject({
      waitingPaths: { s1: [1] },
      steps: { s1: { status: 'waiting' } },
    });
  });
});

describe('a sweep', () => {
  const clock = { now: 1_000_000, skewMs: 10_000 };
  const plan = (...records: StepRecord[]) => planSweep({ header: header(), graph, records }, clock);

  test('publishes the next iteration of a loop that stands still', () => {
    const asked = record(0, { status: 'success', again: true, endedAt: 999_000 });
    expect(plan(asked)).toEqual({ actions: [{ type: 'duty', record: asked }], again: clock.now + 120_000 });
  });

  test('leaves a sleep alone until it is over, then ends it', () => {
    const loop = record(0, { status: 'success' });
    const nap = record(1, { status: 'waiting', dueAt: 2_000_000 });
    expect(plan(loop, nap)).toEqual({ actions: [], again: 2_120_000 });
    const over = record(1, { status: 'waiting', dueAt: 900_000, startedAt: 100 });
    expect(plan(loop, over).actions).toEqual([{ type: 'run', key: { entry: 1 }, turn: turn() }]);
  });

  test('ends a run that its last entry aborted', () => {
    const aborted = record(0, { status: 'success', aborted: true, endedAt: 999_000 });
    expect(plan(aborted).actions).toEqual([{ type: 'duty', record: aborted }]);
  });
});

describe('the events of a loop', () => {
  const read = (own: StepRecord, cursor?: string) => {
    const page = lifecycleEvents(view({ graph, input, records: [own] }), cursor);
    const told = page.events.map(({ type, payload }) => {
      const { iterationCount } = payload['metadata'] as { iterationCount: number };
      return `${type.replace('workflow-step-', '')} ${iterationCount} ${String(payload['status'])}`;
    });
    return { told: told, cursor: page.cursor };
  };
  const at = (iteration: number, fields: Parameters<typeof record>[1] = {}): StepRecord =>
    record(0, { startedAt: 10 * iteration, ...fields, turn: { iteration, ...fields.turn } });
  const begun = lifecycleEvents(view({ graph, input })).cursor;

  test('a reader who sees each state is told each iteration once', () => {
    const first = read(at(0), begun);
    const second = read(at(0, { status: 'success', again: true, endedAt: 5 }), first.cursor);
    const third = read(at(1), second.cursor);
    const fourth = read(at(1, { status: 'success', endedAt: 15 }), third.cursor);
    expect([first, second, third, fourth].map(({ told }) => told)).toEqual([
      ['start 1 running'],
      ['result 1 success'],
      ['start 2 running'],
      ['result 2 success'],
    ]);
    expect(read(at(1, { status: 'success', endedAt: 15 }), fourth.cursor).told).toEqual([]);
  });

  test('what came and went in between is told without its values', () => {
    const first = read(at(0), begun);
    expect(read(at(3), first.cursor).told).toEqual([
      'result 1 success',
      'start 2 running',
      'result 2 success',
      'start 3 running',
      'result 3 success',
      'start 4 running',
    ]);
  });

  test('a time that was not kept is the earliest', () => {
    const { events } = lifecycleEvents(
      view({ graph, input, records: [record(0, { turn: { iteration: 1 } })] }),
      begun,
    );
    expect(events.map(({ time }) => time)).toEqual([0, 0, 0]);
  });

  test('a suspension that was resumed and ended in between is told as resumed and ended', () => {
    const suspended = read(at(0, { status: 'suspended', suspendedAt: 3 }), begun);
    expect(suspended.told).toEqual(['start 1 running', 'suspended 1 suspended']);
    expect(read(at(1), suspended.cursor).told).toEqual([
      'start 1 running',
      'result 1 success',
      'start 2 running',
    ]);
  });

  test('a sleep waits, and then has its result', () => {
    const loop = record(0, { status: 'success', startedAt: 1, endedAt: 2 });
    const nap = record(1, { status: 'success', startedAt: 2, endedAt: 9 });
    const { events } = lifecycleEvents(view({ graph, input, records: [loop, nap] }), begun);
    expect(events.map(({ type, payload }) => [type, payload['status']]).slice(2)).toEqual([
      ['workflow-step-waiting', 'waiting'],
      ['workflow-step-result', 'success'],
    ]);
  });
});
