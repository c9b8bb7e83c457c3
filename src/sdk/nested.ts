import type { FlowEntry, StepContext, StepDefinition, WorkflowDefinition } from '../core/definition.ts';
import { WorkflowError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { invalid, isObject } from './describe.ts';

/** Whether `value` is a workflow, of this copy of the package or another one. */
export function isWorkflow(value: unknown): value is WorkflowDefinition {
  return isObject(value) && Array.isArray(value['graph']) && Array.isArray(value['flow']);
}

/** One step for each workflow: used twice in a flow, it is the same step twice. */
const stepOf = new WeakMap<WorkflowDefinition, StepDefinition>();

/** A workflow as a step of another one. */
export function workflowStep(workflow: WorkflowDefinition): StepDefinition {
  const known = stepOf.get(workflow);
  if (known !== undefined) return known;
  const step = newStep(workflow);
  stepOf.set(workflow, step);
  return step;
}

function newStep(workflow: WorkflowDefinition): StepDefinition {
  const { id, description, inputSchema, outputSchema, stateSchema, requestContextSchema, metadata } =
    workflow;
  return Object.freeze({
    id,
    description,
    inputSchema,
    outputSchema,
    stateSchema,
    requestContextSchema,
    metadata,
    component: 'WORKFLOW',
    workflow,
    reads: { steps: [], init: false },
    execute: ({ runId }: StepContext) => {
      throw new WorkflowError(
        'WORKFLOW_DEFINITION_INVALID',
        `Workflow "${id}" has no body to call: a runtime executes it as a run of its own. Use createRun to run it by itself`,
        { details: { workflowId: id, runId } },
      );
    },
  });
}

/** The workflows that are steps of a flow. */
function nestedIn(flow: readonly FlowEntry[]): WorkflowDefinition[] {
  const steps = flow.flatMap((entry) => {
    if ('steps' in entry) return entry.steps;
    return 'step' in entry ? [entry.step] : [];
  });
  return [...new Set(steps.flatMap((step) => step.workflow ?? []))];
}

/** How deep `workflow` nests others, 0 when it has none; `seen` knows what was counted before. */
function depthOf(workflow: WorkflowDefinition, seen: Map<WorkflowDefinition, number>): number {
  const known = seen.get(workflow);
  if (known !== undefined) return known;
  const depth = nestedIn(workflow.flow).reduce((most, inner) => Math.max(most, 1 + depthOf(inner, seen)), 0);
  seen.set(workflow, depth);
  return depth;
}

/**
 * Refuses to nest a workflow in one that it contains itself, or more than {@link limits.nesting} deep. Throws
 * WORKFLOW_DEFINITION_INVALID and WORKFLOW_LIMIT_EXCEEDED.
 */
export function checkNesting(outer: { readonly id: string }, inner: WorkflowDefinition): void {
  const details = { workflowId: outer.id };
  const seen = new Map<WorkflowDefinition, number>();
  const depth = 1 + depthOf(inner, seen);
  if ([...seen.keys()].some((workflow) => workflow === outer)) {
    const way = inner === outer ? 'itself' : `"${inner.id}", which contains it`;
    throw invalid(
      `Workflow "${outer.id}" was given ${way} as a step: it would never end. Use .dowhile or .dountil to repeat steps`,
      details,
    );
  }
  if (depth <= limits.nesting) return;
  throw new WorkflowError(
    'WORKFLOW_LIMIT_EXCEEDED',
    `Workflow "${outer.id}" would be ${depth} workflows deep by "${inner.id}", and ${limits.nesting} are possible: flatten it, or start the inner one as a run of its own`,
    { details: { ...details, limit: 'nesting', allowed: limits.nesting } },
  );
}

/** Commits the workflows that are steps of another one, whose graph has theirs. Throws WORKFLOW_EMPTY_GRAPH. */
export function commitNested(outer: Pick<WorkflowDefinition, 'id' | 'flow'>): void {
  for (const inner of nestedIn(outer.flow)) {
    if (inner.graph.length === 0) {
      throw new WorkflowError(
        'WORKFLOW_EMPTY_GRAPH',
        `Workflow "${inner.id}" is a step of "${outer.id}" and has no entries: add them before .commit() of "${outer.id}"`,
        { details: { workflowId: inner.id } },
      );
    }
    if (!inner.committed) inner.commit?.();
  }
}
