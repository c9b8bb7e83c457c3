import type {
  LoopConditionDefinition,
  ConditionDefinition,
  FlowEntry,
  StepDefinition,
  WorkflowDefinition,
} from '../../src/core/definition.ts';
import type { Graph, GraphEntry, GraphStep } from '../../src/core/graph.ts';

/**
 * Workflows in the runtime's own terms, so that these tests stand without the authoring door.
 */

type Body = StepDefinition['execute'];

/** A step that reads nothing but its input. */
export function step(id: string, execute: Body, options: Partial<StepDefinition> = {}): StepDefinition {
  return { id, reads: { steps: [], init: false }, ...options, execute };
}

/** One entry of {@link workflow}. */
export type Entry =
  | StepDefinition
  | { readonly parallel: readonly StepDefinition[] }
  | { readonly branch: readonly (readonly [ConditionDefinition, StepDefinition])[] }
  | { readonly dountil: readonly [StepDefinition, LoopConditionDefinition] }
  | { readonly foreach: StepDefinition; readonly concurrency?: number }
  | { readonly sleep: number; readonly id: string };

function graphStep(definition: StepDefinition): GraphStep {
  const { id, resumeSchema, workflow: nested } = definition;
  return {
    id,
    canSuspend: resumeSchema !== undefined,
    ...(nested === undefined ? {} : { nested: { workflowId: nested.id, graph: nested.graph } }),
  };
}

function graphEntry(entry: Entry): GraphEntry {
  if ('parallel' in entry) return { type: 'parallel', arms: entry.parallel.map(graphStep) };
  if ('branch' in entry) {
    const arms = entry.branch.map(([, arm]) => graphStep(arm));
    return { type: 'conditional', arms, conditions: entry.branch.map(([condition]) => String(condition)) };
  }
  if ('dountil' in entry) {
    const [body, condition] = entry.dountil;
    return { type: 'loop', loopType: 'dountil', step: graphStep(body), condition: String(condition) };
  }
  if ('foreach' in entry) {
    const { foreach, concurrency = 1 } = entry;
    return { type: 'foreach', step: graphStep(foreach), concurrency: String(concurrency) };
  }
  if ('sleep' in entry) return { type: 'sleep', id: entry.id, time: String(entry.sleep) };
  return { type: 'step', ...graphStep(entry) };
}

function flowEntry(entry: Entry): FlowEntry {
  if ('parallel' in entry) return { type: 'parallel', steps: entry.parallel };
  if ('branch' in entry) {
    return {
      type: 'conditional',
      steps: entry.branch.map(([, arm]) => arm),
      conditions: entry.branch.map(([condition]) => condition),
    };
  }
  if ('dountil' in entry) {
    const [body, condition] = entry.dountil;
    return { type: 'loop', loopType: 'dountil', step: body, condition };
  }
  if ('foreach' in entry)
    return { type: 'foreach', step: entry.foreach, concurrency: entry.concurrency ?? 1 };
  if ('sleep' in entry) {
    return { type: 'sleep', id: entry.id, time: { type: 'sleep', duration: entry.sleep } };
  }
  return { type: 'step', step: entry };
}

/** A committed workflow of these entries. */
export function workflow(
  id: string,
  entries: readonly Entry[],
  options: Partial<WorkflowDefinition> = {},
): WorkflowDefinition {
  const graph: Graph = entries.map(graphEntry);
  return { id, validateInputs: true, committed: true, ...options, graph, flow: entries.map(flowEntry) };
}

/** A step that is a workflow. */
export function nest(definition: WorkflowDefinition, options: Partial<StepDefinition> = {}): StepDefinition {
  return step(definition.id, () => undefined, { ...options, workflow: definition });
}

/** A step that adds `by` to the number it gets. */
export function add(id: string, by: number): StepDefinition {
  return step(id, ({ inputData }) => Number(inputData) + by);
}

/** Suspends until it is told what to add, under a label that has its input in it. */
export const asking = step('ask', async ({ inputData, resumeData, suspend }) => {
  if (resumeData === undefined)
    return suspend({ about: inputData }, { resumeLabel: `label-${String(inputData)}` });
  return Number(inputData) + Number(resumeData);
});
