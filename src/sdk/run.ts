import type { OutputOptions, RunRef, StoredRun, TimeTravelRequest, WorkflowHost } from '../core/host.ts';
import type { RunStatus } from '../core/records.ts';
import type { RunResult } from '../core/snapshot.ts';
import { WorkflowError } from '../core/errors.ts';
import { describe, isObject } from './describe.ts';
import type { LegacyChunk } from './legacy-output.ts';
import type { RunOutput } from './run-output.ts';
import { RunStreams } from './run-streams.ts';
import type { StreamChunk } from './stream-forms.ts';

/** What the typed `start` accepts, at run time. */
interface StartOptions {
  readonly inputData?: unknown;
  readonly initialState?: Readonly<Record<string, unknown>>;
  readonly requestContext?: object;
  readonly outputOptions?: OutputOptions;
  readonly perStep?: boolean;
}

/** What the typed `stream` accepts beside what `start` or `resume` does. */
interface StreamOptions {
  readonly closeOnSuspend?: boolean;
}

/** What the typed `resume` accepts, at run time. */
interface ResumeOptions {
  readonly resumeData?: unknown;
  readonly step?: unknown;
  readonly label?: string;
  readonly requestContext?: object;
  readonly outputOptions?: OutputOptions;
  readonly perStep?: boolean;
}

/** What the typed `timeTravelStream` accepts, at run time. */
interface TravelOptions
  extends Pick<
    TimeTravelRequest,
    'inputData' | 'resumeData' | 'initialState' | 'context' | 'nestedStepsContext'
  > {
  readonly step: unknown;
  readonly requestContext?: object;
  readonly outputOptions?: OutputOptions;
  readonly perStep?: boolean;
}

/** By its method and not by its class: another copy of this package may have made it. */
function isConvertible(value: unknown): value is { toJSON(): unknown } {
  return isObject(value) && 'toJSON' in value && typeof value.toJSON === 'function';
}

/** The parts of a request that are the same for start, resume and time travel; absent stays absent. */
function shared(options: { readonly requestContext?: object; readonly perStep?: boolean }): {
  readonly requestContext?: Readonly<Record<string, unknown>>;
  readonly perStep?: boolean;
} {
  const { requestContext, perStep } = options;
  const pace = perStep === undefined ? {} : { perStep };
  if (requestContext === undefined) return pace;
  const entries: unknown = isConvertible(requestContext) ? requestContext.toJSON() : requestContext;
  if (!isObject(entries)) {
    throw new WorkflowError(
      'WORKFLOW_ARGUMENT_INVALID',
      `requestContext is ${describe(entries)}: give a RequestContext or an object`,
    );
  }
  return { ...pace, requestContext: entries };
}

function stepId(step: unknown): string {
  const id: unknown = isObject(step) ? step['id'] : step;
  if (typeof id === 'string' && id !== '') return id;
  throw new WorkflowError(
    'WORKFLOW_ARGUMENT_INVALID',
    `resume was given ${describe(step)} as its step: give a step, its id, or an array of these`,
  );
}

/** A path of one step is that step. */
function target(step: unknown): { readonly step?: string | readonly string[] } {
  if (step === undefined) return {};
  if (!Array.isArray(step)) return { step: stepId(step) };
  const ids = step.map(stepId);
  return { step: ids.length === 1 && ids[0] !== undefined ? ids[0] : ids };
}

/** See the interface `Run` of run-types.ts, which gives this its types. */
export class RunHandle {
  readonly runId: string;
  readonly workflowId: string;
  readonly resourceId: string | undefined;
  workflowRunStatus: RunStatus;
  private readonly host: WorkflowHost;
  private readonly streams: RunStreams;

  constructor(host: WorkflowHost, stored: StoredRun) {
    this.host = host;
    this.runId = stored.runId;
    this.workflowId = stored.workflowId;
    this.resourceId = stored.resourceId;
    this.workflowRunStatus = stored.status;
    this.streams = new RunStreams({ host, ref: this.ref() });
  }

  /** Whether the run was made in `host`. */
  belongsTo(host: WorkflowHost): boolean {
    return this.host === host;
  }

  start(options: StartOptions = {}): Promise<RunResult> {
    return this.executed(this.startAsync(options), options);
  }

  async startAsync(options: StartOptions = {}): Promise<{ readonly runId: string }> {
    await this.begin(options);
    return { runId: this.runId };
  }

  stream(options: StartOptions & StreamOptions = {}): RunOutput {
    const { closeOnSuspend = true } = options;
    // A stream lives on the history of its run.
    const begin = (): Promise<boolean> => this.begin(options, { history: 'stream' });
    return this.streams.start({ begin, closeOnSuspend, outcome: () => this.outcome(options.outputOptions) });
  }

  streamLegacy(options: StartOptions & { readonly onChunk?: (chunk: LegacyChunk) => unknown } = {}): {
    readonly stream: ReadableStream<LegacyChunk>;
    getWorkflowState(): Promise<RunResult>;
  } {
    const { onChunk } = options;
    const begin = async (): Promise<boolean> => {
      const begun = this.begin(options, { history: 'stream' });
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

  private async begin(options: StartOptions, more: { readonly history?: 'stream' } = {}): Promise<boolean> {
    const { initialState } = options;
    await this.streams.ready();
    const stored = await this.host.start({
      ...this.ref(),
      ...(this.resourceId === undefined ? {} : { resourceId: this.resourceId }),
      inputData: options.inputData,
      ...(initialState === undefined ? {} : { initialState }),
      ...shared(options),
      ...more,
    });
    this.workflowRunStatus = stored.status;
    this.streams.begun();
    return true;
  }

  resume(options: ResumeOptions = {}): Promise<RunResult> {
    return this.executed(this.goOn(options), options);
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

  private async travel(options: TravelOptions): Promise<boolean> {
    const { inputData, resumeData, initialState, context, nestedStepsContext } = options;
    await this.streams.ready();
    const stored = await this.host.timeTravel({
      ...this.ref(),
      step: target(options.step).step ?? [],
      ...(inputData === undefined ? {} : { inputData }),
      ...(resumeData === undefined ? {} : { resumeData }),
      ...(initialState === undefined ? {} : { initialState }),
      ...(context === undefined ? {} : { context }),
      ...(nestedStepsContext === undefined ? {} : { nestedStepsContext }),
      ...shared(options),
    });
    this.workflowRunStatus = stored.status;
    this.streams.begun();
    return true;
  }

  private async goOn(options: ResumeOptions): Promise<boolean> {
    const { label } = options;
    await this.streams.ready();
    const stored = await this.host.resume({
      ...this.ref(),
      resumeData: options.resumeData,
      ...target(options.step),
      ...(label === undefined ? {} : { label }),
      ...shared(options),
    });
    this.workflowRunStatus = stored.status;
    this.streams.begun();
    return true;
  }

  async cancel(): Promise<void> {
    const stored = await this.host.cancel(this.ref());
    this.workflowRunStatus = stored.status;
  }

  private ref(): RunRef & { readonly workflowId: string } {
    return { runId: this.runId, workflowId: this.workflowId };
  }

  /** What an execution that was begun comes to. */
  private executed(
    begun: Promise<unknown>,
    { outputOptions }: { readonly outputOptions?: OutputOptions },
  ): Promise<RunResult> {
    return this.streams.begin(begun.then(() => this.outcome(outputOptions)));
  }

  private async outcome(outputOptions: OutputOptions = {}): Promise<RunResult> {
    await this.host.settled(this.ref());
    const { includeState = false, includeResumeLabels = false } = outputOptions;
    const result = await this.host.result({ ...this.ref(), includeState, includeResumeLabels });
    this.workflowRunStatus = result.status;
    return result;
  }
}
