import type { WorkflowDefinition } from '../../../src/core/definition.ts';
import type { Runtime } from '../../../src/runtime/index.ts';

/** What a start of a run is given. */
export interface Start {
  readonly inputData?: unknown;
  readonly initialState?: Readonly<Record<string, unknown>>;
  readonly requestContext?: Readonly<Record<string, unknown>>;
}

/** Id of a step, or ids along nested workflows. */
export type StepPath = string | readonly [string, ...string[]];

/** What a resumption is given. */
export interface Resumption {
  readonly resumeData?: unknown;
  readonly step?: StepPath;
  readonly label?: string;
  readonly forEachIndex?: number;
}

/** What a time travel is given. */
export interface Travel {
  readonly step: StepPath;
  readonly inputData?: unknown;
}

/** The calls about one run, however they are made. Those that let it go on resolve when nothing of it goes on any more. */
export interface Calls {
  /** Starts the run and waits for nothing. */
  begin(given?: Start): Promise<unknown>;
  start(given?: Start): Promise<unknown>;
  resume(given?: Resumption): Promise<unknown>;
  timeTravel(given: Travel): Promise<unknown>;
  restart(): Promise<unknown>;
  cancel(): Promise<unknown>;
  remove(): Promise<unknown>;
}

/** A run as a query or a result shows it, as far as errors go. */
export interface SeenRun {
  readonly status: string;
  readonly error?: unknown;
  readonly steps: Readonly<Record<string, unknown>>;
}

/** What an author has of a run. */
export interface AuthorsRun extends Omit<Calls, 'begin' | 'remove'> {
  startAsync(given?: Start): Promise<unknown>;
  start(given?: Start): Promise<SeenRun>;
}

/** What an author has of a workflow, without its types. */
export interface AuthorsWorkflow extends WorkflowDefinition {
  createRun(options: { readonly runId: string }): Promise<AuthorsRun>;
  getWorkflowRunById(runId: string): Promise<SeenRun | null>;
  deleteWorkflowRunById(runId: string): Promise<unknown>;
}

/** The id of the one run. */
export const runId = 'run';

/** As an author makes them. */
export async function authorsCalls(workflow: AuthorsWorkflow): Promise<Calls> {
  const run = await workflow.createRun({ runId });
  return {
    begin: (given) => run.startAsync(given),
    start: (given) => run.start(given),
    resume: (given) => run.resume(given),
    timeTravel: (given) => run.timeTravel(given),
    restart: () => run.restart(),
    cancel: () => run.cancel(),
    remove: () => workflow.deleteWorkflowRunById(runId),
  };
}

/** As a program makes them that has nothing but ids. */
export function callsById(runtime: Runtime, workflowId: string): Calls {
  const over = async (call: Promise<unknown>): Promise<unknown> => {
    await call;
    await runtime.settled({ runId });
    return runtime.result({ runId });
  };
  return {
    begin: (given) => runtime.start({ workflowId, runId, ...given }),
    start: (given) => over(runtime.start({ workflowId, runId, ...given })),
    resume: (given) => over(runtime.resume({ runId, ...given })),
    timeTravel: (given) => over(runtime.timeTravel({ runId, ...given })),
    restart: () => over(runtime.restart({ runId })),
    cancel: () => runtime.cancel({ runId }),
    remove: () => runtime.remove({ runId }),
  };
}
