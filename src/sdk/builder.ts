import type {
  AnySchema,
  CallbackDefinitions,
  FlowEntry,
  RetryConfig,
  SleepTime,
  StepDefinition,
  WorkflowDefinition,
} from '../core/definition.ts';
import { WorkflowError } from '../core/errors.ts';
import type { Graph } from '../core/graph.ts';
import { type SerializedGraph, serializedGraph } from '../core/serialized-graph.ts';
import { conditionOf } from './condition.ts';
import { invalid } from './describe.ts';
import { entryName, Flow } from './flow.ts';
import { mappingStep } from './mapping.ts';
import { declaredStep } from './named-step.ts';
import { schedulesGiven } from './schedule.ts';
import { sleepFor, sleepUntil } from './sleep.ts';
import { behaviourOf, concurrencyGiven, type Options } from './workflow-options.ts';

/** The definition of a workflow, entry by entry. See the interface `Workflow` of workflow-types.ts, which gives this its types. */
export class WorkflowBuilder implements WorkflowDefinition {
  readonly id: string;
  readonly description: string | undefined;
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
  readonly inputSchema: AnySchema;
  readonly outputSchema: AnySchema;
  readonly stateSchema: AnySchema | undefined;
  readonly requestContextSchema: AnySchema | undefined;
  readonly retryConfig: RetryConfig | undefined;
  readonly timeoutMs: number | undefined;
  readonly validateInputs: boolean;
  readonly callbacks: CallbackDefinitions | undefined;
  readonly shouldPersistSnapshot: WorkflowDefinition['shouldPersistSnapshot'];
  readonly pruneSnapshot: WorkflowDefinition['pruneSnapshot'];
  readonly emitStepEvents: WorkflowDefinition['emitStepEvents'];
  readonly history: WorkflowDefinition['history'];
  readonly schedules: WorkflowDefinition['schedules'];
  readonly concurrency: WorkflowDefinition['concurrency'];
  readonly options: NonNullable<Options['options']>;
  readonly stepDefs: Options['steps'];
  readonly engineType = 'evented';
  private readonly built: Flow;
  private isCommitted = false;

  constructor(options: Options) {
    this.id = options.id;
    this.description = options.description;
    this.metadata = options.metadata;
    this.inputSchema = options.inputSchema;
    this.outputSchema = options.outputSchema;
    this.stateSchema = options.stateSchema;
    this.requestContextSchema = options.requestContextSchema;
    this.retryConfig = options.retryConfig;
    this.timeoutMs = options.timeoutMs;
    this.stepDefs = options.steps;
    this.options = { validateInputs: true, ...options.options };
    this.validateInputs = this.options.validateInputs ?? true;
    const behaviour = behaviourOf(this.options);
    this.callbacks = behaviour.callbacks;
    this.shouldPersistSnapshot = behaviour.shouldPersistSnapshot;
    this.pruneSnapshot = behaviour.pruneSnapshot;
    this.emitStepEvents = behaviour.emitStepEvents;
    this.history = behaviour.history;
    this.concurrency = options.concurrency;
    this.schedules = schedulesGiven(options.schedule, options.id);
    this.built = new Flow(this, this.options.strictIds ?? false);
  }

  get committed(): boolean {
    return this.isCommitted;
  }

  get graph(): Graph {
    return this.built.graph;
  }

  get serializedStepGraph(): SerializedGraph {
    return serializedGraph(this.graph);
  }

  get flow(): readonly FlowEntry[] {
    return this.built.entries;
  }

  get stepGraph(): readonly FlowEntry[] {
    return this.flow;
  }

  get steps(): Readonly<Record<string, StepDefinition>> {
    return this.built.steps;
  }

  get warnings(): readonly string[] {
    return this.built.warnings;
  }

  then(step: unknown): this {
    const given = this.open('then').stepGiven(step, '.then()');
    this.built.addStep(given);
    return this;
  }

  agent(agent: unknown, options?: unknown, name?: unknown): this {
    return this.addNamed('agent', agent, options, name);
  }

  tool(tool: unknown, options?: unknown, name?: unknown): this {
    return this.addNamed('tool', tool, options, name);
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
    const { id = flow.nextId('mapping'), ...name } = entryName(options, of);
    const { step, mapConfig } = mappingStep(config, of, { id, ...name });
    flow.addMapping(step, mapConfig);
    return this;
  }

  waitForEvent(): never {
    throw new WorkflowError(
      'WORKFLOW_WAIT_FOR_EVENT_REMOVED',
      'waitForEvent has been removed. Please use suspend & resume flow instead. A step that suspends waits for run.resume(), which can name it by a label',
      { details: { workflowId: this.id } },
    );
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

  private addNamed(kind: 'agent' | 'tool', of: unknown, options: unknown, name: unknown): this {
    const flow = this.open(kind);
    const { id } = entryName(name, `Workflow "${this.id}": .${kind}()`);
    flow.addStep(declaredStep(kind, of, options, id, this.id));
    return this;
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
    const { id = flow.nextId('sleep'), ...name } = entryName(options, of);
    flow.addSleep(time, { id, ...name });
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
