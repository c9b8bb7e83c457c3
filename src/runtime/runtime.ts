import { WorkflowError } from '../core/errors.ts';
import type { WorkflowDefinition } from '../core/definition.ts';
import { eventFormat, keyOfPath, type WorkflowEvent } from '../core/event.ts';
import { stepIdAt } from '../core/graph.ts';
import { bindWorkflows } from '../core/host.ts';
import { defaultRunLimits, type RunLimits } from '../core/limits.ts';
import type { Backend, RunPage, RunQuery } from '../ports/index.ts';
import { AbortRegistry } from './abort-registry.ts';
import type {
  Audit,
  CreateRequest,
  EventPage,
  HandleOptions,
  HistoryPage,
  HistoryRequest,
  OutputOptions,
  RepeatableRequest,
  RestartRequest,
  ResumeRequest,
  RunRef,
  Runtime,
  ScheduleStart,
  ScheduleTick,
  StartRequest,
  StoredRun,
  TimeTravelRequest,
  WorkflowDescription,
} from './api.ts';
import { checkLimit } from './arguments.ts';
import { cancelRun } from './cancel.ts';
import { checkOptions } from './check-options.ts';
import { describeWorkflow } from './describe.ts';
import { defaultTimes, type Engine, type EngineTimes, type Logger } from './engine.ts';
import { eventsOf } from './events.ts';
import { handleBlock } from './handle-block.ts';
import { handleForeach } from './handle-foreach.ts';
import { handleNested } from './handle-nested.ts';
import { handleSleep } from './handle-sleep.ts';
import { handleStep } from './handle-step.ts';
import { drop, entryTurn, type EventHandling } from './handling.ts';
import { handleRange } from './members.ts';
import { parkFor } from './parking.ts';
import { historyOf } from './log-reader.ts';
import { keepValue, keptValue, linkValue, shareValue } from './kept-values.ts';
import { Publisher } from './publish.ts';
import { getRun, resultOf, settledStatus, snapshotOf } from './queries.ts';
import { blockAt, foreachAt, Registry, sleepAt, stepAt } from './registry.ts';
import { removeRun } from './remove.ts';
import { restartRun } from './restart.ts';
import { resumeRun } from './resume.ts';
import { resumeByKey } from './resume-by-key.ts';
import { handleRunEvent } from './run-event.ts';
import { RunSignals } from './run-signals.ts';
import { ScheduleLoop } from './schedule-loop.ts';
import { startScheduled } from './schedule-start.ts';
import { signallingStore } from './signalling-store.ts';
import { createRun, startRun } from './start.ts';
import { type Named, sourceFor, sourcesOf } from './sources.ts';
import { auditRun, sweepRuns } from './sweep.ts';
import { timeTravel } from './travel.ts';
import type { RunResult, WorkflowRunState, WorkflowState } from '../core/snapshot.ts';
import type { RunStatus } from '../core/records.ts';
import { isTurnOf } from '../core/turn.ts';
import { Values } from './values.ts';

/** Options of {@link createRuntime}. */
export interface RuntimeOptions {
  /** The workflows this runtime serves; their ids are unique. An uncommitted one is refused. */
  readonly workflows: readonly WorkflowDefinition[];
  /**
   * Agents that steps name by an id: those of `.agent('id')` entries, and what bodies ask for by `runtime.getAgent`. Each under
   * that id, or with it as its own. @default none
   */
  readonly agents?: Named;
  /** The same for tools. @default none */
  readonly tools?: Named;
  /** Where it runs: `memoryBackend()`, `sqliteBackend({ file })`, `awsBackend(config)`. Closed with the runtime. */
  readonly backend: Backend;
  /**
   * Events handled at once, where this process feeds itself. A step that waits takes one of them.
   * @default 256
   */
  readonly concurrency?: number;
  /** Whether this process takes work, where the backend feeds it; without it, it only starts, resumes, cancels and looks. @default true */
  readonly work?: boolean;
  /**
   * Whether this process starts the runs of its workflows' schedules, where the backend feeds it and it takes work; on AWS
   * the Scheduler does it. @default true
   */
  readonly schedules?: boolean;
  /** Publish `workflow.step.end` events. @default true */
  readonly stepEndEvents?: boolean;
  /** See {@link EngineTimes}. @default each as it says there */
  readonly times?: Partial<EngineTimes>;
  /** See {@link RunLimits}. @default each as it says there */
  readonly limits?: Partial<RunLimits>;
  /**
   * Whether runs keep every state they go through, so that their history can be read and their streams miss nothing. A
   * workflow's `options.history` and `createRun({ history })` win over it. @default that of the backend: `full` in memory
   * and on SQLite; `none` on AWS, where each state costs about 2 write units
   */
  readonly history?: 'full' | 'none';
  /** Told about what no record can hold: a condition that throws, an event that cannot be handled. @default console.warn */
  readonly logger?: Logger;
}

/** Pause between two sweeps of a process that feeds itself, ms. */
const sweepEveryMs = 60_000;

const consoleLogger: Logger = {
  warn: (message, attributes) => console.warn(message, attributes),
};

class EventedRuntime implements Runtime {
  private readonly engine: Engine;
  private readonly options: RuntimeOptions;
  private readonly closing = new AbortController();
  private closed: Promise<void> | undefined;
  private cancelSweep = (): void => {};
  private readonly scheduleLoop: ScheduleLoop;
  private readonly unbind: () => void;

  constructor(options: RuntimeOptions) {
    this.options = options;
    this.engine = createEngine(options, this.closing.signal);
    for (const workflow of options.workflows) {
      for (const warning of workflow.warnings ?? []) {
        this.engine.logger.warn(warning, { workflowId: workflow.id });
      }
    }
    this.unbind = bindWorkflows(options.workflows, this);
    const { source } = options.backend;
    this.scheduleLoop = new ScheduleLoop(this.engine, options.workflows);
    if (source !== undefined && options.work !== false) {
      source.start((event) => this.deliver(event), { concurrency: options.concurrency ?? 256 });
      this.sweepLater();
      if (options.schedules !== false) this.scheduleLoop.start();
    }
  }

  /** Handles what the source delivers; a rejection is told before the event comes again. */
  private async deliver(event: WorkflowEvent): Promise<void> {
    try {
      await handleEvent(this.engine, event, {});
    } catch (error) {
      const { runId, workflowId, type, path } = event;
      this.engine.logger.warn('An event could not be handled and will come again', {
        runId,
        workflowId,
        type,
        path,
        error,
      });
      throw error;
    }
  }

  private sweepLater(): void {
    this.cancelSweep = this.options.backend.clock.timer(sweepEveryMs, () => {
      void this.sweep()
        .catch((error: unknown) => this.engine.logger.warn('A sweep failed', { error }))
        .then(() => {
          if (!this.closing.signal.aborted) this.sweepLater();
        });
    });
  }

  get workflows(): readonly WorkflowDefinition[] {
    return this.options.workflows;
  }

  describe(workflowId: string): WorkflowDescription {
    return describeWorkflow(this.engine.registry.get(workflowId).definition);
  }

  async create(request: CreateRequest): Promise<StoredRun> {
    return createRun(this.open(), request);
  }

  async start(request: StartRequest): Promise<StoredRun> {
    return startRun(this.open(), request);
  }

  async startScheduled(tick: ScheduleTick, given?: ScheduleStart): Promise<StoredRun | undefined> {
    return startScheduled(this.open(), tick, given);
  }

  async resume(request: ResumeRequest): Promise<StoredRun> {
    return resumeRun(this.open(), request);
  }

  readonly resumeByKey: Runtime['resumeByKey'] = async (request) => resumeByKey(this.open(), request);

  async cancel(request: RepeatableRequest): Promise<StoredRun> {
    return cancelRun(this.open(), request);
  }

  async timeTravel(request: TimeTravelRequest): Promise<StoredRun> {
    return timeTravel(this.open(), request);
  }

  async restart(request: RestartRequest): Promise<StoredRun> {
    return restartRun(this.open(), request);
  }

  async remove(request: RunRef): Promise<boolean> {
    return removeRun(this.open(), request);
  }

  async get(request: RunRef & { readonly nested?: boolean }): Promise<WorkflowState | null> {
    return getRun(this.open(), request);
  }

  async snapshot(request: RunRef): Promise<WorkflowRunState | null> {
    return snapshotOf(this.open(), request);
  }

  async result(request: RunRef & OutputOptions): Promise<RunResult> {
    return resultOf(this.open(), request);
  }

  async settled(request: Parameters<Runtime['settled']>[0]): Promise<RunStatus> {
    return settledStatus(this.open(), request);
  }

  async events(request: Parameters<Runtime['events']>[0]): Promise<EventPage> {
    return eventsOf(this.open(), request);
  }

  async history(request: HistoryRequest): Promise<HistoryPage> {
    return historyOf(this.open(), request);
  }

  readonly keepValue: Runtime['keepValue'] = async (request) => keepValue(this.open(), request);
  readonly keptValue: Runtime['keptValue'] = async (request) => keptValue(this.open(), request);
  readonly shareValue: Runtime['shareValue'] = async (request) => shareValue(this.open(), request);
  readonly linkValue: Runtime['linkValue'] = async (request) => linkValue(this.open(), request);

  async list(query: RunQuery): Promise<RunPage> {
    checkLimit(query.limit);
    return this.open().backend.store.listRuns(query);
  }

  async sweep(): Promise<number> {
    return sweepRuns(this.open());
  }

  async audit(runId: string): Promise<Audit> {
    return auditRun(this.open(), runId);
  }

  async handle(event: WorkflowEvent, options: HandleOptions = {}): Promise<void> {
    await handleEvent(this.open(), event, options);
  }

  close(): Promise<void> {
    this.closed ??= this.shutDown();
    return this.closed;
  }

  private async shutDown(): Promise<void> {
    this.closing.abort();
    this.unbind();
    this.cancelSweep();
    this.engine.signals.wakeAll();
    await Promise.all([this.scheduleLoop.stop(), this.options.backend.source?.stop()]);
    await this.options.backend.store.durable();
    await this.options.backend.close();
  }

  private open(): Engine {
    if (this.closing.signal.aborted) throw this.engine.closed();
    return this.engine;
  }
}

function createEngine(options: RuntimeOptions, closing: AbortSignal): Engine {
  const signals = new RunSignals(options.backend.clock);
  const backend = { ...options.backend, store: signallingStore(options.backend.store, signals) };
  const limits = { ...defaultRunLimits, ...options.limits };
  const sources = sourcesOf(options.agents, options.tools);
  const registry = new Registry(options.workflows, sources);
  const logger = options.logger ?? consoleLogger;
  let handlings = 0;
  return {
    backend,
    registry,
    values: new Values(backend.payloads, limits),
    limits,
    times: { ...defaultTimes, ...options.times },
    aborts: new AbortRegistry(),
    signals,
    logger,
    stepRuntime: {
      getWorkflow: (id) => registry.get(id).definition,
      getAgent: (id) => sourceFor(sources, 'agent', id),
      getTool: (id) => sourceFor(sources, 'tool', id),
      logger,
    },
    history: options.history ?? backend.history,
    emitter: {
      emit: ({ type, stepId, outcome = '' }) => {
        if (type === 'step-timed-out') backend.metrics.count('step.timed-out', { stepId });
        if (type === 'step-ended') backend.metrics.count('step.executed', { stepId, outcome });
      },
    },
    stepEndEvents: options.stepEndEvents ?? true,
    closing,
    closed: () =>
      new WorkflowError(
        'WORKFLOW_RUNTIME_CLOSED',
        'The runtime is closed: create another one to go on with its runs',
      ),
    nextOwner: () => {
      handlings += 1;
      return `${backend.incarnation}/${handlings}`;
    },
  };
}

/** Handles one delivered event. Anything that is no work of ours is acknowledged; what cannot be done now is rejected. */
async function handleEvent(engine: Engine, event: WorkflowEvent, time: HandleOptions): Promise<void> {
  if (event.format > eventFormat) {
    throw new WorkflowError(
      'WORKFLOW_RECORD_CORRUPT',
      `Event format ${event.format} is newer than ${eventFormat}: deploy the version that wrote it`,
      { details: { runId: event.runId } },
    );
  }
  const { clock, timers } = engine.backend;
  if (event.dueAt !== undefined && event.dueAt > clock.now()) return timers.schedule(event, event.dueAt);
  if (event.type !== 'workflow.step.run') return event.work ? handleRunEvent(engine, event) : undefined;
  await runStep(engine, event, time);
}

async function runStep(engine: Engine, event: WorkflowEvent, time: HandleOptions): Promise<void> {
  const workflow = engine.registry.find(event.workflowId);
  if (workflow === undefined) return parkFor(engine, event);
  const { runId, epoch, hop, turn, workflowId, restartedAt } = event;
  const handling: EventHandling = {
    engine,
    workflow,
    runId,
    epoch,
    publisher: new Publisher(engine, { workflowId, runId, epoch, hop, restartedAt }),
  };
  const key = keyOfPath(event.path, workflow.graph);
  if (key === undefined || turn === undefined) return drop(engine, 'no-such-entry');
  // A turn of a later epoch than the event's would beat every real one.
  if (!isTurnOf(turn, epoch)) return drop(engine, 'stale-turn');
  if (stepIdAt(workflow.graph, key) !== event.stepId) return parkFor(engine, event);
  if (event.to !== undefined) {
    if (key.item === undefined || turn !== entryTurn(handling)) return drop(engine, 'no-such-entry');
    const range = { from: key.item, to: event.to };
    return handleRange(handling, key.entry, range, { turn, seesCell: event.seesCell === true });
  }
  const foreach = foreachAt(workflow, key);
  if (foreach !== undefined) return handleForeach(handling, foreach, key.entry, turn);
  const block = blockAt(workflow, key);
  if (block !== undefined) return handleBlock(handling, block, key.entry, turn);
  const sleep = sleepAt(workflow, key);
  if (sleep !== undefined) return handleSleep(handling, sleep, key.entry, event);
  const step = stepAt(workflow, key);
  if (step === undefined) return drop(engine, 'no-such-entry');
  const stepEvent = { ...handling, event, key, turn, step, owner: engine.nextOwner(), time };
  return step.workflow === undefined ? handleStep(stepEvent) : handleNested(stepEvent, step.workflow);
}

/**
 * Creates a runtime: one engine that serves `workflows` on `backend`. It takes work at once (unless `work` is false) and
 * goes on with the runs it finds. Throws WORKFLOW_DEFINITION_INVALID, WORKFLOW_EMPTY_GRAPH or WORKFLOW_NOT_COMMITTED for
 * workflows that cannot be served.
 */
export function createRuntime(options: RuntimeOptions): Runtime {
  checkOptions(options);
  return new EventedRuntime(options);
}
