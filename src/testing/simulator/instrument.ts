import type { FlowEntry, StepContext, StepDefinition, WorkflowDefinition } from '../../core/definition.ts';
import { readsOfSource } from '../../core/reads.ts';

/** Called around each body: `run` executes it. */
export type AroundBody = (context: StepContext, run: () => unknown) => Promise<unknown>;

/**
 * The same workflow, with `around` called for each execution of each body, also in those that are nested in it. `known`
 * holds those that were made already, so that one workflow in two places stays one.
 */
export function instrumented(
  workflow: WorkflowDefinition,
  around: AroundBody,
  known = new Map<WorkflowDefinition, WorkflowDefinition>(),
): WorkflowDefinition {
  const made = known.get(workflow);
  if (made !== undefined) return made;
  if (!workflow.committed) workflow.commit?.();
  const copy: WorkflowDefinition = {
    id: workflow.id,
    inputSchema: workflow.inputSchema,
    outputSchema: workflow.outputSchema,
    stateSchema: workflow.stateSchema,
    requestContextSchema: workflow.requestContextSchema,
    retryConfig: workflow.retryConfig,
    timeoutMs: workflow.timeoutMs,
    concurrency: workflow.concurrency,
    validateInputs: workflow.validateInputs,
    callbacks: workflow.callbacks,
    shouldPersistSnapshot: workflow.shouldPersistSnapshot,
    pruneSnapshot: workflow.pruneSnapshot,
    history: workflow.history,
    committed: workflow.committed,
    graph: workflow.graph,
    flow: workflow.flow.map((entry) =>
      instrumentedEntry(entry, (step) => instrumentedStep(step, around, known)),
    ),
  };
  known.set(workflow, copy);
  return copy;
}

function instrumentedEntry(entry: FlowEntry, wrap: (step: StepDefinition) => StepDefinition): FlowEntry {
  if ('steps' in entry) return { ...entry, steps: entry.steps.map(wrap) };
  return 'step' in entry ? { ...entry, step: wrap(entry.step) } : entry;
}

function instrumentedStep(
  step: StepDefinition,
  around: AroundBody,
  known: Map<WorkflowDefinition, WorkflowDefinition>,
): StepDefinition {
  const { workflow, resolve } = step;
  if (workflow !== undefined) return copyOf(step, { workflow: instrumented(workflow, around, known) });
  // What the body reads is judged by its own text, which the wrapper does not have.
  // oxlint-disable-next-line typescript/unbound-method -- only its text is read
  const reads = step.reads ?? readsOfSource(Function.prototype.toString.call(step.execute));
  return copyOf(step, {
    reads,
    execute: (context) => around(context, () => step.execute(context)),
    ...(resolve === undefined
      ? {}
      : {
          resolve: (sources) => {
            const found = resolve(sources);
            return found === undefined ? undefined : instrumentedStep(found, around, known);
          },
        }),
  });
}

/** Steps may be instances of a class, whose accessors a spread would lose. */
function copyOf(step: StepDefinition, changes: Partial<StepDefinition>): StepDefinition {
  return {
    id: step.id,
    description: step.description,
    inputSchema: step.inputSchema,
    outputSchema: step.outputSchema,
    resumeSchema: step.resumeSchema,
    suspendSchema: step.suspendSchema,
    stateSchema: step.stateSchema,
    requestContextSchema: step.requestContextSchema,
    retries: step.retries,
    retryConfig: step.retryConfig,
    timeoutMs: step.timeoutMs,
    component: step.component,
    executes: step.executes,
    execute: (context) => step.execute(context),
    ...changes,
  };
}
