import type { OutputOptions, RunRef, StoredRun, WorkflowHost } from '../core/host.ts';
import type { RunStatus } from '../core/records.ts';
import type { RunResult } from '../core/snapshot.ts';
import { WorkflowError } from '../core/errors.ts';
import { describe, isObject } from './describe.ts';

/** What the typed `start` accepts, at run time. */
interface StartOptions {
  readonly inputData?: unknown;
  readonly initialState?: Readonly<Record<string, unknown>>;
  readonly requestContext?: object;
  readonly outputOptions?: OutputOptions;
}

/** What the typed `resume` accepts, at run time. */
interface ResumeOptions {
  readonly resumeData?: unknown;
  readonly step?: unknown;
  readonly label?: string;
  readonly requestContext?: object;
  readonly outputOptions?: OutputOptions;
}

/** By its method and not by its class: another copy of this package may have made it. */
function isConvertible(value: unknown): value is { toJSON(): unknown } {
  return isObject(value) && 'toJSON' in value && typeof value.toJSON === 'function';
}

/** The parts of a request that are the same for start and resume; absent stays absent. */
function shared(options: { readonly requestContext?: object }): {
  readonly requestContext?: Readonly<Record<string, unknown>>;
} {
  const { requestContext } = options;
  if (requestContext === undefined) return {};
  const entries: unknown = isConvertible(requestContext) ? requestContext.toJSON() : requestContext;
  if (!isObject(entries)) {
    throw new WorkflowError(
      'WORKFLOW_ARGUMENT_INVALID',
      `requestContext is ${describe(entries)}: give a RequestContext or an object`,
    );
  }
  return { requestContext: entries };
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

  constructor(host: WorkflowHost, stored: StoredRun) {
    this.host = host;
    this.runId = stored.runId;
    this.workflowId = stored.workflowId;
    this.resourceId = stored.resourceId;
    this.workflowRunStatus = stored.status;
  }

  /** Whether the run was made in `host`. */
  belongsTo(host: WorkflowHost): boolean {
    return this.host === host;
  }

  async start(options: StartOptions = {}): Promise<RunResult> {
    await this.startAsync(options);
    return this.outcome(options.outputOptions);
  }

  async startAsync(options: StartOptions = {}): Promise<{ readonly runId: string }> {
    const { initialState } = options;
    const stored = await this.host.start({
      ...this.ref(),
      ...(this.resourceId === undefined ? {} : { resourceId: this.resourceId }),
      inputData: options.inputData,
      ...(initialState === undefined ? {} : { initialState }),
      ...shared(options),
    });
    this.workflowRunStatus = stored.status;
    return { runId: this.runId };
  }

  async resume(options: ResumeOptions = {}): Promise<RunResult> {
    const { label } = options;
    const stored = await this.host.resume({
      ...this.ref(),
      resumeData: options.resumeData,
      ...target(options.step),
      ...(label === undefined ? {} : { label }),
      ...shared(options),
    });
    this.workflowRunStatus = stored.status;
    return this.outcome(options.outputOptions);
  }

  async cancel(): Promise<void> {
    const stored = await this.host.cancel(this.ref());
    this.workflowRunStatus = stored.status;
  }

  private ref(): RunRef & { readonly workflowId: string } {
    return { runId: this.runId, workflowId: this.workflowId };
  }

  private async outcome(outputOptions: OutputOptions = {}): Promise<RunResult> {
    await this.host.settled(this.ref());
    const { includeState = false, includeResumeLabels = false } = outputOptions;
    const result = await this.host.result({ ...this.ref(), includeState, includeResumeLabels });
    this.workflowRunStatus = result.status;
    return result;
  }
}
