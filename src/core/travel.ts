import { WorkflowError } from './errors.ts';
import { entryId, type Graph, graphSteps, hasOwnResult, placesOf } from './graph.ts';
import type { StepContextInput } from './host.ts';
import type { RecordKey, RunHeader, SharedData } from './records.ts';

/** What a time travel was asked for, as it is stored for whoever prepares the epoch. */
export interface TravelParameters {
  /** Ids of steps from this run inwards; the first one is a step of this run. */
  readonly path: readonly string[];
  readonly hasInput: boolean;
  readonly inputData?: unknown;
  readonly hasResume: boolean;
  readonly resumeData?: unknown;
  /** State and request context that the epoch begins with. */
  readonly shared: SharedData;
  readonly context: Readonly<Record<string, StepContextInput>>;
  readonly nestedStepsContext: Readonly<Record<string, Readonly<Record<string, StepContextInput>>>>;
}

/** Where an epoch begins: a place of the run's graph, and what is left of the path inside of the workflow there. */
export interface TravelTarget {
  /** An entry, or an arm; never an item: a foreach begins as a whole. */
  readonly key: RecordKey;
  readonly inner: readonly string[];
}

/** What a caller gave for a step. A step can be called `constructor`, which every object has. */
export function givenFor<Given>(all: Readonly<Record<string, Given>>, stepId: string): Given | undefined {
  return Object.hasOwn(all, stepId) ? all[stepId] : undefined;
}

function innerGraph(graph: Graph, stepId: string): Graph | undefined {
  const steps = graph.flatMap(graphSteps);
  return steps.find((step) => step.id === stepId)?.nested?.graph;
}

/** The place that ids along nested workflows mean; undefined when the graph does not have it. */
export function targetOf(graph: Graph, ids: readonly string[]): TravelTarget | undefined {
  const [first, ...inner] = ids;
  const key = first === undefined ? undefined : placesOf(graph, first)[0];
  if (first === undefined || key === undefined) return undefined;
  if (inner.length === 0) return { key, inner };
  const nested = innerGraph(graph, first);
  return nested !== undefined && targetOf(nested, inner) !== undefined ? { key, inner } : undefined;
}

const unchanged = 'The stored snapshot has not been modified.';

/**
 * The place that a step means: an id, ids along nested workflows, or the same as one dotted text. Throws
 * WORKFLOW_ARGUMENT_INVALID for a step that the graph does not have.
 */
export function travelTarget(
  graph: Graph,
  step: string | readonly string[],
  header: Pick<RunHeader, 'runId' | 'workflowId'>,
): TravelTarget & { readonly path: readonly string[] } {
  const given = typeof step === 'string' ? [step] : step;
  for (const ids of [given, given.flatMap((id) => id.split('.'))]) {
    const target = targetOf(graph, ids);
    if (target !== undefined) return { ...target, path: ids };
  }
  const name = given.join('.');
  throw new WorkflowError(
    'WORKFLOW_ARGUMENT_INVALID',
    `Cannot time travel to step '${name}': the step does not exist in the current execution graph. ${unchanged}`,
    { details: { runId: header.runId, workflowId: header.workflowId, stepId: name } },
  );
}

/** Ids of steps under which an entry's results appear and that every execution of it has. */
function resultIds(graph: Graph, entry: number): string[] {
  const definition = graph[entry];
  if (definition === undefined || definition.type === 'conditional') return [];
  if (hasOwnResult(definition)) return [entryId(definition, entry)];
  return graphSteps(definition).map(({ id }) => id);
}

/**
 * Refuses a time travel over steps that nothing is known about. `isKnown`: whether the run, or what the caller gave, has a
 * result of a step. Throws WORKFLOW_ARGUMENT_INVALID.
 */
export function checkPredecessors(
  graph: Graph,
  target: TravelTarget & { readonly path: readonly string[] },
  isKnown: (stepId: string, entry: number) => boolean,
  header: Pick<RunHeader, 'runId' | 'workflowId'>,
): void {
  const missing = graph
    .slice(0, target.key.entry)
    .flatMap((_, entry) => resultIds(graph, entry).filter((id) => !isKnown(id, entry)));
  if (missing.length === 0) return;
  const ids = missing.map((id) => `'${id}'`).join(', ');
  throw new WorkflowError(
    'WORKFLOW_ARGUMENT_INVALID',
    `Cannot time travel to step '${target.path.join('.')}': step(s) ${ids} precede the target in the current execution graph but were not recorded in the snapshot. ${unchanged}`,
    { details: { runId: header.runId, workflowId: header.workflowId, stepId: target.path.join('.') } },
  );
}
