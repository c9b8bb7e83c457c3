import type { WorkflowDefinition } from '../core/definition.ts';
import { WorkflowError } from '../core/errors.ts';
import type { CreateRequest, OutputOptions, RunRef, StoredRun, WorkflowHost } from '../core/host.ts';
import type { RunStatus } from '../core/records.ts';
import { type SerializedGraph, serializedGraph } from '../core/serialized-graph.ts';
import type { RunResult } from '../core/snapshot.ts';
import {
  restartArguments,
  type RestartOptions,
  resumeArguments,
  type ResumeOptions,
  startArguments,
  type StartOptions,
  type StreamOptions,
  travelArguments,
  type TravelOptions,
} from './run-arguments.ts';
import type { RunOutput } from './run-output.ts';
import { RunStreams } from './run-streams.ts';
import type { LegacyChunk, StreamChunk } from './stream-forms.ts';

/** See the interface `Run` of run-types.ts, which gives this its types. */
export class RunHandle {
  readonly runId: string;
  readonly workflowId: string;
  readonly resourceId: string | undefined;
  workflowRunStatus: RunStatus;
  /** Aborting it cancels the run, and canceling the run aborts it. */
  readonly abortController = new AbortController();
  private readonly host: WorkflowHost;
  private readonly workflow: Pick<WorkflowDefinition, 'graph'>;
  private readonly history: CreateRequest['history'];
  private readonly streams: RunStreams;
  /** What was begun last, or failed to. */
  private beginning: Promise<unknown> = Promise.resolve();
  /** By this object. */
  private isCanceled = false;

  constructor(
    host: WorkflowHost,
    stored: StoredRun,
    workflow: Pick<WorkflowDefinition, 'graph'>,
    history?: CreateRequest['history'],
  ) {
    this.host = host;
    this.workflow = workflow;
    this.history = history;
    this.runId = stored.runId;
    this.workflowId = stored.workflowId;
    this.resourceId = stored.resourceId;
    this.workflowRunStatus = stored.status;
    this.streams = new RunStreams({ host, ref: this.ref() }, workflow.graph);
    this.abortController.signal.addEventListener('abort', () => void this.cancelAborted(), { once: true });
  }

  get serializedStepGraph(): SerializedGraph {
    return serializedGraph(this.workflow.graph);
  }

  /** Whether the run was made in `host`. */
  belongsTo(host: WorkflowHost): boolean {
    return this.host === host;
  }

  start(options: StartOptions = {}): Promise<RunResult> {
    return this.executed(this.begin(options), options);
  }

  async startAsync(options: StartOptions = {}): Promise<{ readonly runId: string }> {
    return { runId: (await this.begin(options)).runId };
  }

  stream(options: StartOptions & StreamOptions = {}): RunOutput {
    const { closeOnSuspend = true } = options;
    // A stream lives on the history of its run.
    const begin = (): Promise<boolean> => this.beginOwn(options);
    return this.streams.start({ begin, closeOnSuspend, outcome: () => this.outcome(options.outputOptions) });
  }

  streamLegacy(options: StartOptions & { readonly onChunk?: (chunk: LegacyChunk) => unknown } = {}): {
    readonly stream: ReadableStream<LegacyChunk>;
    getWorkflowState(): Promise<RunResult>;
  } {
    const { onChunk } = options;
    const begin = async (): Promise<boolean> => {
      const begun = this.beginOwn(options);
      this.executed(begun, options).catch(() => {});
      return begun;
    };
    const stream = this.streams.startLegacy({ begin, onChunk });
    return { stream, getWorkflowState: () => this.streams.state(() => this.outcome()) };
  }

  observeStream(): ReadableStream<StreamChunk> {
    return this.streams.observe(() => this.outcome());
  }

  observeStreamLegacy(): { readonly stream: ReadableStream<LegacyChunk> } {
    return { stream: this.streams.observeLegacy() };
  }

  watch(callback: (event: StreamChunk) => unknown): () => void {
    const watch = this.streams.watch(callback, this.workflowRunStatus);
    return () => this.streams.unwatch(watch);
  }

  async watchAsync(callback: (event: StreamChunk) => unknown): Promise<() => void> {
    const unwatch = this.watch(callback);
    await this.streams.ready();
    return unwatch;
  }

  private begin(
    options: StartOptions,
    more: Pick<CreateRequest, 'history'> = this.history === undefined ? {} : { history: this.history },
  ): Promise<StoredRun> {
    const { runId, resourceId } = this;
    const whose = resourceId === undefined ? {} : { resourceId };
    return this.performed(() =>
      this.host.start({ ...this.ref(), runId, ...whose, ...startArguments(options), ...more }),
    );
  }

  /** The same for whoever wants to see the run itself. */
  private async beginOwn(options: StartOptions): Promise<true> {
    const stored = await this.begin(options, { history: 'stream' });
    if (stored.runId === this.runId) return true;
    throw new WorkflowError(
      'WORKFLOW_CONCURRENCY_LIMIT',
      `Run "${this.runId}" was not started, since run "${stored.runId}" of workflow "${this.workflowId}" is going on: observe that one`,
      { details: { runId: stored.runId, workflowId: this.workflowId } },
    );
  }

  /** Begins something, and tells those who watch. */
  private async perform(call: () => Promise<StoredRun>): Promise<true> {
    await this.performed(call);
    return true;
  }

  private async performed(call: () => Promise<StoredRun>): Promise<StoredRun> {
    const begun = this.streams.ready().then(call);
    this.beginning = begun.catch(() => {});
    const stored = await begun;
    // Another one that goes on instead says nothing of this one.
    if (stored.runId !== this.runId) return stored;
    this.workflowRunStatus = stored.status;
    this.streams.begun();
    return stored;
  }

  resume(options: ResumeOptions = {}): Promise<RunResult> {
    return this.executed(this.goOn(options), options);
  }

  async resumeAsync(options: ResumeOptions = {}): Promise<{ readonly runId: string }> {
    await this.goOn(options);
    return { runId: this.runId };
  }

  resumeStream(options: ResumeOptions & StreamOptions = {}): RunOutput {
    const { closeOnSuspend = true } = options;
    const begin = (): Promise<boolean> => this.goOn(options);
    return this.streams.goOn({ begin, closeOnSuspend, outcome: () => this.outcome(options.outputOptions) });
  }

  timeTravelStream(options: TravelOptions & StreamOptions): RunOutput {
    const { closeOnSuspend = true } = options;
    const begin = (): Promise<boolean> => this.travel(options);
    return this.streams.goOn({ begin, closeOnSuspend, outcome: () => this.outcome(options.outputOptions) });
  }

  timeTravel(options: TravelOptions): Promise<RunResult> {
    return this.executed(this.travel(options), options);
  }

  restart(options: RestartOptions = {}): Promise<RunResult> {
    const begun = this.perform(async () =>
      this.host.restart({ ...this.ref(), ...restartArguments(options) }),
    );
    return this.executed(begun, options);
  }

  private travel(options: TravelOptions): Promise<boolean> {
    return this.perform(async () => this.host.timeTravel({ ...this.ref(), ...travelArguments(options) }));
  }

  private goOn(options: ResumeOptions): Promise<boolean> {
    return this.perform(async () => this.host.resume({ ...this.ref(), ...resumeArguments(options) }));
  }

  async cancel(): Promise<void> {
    const stored = await this.host.cancel(this.ref());
    this.workflowRunStatus = stored.status;
    this.isCanceled = true;
    this.abortController.abort();
  }

  /** Cancels the run because its controller was aborted, unless a cancel aborted it. */
  private async cancelAborted(): Promise<void> {
    if (this.isCanceled) return;
    await this.beginning;
    // A run that is over has nothing to cancel, and whoever aborts cannot be told of anything else.
    await this.cancel().catch(() => {});
  }

  private ref(): RunRef & { readonly workflowId: string } {
    return { runId: this.runId, workflowId: this.workflowId };
  }

  /** What an execution that was begun comes to. */
  private executed(
    begun: Promise<StoredRun | boolean>,
    options: { readonly outputOptions?: OutputOptions } | undefined,
  ): Promise<RunResult> {
    const outputOptions = options?.outputOptions;
    return this.streams.begin(
      begun.then((run) => this.outcome(outputOptions, typeof run === 'object' ? run.runId : this.runId)),
    );
  }

  /** `runId`: of the run that goes on, where it is another one. */
  private async outcome(outputOptions: OutputOptions = {}, runId: string = this.runId): Promise<RunResult> {
    const run = { ...this.ref(), runId };
    await this.host.settled(run);
    const { includeState = false, includeResumeLabels = false } = outputOptions;
    const result = await this.host.result({ ...run, includeState, includeResumeLabels });
    if (runId === this.runId) this.workflowRunStatus = result.status;
    return result;
  }
}
