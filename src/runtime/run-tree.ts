import type { OpenForeach } from '../core/assemble.ts';
import { type Graph, isBlock } from '../core/graph.ts';
import { membersOpen } from '../core/join.ts';
import {
  isVisible,
  type RunHeader,
  type RunInput,
  sameKey,
  type SharedDelta,
  type StepRecord,
} from '../core/records.ts';
import type { RunCost } from '../core/snapshot.ts';
import { frontierEntry } from '../core/sweep.ts';
import { recordedGraph } from '../core/parked.ts';
import { parseTurn } from '../core/turn.ts';
import { cellOf } from './cell.ts';
import type { Engine } from './engine.ts';

/** A run with those nested in it, as far as they were asked for. */
export interface RunTree {
  readonly header: RunHeader;
  readonly input?: RunInput;
  readonly records: readonly StepRecord[];
  readonly graph: Graph;
  readonly open?: OpenForeach;
  /** Items of foreachs over nested workflows that are over. */
  readonly items: readonly StepRecord[];
  readonly children: ReadonlyMap<string, RunTree>;
  readonly cost?: RunCost;
}

/** Which nested runs are loaded: those that may hold suspended steps, all of them, or none. */
export type NestedChoice = 'suspended' | 'all' | 'none';

const mayHold: ReadonlySet<StepRecord['status']> = new Set(['child', 'suspended']);

/**
 * Reads a run, its open foreach, and nested runs. Undefined when there is no such run. `recorded`: by the graph that its records
 * tell of, because that of the code is not the one that it went by.
 */
export async function loadTree(
  engine: Engine,
  runId: string,
  nested: NestedChoice,
  by: 'current' | 'recorded' = 'current',
): Promise<RunTree | undefined> {
  const loaded = await engine.backend.store.loadRun(runId);
  if (loaded === undefined) return undefined;
  const run = { ...loaded, records: loaded.records.filter((record) => !isBehindEnd(loaded.header, record)) };
  const graph = graphOf(engine, run, by);
  const open = await openForeach(engine, run.header, run.records, graph);
  const items = nested === 'all' ? await nestedItems(engine, run.header, graph, open) : [];
  const records = [...run.records, ...(open?.items ?? []), ...items].filter((record) =>
    isVisible(parseTurn(record.turn).epoch, record.key.entry, run.header),
  );
  const wanted = records.flatMap((record) => {
    const isWanted = nested === 'all' || (nested === 'suspended' && mayHold.has(record.status));
    return isWanted ? (record.childRunId ?? []) : [];
  });
  const children = await Promise.all(wanted.map((child) => loadTree(engine, child, nested)));
  const found = children.filter((child) => child !== undefined);
  return {
    ...run,
    graph,
    ...(open === undefined ? {} : { open }),
    items,
    children: new Map(found.map((child) => [child.header.runId, child])),
  };
}

/** Whoever had another graph may have begun something behind the entry that ended the run: nothing came of it. */
function isBehindEnd({ endedBy = -1 }: RunHeader, { key }: StepRecord): boolean {
  return endedBy >= 0 && key.entry > endedBy;
}

/** The graph by which a run is read: that of the code, unless the run does not fit it. */
function graphOf(
  { registry }: Engine,
  { header, records }: Pick<RunTree, 'header' | 'records'>,
  by: 'current' | 'recorded',
): Graph {
  const workflow = registry.find(header.workflowId);
  if (workflow !== undefined && header.parked === undefined && by === 'current') return workflow.graph;
  const current = records.filter(({ turn, key }) => isVisible(parseTurn(turn).epoch, key.entry, header));
  return recordedGraph(header, current);
}

/** The entry at which a run stands, when that is a block without a result; undefined otherwise. */
function openBlock({
  header,
  records,
  graph,
}: Pick<RunTree, 'header' | 'records' | 'graph'>): number | undefined {
  const entry = frontierEntry({ header, records });
  if (!isBlock(graph[entry]) || header.startedAt === undefined) return undefined;
  const isClosed = records.some(
    ({ key, turn }) => sameKey(key, { entry }) && isVisible(parseTurn(turn).epoch, entry, header),
  );
  return isClosed ? undefined : entry;
}

/** What members of the block at which a run stands have changed so far; undefined when it stands elsewhere. */
export async function openDeltaOf(
  engine: Engine,
  tree: Pick<RunTree, 'header' | 'records' | 'graph'>,
): Promise<SharedDelta | undefined> {
  const entry = openBlock(tree);
  if (entry === undefined) return undefined;
  const { runId, epoch } = tree.header;
  return cellOf(engine, { runId, entry, epoch });
}

/** The foreach at which the run stands, when it was opened in this epoch. */
async function openForeach(
  { backend }: Engine,
  header: RunHeader,
  records: readonly StepRecord[],
  graph: Graph,
): Promise<OpenForeach | undefined> {
  const { runId, epoch } = header;
  const entry = openBlock({ header, records, graph });
  if (entry === undefined || graph[entry]?.type !== 'foreach') return undefined;
  const join = await backend.store.loadJoin({ runId, entry, epoch });
  if (join === undefined) return undefined;
  const { tokens, state: _, ...opening } = join;
  const items = await backend.store.loadItems({ runId, entry, items: membersOpen(opening, tokens) });
  return { entry, opening, items };
}

/** Items of every foreach over a nested workflow, but for those that the open one has already. */
async function nestedItems(
  { backend }: Engine,
  { runId }: RunHeader,
  graph: Graph,
  open: OpenForeach | undefined,
): Promise<StepRecord[]> {
  const entries = graph.flatMap((entry, index) =>
    entry.type === 'foreach' && entry.step.nested !== undefined ? [index] : [],
  );
  const items = await Promise.all(entries.map((entry) => backend.store.loadItems({ runId, entry })));
  const known = open?.items ?? [];
  return items.flat().filter((item) => !known.some(({ key }) => sameKey(key, item.key)));
}
