import type { StepDefinition } from '../core/definition.ts';
import { type Graph, type GraphEntry, type GraphStep, graphSteps } from '../core/graph.ts';

/** Whether anything in a graph, or in what is nested in it, can suspend. */
function suspends(graph: Graph): boolean {
  return graph.some((entry) => graphSteps(entry).some((step) => step.canSuspend));
}

/** A step as a graph shows it. */
export function graphStep(step: StepDefinition): GraphStep {
  const { id, description, metadata, component, executes, workflow, resumeSchema, suspendSchema } = step;
  return {
    id,
    ...(description === undefined ? {} : { description }),
    canSuspend:
      workflow === undefined
        ? resumeSchema !== undefined || suspendSchema !== undefined
        : suspends(workflow.graph),
    ...(metadata === undefined ? {} : { metadata }),
    ...(component === undefined ? {} : { component }),
    ...(executes === undefined ? {} : { executes }),
    ...(workflow === undefined ? {} : { nested: { workflowId: workflow.id, graph: workflow.graph } }),
  };
}

function withNested<Of extends GraphStep>(step: Of): Of {
  return step.nested === undefined ? step : { ...step, canSuspend: suspends(step.nested.graph) };
}

/** An entry with what has become of the workflows in it since it was added. */
export function settledEntry(entry: GraphEntry): GraphEntry {
  switch (entry.type) {
    case 'step':
      return withNested(entry);
    case 'loop':
    case 'foreach':
      return { ...entry, step: withNested(entry.step) };
    case 'parallel':
    case 'conditional':
      return { ...entry, arms: entry.arms.map(withNested) };
    default:
      return entry;
  }
}
