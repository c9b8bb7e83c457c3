import type { CreateRequest } from '../core/host.ts';
import type { RunStatus } from '../core/records.ts';
import type { WorkflowRunState, WorkflowState } from '../core/snapshot.ts';

/** See {@link Workflow.createRun}. */
export interface CreateRunOptions {
  /** 1 to 200 characters. @default a new UUID */
  readonly runId?: string;
  /** A grouping key of your own, by which runs are listed: a user, a tenant. At most 200 characters. */
  readonly resourceId?: string;
  /**
   * What is kept of the run beside its records: every state (`full`), what streams need while it runs and a day after
   * (`stream`), or nothing. @default what its workflow says, else its runtime
   */
  readonly history?: CreateRequest['history'];
}

/** Fields of a stored run that need not be asked for, see {@link Workflow.getWorkflowRunById}. */
export type WorkflowStateField = Exclude<
  keyof WorkflowState,
  'runId' | 'workflowName' | 'resourceId' | 'createdAt' | 'updatedAt' | 'status'
>;

/** See {@link Workflow.listWorkflowRuns}. */
export interface ListRunsOptions {
  readonly status?: RunStatus;
  readonly resourceId?: string;
  /** Created at or after. */
  readonly fromDate?: Date;
  /** Created at or before. */
  readonly toDate?: Date;
  /** From 0. Counts only together with `perPage`. */
  readonly page?: number;
  /** At least 1; false or absent: all runs. */
  readonly perPage?: number | false;
}

/** A page of runs, and how many there are in all pages. */
export interface WorkflowRuns {
  readonly runs: readonly WorkflowRun[];
  readonly total: number;
}

/** One stored run in a list. */
export interface WorkflowRun {
  readonly workflowName: string;
  readonly runId: string;
  readonly resourceId?: string;
  readonly snapshot: WorkflowRunState;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
