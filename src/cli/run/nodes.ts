import type { Graph, GraphEntry, GraphStep } from '../../core/graph.ts';
import { duration } from '../text.ts';
import { isOver, type RunDocument, type StepDocument } from './document.ts';
import type { RunFacts, StepFacts } from './facts.ts';

/** The tree of a run: what became of each entry, from the workflow's graph, the run, and its history if it has one. Pure. */

/** What a row says about its step or block. */
export type NodeState =
  | 'pending'
  | 'running'
  | 'retry'
  | 'waiting'
  | 'suspended'
  | 'paused'
  | 'ok'
  | 'failed'
  | 'canceled'
  | 'not run';

/** An entry of the run, or a part of one. */
export interface RunNode {
  /** Unique in the tree, and the same in every tree of the run. */
  readonly key: string;
  readonly name: string;
  readonly state: NodeState;
  /** So far, or in all. */
  readonly ms?: number;
  /** In a few words. */
  readonly note?: string;
  /** How many items of a foreach are done. */
  readonly progress?: { readonly done: number; readonly total: number };
  /** Of a step that failed by itself. */
  readonly error?: unknown;
  /** Of a step that waits to be resumed: how it is named when it is. */
  readonly waits?: WaitingPlace;
  readonly children: readonly RunNode[];
}

/** A step that waits to be resumed. */
export interface WaitingPlace {
  /** As `--step` names it. */
  readonly step: string;
  /** Item of the outermost foreach on the way, as `--index` names it. */
  readonly index?: number;
  /** Workflow and id of the step itself: there its resume schema is. */
  readonly workflowId: string;
  readonly stepId: string;
  readonly payload?: unknown;
  /** ms since 1970. */
  readonly since?: number;
}

/** What the tree is made of. */
export interface TreeSource {
  readonly run: RunDocument;
  readonly graph: Graph;
  /** Absent for a run without history. */
  readonly facts?: RunFacts | undefined;
  /** ms since 1970, for the durations of what still runs. */
  readonly now: number;
}

/** Items of a foreach that are shown by themselves; the rest is counted. */
const shownItems = 8;

/** Where a graph stands in the run. */
interface Level {
  readonly source: TreeSource;
  readonly graph: Graph;
  /** Of the names of its steps. */
  readonly prefix: string;
  /** The same as a caller names them, without numbers of items. */
  readonly path: readonly string[];
  readonly index?: number | undefined;
  readonly workflowId: string;
  /** Status of the run that executes the graph. */
  readonly status: string;
}

/** One node for each entry of the run's workflow. */
export function runNodes(source: TreeSource): RunNode[] {
  const { run, graph } = source;
  const { workflowName: workflowId, status } = run;
  return levelNodes({ source, graph, prefix: '', path: [], workflowId, status });
}

function levelNodes(level: Level): RunNode[] {
  return level.graph.map((entry, index) => entryNode(level, entry, isPassed(level, index)));
}

function idsOf(entry: GraphEntry): readonly string[] {
  if ('arms' in entry) return entry.arms.map(({ id }) => id);
  return [entry.type === 'loop' || entry.type === 'foreach' ? entry.step.id : entry.id];
}

/**
 * Whether a step of this entry that has no result will not get one. While a run is suspended that holds of every block that
 * has begun, because nothing is in flight then.
 */
function isPassed({ graph, prefix, source, status }: Level, index: number): boolean {
  if (isOver(status)) return true;
  const began = (entry: GraphEntry): boolean =>
    idsOf(entry).some((id) => source.run.steps[`${prefix}${id}`] !== undefined);
  if (graph.slice(index + 1).some(began)) return true;
  const entry = graph[index];
  return status === 'suspended' && entry !== undefined && began(entry);
}

function entryNode(level: Level, entry: GraphEntry, passed: boolean): RunNode {
  switch (entry.type) {
    case 'parallel':
    case 'conditional': {
      const kind = entry.type === 'parallel' ? 'parallel' : 'branch';
      const children = entry.arms.map((arm) => stepNode(level, arm, passed));
      const key = `${level.prefix}#${level.graph.indexOf(entry)}`;
      const name = entry.id === undefined ? kind : `${kind} ${entry.id}`;
      return { key, name, state: stateOfAll(children, passed), children };
    }
    case 'foreach':
      return foreachNode(level, entry.step, passed);
    case 'sleep':
    case 'sleepUntil':
      return stepNode(level, { ...entry, canSuspend: false }, passed, sleepNote(entry));
    case 'mapping':
      return stepNode(level, { ...entry, canSuspend: false }, passed);
    case 'step':
      return stepNode(level, entry, passed);
    case 'loop':
      return stepNode(level, entry.step, passed);
  }
}

function sleepNote({
  type,
  time,
}: Extract<GraphEntry, { type: 'sleep' | 'sleepUntil' }>): string | undefined {
  if (type === 'sleep') return Number.isNaN(Number(time)) ? undefined : `for ${duration(Number(time))}`;
  return Number.isNaN(Date.parse(time)) ? undefined : `until ${time}`;
}

function stepNode(level: Level, step: GraphStep, passed: boolean, sleep?: string): RunNode {
  const { source, prefix, path } = level;
  const name = `${prefix}${step.id}`;
  const result = source.run.steps[name];
  const base = { key: name, name: step.id };
  if (result === undefined) return { ...base, state: passed ? 'not run' : 'pending', children: [] };
  const facts = source.facts?.step(name);
  const inside = { prefix: `${name}.`, path: [...path, step.id], index: level.index };
  const children = step.nested === undefined ? [] : nestedNodes(level, step, result.status, inside);
  const own = stateOf(result, facts);
  const state = own === 'running' && children.length > 0 ? stateOfNested(children) : own;
  const ms = durationOf(result, state, source.now);
  const note = noteOf(result, state, facts, source.now, sleep);
  return {
    ...base,
    state,
    ...(ms === undefined ? {} : { ms }),
    ...(note === undefined ? {} : { note }),
    ...(state === 'failed' && !children.some((child) => child.state === 'failed')
      ? { error: result.error }
      : {}),
    ...(state === 'suspended' && children.length === 0
      ? { waits: waitingPlace(level, step.id, result, level.index) }
      : {}),
    children,
  };
}

function waitingPlace(
  { path, workflowId }: Level,
  stepId: string,
  { suspendPayload, suspendedAt }: { readonly suspendPayload?: unknown; readonly suspendedAt?: number },
  index: number | undefined,
): WaitingPlace {
  return {
    step: [...path, stepId].join('.'),
    workflowId,
    stepId,
    ...(index === undefined ? {} : { index }),
    ...(suspendPayload === undefined ? {} : { payload: suspendPayload }),
    ...(suspendedAt === undefined ? {} : { since: suspendedAt }),
  };
}

function nestedNodes(
  { source }: Level,
  { nested }: GraphStep,
  status: string,
  at: Pick<Level, 'prefix' | 'path' | 'index'>,
): RunNode[] {
  if (nested === undefined) return [];
  const { graph, workflowId } = nested;
  // Of a nested workflow that is not executed again, such as one that a time travel kept, nothing more is known.
  if (!Object.keys(source.run.steps).some((name) => name.startsWith(at.prefix))) return [];
  // A nested workflow shows as running while one of its steps waits to be resumed.
  const inner = status === 'running' && source.run.status === 'suspended' ? 'suspended' : status;
  return levelNodes({ source, graph, workflowId, status: inner, ...at });
}

const states: Readonly<Record<string, NodeState>> = {
  success: 'ok',
  failed: 'failed',
  waiting: 'waiting',
  suspended: 'suspended',
  paused: 'paused',
  canceled: 'canceled',
  skipped: 'not run',
};

function stateOf({ status }: { readonly status: string }, facts: StepFacts | undefined): NodeState {
  const known = states[status];
  if (known !== undefined) return known;
  return facts?.status === 'due' && facts.attempt > 0 ? 'retry' : 'running';
}

/** Least settled first: a block is in the state of the part that keeps it there. */
const precedence: readonly NodeState[] = [
  'running',
  'retry',
  'waiting',
  'failed',
  'suspended',
  'paused',
  'canceled',
];

function stateOfAll(parts: readonly RunNode[], passed: boolean): NodeState {
  const found = precedence.find((state) => parts.some((part) => part.state === state));
  if (found !== undefined) return found;
  if (parts.every(({ state }) => state === 'pending')) return 'pending';
  if (parts.every(({ state }) => state === 'not run')) return 'not run';
  return passed || parts.every(({ state }) => state === 'ok') ? 'ok' : 'running';
}

/** What a nested workflow that is not over does: what its parts do, and between two of them it runs. */
function stateOfNested(parts: readonly RunNode[]): NodeState {
  const found = precedence.find((state) => parts.some((part) => part.state === state));
  return found === undefined || found === 'failed' || found === 'canceled' ? 'running' : found;
}

function durationOf(
  { startedAt, endedAt, suspendedAt }: StepDocument,
  state: NodeState,
  now: number,
): number | undefined {
  if (state === 'suspended') return suspendedAt === undefined ? undefined : Math.max(0, now - suspendedAt);
  if (startedAt === undefined) return undefined;
  if (endedAt !== undefined) return Math.max(0, endedAt - startedAt);
  return state === 'running' || state === 'retry' || state === 'waiting'
    ? Math.max(0, now - startedAt)
    : undefined;
}

function noteOf(
  { metadata }: StepDocument,
  state: NodeState,
  facts: StepFacts | undefined,
  now: number,
  sleep: string | undefined,
): string | undefined {
  const iteration = metadata?.iterationCount;
  const parts = [
    ...(iteration === undefined ? [] : [`iteration ${iteration}`]),
    ...(state === 'retry' && facts !== undefined
      ? [`attempt ${facts.attempt} failed, next ${inTime(facts.dueAt, now)}`]
      : facts !== undefined && facts.attempt > 0
        ? [`attempt ${facts.attempt + 1}`]
        : []),
    ...(state === 'waiting' && facts?.dueAt !== undefined
      ? [`ends ${inTime(facts.dueAt, now)}`]
      : sleep === undefined
        ? []
        : [sleep]),
  ];
  return parts.length === 0 ? undefined : parts.join(', ');
}

function inTime(dueAt: number | undefined, now: number): string {
  return dueAt === undefined || dueAt <= now ? 'now' : `in ${duration(dueAt - now)}`;
}

function foreachNode(level: Level, step: GraphStep, passed: boolean): RunNode {
  const { source, prefix } = level;
  const name = `${prefix}${step.id}`;
  const { nested: _nested, ...body } = step;
  const node = stepNode(level, body, passed);
  const result = source.run.steps[name];
  if (result === undefined) return node;
  const facts = source.facts?.foreach(name);
  const total = facts?.total ?? (Array.isArray(result.payload) ? result.payload.length : undefined);
  const settled = [...(facts?.items.values() ?? [])].filter(({ status }) => isSettled(status)).length;
  const done = result.status === 'success' ? total : facts === undefined ? undefined : settled;
  const items = itemNumbers(level, name);
  const nodes = items.map((item) => itemNode(level, step, item));
  // What needs somebody to look at it comes first into the room that there is.
  const ranked = nodes
    .filter(({ state }) => state !== 'ok' || nodes.length <= shownItems)
    .toSorted((a, b) => precedence.indexOf(b.state) - precedence.indexOf(a.state))
    .slice(0, shownItems);
  const children = nodes.filter((item) => ranked.includes(item));
  const { waits: _waits, ...rest } = node;
  return {
    ...rest,
    ...(node.state === 'running' && children.length > 0 ? { state: stateOfNested(children) } : {}),
    ...(nodes.length > 0 || node.waits === undefined ? {} : { waits: node.waits }),
    ...(total === undefined || done === undefined ? {} : { progress: { done, total } }),
    ...(nodes.length > children.length
      ? { note: joined(node.note, `${children.length} of ${nodes.length} shown`) }
      : {}),
    children,
  };
}

function joined(note: string | undefined, more: string): string {
  return note === undefined ? more : `${note}, ${more}`;
}

function isSettled(status: string): boolean {
  return ['success', 'failed', 'skipped', 'canceled'].includes(status);
}

/** Items that are worth a row: those of nested workflows, and those that are not simply done. */
function itemNumbers({ source }: Level, name: string): number[] {
  const start = `${name}[`;
  const nested = Object.keys(source.run.steps).flatMap((key) =>
    key.startsWith(start) ? Number.parseInt(key.slice(start.length), 10) : [],
  );
  const known = [...(source.facts?.foreach(name)?.items ?? [])].flatMap(([item, { status }]) =>
    status === 'success' ? [] : [item],
  );
  return [...new Set([...nested, ...known])].filter((item) => !Number.isNaN(item)).toSorted((a, b) => a - b);
}

function itemNode(level: Level, step: GraphStep, item: number): RunNode {
  const { source, prefix, path } = level;
  const name = `${prefix}${step.id}[${item}]`;
  const facts = source.facts?.foreach(`${prefix}${step.id}`)?.items.get(item);
  const status = facts?.status ?? 'running';
  const ended = isOver(source.run.status) && !isSettled(status);
  const index = level.index ?? item;
  const at = { prefix: `${name}.`, path: [...path, step.id], index };
  const children = nestedNodes(level, step, status === 'child' ? 'running' : status, at);
  const own = ended ? 'canceled' : stateOf({ status }, facts);
  const derived = facts === undefined ? stateOfAll(children, false) : stateOfNested(children);
  const state = own === 'running' && children.length > 0 ? derived : own;
  const waits = state === 'suspended' && children.length === 0;
  return {
    key: name,
    name: `[${item}]`,
    state,
    ...(state === 'failed' && !children.some((child) => child.state === 'failed')
      ? { error: facts?.error }
      : {}),
    ...(waits
      ? { waits: waitingPlace(level, step.id, { suspendPayload: facts?.suspendPayload }, index) }
      : {}),
    children,
  };
}

/** All nodes, parents before their children. */
export function* allNodes(
  nodes: readonly RunNode[],
  path: readonly string[] = [],
): Iterable<RunNode & { readonly path: readonly string[] }> {
  for (const node of nodes) {
    const here = [...path, node.name];
    yield { ...node, path: here };
    yield* allNodes(node.children, here);
  }
}
