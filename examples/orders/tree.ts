import type { BodyRuns } from './execution-log.ts';

/** The tree of a run's steps as text, from what `GET /workflows/:id` and `GET /runs/:runId` answer. Pure. */

/** The part of a step of the graph that the tree needs. */
export interface TreeGraphStep {
  readonly id: string;
  /** Of a workflow that stands for a step. */
  readonly nested?: { readonly graph: readonly TreeEntry[] } | undefined;
}

/** The part of an entry of the graph that the tree needs. */
export interface TreeEntry {
  readonly type: string;
  readonly id?: string | undefined;
  readonly nested?: TreeGraphStep['nested'];
  readonly arms?: readonly TreeGraphStep[] | undefined;
  /** Body of a loop or a foreach. */
  readonly step?: TreeGraphStep | undefined;
}

/** The part of a run that the tree needs. Times are ms since 1970. */
export interface TreeRun {
  readonly runId: string;
  readonly status: string;
  readonly steps: Readonly<Record<string, TreeStep>>;
}

/** The part of a step's result that the tree needs. */
export interface TreeStep {
  readonly status: string;
  readonly startedAt?: number | undefined;
  readonly endedAt?: number | undefined;
  readonly error?: { readonly message?: string | undefined } | undefined;
  /** Of a loop's body: which iteration this is, from 1. */
  readonly metadata?: { readonly iterationCount?: number | undefined } | undefined;
}

/** What a row says about its step or block. */
export type TreeState =
  | 'pending'
  | 'running'
  | 'retry'
  | 'waiting'
  | 'suspended'
  | 'ok'
  | 'failed'
  | 'canceled'
  | 'not taken';

/** One line of the tree. */
export interface TreeRow {
  /** Unique in the tree. */
  readonly key: string;
  /** Lines that lead to the row from the left. */
  readonly branch: string;
  readonly name: string;
  readonly state: TreeState;
  /** So far, or in all; absent for blocks and for what has not begun. */
  readonly ms?: number;
  readonly note?: string;
}

/** What the tree is made of. */
export interface TreeInput {
  readonly graph: readonly TreeEntry[];
  readonly run: TreeRun;
  /** For the durations of what is still running, ms since 1970. */
  readonly now: number;
  /** How often bodies have run, where that is known. */
  readonly bodyRuns?: ReadonlyMap<string, BodyRuns>;
}

/**
 * Rows from top to bottom: one for each entry, below a block or a loop one for each step in it, and below a workflow that
 * stands for a step those of its own entries, once it has begun.
 */
export function treeRows(input: TreeInput): TreeRow[] {
  return scopeRows({ input, graph: input.graph, status: input.run.status, prefix: '', key: '', lead: '' });
}

/** A run within the tree: the outermost one, or one that is nested in it. */
interface Scope {
  readonly input: TreeInput;
  readonly graph: readonly TreeEntry[];
  readonly status: string;
  /** What stands before the ids of its steps among those of the outermost run. */
  readonly prefix: string;
  /** What stands before the keys and the lines of its rows. */
  readonly key: string;
  readonly lead: string;
}

function scopeRows(scope: Scope): TreeRow[] {
  const { graph, lead } = scope;
  return graph.flatMap((entry, index): TreeRow[] => {
    const last = index === graph.length - 1;
    const key = `${scope.key}${index}`;
    const branch = `${lead}${last ? '└─ ' : '├─ '}`;
    const below = `${lead}${last ? '   ' : '│  '}`;
    const passed = isPassed(scope, index);
    const inside = insideOf(entry);
    if (inside === undefined) {
      const step = { id: entry.id ?? entry.type, nested: entry.nested };
      return stepRows(scope, { key, branch, below, step, passed });
    }
    const rows = inside.map((step, number, all) => {
      const isLast = number === all.length - 1;
      return stepRows(scope, {
        key: `${key}.${number}`,
        branch: `${below}${isLast ? '└─ ' : '├─ '}`,
        below: `${below}${isLast ? '   ' : '│  '}`,
        step,
        passed,
        isItem: entry.type === 'foreach',
      });
    });
    const name = entry.type === 'conditional' ? 'branch' : entry.type;
    // Between two iterations the body of a loop is done, and the loop is not.
    const endsWithThem = entry.type !== 'loop';
    const steps = rows.flatMap(([first]) => (first === undefined ? [] : [first]));
    return [{ key, branch, name, state: blockState(steps, passed, endsWithThem) }, ...rows.flat()];
  });
}

/** The steps of a block, a loop or a foreach. */
function insideOf({ arms, step }: TreeEntry): readonly TreeGraphStep[] | undefined {
  return step === undefined ? arms : [step];
}

/**
 * Whether a step of this entry that has no result will not get one. While the run is suspended that holds of every
 * block that has begun, because nothing is in flight then; a success leaves steps out when one of them ended the run.
 */
function isPassed({ input, graph, status, prefix }: Scope, index: number): boolean {
  const began = (entry: TreeEntry | undefined): boolean =>
    entry !== undefined && idsOf(entry).some((id) => input.run.steps[`${prefix}${id}`] !== undefined);
  if (graph.slice(index + 1).some(began)) return true;
  if (status === 'success') return true;
  return began(graph[index]) && ['suspended', 'failed', 'canceled'].includes(status);
}

function idsOf(entry: TreeEntry): string[] {
  const inside = insideOf(entry);
  if (inside !== undefined) return inside.map((step) => step.id);
  return entry.id === undefined ? [] : [entry.id];
}

/** Where a step stands in the tree. */
interface StepPlace {
  readonly key: string;
  readonly branch: string;
  /** Lines that lead to the rows below it. */
  readonly below: string;
  readonly step: TreeGraphStep;
  readonly passed: boolean;
  /** It is executed for each element of an array. */
  readonly isItem?: boolean;
}

/** The row of a step, and those of the workflow that it stands for. Items that are workflows have no rows of their own. */
function stepRows(scope: Scope, place: StepPlace): TreeRow[] {
  const { input, prefix } = scope;
  const { key, branch, below, passed, isItem = false } = place;
  const { id, nested } = place.step;
  const step = input.run.steps[`${prefix}${id}`];
  if (step === undefined) return [{ key, branch, name: id, state: passed ? 'not taken' : 'pending' }];
  const runs = input.bodyRuns?.get(id);
  const state = stepState(step, runs);
  const ms = duration(step, state, input.now);
  const note = isItem ? itemsNote(step, state, runs) : noteOf(step, state, runs);
  const row: TreeRow = {
    key,
    branch,
    name: id,
    state,
    ...(ms === undefined ? {} : { ms }),
    ...(note === undefined ? {} : { note }),
  };
  if (nested === undefined || isItem) return [row];
  const inner = {
    input,
    graph: nested.graph,
    status: step.status,
    prefix: `${prefix}${id}.`,
    key: `${key}/`,
    lead: below,
  };
  return [row, ...scopeRows(inner)];
}

const states: Readonly<Record<string, TreeState>> = {
  success: 'ok',
  failed: 'failed',
  waiting: 'waiting',
  suspended: 'suspended',
  canceled: 'canceled',
  skipped: 'not taken',
};

function stepState(step: TreeStep, runs: BodyRuns | undefined): TreeState {
  return states[step.status] ?? (runs?.last === 'fail' ? 'retry' : 'running');
}

function duration({ startedAt, endedAt }: TreeStep, state: TreeState, now: number): number | undefined {
  if (startedAt === undefined || state === 'suspended') return undefined;
  if (endedAt !== undefined) return Math.max(0, endedAt - startedAt);
  return state === 'running' || state === 'retry' || state === 'waiting'
    ? Math.max(0, now - startedAt)
    : undefined;
}

function noteOf(step: TreeStep, state: TreeState, runs: BodyRuns | undefined): string | undefined {
  if (state === 'suspended') return 'waits for a person';
  if (state === 'failed' && step.error?.message !== undefined) return step.error.message;
  if (state === 'retry') return `attempt ${runs?.failed ?? 1} failed`;
  const iteration = step.metadata?.iterationCount;
  const parts = [
    ...(iteration === undefined ? [] : [`iteration ${iteration}`]),
    ...(runs !== undefined && runs.failed > 0 ? [`attempt ${runs.failed + 1}`] : []),
    ...(runs !== undefined && runs.cut > 0 ? ['begun again'] : []),
  ];
  return parts.length === 0 ? undefined : parts.join(', ');
}

/** Of a foreach: how many bodies are done, and how many attempts had to be repeated. */
function itemsNote(step: TreeStep, state: TreeState, runs: BodyRuns | undefined): string | undefined {
  if (runs === undefined || state === 'suspended' || state === 'failed') return noteOf(step, state, runs);
  const done = `${runs.ended} ${runs.ended === 1 ? 'item' : 'items'}`;
  return runs.failed === 0 ? done : `${done}, ${runs.failed} tried again`;
}

/** Least settled first: a block is in the state of the step that keeps it there. */
const precedence: readonly TreeState[] = ['running', 'retry', 'failed', 'suspended', 'canceled'];

function blockState(rows: readonly TreeRow[], passed: boolean, endsWithThem: boolean): TreeState {
  const found = precedence.find((state) => rows.some((row) => row.state === state));
  if (found !== undefined) return found;
  if (rows.every((row) => row.state === 'pending')) return 'pending';
  return passed || (endsWithThem && rows.every((row) => row.state === 'ok')) ? 'ok' : 'running';
}

/** Colours a part of a line; the identity where colours are not wanted. */
export type Paint = (state: TreeState, text: string) => string;

const symbols: Readonly<Record<TreeState, string>> = {
  pending: '○',
  running: '●',
  retry: '↻',
  waiting: '◷',
  suspended: '‖',
  ok: '✓',
  failed: '✗',
  canceled: '■',
  'not taken': '·',
};

/** Rows as lines of at most `width` characters. */
export function renderTree(
  rows: readonly TreeRow[],
  width = 80,
  paint: Paint = (_state, text) => text,
): string[] {
  return rows.map((row) => renderRow(row, width, paint));
}

/** One row as a line of at most `width` characters. */
export function renderRow(row: TreeRow, width = 80, paint: Paint = (_state, text) => text): string {
  const place = cut(`${row.branch}${symbols[row.state]} ${row.name}`, 27).padEnd(28);
  const time = row.ms === undefined ? '' : seconds(row.ms);
  const rest = `${row.state.padEnd(10)}${time.padStart(8)}${row.note === undefined ? '' : `  ${row.note}`}`;
  const line = cut(`${place}${rest}`.trimEnd(), width);
  // Painted last, because the characters that set a colour take no room.
  const at = row.branch.length;
  return `${line.slice(0, at)}${paint(row.state, line.slice(at))}`;
}

/** Rows whose state or note is not what it was: what is worth a new line where nothing can be redrawn. */
export function changedRows(before: readonly TreeRow[], after: readonly TreeRow[]): TreeRow[] {
  const old = new Map(before.map((row) => [row.key, row]));
  return after.filter((row) => {
    const was = old.get(row.key);
    return (was?.state ?? 'pending') !== row.state || was?.note !== row.note;
  });
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function cut(text: string, width: number): string {
  const line = text.replace(/\p{Cc}+/gu, ' ');
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`;
}
