import type { CreateRequest } from '../core/host.ts';
import type { RunStatus } from '../core/records.ts';
import type { RunDetail } from '../core/run-fields.ts';
import type { WorkflowRunState } from '../core/snapshot.ts';

/** See {@link Workflow.createRun}. */
export interface CreateRunOptions {
  /** 1 to 200 characters. @default a new UUID */
  readonly runId?: string;
  /** A grouping key of your own, by which runs are listed: a user, a tenant. 1 to 200 characters. @default none */
  readonly resourceId?: string;
  /**
   * What is kept of the run beside its records: every state (`full`), what streams need while it runs and a day after
   * (`stream`), or nothing. @default what its workflow says, else its runtime
   */
  readonly history?: CreateRequest['history'];
}

/** Fields of a stored run that need not be asked for, see {@link Workflow.getWorkflowRunById}. */
export type WorkflowStateField = RunDetail;

/** See {@link Workflow.listWorkflowRuns}. */
export interface ListRunsOptions {
  /** @default runs of every status */
  readonly status?: RunStatus;
  /** The `resourceId` that runs were created with. @default runs of any, and of none */
  readonly resourceId?: string;
  /** Created at or after. @default from the first one */
  readonly fromDate?: Date;
  /** Created at or before. @default up to the last one */
  readonly toDate?: Date;
  /** From 0. Counts only together with `perPage`. @default all runs */
  readonly page?: number;
  /** At least 1, or false for all runs. Counts only together with `page`. @default false */
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
