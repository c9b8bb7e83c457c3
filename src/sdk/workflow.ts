import type { AnySchema, WorkflowDefinition } from '../core/definition.ts';
import { WorkflowError } from '../core/errors.ts';
import { type BindableWorkflow, bindRuntime, type WorkflowHost } from '../core/host.ts';
import type { WorkflowState } from '../core/snapshot.ts';
import { withFields } from '../core/run-fields.ts';
import { WorkflowBuilder } from './builder.ts';
import { describe, invalid, isObject } from './describe.ts';
import { Hosts, type PrivateHost } from './hosts.ts';
import { isWorkflow } from './nested.ts';
import { RunHandle } from './run.ts';
import { fieldsGiven } from './run-fields.ts';
import { listActiveRuns, listRuns, restartActiveRuns } from './run-list.ts';
import { checkOptions, type Options } from './workflow-options.ts';
import type { KnownSteps, Renamed, WorkflowOptions, WorkflowTypes } from './definition-types.ts';
import type { CreateRunOptions, ListRunsOptions, WorkflowRuns } from './stored-run-types.ts';
import type { Workflow, WorkflowOf } from './workflow-types.ts';

/** A workflow and its runs. See the interface `Workflow` of workflow-types.ts, which gives this its types. */
class BuiltWorkflow extends WorkflowBuilder implements BindableWorkflow {
  private readonly hosts: Hosts;
  /** Held weakly: a process that serves millions of runs keeps only those that somebody still looks at. */
  private readonly runs = new Map<string, WeakRef<RunHandle>>();
  private readonly forgotten = new FinalizationRegistry((runId: string) => {
    if (this.runs.get(runId)?.deref() === undefined) this.runs.delete(runId);
  });

  constructor(options: Options, privateHost: PrivateHost) {
    super(options);
    this.hosts = new Hosts(this, privateHost);
  }

  async createRun(options: CreateRunOptions = {}): Promise<RunHandle> {
    if (this.graph.length === 0) {
      throw new WorkflowError(
        'WORKFLOW_EMPTY_GRAPH',
        'Execution flow of workflow is not defined. Add steps to the workflow via .then(), .branch(), etc.',
        { details: { workflowId: this.id } },
      );
    }
    if (!this.committed) {
      throw new WorkflowError(
        'WORKFLOW_NOT_COMMITTED',
        'Uncommitted step flow changes detected. Call .commit() to register the steps.',
        { details: { workflowId: this.id } },
      );
    }
    const host = await this.hosts.current();
    const { runId, resourceId, history } = options;
    const stored = await host.create({
      workflowId: this.id,
      ...(runId === undefined ? {} : { runId }),
      ...(resourceId === undefined ? {} : { resourceId }),
      ...(history === undefined ? {} : { history }),
    });
    const cached = this.runs.get(stored.runId)?.deref();
    if (cached?.belongsTo(host)) {
      cached.workflowRunStatus = stored.status;
      return cached;
    }
    const run = new RunHandle(host, stored, this, history);
    this.runs.set(stored.runId, new WeakRef(run));
    this.forgotten.register(run, stored.runId);
    return run;
  }

  async getWorkflowRunById(runId: string, options?: unknown): Promise<Partial<WorkflowState> | null> {
    const { fields, nested } = fieldsGiven(options);
    const host = await this.hosts.current();
    const state = await host.get({ runId, workflowId: this.id, nested });
    return state === null ? null : withFields(state, fields);
  }

  async listWorkflowRuns(options: ListRunsOptions = {}): Promise<WorkflowRuns> {
    return listRuns(await this.hosts.current(), this, options);
  }

  async deleteWorkflowRunById(runId: string): Promise<void> {
    const host = await this.hosts.current();
    await host.remove({ runId, workflowId: this.id });
    this.runs.delete(runId);
  }

  async restartAllActiveWorkflowRuns(): Promise<void> {
    await restartActiveRuns(await this.hosts.current(), this.id);
  }

  async listActiveWorkflowRuns(): Promise<WorkflowRuns> {
    return listActiveRuns(await this.hosts.current(), this.id);
  }

  [bindRuntime](host: WorkflowHost): () => void {
    return this.hosts.bind(host);
  }
}

/**
 * Makes a workflow. `privateHost` makes the runtime of its runs when no other serves it: this module must not know any.
 * Throws WORKFLOW_DEFINITION_INVALID.
 */
export function defineWorkflow<
  Id extends string,
  In extends AnySchema,
  Out extends AnySchema,
  State extends AnySchema,
  Context extends AnySchema,
>(
  options: WorkflowOptions<Id, In, Out, State, Context>,
  privateHost: PrivateHost,
): WorkflowOf<Id, In, Out, State, Context> {
  checkOptions(options);
  return new BuiltWorkflow(options, privateHost) as unknown as WorkflowOf<Id, In, Out, State, Context>;
}

/** What would have to be given to `createWorkflow` for a workflow of the same properties. */
function optionsOf(source: WorkflowDefinition): object {
  const { description, metadata, inputSchema, outputSchema, stateSchema, requestContextSchema } = source;
  const { validateInputs, callbacks, shouldPersistSnapshot, pruneSnapshot, history, retryConfig, timeoutMs } =
    source;
  const own = 'options' in source && isObject(source.options) ? source.options : {};
  return {
    description,
    metadata,
    inputSchema,
    outputSchema,
    stateSchema,
    requestContextSchema,
    retryConfig,
    timeoutMs,
    concurrency: source.concurrency,
    steps: 'stepDefs' in source ? source.stepDefs : undefined,
    options: { ...callbacks, shouldPersistSnapshot, pruneSnapshot, history, ...own, validateInputs },
  };
}

/**
 * Makes a committed workflow with the entries and the properties of another one, under another id. Throws
 * WORKFLOW_DEFINITION_INVALID.
 */
export function copyWorkflow<
  Id extends string,
  Types extends WorkflowTypes,
  Last extends Types['output'],
  Steps extends KnownSteps,
>(
  workflow: Workflow<Types, Last, Steps>,
  copy: { readonly id: Id },
  privateHost: PrivateHost,
): Workflow<Renamed<Types, Id>, Last, Steps> {
  const source: unknown = workflow;
  if (!isWorkflow(source)) {
    throw invalid(
      `cloneWorkflow was given ${describe(source)}: give it a workflow made by createWorkflow, and { id }`,
    );
  }
  const given: unknown = copy;
  const id = isObject(given) ? given['id'] : given;
  const options: unknown = { ...optionsOf(source), id };
  checkOptions(options);
  return new BuiltWorkflow(options, privateHost).copy(source) as unknown as Workflow<
    Renamed<Types, Id>,
    Last,
    Steps
  >;
}
