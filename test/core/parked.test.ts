import { describe, expect, test } from 'vitest';
import type { Graph, GraphEntry } from '../../src/core/graph.ts';
import {
  graphMark,
  graphStamp,
  isOfOtherGraph,
  isSameGraph,
  misfitOf,
  parkedFor,
  parkedState,
  parkedWithout,
  recordedGraph,
  type RecordedRun,
} from '../../src/core/parked.ts';
import { header, item, record, turn } from './builders.ts';

const plain = (id: string): GraphEntry => ({ type: 'step', id, canSuspend: false });
const nested = (id: string, workflowId = id): GraphEntry => ({
  type: 'step',
  id,
  canSuspend: false,
  nested: { workflowId, graph: [plain('inside')] },
});
const arm = (id: string) => ({ id, canSuspend: false });
const parallel = (...ids: string[]): GraphEntry => ({ type: 'parallel', arms: ids.map(arm) });
const branch = (...ids: string[]): GraphEntry => ({
  type: 'conditional',
  arms: ids.map(arm),
  conditions: ids.map(() => ''),
});
const loop = (id: string): GraphEntry => ({
  type: 'loop',
  loopType: 'dowhile',
  step: arm(id),
  condition: '',
});
const foreach = (id: string): GraphEntry => ({ type: 'foreach', step: arm(id), concurrency: '1' });
const sleep = (id: string): GraphEntry => ({ type: 'sleep', id, time: '1' });

const bare = header({ graphHash: 'g' });

function fits(graph: Graph, run: Partial<RecordedRun>) {
  return misfitOf(graph, { header: bare, records: [], nested: new Map(), awaited: [], ...run }, 'mark');
}

describe('the mark of a graph', () => {
  test('is its hash and a letter for each entry, of a long one for the first hundred', () => {
    const all: Graph = [
      plain('a'),
      nested('b'),
      { type: 'mapping', id: 'm', mapConfig: '' },
      parallel('c', 'd'),
      branch('e'),
      loop('f'),
      foreach('g'),
      sleep('h'),
      { type: 'sleepUntil', id: 'i', time: '' },
    ];
    expect(graphMark('abc', all)).toBe('abc.snmpclfzz');
    expect(
      graphMark(
        'abc',
        Array.from({ length: 200 }, () => plain('a')),
      ),
    ).toHaveLength(104);
  });

  test('is the same when the hash is, whether or not it has letters', () => {
    expect(isSameGraph('abc', 'abc.s')).toBe(true);
    expect(isSameGraph('abc.s', 'abc.s')).toBe(true);
    expect(isSameGraph('abd.s', 'abc.s')).toBe(false);
  });
});

describe('a run goes on with a graph', () => {
  test('that has each place that it has been to, whatever is behind them', () => {
    const records = [record(0, { status: 'success' }), record([1, 0], { status: 'success' }), record([1, 1])];
    expect(fits([plain('s0'), parallel('s1.0', 's1.1'), plain('new')], { records })).toBeUndefined();
    expect(fits([], {})).toBeUndefined();
  });

  test('but with none that has another step there, or nothing', () => {
    const records = [record(0, { status: 'success' }), record(1)];
    expect(fits([plain('s0'), plain('other')], { records })).toEqual({
      path: [1],
      stepId: 's1',
      found: 'other',
    });
    expect(fits([plain('s0')], { records })).toEqual({ path: [1], stepId: 's1', found: undefined });
    const arms = [record([0, 1])];
    expect(fits([parallel('a', 'b')], { records: arms })).toMatchObject({ path: [0, 1], found: 'b' });
    const items = [item(0, 3, { stepId: 'each' })];
    expect(fits([foreach('each')], { records: items })).toBeUndefined();
    expect(fits([foreach('other')], { records: items })).toMatchObject({ path: [0, 3], found: 'other' });
  });

  test('that began it, whatever another one has marked the run with', () => {
    const own = graphStamp('12345678abc', plain('s0'));
    expect(own).toBe('12345678s');
    expect(graphStamp('12345678abc', undefined)).toBe('12345678');
    const marked = header({ graphHash: 'other.c' });
    const records = [record(0, { status: 'success', graph: own })];
    const run = { header: marked, records, nested: new Map<string, string>(), awaited: [] };
    expect(misfitOf([plain('s0')], run, '12345678abc.s')).toBeUndefined();
    // Of the others each says itself what it was.
    expect(misfitOf([plain('s0')], run, '87654321abc.s')).toBeUndefined();
    expect(misfitOf([loop('s0')], run, '87654321abc.l')).toEqual({ path: [0], stepId: 's0', found: 'loop' });
    const opening = { turn: turn(), total: 1, concurrency: 1, openedAt: 1, taken: [0], graph: '12345678c' };
    const opened = { header: header({ graphHash: 'other.s' }), records: [], nested: run.nested, awaited: [] };
    const block = { ...opened, open: { entry: 0, opening } };
    expect(misfitOf([branch('a')], block, '12345678abc.c')).toBeUndefined();
    expect(misfitOf([branch('a')], block, '87654321abc.c')).toBeUndefined();
    expect(misfitOf([parallel('a')], block, '87654321abc.p')).toMatchObject({ path: [0] });
    expect([isOfOtherGraph(opening, '12345678abc'), isOfOtherGraph(opening, '8765')]).toEqual([false, true]);
    expect(isOfOtherGraph({}, '8765')).toBe(false);
  });

  test('that has begun meanwhile what another one was expected to begin there', () => {
    const awaited = [{ path: [1], stepId: 'new' }];
    const graph = [plain('s0'), plain('s1')];
    const first = record(0, { status: 'success' });
    expect(fits(graph, { awaited, records: [first] })).toMatchObject({ stepId: 'new', found: 's1' });
    expect(fits([plain('s0'), plain('new')], { awaited, records: [first] })).toBeUndefined();
    expect(fits(graph, { awaited, records: [first, record(1)] })).toBeUndefined();
    const blocks = [plain('s0'), parallel('a')];
    const opening = { turn: turn(), total: 1, concurrency: 1, openedAt: 1 };
    const open = { entry: 1, opening };
    expect(fits(blocks, { awaited, records: [first], open })).toBeUndefined();
  });

  test('whose block is over, whichever member another one was expected to begin in it', () => {
    const awaited = [{ path: [0, 1], stepId: 'renamed' }];
    const each = { awaited, records: [item(0, 0, { stepId: 'each' })] };
    expect(fits([foreach('each')], each)).toEqual({ path: [0, 1], stepId: 'renamed', found: 'each' });
    const begun = [item(0, 1, { stepId: 'each' })];
    expect(fits([foreach('each')], { awaited, records: begun })).toBeUndefined();
    const closed = [record(0, { stepId: 'each', status: 'success' })];
    expect(fits([foreach('each')], { awaited, records: closed })).toBeUndefined();
  });

  test('whose block has the members that an opening names', () => {
    const mark = '12345678abc';
    const opened = (entry: GraphEntry, taken?: readonly number[]): Partial<RecordedRun> => {
      const members = taken === undefined ? {} : { taken };
      const total = taken?.length ?? 1;
      const graph = graphStamp(mark, entry, members);
      return {
        open: { entry: 0, opening: { turn: turn(), total, concurrency: 1, openedAt: 1, graph, ...members } },
      };
    };
    const second = opened(branch('a', 'b'), [1]);
    expect(fits([branch('a', 'b', 'c')], second)).toBeUndefined();
    expect(fits([branch('other', 'b')], second)).toBeUndefined();
    expect(fits([branch('b', 'a')], second)).toMatchObject({ path: [0], stepId: 'block of 1' });
    expect(fits([branch('b')], second)).toMatchObject({ path: [0] });
    const none = opened(branch('a', 'b'), []);
    expect(fits([branch('a', 'b')], none)).toBeUndefined();
    expect(fits([branch('c')], none)).toMatchObject({ path: [0] });
    expect(fits([parallel('a')], opened(parallel('a')))).toBeUndefined();
    expect(fits([parallel('b')], opened(parallel('a')))).toMatchObject({ path: [0] });
    expect(fits([foreach('a')], opened(foreach('a')))).toBeUndefined();
    expect(fits([foreach('b')], opened(foreach('a')))).toMatchObject({ path: [0] });
  });

  test('that had the same arms, of which none was taken', () => {
    const graph = graphStamp('12345678abc', branch('a', 'b'), {});
    const records = [record(0, { stepId: 'conditional_0', status: 'success', graph })];
    expect(fits([branch('a', 'b')], { records })).toBeUndefined();
    expect(fits([branch('c')], { records })).toMatchObject({ path: [0] });
  });

  test('what an earlier epoch has left behind does not count', () => {
    const later = header({ epoch: 2, from: [[2, 1, 2]], graphHash: 'g' });
    const records = [record(0, { status: 'success' }), record(1)];
    expect(fits([plain('s0'), plain('other')], { header: later, records })).toBeUndefined();
  });

  test('of the same kinds, as far as the header knows them', () => {
    const records = [record(0, { status: 'success' })];
    const known = header({ graphHash: 'g.s' });
    const step: RecordedRun = { header: known, records, nested: new Map(), awaited: [] };
    expect(misfitOf([plain('s0')], step, 'mark')).toBeUndefined();
    expect(misfitOf([loop('s0')], step, 'mark')).toEqual({ path: [0], stepId: 's0', found: 'loop' });
    expect(misfitOf([nested('s0')], step, 'mark')).toMatchObject({ found: 'step' });
    // A header of an earlier version knows none: what is over may have been either.
    expect(fits([loop('s0')], { records })).toBeUndefined();
    expect(fits([nested('s0')], { records })).toBeUndefined();
  });

  test('of the kinds that records tell by themselves', () => {
    const waiting = [record(0, { status: 'waiting' })];
    expect(fits([sleep('s0')], { records: waiting })).toBeUndefined();
    expect(fits([plain('s0')], { records: waiting })).toMatchObject({ found: 'step' });
    const suspended = [record(0, { status: 'suspended' })];
    expect(fits([plain('s0')], { records: suspended })).toBeUndefined();
    expect(fits([sleep('s0')], { records: suspended })).toMatchObject({ found: 'sleep' });
    expect(fits([foreach('s0')], { records: suspended })).toMatchObject({ found: 'foreach' });
    expect(fits([nested('s0')], { records: suspended })).toMatchObject({ found: 'step' });
    const again = [record(0, { status: 'success', again: true })];
    expect(fits([loop('s0')], { records: again })).toBeUndefined();
    expect(fits([plain('s0')], { records: again })).toMatchObject({ found: 'step' });
    expect(fits([plain('s0')], { records: [record(0, { turn: { iteration: 2 } })] })).toBeDefined();
  });

  test('that nests the same workflows', () => {
    const records = [record(0, { status: 'child', childRunId: 'c' })];
    const run = { records, nested: new Map([['c', 'inner']]) };
    expect(fits([nested('s0', 'inner')], run)).toBeUndefined();
    expect(fits([nested('s0', 'other')], run)).toMatchObject({ path: [0] });
    expect(fits([plain('s0')], run)).toMatchObject({ path: [0] });
    // The nested run is gone.
    expect(fits([nested('s0', 'other')], { records })).toBeUndefined();
    const arms = [record([0, 1], { status: 'child', childRunId: 'c' })];
    expect(fits([parallel('s0.0', 's0.1')], { ...run, records: arms })).toMatchObject({ path: [0, 1] });
  });

  test('whose block is the one that was opened', () => {
    const opening = { turn: turn(), total: 2, concurrency: 2, openedAt: 1 };
    const open = { entry: 0, opening };
    expect(fits([parallel('a', 'b')], { open })).toBeUndefined();
    expect(fits([foreach('a')], { open })).toBeUndefined();
    expect(fits([parallel('a', 'b', 'c')], { open })).toMatchObject({
      path: [0],
      found: 'parallel_0 of a, b, c',
    });
    expect(fits([branch('a', 'b')], { open })).toBeDefined();
    expect(fits([plain('a')], { open })).toMatchObject({ found: 'a' });
    expect(fits([], { open })).toMatchObject({ found: undefined });
    const taken = { entry: 0, opening: { ...opening, total: 1, taken: [1] } };
    expect(fits([branch('a', 'b')], { open: taken })).toBeUndefined();
    expect(fits([branch('a')], { open: taken })).toBeDefined();
    expect(fits([foreach('a')], { open: taken })).toBeDefined();
    const known = header({ graphHash: 'g.f' });
    expect(fits([parallel('a', 'b')], { header: known, open })).toBeDefined();
    expect(fits([foreach('a')], { header: known, open })).toBeUndefined();
  });

  test('that has the step which an event was for', () => {
    const place = { path: [1], stepId: 'pay' };
    const awaited = [{ path: [0], stepId: 'a' }, place];
    expect(fits([plain('a'), plain('pay')], { awaited })).toBeUndefined();
    expect(fits([plain('a'), plain('b')], { awaited })).toEqual({ ...place, found: 'b' });
    const nowhere = [{ path: [], stepId: 'pay' }];
    expect(fits([plain('pay')], { awaited: nowhere })).toMatchObject({ found: undefined });
    // Where the run has gone on beyond it, nobody waits for it.
    const beyond = [record(1, { status: 'running' })];
    expect(fits([plain('pay'), plain('s1')], { awaited: nowhere, records: beyond })).toBeUndefined();
  });
});

describe('why a run is parked', () => {
  test('is said with the step, the place, what is there now and what to do', () => {
    const misfit = { path: [1, 0], stepId: 'pay', found: 'bill' };
    expect(parkedFor(misfit, 7)).toEqual({
      code: 'WORKFLOW_GRAPH_CHANGED',
      since: 7,
      remedy:
        'The run has "pay" at [1, 0], and "bill" is there now: deploy the definition that has it, cancel the run, or send it to another step by a time travel',
    });
    const place = { path: [1], stepId: 'x'.repeat(60) };
    const gone = parkedFor({ ...place, found: undefined }, 7, place);
    expect(gone.remedy).toMatch(/^The run has "x{48}…" at \[1\], and nothing is there now: /);
    expect(gone.place).toEqual(place);
    expect(parkedWithout('w', 7)).toMatchObject({ code: 'WORKFLOW_NOT_FOUND', since: 7 });
    expect(parkedWithout('w', 7, place).place).toEqual(place);
  });

  test('is shown of the run, or of the one nested in it that waits', () => {
    const parked = parkedWithout('w', 7);
    const own = { code: parked.code, since: 7, remedy: parked.remedy };
    const place = { path: [0], stepId: 'a' };
    expect(parkedState({ header: header({ parked: { ...parked, place } }) })).toEqual({ parked: own });
    expect(parkedState({ header: header() })).toEqual({});
    const child = { header: header({ runId: 'c', parked }) };
    const between = { header: header({ runId: 'b' }), children: new Map([['c', child]]) };
    const beside = { header: header({ runId: 'a' }), children: new Map() };
    const children = new Map([
      ['a', beside],
      ['b', between],
    ]);
    expect(parkedState({ header: header(), children })).toEqual({ parked: { ...own, runId: 'c' } });
  });
});

describe('the graph that records tell of', () => {
  test('has the kinds that the header knows', () => {
    const known = header({ graphHash: 'g.snmpclfz' });
    const records = [
      record(0),
      record(1, { childRunId: 'c' }),
      record(2),
      record([3, 1]),
      record([4, 0], { status: 'skipped' }),
      record(5),
      record(6),
      record(7),
    ];
    const graph = recordedGraph(known, records);
    expect(graph.map(({ type }) => type)).toEqual([
      'step',
      'step',
      'mapping',
      'parallel',
      'conditional',
      'loop',
      'foreach',
      'sleep',
    ]);
    expect(graph[1]).toMatchObject({ id: 's1', nested: { workflowId: '' } });
    expect(graph[3]).toMatchObject({ arms: [{ id: '[3, 0]' }, { id: 's3.1' }] });
  });

  test('and without them those that records have', () => {
    const records = [record([0, 0]), record([1, 0], { status: 'skipped' }), record(3)];
    expect(recordedGraph(bare, records)).toMatchObject([
      { type: 'parallel', arms: [{ id: 's0.0' }] },
      { type: 'conditional', arms: [{ id: 's1.0' }] },
      { type: 'step', id: '[2]' },
      { type: 'step', id: 's3' },
    ]);
    expect(recordedGraph(bare, [])).toEqual([]);
  });

  test('has the foreach at which a run stands', () => {
    const known = header({ graphHash: 'g.sfs' });
    expect(recordedGraph(known, [record(0)])).toMatchObject([{ id: 's0' }, { type: 'foreach' }]);
  });
});
