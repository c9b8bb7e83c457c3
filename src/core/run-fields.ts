import type { WorkflowState } from './snapshot.ts';

/** Fields of a stored run that say which one it is, and how it is: shown whatever is asked for. */
export type RunBasics = 'runId' | 'workflowName' | 'resourceId' | 'createdAt' | 'updatedAt' | 'status';

/** Fields of a stored run that one can ask for. */
export type RunDetail = Exclude<keyof WorkflowState, RunBasics>;

// Records, so that the compiler misses a field that is added.
const basics: Readonly<Record<RunBasics, true>> = {
  runId: true,
  workflowName: true,
  resourceId: true,
  createdAt: true,
  updatedAt: true,
  status: true,
};
const details: Readonly<Record<RunDetail, true>> = {
  initialState: true,
  payload: true,
  result: true,
  error: true,
  tripwire: true,
  requestContext: true,
  steps: true,
  activeStepsPath: true,
  suspendedPaths: true,
  waitingPaths: true,
  resumeLabels: true,
  serializedStepGraph: true,
  stepExecutionPath: true,
  queued: true,
  deadlineAt: true,
  parked: true,
  cost: true,
};

/** See {@link RunBasics}. */
export const runBasics: readonly string[] = Object.keys(basics);

/** See {@link RunDetail}. */
export const runDetails: readonly string[] = Object.keys(details);

/** What one gets who names no fields: a request context may hold secrets, so it has to be asked for. */
export const usualRunDetails: ReadonlySet<string> = new Set(
  runDetails.filter((name) => name !== 'requestContext'),
);

/** A run with the fields asked for, and with its {@link RunBasics}. */
export function withFields(state: WorkflowState, wanted: ReadonlySet<string>): Partial<WorkflowState> {
  return Object.fromEntries(
    Object.entries(state).filter(([name]) => runBasics.includes(name) || wanted.has(name)),
  );
}
