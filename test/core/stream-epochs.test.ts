import { describe, expect, test } from 'vitest';
import { logCursor } from '../../src/core/stream.ts';
import { TripWire } from '../../src/core/tripwire.ts';
import { noUsage } from '../../src/core/usage.ts';
import { graphOf, header, record, stored } from './builders.ts';
import { eventsOf, only, run, state, type Stored, success } from './log-answers.ts';

/** Readers that began in the middle of a log whose run has begun a new epoch since: the store has what that one gave. */

const graph = graphOf('step', 'step');
const cursor = logCursor('r1', { next: 4, mark: '', usage: noUsage });
const later = { turn: { epoch: 2 } } as const;
const second = state(record(1, { ...success, inputFrom: 0, output: stored('b') }));

function payloadOf(entry: Parameters<typeof eventsOf>[0][number], known: Partial<Stored>) {
  const { events, asked } = eventsOf([entry], only(graph, known), { cursor });
  return { payload: events[0]?.payload, asked };
}

describe('the input of a step', () => {
  const past = [
    run({}, 'first'),
    state(record(0, { inputFrom: -1 }), 'first'),
    state(record(0, { ...success, output: stored('a') })),
    run({ epoch: 2 }, 'second'),
    state(record(0, { ...success, ...later, output: stored('anew') })),
  ];

  test('is that of its own epoch', () => {
    const records = { 'r1/00000': record(0, { ...success, ...later, output: stored('anew') }) };
    const { payload, asked } = payloadOf(second, { records, past });
    expect(payload).toMatchObject({ payload: 'a', output: 'b' });
    expect(asked).toEqual(['run', 'record', ...Array.from({ length: 6 }, () => 'past')]);
  });

  test('is what the run began that epoch with', () => {
    const known = {
      headers: { r1: header({ epoch: 2 }) },
      inputs: { r1: { input: stored('second') } },
      past,
    };
    const first = state(record(0, { ...success, inputFrom: -1, output: stored('a') }));
    expect(payloadOf(first, known).payload).toMatchObject({ payload: 'first' });
    const anew = state(record(0, { ...success, ...later, inputFrom: -1, output: stored('anew') }));
    expect(payloadOf(anew, known).payload).toMatchObject({ payload: 'second' });
    const { asked } = payloadOf(anew, { ...known, inputs: {} });
    expect(asked).toEqual(['run', 'input', 'run']);
  });

  test('is what an earlier epoch gave, where its own began behind it', () => {
    const records = { 'r1/00000': record(0, { ...success, output: stored('a') }) };
    const anew = state(record(1, { ...success, ...later, inputFrom: 0, output: stored('b') }));
    expect(payloadOf(anew, { records })).toMatchObject({
      payload: { payload: 'a' },
      asked: ['run', 'record'],
    });
    const third = state(record(1, { ...success, turn: { epoch: 3 }, inputFrom: 0 }));
    const fourth = record(0, { ...success, turn: { epoch: 4 }, output: stored('fourth') });
    const { payload } = payloadOf(third, { records: { 'r1/00000': fourth }, past });
    expect(payload).toMatchObject({ payload: 'anew' });
  });

  test('is not there where nothing is left of it, and the log is gone through once', () => {
    const entries = [second, state(record(1, { ...success, ...later, inputFrom: 0 }))];
    const { events, asked } = eventsOf(entries, only(graph), { cursor });
    expect(events.map(({ payload }) => payload['payload'])).toEqual([undefined, undefined]);
    expect(asked).toEqual(['run', 'record', 'past', 'record']);
  });
});

test('the error that tripped a run is that of its own epoch', () => {
  const trip = { status: 'failed', tripwire: true, endedAt: 20 } as const;
  const known = {
    records: { 'r1/00000': record(0, { ...trip, ...later, error: stored(new TripWire('later', {})) }) },
    past: [state(record(0, { ...trip, error: stored(new TripWire('rude', {})) }))],
  };
  const { payload } = payloadOf(run({ status: 'tripwire', endedBy: 0 }), known);
  expect(payload).toMatchObject({ tripwire: { reason: 'rude' } });
  expect(payloadOf(run({ status: 'tripwire', endedBy: 1 }), known).payload).not.toHaveProperty('tripwire');
});
