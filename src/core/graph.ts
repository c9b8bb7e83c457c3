import type { RecordKey } from './records.ts';

/**
 * The shape of a workflow, without its functions: what decisions, hashes and snapshots need.
 */

/** What its author said about an entry, for people to read. */
export interface Shown {
  readonly description?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** A name of its own that an entry may have; unless the kind says otherwise, no record is kept under it. */
export interface Titled extends Shown {
  readonly id?: string;
}

/** A step, by itself or inside a block. */
export interface GraphStep extends Shown {
  readonly id: string;
  /** Whether it, or anything nested in it, can suspend. */
  readonly canSuspend: boolean;
  readonly nested?: NestedGraph;
  /** What it was made of, when it is not from parameters. */
  readonly component?: 'AGENT' | 'TOOL' | 'WORKFLOW';
  /** Id of the agent or tool, of an entry that was added for one. */
  readonly executes?: string;
}

/** One entry of a graph. */
export type GraphEntry =
  | ({ readonly type: 'step' } & GraphStep)
  | ({ readonly type: 'mapping'; readonly id: string; readonly mapConfig: string } & Shown)
  /** Its record is kept under its id, if it has one. */
  | ({ readonly type: 'parallel'; readonly arms: readonly GraphStep[] } & Titled)
  | ({
      readonly type: 'conditional';
      readonly arms: readonly GraphStep[];
      /** Source text of each condition, for people to read. */
      readonly conditions: readonly string[];
      /** Its record is kept under its id, if it has one. */
    } & Titled)
  | ({
      readonly type: 'loop';
      readonly loopType: 'dowhile' | 'dountil';
      /** The body; the loop's result appears under its id. */
      readonly step: GraphStep;
      /** Source text of the condition, for people to read. */
      readonly condition: string;
    } & Titled)
  | ({
      readonly type: 'foreach';
      /** Executed for each element; the result of all of them appears under its id. */
      readonly step: GraphStep;
      /** A number, or the source text of the function that gives it; for people to read. */
      readonly concurrency: string;
    } & Titled)
  | ({
      readonly type: 'sleep' | 'sleepUntil';
      readonly id: string;
      /** Milliseconds, ISO 8601 date, or the source text of the function that gives them; for people to read. */
      readonly time: string;
    } & Shown);

/** The workflow that a step stands for. */
export interface NestedGraph {
  readonly workflowId: string;
  readonly graph: Graph;
}

/** A workflow's graph. */
export type Graph = readonly GraphEntry[];

/** Arms of a block; undefined for an entry that is no block. */
export function armsOf(entry: GraphEntry): readonly GraphStep[] | undefined {
  return entry.type === 'parallel' || entry.type === 'conditional' ? entry.arms : undefined;
}

/** Whether an entry is executed by members, whose join closes it. */
export function isBlock(entry: GraphEntry | undefined): boolean {
  return entry !== undefined && (entry.type === 'foreach' || armsOf(entry) !== undefined);
}

/** Whether the result of an entry appears under its own id; that of a parallel or branch appears as those of its arms. */
export function hasOwnResult(entry: GraphEntry | undefined): boolean {
  return entry !== undefined && armsOf(entry) === undefined;
}

/** The steps of an entry: its own, the body of a loop or foreach, the arms of a block; a mapping and a sleep have none. */
export function graphSteps(entry: GraphEntry): readonly GraphStep[] {
  switch (entry.type) {
    case 'step':
      return [entry];
    case 'loop':
    case 'foreach':
      return [entry.step];
    case 'parallel':
    case 'conditional':
      return entry.arms;
    default:
      return [];
  }
}

/** Name under which the record of an entry is kept: the step's id, or for a block its own id or kind. */
export function entryId(entry: GraphEntry, index: number): string {
  switch (entry.type) {
    case 'parallel':
    case 'conditional':
      return entry.id ?? `${entry.type}_${index}`;
    case 'loop':
    case 'foreach':
      return entry.step.id;
    default:
      return entry.id;
  }
}

/** Id of the step that a key means; undefined when the graph has no such place. */
export function stepIdAt(graph: Graph, key: RecordKey): string | undefined {
  const entry = graph[key.entry];
  if (entry === undefined) return undefined;
  if (key.item !== undefined) return entry.type === 'foreach' ? entry.step.id : undefined;
  return key.arm === undefined ? entryId(entry, key.entry) : armsOf(entry)?.[key.arm]?.id;
}

/** All places of a step, in graph order. One step may be used several times. */
export function placesOf(graph: Graph, stepId: string): RecordKey[] {
  return graph.flatMap((entry, index) => {
    const arms = armsOf(entry);
    if (arms === undefined) return entryId(entry, index) === stepId ? [{ entry: index }] : [];
    return arms.flatMap((arm, number) => (arm.id === stepId ? [{ entry: index, arm: number }] : []));
  });
}

/**
 * Text of what a stored run depends on: kinds, ids, order and nested workflows, but neither descriptions nor sources, so that
 * a reworded description or a reformatted condition parks no run.
 */
export function graphText(graph: Graph): string {
  return JSON.stringify(
    graph.map((entry, index) => {
      const nested = graphSteps(entry).map((step) => step.nested?.workflowId ?? 0);
      return [
        entry.type,
        ...(armsOf(entry)?.map((arm) => arm.id) ?? [entryId(entry, index)]),
        // Only where there are any: a graph without keeps the text that it always had.
        ...(nested.every((id) => id === 0) ? [] : [nested]),
      ];
    }),
  );
}
