import type {
  AnySchema,
  ConcurrencyDefinition,
  FlowEntry,
  RetryConfig,
  SleepTime,
  WorkflowDefinition,
} from '../core/definition.ts';
import { WorkflowError } from '../core/errors.ts';
import type { Graph } from '../core/graph.ts';
import { type BindableWorkflow, bindRuntime, type WorkflowHost } from '../core/host.ts';
import { limits } from '../core/limits.ts';
import type { WorkflowState } from '../core/snapshot.ts';
import { conditionOf } from './condition.ts';
import { checkCount, checkId, checkSchema, describe, invalid, isObject } from './describe.ts';
import { entryName, Flow } from './flow.ts';
import { Hosts, type PrivateHost } from './hosts.ts';
import { mappingStep } from './mapping.ts';
import { isWorkflow } from './nested.ts';
import { RunHandle } from './run.ts';
import { fieldsGiven, withFields } from './run-fields.ts';
import { listActiveRuns, listRuns } from './run-list.ts';
import { sleepFor, sleepUntil } from './sleep.ts';
import type {
  CreateRunOptions,
  KnownSteps,
  ListRunsOptions,
  Renamed,
  Workflow,
  WorkflowOptions,
  WorkflowOf,
  WorkflowRuns,
  WorkflowTypes,
} from './workflow-types.ts';

/** Options with their types forgotten. */
type Options = WorkflowOptions<string, AnySchema, AnySchema>;

const schemas = [
  ['inputSchema', true],
  ['outputSchema', true],
  ['stateSchema', false],
  ['requestContextSchema', false],
] as const;

function checkOptions(options: unknown): asserts options is Options {
  if (!isObject(options)) {
    throw invalid(`createWorkflow was given ${describe(options)}: give it { id, inputSchema, outputSchema }`);
  }
  checkId(options['id'], 'A workflow');
  const name = `Workflow "${options['id']}"`;
  for (const [key, required] of schemas) checkSchema(options[key], key, name, required);
  const retries: unknown = options['retryConfig'] ?? {};
  if (!isObject(retries))
    throw invalid(`${name} has ${describe(retries)} as its retryConfig: give { attempts, delay }`);
  checkCount(retries['attempts'], 'retryConfig.attempts', name, limits.attempts);
  const { delay } = retries;
  if (delay !== undefined && !(typeof delay === 'number' && delay >= 0 && Number.isFinite(delay))) {
    throw invalid(`${name} has ${describe(delay)} as its retryConfig.delay: give milliseconds from 0`);
  }
}

/** How many items of a foreach run at once. */
function concurrencyGiven(options: unknown, of: string): number | ConcurrencyDefinition {
  const given = isObject(options) ? options['concurrency'] : undefined;
  if (typeof given === 'function') return given as ConcurrencyDefinition;
  if (given === undefined) return 1;
  if (typeof given !== 'number') {
    throw invalid(
      `${of} was given ${describe(given)} as its concurrency: give a number, or a function of the context`,
    );
  }
  return Number.isFinite(given) ? Math.max(1, Math.floor(given)) : 1;
}

/** See the interface `Workflow` of workflow-types.ts, which gives this its types. */
class BuiltWorkflow implements WorkflowDefinition, BindableWorkflow {
  readonly id: string;
  readonly description: string | undefined;
  readonly inputSchema: AnySchema;
  readonly outputSchema: AnySchema;
  readonly stateSchema: AnySchema | undefined;
  readonly requestContextSchema: AnySchema | undefined;
  readonly retryConfig: RetryConfig | undefined;
  readonly validateInputs: boolean;
  private readonly built: Flow;
  private readonly hosts: Hosts;
  private isCommitted = false;
  /** Held weakly: a process that serves millions of runs keeps only those that somebody still looks at. */
  private readonly runs = new Map<string, WeakRef<RunHandle>>();
  private readonly forgotten = new FinalizationRegistry((runId: string) => {
    if (this.runs.get(runId)?.deref() === undefined) this.runs.delete(runId);
  });

  constructor(options: Options, privateHost: PrivateHost) {
    this.id = options.id;
    this.description = options.description;
    this.inputSchema = options.inputSchema;
    this.outputSchema = options.outputSchema;
    this.stateSchema = options.stateSchema;
    this.requestContextSchema = options.requestContextSchema;
    this.retryConfig = options.retryConfig;
    this.validateInputs = options.options?.validateInputs ?? true;
    this.built = new Flow(this, options.options?.strictIds ?? false);
    this.hosts = new Hosts(this, privateHost);
  }

  get committed(): boolean {
    return this.isCommitted;
  }

  get graph(): Graph {
    return this.built.graph;
  }

  get flow(): readonly FlowEntry[] {
    return this.built.entries;
  }

  get warnings(): readonly string[] {
    return this.built.warnings;
  }

  then(step: unknown): this {
    const given = this.open('then').stepGiven(step, '.then()');
    this.built.addStep(given);
    return this;
  }

  parallel(steps: unknown, options?: unknown): this {
    const flow = this.open('parallel');
    const read = (step: unknown) => flow.stepGiven(step, '.parallel()');
    const arms = flow.armsGiven(steps, '.parallel()', read, (step) => step.id);
    flow.addParallel(arms, entryName(options, '.parallel()'));
    return this;
  }

  branch(arms: unknown, options?: unknown): this {
    const flow = this.open('branch');
    const read = (arm: unknown) => {
      const [condition, step] = Array.isArray(arm) ? (arm as unknown[]) : [arm];
      return {
        condition: conditionOf(
          condition,
          `Workflow "${this.id}": .branch()`,
          'the condition of [condition, step]',
          this.id,
        ),
        step: flow.stepGiven(step, '.branch()'),
      };
    };
    const given = flow.armsGiven(arms, '.branch()', read, ({ step }) => step.id);
    const entry = {
      type: 'conditional',
      steps: given.map(({ step }) => step),
      conditions: given.map(({ condition }) => condition),
    } as const;
    flow.addConditional(entry, entryName(options, '.branch()'));
    return this;
  }

  dowhile(step: unknown, condition: unknown, options?: unknown): this {
    return this.loop('dowhile', step, condition, options);
  }

  dountil(step: unknown, condition: unknown, options?: unknown): this {
    return this.loop('dountil', step, condition, options);
  }

  foreach(step: unknown, options?: unknown): this {
    const flow = this.open('foreach');
    const of = `Workflow "${this.id}": .foreach()`;
    const given = flow.stepGiven(step, '.foreach()');
    const concurrency = concurrencyGiven(options, of);
    flow.addForeach({ type: 'foreach', step: given, concurrency }, entryName(options, of));
    return this;
  }

  sleep(duration: unknown, options?: unknown): this {
    return this.addSleep('sleep', (of) => sleepFor(duration, of), options);
  }

  sleepUntil(date: unknown, options?: unknown): this {
    return this.addSleep('sleepUntil', (of) => sleepUntil(date, of), options);
  }

  map(config: unknown, options?: unknown): this {
    const flow = this.open('map');
    const of = `Workflow "${this.id}": .map()`;
    const { id, description } = entryName(options, of);
    const name = { id: id ?? flow.nextId('mapping'), description };
    const { step, mapConfig } = mappingStep(config, of, name);
    flow.addMapping(step, mapConfig);
    return this;
  }

  commit(): this {
    this.built.freeze();
    this.isCommitted = true;
    return this;
  }

  /** Takes over the entries of another workflow. */
  copy(source: WorkflowDefinition): this {
    this.built.copy(source);
    return this.commit();
  }

  async createRun(options: CreateRunOptions = {}): Promise<RunHandle> {
    if (this.built.graph.length === 0) {
      throw new WorkflowError(
        'WORKFLOW_EMPTY_GRAPH',
        'Execution flow of workflow is not defined. Add steps to the workflow via .then(), .branch(), etc.',
        { details: { workflowId: this.id } },
      );
    }
    if (!this.isCommitted) {
      throw new WorkflowError(
        'WORKFLOW_NOT_COMMITTED',
        'Uncommitted step flow changes detected. Call .commit() to register the steps.',
        { details: { workflowId: this.id } },
      );
    }
    const host = await this.hosts.current();
    const { runId, resourceId } = options;
    const stored = await host.create({
      workflowId: this.id,
      ...(runId === undefined ? {} : { runId }),
      ...(resourceId === undefined ? {} : { resourceId }),
    });
    const cached = this.runs.get(stored.runId)?.deref();
    if (cached?.belongsTo(host)) {
      cached.workflowRunStatus = stored.status;
      return cached;
    }
    const run = new RunHandle(host, stored);
    this.runs.set(stored.runId, new WeakRef(run));
    this.forgotten.register(run, stored.runId);
    return run;
  }

  async getWorkflowRunById(runId: string, options?: unknown): Promise<Partial<WorkflowState> | null> {
    const fields = fieldsGiven(options);
    const host = await this.hosts.current();
    const state = await host.get({ runId, workflowId: this.id });
    return state === null ? null : withFields(state, fields);
  }

  async listWorkflowRuns(options: ListRunsOptions = {}): Promise<WorkflowRuns> {
    return listRuns(await this.hosts.current(), this.id, options);
  }

  async listActiveWorkflowRuns(): Promise<WorkflowRuns> {
    return listActiveRuns(await this.hosts.current(), this.id);
  }

  [bindRuntime](host: WorkflowHost): () => void {
    return this.hosts.bind(host);
  }

  private loop(loopType: 'dowhile' | 'dountil', step: unknown, condition: unknown, options: unknown): this {
    const flow = this.open(loopType);
    const given = flow.stepGiven(step, `.${loopType}()`);
    const entry = {
      type: 'loop',
      loopType,
      step: given,
      condition: conditionOf(condition, `Workflow "${this.id}": .${loopType}()`, 'its condition', this.id),
    } as const;
    flow.addLoop(entry, entryName(options, `.${loopType}()`));
    return this;
  }

  private addSleep(method: string, read: (of: string) => SleepTime, options: unknown): this {
    const flow = this.open(method);
    const of = `Workflow "${this.id}": .${method}()`;
    const time = read(of);
    const { id, description } = entryName(options, of);
    flow.addSleep(id ?? flow.nextId('sleep'), time, description);
    return this;
  }

  /** The flow, as long as it may change. */
  private open(method: string): Flow {
    if (!this.isCommitted) return this.built;
    throw invalid(
      `Workflow "${this.id}" is committed and cannot change: call .${method}() before .commit(), or define another workflow`,
      { workflowId: this.id },
    );
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
  const { description, inputSchema, outputSchema, stateSchema, requestContextSchema, retryConfig } = source;
  const schemasGiven = { inputSchema, outputSchema, stateSchema, requestContextSchema };
  const given: unknown = copy;
  const id = isObject(given) ? given['id'] : given;
  const { validateInputs } = source;
  const options: unknown = { id, description, ...schemasGiven, retryConfig, options: { validateInputs } };
  checkOptions(options);
  return new BuiltWorkflow(options, privateHost).copy(source) as unknown as Workflow<
    Renamed<Types, Id>,
    Last,
    Steps
  >;
}
