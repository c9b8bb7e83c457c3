/** What a notice is made of. */
export interface NoticeParts {
  readonly runId: string;
  readonly workflowId: string;
  readonly stepId: string;
}

/** What a person reads, by mail or on a screen. On AWS the parts are places that EventBridge fills in. */
export function noticeText({ runId, workflowId, stepId }: NoticeParts): string {
  return `Run ${runId} of workflow ${workflowId} waits for you at step ${stepId}.`;
}
