import type {
  ConditionDefinition,
  FlowEntry,
  Reads,
  StepDefinition,
  WorkflowDefinition,
} from '../core/definition.ts';
import { WorkflowError } from '../core/errors.ts';
import { type Graph, graphText } from '../core/graph.ts';
import { readsOfSource } from '../core/reads.ts';
import type { RecordKey } from '../core/records.ts';
import { sha256 } from './values.ts';

/** A workflow with what the engine derives from it once. */
export interface CompiledWorkflow {
  readonly definition: WorkflowDefinition;
  readonly graph: Graph;
  readonly graphHash: string;
}

/** A conditional or parallel block with its functions. */
export type BlockEntry = Extract<FlowEntry, { type: 'parallel' | 'conditional' }>;

const readsOfFunction = new WeakMap<object, Reads>();

/** What a step's body can read synchronously: declared, or judged once by its source text. */
export function readsOf(step: StepDefinition): Reads {
  // oxlint-disable-next-line typescript/unbound-method -- only its text is read
  return step.reads ?? readsOfBody(step.execute);
}

/** What a condition, or any other author's function, can read synchronously. */
export function readsOfBody(body: StepDefinition['execute'] | ConditionDefinition): Reads {
  const known = readsOfFunction.get(body);
  if (known !== undefined) return known;
  const reads = readsOfSource(Function.prototype.toString.call(body));
  readsOfFunction.set(body, reads);
  return reads;
}

/** The step at a place of the graph; undefined when the graph has none there. */
export function stepAt(workflow: CompiledWorkflow, key: RecordKey): StepDefinition | undefined {
  const entry = workflow.definition.flow[key.entry];
  if (entry === undefined) return undefined;
  if ('step' in entry) return key.arm === undefined ? entry.step : undefined;
  return key.arm === undefined ? undefined : entry.steps[key.arm];
}

/** The block at an entry; undefined when there is a step. */
export function blockAt(workflow: CompiledWorkflow, key: RecordKey): BlockEntry | undefined {
  const entry = workflow.definition.flow[key.entry];
  return entry === undefined || 'step' in entry || key.arm !== undefined ? undefined : entry;
}

/** The workflows that one runtime serves. */
export class Registry {
  private readonly byId = new Map<string, CompiledWorkflow>();

  /** Throws WORKFLOW_DEFINITION_INVALID when an id is taken, WORKFLOW_EMPTY_GRAPH for a workflow without entries. */
  constructor(workflows: readonly WorkflowDefinition[]) {
    for (const definition of workflows) {
      if (this.byId.has(definition.id)) {
        throw new WorkflowError(
          'WORKFLOW_DEFINITION_INVALID',
          `Two workflows have the id "${definition.id}": give each its own id`,
          { details: { workflowId: definition.id } },
        );
      }
      if (definition.graph.length === 0) {
        throw new WorkflowError(
          'WORKFLOW_EMPTY_GRAPH',
          'Execution flow of workflow is not defined. Add steps to the workflow via .then(), .branch(), etc.',
          { details: { workflowId: definition.id } },
        );
      }
      const { graph } = definition;
      this.byId.set(definition.id, { definition, graph, graphHash: sha256(graphText(graph)).slice(0, 16) });
    }
  }

  /** All workflows, in the order of registration. */
  get all(): readonly CompiledWorkflow[] {
    return [...this.byId.values()];
  }

  /** Throws WORKFLOW_NOT_FOUND. */
  get(workflowId: string): CompiledWorkflow {
    const workflow = this.byId.get(workflowId);
    if (workflow !== undefined) return workflow;
    const known = [...this.byId.keys()].join(', ');
    throw new WorkflowError(
      'WORKFLOW_NOT_FOUND',
      `No workflow "${workflowId}" is registered here. Registered: ${known}`,
      { details: { workflowId } },
    );
  }
}
