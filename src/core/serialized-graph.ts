import type { Graph, GraphEntry, GraphStep, Shown, Titled } from './graph.ts';

/**
 * The public form of a graph: that of the reference, for people and programs that look at workflows and stored runs.
 */

/** The source text of an author's function. */
interface SerializedCondition {
  readonly id: string;
  readonly fn: string;
}

/** A step. */
export interface SerializedStep extends Shown {
  readonly id: string;
  readonly canSuspend: boolean;
  /** What it was made of, when it is not from parameters. */
  readonly component?: 'AGENT' | 'TOOL' | 'WORKFLOW';
  /** Entries of the workflow that it is. */
  readonly serializedStepFlow?: SerializedGraph;
}

/** A step by itself, or as an arm. */
export type SerializedSingle =
  | { readonly type: 'step'; readonly step: SerializedStep }
  | ({ readonly type: 'agent'; readonly id: string; readonly agentId: string } & Shown)
  | ({ readonly type: 'tool'; readonly id: string; readonly toolId: string } & Shown)
  | ({
      readonly type: 'workflow';
      readonly id: string;
      readonly workflowId: string;
      readonly serializedStepFlow: SerializedGraph;
    } & Shown);

/** One entry. What is computed is shown by its source text, as `fn`. */
export type SerializedEntry =
  | SerializedSingle
  | ({ readonly type: 'mapping'; readonly id: string; readonly mapConfig: string } & Shown)
  | ({ readonly type: 'parallel'; readonly steps: readonly SerializedSingle[] } & Titled)
  | ({
      readonly type: 'conditional';
      readonly steps: readonly SerializedSingle[];
      readonly serializedConditions: readonly SerializedCondition[];
      /** Conditions that are data, in the order of the arms; null for one that is a function. Absent when all are. */
      readonly predicates?: readonly unknown[];
    } & Titled)
  | ({
      readonly type: 'loop';
      readonly loopType: 'dowhile' | 'dountil';
      readonly step: SerializedStep;
      readonly serializedCondition: SerializedCondition;
      /** The condition, when it is data. */
      readonly predicate?: unknown;
    } & Titled)
  | ({
      readonly type: 'foreach';
      readonly step: SerializedStep;
      readonly opts: { readonly concurrency?: number; readonly fn?: string };
    } & Titled)
  | ({
      readonly type: 'sleep';
      readonly id: string;
      readonly duration?: number;
      readonly fn?: string;
    } & Shown)
  | ({
      readonly type: 'sleepUntil';
      readonly id: string;
      readonly date?: string;
      readonly fn?: string;
    } & Shown);

/** See {@link SerializedEntry}. */
export type SerializedGraph = readonly SerializedEntry[];

function shown({ description, metadata }: Shown): Shown {
  return {
    ...(description === undefined ? {} : { description }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

function titled(entry: Titled): Titled {
  return { ...(entry.id === undefined ? {} : { id: entry.id }), ...shown(entry) };
}

function stepOf(step: GraphStep): SerializedStep {
  const { id, canSuspend, component, nested } = step;
  return {
    id,
    ...shown(step),
    ...(component === undefined ? {} : { component }),
    canSuspend,
    ...(nested === undefined ? {} : { serializedStepFlow: serializedGraph(nested.graph) }),
  };
}

function singleOf(step: GraphStep): SerializedSingle {
  const { id, executes, component, nested } = step;
  if (nested !== undefined) {
    const { workflowId, graph } = nested;
    return { type: 'workflow', id, workflowId, ...shown(step), serializedStepFlow: serializedGraph(graph) };
  }
  if (executes === undefined) return { type: 'step', step: stepOf(step) };
  if (component === 'TOOL') return { type: 'tool', id, toolId: executes, ...shown(step) };
  return { type: 'agent', id, agentId: executes, ...shown(step) };
}

/** The predicate of a condition that is data; undefined for a function, whose source never begins like this. */
function predicateOf(condition: string): unknown {
  if (!condition.startsWith('{"predicate":')) return undefined;
  return (JSON.parse(condition) as { readonly predicate: unknown }).predicate;
}

function conditionOf(step: GraphStep, fn: string): SerializedCondition {
  return { id: `${step.id}-condition`, fn };
}

/** A number as a graph shows it; undefined for the source of a function. */
function numberOf(text: string): number | undefined {
  const value = Number(text);
  return Number.isNaN(value) ? undefined : value;
}

const isoDate = /^[+-]?\d+-\d\d-\d\dT/;

function entryOf(entry: GraphEntry): SerializedEntry {
  switch (entry.type) {
    case 'step':
      return singleOf(entry);
    case 'mapping':
      return { type: 'mapping', id: entry.id, mapConfig: entry.mapConfig, ...shown(entry) };
    case 'parallel':
      return { type: 'parallel', steps: entry.arms.map(singleOf), ...titled(entry) };
    case 'conditional': {
      const predicates = entry.conditions.map((text) => predicateOf(text) ?? null);
      return {
        type: 'conditional',
        steps: entry.arms.map(singleOf),
        serializedConditions: entry.arms.map((step, arm) =>
          conditionOf(step, entry.conditions[arm] as string),
        ),
        ...(predicates.every((predicate) => predicate === null) ? {} : { predicates }),
        ...titled(entry),
      };
    }
    case 'loop': {
      const { loopType, step, condition } = entry;
      const predicate = predicateOf(condition);
      return {
        type: 'loop',
        loopType,
        step: stepOf(step),
        serializedCondition: conditionOf(step, condition),
        ...(predicate === undefined ? {} : { predicate }),
        ...titled(entry),
      };
    }
    case 'foreach': {
      const concurrency = numberOf(entry.concurrency);
      const opts = concurrency === undefined ? { fn: entry.concurrency } : { concurrency };
      return { type: 'foreach', step: stepOf(entry.step), opts, ...titled(entry) };
    }
    case 'sleep': {
      const duration = numberOf(entry.time);
      const time = duration === undefined ? { fn: entry.time } : { duration };
      return { type: 'sleep', id: entry.id, ...time, ...shown(entry) };
    }
    case 'sleepUntil': {
      const time = isoDate.test(entry.time) ? { date: entry.time } : { fn: entry.time };
      return { type: 'sleepUntil', id: entry.id, ...time, ...shown(entry) };
    }
  }
}

/** A graph in its public form. */
export function serializedGraph(graph: Graph): SerializedGraph {
  return graph.map(entryOf);
}
