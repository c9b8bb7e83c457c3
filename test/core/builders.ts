import type { RunView } from '../../src/core/assemble.ts';
import { decode, encode } from '../../src/core/codec.ts';
import type { Graph, GraphEntry, GraphStep } from '../../src/core/graph.ts';
import type { RecordKey, RunHeader, StepRecord, StoredValue } from '../../src/core/records.ts';
import { formatTurn, type Turn } from '../../src/core/turn.ts';

/** Records and graphs for the tests of the core: valid by themselves, so that a test names only what it is about. */

export function header(fields: Partial<RunHeader> = {}): RunHeader {
  return {
    format: 1,
    runId: 'r1',
    workflowId: 'w',
    status: 'running',
    epoch: 1,
    position: '',
    wakes: 0,
    graphHash: 'g',
    inputHash: 'i',
    from: [],
    createdAt: 1_000,
    startedAt: 1_000,
    updatedAt: 1_000,
    ...fields,
  };
}

/** Text of a turn: of the first one, but for what is named. */
export function turn(parts: Partial<Turn> = {}): string {
  return formatTurn({ epoch: 1, iteration: 0, generation: 0, attempt: 0, ...parts });
}

/** The record of item `number` of the foreach at an entry. */
export function item(entry: number, number: number, fields: Parameters<typeof record>[1] = {}): StepRecord {
  return { ...record(entry, fields), key: { entry, item: number } };
}

/** `2` is entry 2, `[2, 1]` its arm 1. */
export function keyAt(place: number | readonly [number, number]): RecordKey {
  return typeof place === 'number' ? { entry: place } : { entry: place[0], arm: place[1] };
}

/** A record in its first turn, running. */
export function record(
  place: number | readonly [number, number],
  { turn: parts = {}, ...fields }: Partial<Omit<StepRecord, 'turn'>> & { readonly turn?: Partial<Turn> } = {},
): StepRecord {
  const key = keyAt(place);
  const name = key.arm === undefined ? `s${key.entry}` : `s${key.entry}.${key.arm}`;
  return { key, stepId: name, turn: turn(parts), status: 'running', ...fields };
}

export function stored(value: unknown): StoredValue {
  return { inline: encode(value) };
}

function read(value: StoredValue): unknown {
  if ('inline' in value) return decode(value.inline);
  throw new Error('these tests keep their values inline');
}

function step(id: string): GraphStep {
  return { id, canSuspend: false };
}

/** A graph whose entry i is a step `s<i>`, a loop or foreach over it, a sleep of that name, a step that is a workflow, or a block of n arms `s<i>.<j>`. */
export function graphOf(
  ...entries: readonly (
    | 'step'
    | 'mapping'
    | 'loop'
    | 'sleep'
    | 'foreach'
    | readonly ['nested', Graph]
    | readonly ['parallel' | 'conditional', number]
  )[]
): Graph {
  return entries.map((kind, index): GraphEntry => {
    if (kind === 'step') return { type: 'step', ...step(`s${index}`) };
    if (kind === 'mapping') return { type: 'mapping', id: `s${index}`, mapConfig: '{}' };
    if (kind === 'sleep') return { type: 'sleep', id: `s${index}`, time: '5' };
    if (kind === 'loop') {
      return { type: 'loop', loopType: 'dowhile', step: step(`s${index}`), condition: '() => true' };
    }
    if (kind === 'foreach') return { type: 'foreach', step: step(`s${index}`), concurrency: '1' };
    if (kind[0] === 'nested') {
      return { type: 'step', ...step(`s${index}`), nested: { workflowId: 'inner', graph: kind[1] } };
    }
    const [type, count] = kind;
    const arms = Array.from({ length: count }, (_, arm) => step(`s${index}.${arm}`));
    return type === 'parallel' ? { type, arms } : { type, arms, conditions: arms.map(() => '() => true') };
  });
}

export function view(fields: Partial<RunView> & Pick<RunView, 'graph'>): RunView {
  return { header: header(), records: [], read, ...fields };
}
