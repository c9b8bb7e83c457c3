/** A run as the API shows it, as far as it is printed. */

/** The part of a run that the tree needs, as the API shows it. */
export interface RunDocument {
  readonly runId: string;
  readonly workflowName: string;
  readonly status: string;
  readonly resourceId?: string | undefined;
  readonly createdAt?: string | undefined;
  readonly updatedAt?: string | undefined;
  readonly deadlineAt?: string | undefined;
  readonly payload?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
  readonly tripwire?: { readonly reason?: string } | undefined;
  readonly initialState?: unknown;
  /** By step id, `nested.step` and `foreach[3].step` for those of nested runs. */
  readonly steps: Readonly<Record<string, StepDocument>>;
  readonly queued?: { readonly since: number; readonly ahead?: number | undefined } | undefined;
  readonly parked?:
    | { readonly since: number; readonly remedy: string; readonly runId?: string | undefined }
    | undefined;
  readonly cost?: { readonly dollars: number } | undefined;
  readonly resumeLabels?:
    | Readonly<Record<string, { readonly stepId: string; readonly foreachIndex?: number }>>
    | undefined;
}

/** The part of a step's entry that the tree needs. Times are ms since 1970. */
export interface StepDocument {
  readonly status: string;
  readonly payload?: unknown;
  readonly output?: unknown;
  readonly error?: unknown;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly suspendedAt?: number;
  readonly suspendPayload?: unknown;
  readonly metadata?: { readonly iterationCount?: number };
}

/** Whether a run of this status is over. */
export function isOver(status: string): boolean {
  return ['success', 'failed', 'tripwire', 'canceled'].includes(status);
}
