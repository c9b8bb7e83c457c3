import type { KnownSteps, WorkflowTypes } from '../sdk/definition-types.ts';
import { type AnsweredRun, answeredRun, type RunHandle, runHandle } from './run.ts';
import { segment, type Transport } from './transport.ts';
import { hexOf } from './values.ts';
import type { StartParameters } from './workflow-types.ts';

/** One workflow of the API, typed by its definition. */
export interface WorkflowClient<
  Types extends WorkflowTypes = WorkflowTypes,
  Steps extends KnownSteps = KnownSteps,
> {
  readonly workflowId: Types['id'];

  /**
   * Starts a run, and resolves when the start is stored: it survives a crash of the server. With `wait`, `outcome` is the
   * result if there is one by then. Sent again when the answer is lost: nothing starts twice.
   *
   * Rejects with WORKFLOW_NOT_FOUND, WORKFLOW_SCHEMA_VALIDATION_FAILED (`details.issues`; nothing is stored),
   * WORKFLOW_RUN_CONFLICT (the run id or the key was used with other data), WORKFLOW_CONCURRENCY_LIMIT (no place under its
   * concurrency key; nothing is stored) or WORKFLOW_LIMIT_EXCEEDED. A workflow whose `concurrency` says `return` answers the run that
   * goes on instead: it has another `runId`, and `changed` is false.
   */
  start(...options: StartParameters<Types>): Promise<AnsweredRun<Types, Steps>>;

  /** A run of this workflow by its id; nobody is asked. */
  run(runId: string): RunHandle<Types, Steps>;
}

/** Makes the client of one workflow. */
export function workflowClient(transport: Transport, workflowId: string): WorkflowClient {
  const path = `/workflows/${segment(workflowId, 'workflow id')}/runs`;
  return {
    workflowId,
    start: async (options = {}) => {
      const { wait, signal, idempotencyKey, ...body } = options;
      const key = idempotencyKey ?? (body.runId === undefined ? randomKey() : undefined);
      return await answeredRun(transport, {
        path,
        body,
        headers: key === undefined ? {} : { 'idempotency-key': key },
        wait,
        signal,
        isRepeatable: true,
      });
    },
    run: (runId) => runHandle(transport, { runId, workflowId }),
  };
}

/** Not a UUID: only pages over https can make these. */
function randomKey(): string {
  return hexOf(globalThis.crypto.getRandomValues(new Uint8Array(16)));
}
