import type { FlowEntry, StepDefinition, WorkflowDefinition } from '../../core/definition.ts';
import { WorkflowError } from '../../core/errors.ts';
import type { WorkflowEvent } from '../../core/event.ts';
import type { Lane } from './config.ts';

/** Says which lane an event goes to; undefined: to the work queue. */
export type LaneOf = (event: Pick<WorkflowEvent, 'type' | 'workflowId' | 'stepId'>) => Lane | undefined;

/** What the steps of the workflows are called, as lanes name them, and how long each may take. */
interface KnownSteps {
  readonly workflows: ReadonlySet<string>;
  /** By `<workflow id>/<step id>`; undefined: without a limit of its own. */
  readonly timeouts: ReadonlyMap<string, number | undefined>;
}

/**
 * Makes the function that finds the lane of an event. A lane that names the step wins over one that names its workflow, and
 * that one over lanes for long steps, of which the one with the highest `stepsOver` below the step's `timeoutMs` is taken. All
 * events of a workflow that a lane names go there, its ends with their callbacks too; of a step, those that execute it.
 *
 * Throws WORKFLOW_DEFINITION_INVALID when a lane names a workflow or a step that is not among `workflows` and what is nested
 * in them, or when two lanes name the same.
 */
export function lanesOf(lanes: readonly Lane[], workflows: readonly WorkflowDefinition[]): LaneOf {
  if (lanes.length === 0) return () => undefined;
  const known = knownSteps(workflows);
  const bySteps = named(lanes, 'steps', (name) => known.timeouts.has(name));
  const byWorkflows = named(lanes, 'workflows', (name) => known.workflows.has(name));
  const forLong = lanes
    .filter(({ stepsOver }) => stepsOver !== undefined)
    .toSorted((a, b) => (b.stepsOver ?? 0) - (a.stepsOver ?? 0));
  return ({ type, workflowId, stepId }) => {
    const step = type === 'workflow.step.run' && stepId !== undefined ? `${workflowId}/${stepId}` : undefined;
    if (step !== undefined) {
      const lane = bySteps.get(step);
      if (lane !== undefined) return lane;
    }
    const ofWorkflow = byWorkflows.get(workflowId);
    if (ofWorkflow !== undefined || step === undefined) return ofWorkflow;
    const timeoutMs = known.timeouts.get(step) ?? 0;
    return forLong.find(({ stepsOver = Infinity }) => timeoutMs > stepsOver);
  };
}

function named(
  lanes: readonly Lane[],
  field: 'steps' | 'workflows',
  isKnown: (name: string) => boolean,
): ReadonlyMap<string, Lane> {
  const found = new Map<string, Lane>();
  for (const lane of lanes) {
    for (const name of lane[field] ?? []) {
      const other = found.get(name);
      if (other !== undefined && other !== lane) {
        throw invalid(
          `Lanes "${other.name}" and "${lane.name}" both name ${name} among their ${field}: leave it to one of them`,
        );
      }
      if (!isKnown(name)) {
        const remedy = field === 'steps' ? 'write <workflow id>/<step id> of one' : 'write the id of one';
        throw invalid(
          `Lane "${lane.name}" names ${name} among its ${field}, and the entry has no such: ${remedy}, or leave it out`,
        );
      }
      found.set(name, lane);
    }
  }
  return found;
}

function invalid(message: string): WorkflowError {
  return new WorkflowError('WORKFLOW_DEFINITION_INVALID', message);
}

/** Steps of an entry; a sleep has none. */
function stepsOf(entry: FlowEntry): readonly Pick<StepDefinition, 'id' | 'timeoutMs' | 'workflow'>[] {
  if ('steps' in entry) return entry.steps;
  return 'step' in entry ? [entry.step] : [{ id: entry.id }];
}

function knownSteps(workflows: readonly WorkflowDefinition[]): KnownSteps {
  const seen = new Set<WorkflowDefinition>();
  const timeouts = new Map<string, number | undefined>();
  const visit = (workflow: WorkflowDefinition): void => {
    if (seen.has(workflow)) return;
    seen.add(workflow);
    for (const { id, timeoutMs, workflow: nested } of workflow.flow.flatMap(stepsOf)) {
      timeouts.set(`${workflow.id}/${id}`, timeoutMs);
      if (nested !== undefined) visit(nested);
    }
  };
  for (const workflow of workflows) visit(workflow);
  return { workflows: new Set([...seen].map(({ id }) => id)), timeouts };
}
