import type { RunView } from '../../src/core/assemble.ts';
import { lifecycleEvents } from '../../src/core/lifecycle.ts';
import { formatKey, type RunHeader, sameKey, type StepRecord } from '../../src/core/records.ts';
import type { RunEvent } from '../../src/core/snapshot.ts';
import { parseTurn } from '../../src/core/turn.ts';
import { graphOf, header, keyAt, record, turn, view } from './builders.ts';

/** A run as a reader may find it after each write, and the ids of all events that it has caused by its last one. */
export interface History {
  readonly snapshots: readonly RunView[];
  readonly told: readonly string[];
}

const graph = graphOf('step', ['parallel', 2], 'step');

type Change = (records: StepRecord[]) => StepRecord[];

function put(next: StepRecord): Change {
  return (records) =>
    [...records.filter((one) => !sameKey(one.key, next.key)), next].toSorted((a, b) =>
      formatKey(a.key) < formatKey(b.key) ? -1 : 1,
    );
}

/** What can happen next to one record, by the protocol. */
function followers(one: StepRecord, time: number): StepRecord[] {
  const parts = parseTurn(one.turn);
  switch (one.status) {
    case 'running':
      return [
        { ...one, status: 'success', endedAt: time },
        { ...one, status: 'suspended', suspendedAt: time },
        { ...one, status: 'due', turn: turn({ ...parts, attempt: parts.attempt + 1 }) },
      ];
    case 'due':
      return [{ ...one, status: 'running' }];
    case 'suspended':
      return [
        {
          ...one,
          status: 'due',
          turn: turn({ ...parts, generation: parts.generation + 1, attempt: 0 }),
          resumedAt: time,
        },
      ];
    default:
      return [];
  }
}

/** What can happen next to the run. */
function changes(run: { header: RunHeader; records: readonly StepRecord[] }, time: number): Change[] {
  const over = run.header.status === 'canceled';
  const moves = run.records
    // Nothing is claimed in a run that is over, but a body that runs may still end.
    .filter((one) => !over || one.status === 'running')
    .flatMap((one) => followers(one, time))
    .filter((one) => !over || one.status === 'success')
    .map(put);
  const at = (place: number | readonly [number, number]): StepRecord | undefined =>
    run.records.find((one) => sameKey(one.key, keyAt(place)));
  const done = (place: number | readonly [number, number]): boolean => at(place)?.status === 'success';
  const claim = (place: number | readonly [number, number]): Change[] =>
    at(place) === undefined ? [put(record(place, { startedAt: time }))] : [];
  const block = put(record(1, { status: 'success', stepId: 'parallel_1', startedAt: time, endedAt: time }));
  const claims = [
    ...claim(0),
    ...(done(0) ? [...claim([1, 0]), ...claim([1, 1])] : []),
    ...(done([1, 0]) && done([1, 1]) && at(1) === undefined ? [block] : []),
    ...(done(1) ? claim(2) : []),
  ];
  return over ? moves : [...moves, ...claims];
}

function eventsOf(runId: string, before: StepRecord | undefined, after: StepRecord): string[] {
  if (after.stepId === 'parallel_1') return [];
  const { generation, attempt } = parseTurn(after.turn);
  const id = (type: string): string =>
    `${runId}/workflow-step-${type}/${formatKey(after.key)}/1.0.${generation}`;
  const isRetry = attempt > 0;
  if (after.status === 'running' && before?.status !== 'running' && !isRetry) return [id('start')];
  if (after.status === 'success') return [id('result')];
  if (after.status === 'suspended') return [id('suspended')];
  return [];
}

/** Plays a run: each choice is one write. Some runs are canceled on the way, the others end when their last step has. */
export function play(choices: readonly number[]): History {
  const snapshots: RunView[] = [view({ graph })];
  const told = ['r1/workflow-start/1'];
  let run: { header: RunHeader; records: StepRecord[] } = { header: header(), records: [] };
  for (const [index, choice] of choices.entries()) {
    // Clocks of different machines disagree: times are not in the order of the writes.
    const time = 1_000 + index * 10 + (choice % 50);
    if (choice % 23 === 22 && run.header.status === 'running') {
      run = { ...run, header: header({ status: 'canceled', endedBy: -1, endedAt: time }) };
      told.push('r1/workflow-canceled/1', 'r1/workflow-finish/1');
      snapshots.push(view({ graph, ...run }));
      continue;
    }
    const possible = changes(run, time);
    const change = possible[choice % Math.max(1, possible.length)];
    if (change === undefined) break;
    const records = change(run.records);
    for (const after of records) {
      const before = run.records.find((one) => sameKey(one.key, after.key));
      if (before !== after) told.push(...eventsOf('r1', before, after));
    }
    run = { ...run, records };
    const last = records.find((one) => one.key.entry === 2);
    if (last?.status === 'success' && run.header.status === 'running') {
      run = { ...run, header: header({ status: 'success', endedBy: 2, endedAt: time }) };
      told.push('r1/workflow-finish/1');
    }
    snapshots.push(view({ graph, ...run }));
  }
  return { snapshots, told };
}

/** A few runs that are always the same. */
export function histories(count: number): History[] {
  return Array.from({ length: count }, (_, seed) =>
    play(Array.from({ length: 40 }, (_unused, index) => (seed + 3) * (index + 7) * 31)),
  );
}

/** The events in short. */
export function lines(events: readonly RunEvent[]): string[] {
  return events.map(({ type, payload: { id } }) => (typeof id === 'string' ? `${type} ${id}` : type));
}

/** Reads each of the snapshots with the cursor of the one before. */
export function readAll(snapshots: readonly RunView[]): {
  events: RunEvent[];
  pages: string[][];
  done: boolean[];
} {
  let cursor: string | undefined;
  const events: RunEvent[] = [];
  const pages: string[][] = [];
  const done: boolean[] = [];
  for (const snapshot of snapshots) {
    const page = lifecycleEvents(snapshot, cursor);
    cursor = page.cursor;
    events.push(...page.events);
    pages.push(lines(page.events));
    done.push(page.done);
  }
  return { events, pages, done };
}
