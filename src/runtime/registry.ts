import type {
  FlowEntry,
  Reads,
  StepDefinition,
  StepSources,
  WorkflowDefinition,
} from '../core/definition.ts';
import { WorkflowError } from '../core/errors.ts';
import { type Graph, graphText } from '../core/graph.ts';
import { limits } from '../core/limits.ts';
import { graphMark } from '../core/parked.ts';
import { readsOfSource, unionOfReads } from '../core/reads.ts';
import type { RecordKey, RunHeader } from '../core/records.ts';
import { resolvedFlow } from './sources.ts';
import { sha256 } from './values.ts';

/** A workflow with what the engine derives from it once. */
export interface CompiledWorkflow {
  readonly definition: WorkflowDefinition;
  /** Its entries, with the agents and tools that some of them name by an id. */
  readonly flow: readonly FlowEntry[];
  readonly graph: Graph;
  /** See `RunHeader.graphHash`. */
  readonly graphHash: string;
  /** It has nested workflows, whose runs end with its own. */
  readonly nests: boolean;
}

/** What stands for a workflow that is not registered: its runs can be shown, canceled and removed. */
function absentWorkflow(id: string): CompiledWorkflow {
  const definition = { id, validateInputs: false, committed: true, graph: [], flow: [] };
  // Whether it nests others nobody knows, so what may be nested in it is looked for.
  return { definition, flow: [], graph: [], graphHash: '', nests: true };
}

/** The workflow of a run; one without anything in it where it is not registered. */
export function workflowOf(
  { registry }: { readonly registry: Registry },
  { workflowId }: Pick<RunHeader, 'workflowId'>,
): CompiledWorkflow {
  return registry.find(workflowId) ?? absentWorkflow(workflowId);
}

/** A conditional or parallel block with its functions. */
export type BlockEntry = Extract<FlowEntry, { type: 'parallel' | 'conditional' }>;

/** A foreach with its functions. */
export type ForeachEntry = Extract<FlowEntry, { type: 'foreach' }>;

/** A loop with its functions. */
export type LoopEntry = Extract<FlowEntry, { type: 'loop' }>;

/** A sleep with its function. */
export type SleepEntry = Extract<FlowEntry, { type: 'sleep' }>;

const readsOfFunction = new WeakMap<object, Reads>();

/** What a step's body can read synchronously: declared, or judged once by its source text. */
function readsOf(step: StepDefinition): Reads {
  // oxlint-disable-next-line typescript/unbound-method -- only its text is read
  return step.reads ?? readsOfBody(step.execute);
}

/** What a condition, or any other author's function, can read synchronously: declared by itself, or judged by its text. */
export function readsOfBody(body: { (context: never): unknown; readonly reads?: Reads | undefined }): Reads {
  const known = body.reads ?? readsOfFunction.get(body);
  if (known !== undefined) return known;
  const reads = readsOfSource(Function.prototype.toString.call(body));
  readsOfFunction.set(body, reads);
  return reads;
}

/** What the functions that run in one handling of a place can read: a body, and the condition of its loop. */
export function readsAt(workflow: CompiledWorkflow, key: RecordKey, step: StepDefinition): Reads {
  const body = readsOf(step);
  const loop = loopAt(workflow, key);
  if (loop === undefined) return body;
  return unionOfReads([body, readsOfBody(loop.condition)]);
}

/** Every step of an entry: its own, the body of a loop or foreach, or the arms of a block. A sleep has none. */
export function stepsOf(entry: FlowEntry): readonly StepDefinition[] {
  if ('steps' in entry) return entry.steps;
  return 'step' in entry ? [entry.step] : [];
}

/** The step at a place of the graph; undefined when the graph has none there. */
export function stepAt(workflow: CompiledWorkflow, key: RecordKey): StepDefinition | undefined {
  const entry = workflow.flow[key.entry];
  if (entry === undefined || 'steps' in entry !== (key.arm !== undefined)) return undefined;
  if ((entry.type === 'foreach') !== (key.item !== undefined)) return undefined;
  return stepsOf(entry)[key.arm ?? 0];
}

/** The loop at an entry, whose body {@link stepAt} gives. */
export function loopAt(workflow: CompiledWorkflow, key: RecordKey): LoopEntry | undefined {
  const entry = workflow.flow[key.entry];
  return entry?.type === 'loop' ? entry : undefined;
}

/** The sleep at an entry. */
export function sleepAt(workflow: CompiledWorkflow, key: RecordKey): SleepEntry | undefined {
  const entry = workflow.flow[key.entry];
  return entry?.type === 'sleep' && key.arm === undefined ? entry : undefined;
}

/** The foreach at an entry; undefined for one of its items. */
export function foreachAt(workflow: CompiledWorkflow, key: RecordKey): ForeachEntry | undefined {
  const entry = workflow.flow[key.entry];
  return entry?.type === 'foreach' && key.item === undefined ? entry : undefined;
}

/** The parallel or branch at an entry; undefined when there is a step. */
export function blockAt(workflow: CompiledWorkflow, key: RecordKey): BlockEntry | undefined {
  const entry = workflow.flow[key.entry];
  return entry !== undefined && 'steps' in entry && key.arm === undefined ? entry : undefined;
}

function sameId(workflowId: string): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_DEFINITION_INVALID',
    `Two workflows have the id "${workflowId}": give each its own id`,
    { details: { workflowId } },
  );
}

/** The workflows that one runtime serves: those it was given, and those nested in them. */
export class Registry {
  private readonly byId = new Map<string, CompiledWorkflow>();
  private readonly sources: StepSources;

  /**
   * Registration commits a workflow that is not yet. Throws WORKFLOW_DEFINITION_INVALID when an id is taken,
   * WORKFLOW_EMPTY_GRAPH for a workflow without entries, WORKFLOW_NOT_COMMITTED for one that cannot be committed.
   */
  constructor(workflows: readonly WorkflowDefinition[], sources: StepSources) {
    this.sources = sources;
    const ids = workflows.map(({ id }) => id);
    const twice = ids.find((id, place) => ids.indexOf(id) !== place);
    if (twice !== undefined) throw sameId(twice);
    for (const definition of workflows) this.add(definition, 0);
  }

  /** Adds a workflow and those nested in it. */
  private add(definition: WorkflowDefinition, depth: number): void {
    const known = this.byId.get(definition.id);
    if (known !== undefined && known.definition !== definition) throw sameId(definition.id);
    if (depth > limits.nesting) {
      throw new WorkflowError(
        'WORKFLOW_LIMIT_EXCEEDED',
        `Workflow "${definition.id}" is nested more than ${limits.nesting} deep: flatten it, or start it as a run of its own`,
        { details: { workflowId: definition.id, limit: 'nesting', allowed: limits.nesting } },
      );
    }
    if (known === undefined) this.compile(definition);
    for (const step of definition.flow.flatMap(stepsOf)) {
      if (step.workflow !== undefined) this.add(step.workflow, depth + 1);
    }
  }

  private compile(definition: WorkflowDefinition): void {
    if (definition.graph.length === 0) {
      throw new WorkflowError(
        'WORKFLOW_EMPTY_GRAPH',
        'Execution flow of workflow is not defined. Add steps to the workflow via .then(), .branch(), etc.',
        { details: { workflowId: definition.id } },
      );
    }
    if (!definition.committed) definition.commit?.();
    if (!definition.committed) {
      throw new WorkflowError(
        'WORKFLOW_NOT_COMMITTED',
        'Uncommitted step flow changes detected. Call .commit() to register the steps.',
        { details: { workflowId: definition.id } },
      );
    }
    const { graph } = definition;
    const nests = definition.flow.flatMap(stepsOf).some((step) => step.workflow !== undefined);
    const graphHash = graphMark(sha256(graphText(graph)).slice(0, 16), graph);
    const flow = resolvedFlow(definition.flow, this.sources);
    this.byId.set(definition.id, { definition, flow, graph, graphHash, nests });
  }

  /** All workflows, in the order of registration; those that are nested come after the one that they are in. */
  get all(): readonly CompiledWorkflow[] {
    return [...this.byId.values()];
  }

  /** Undefined when it is not registered. */
  find(workflowId: string): CompiledWorkflow | undefined {
    return this.byId.get(workflowId);
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
