import { setTimeout as wait } from 'node:timers/promises';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { WorkflowError } from '../src/core/errors.ts';

/** What a stack is told of its resource. */
export interface StackAnswer {
  readonly physicalResourceId: string;
  /** Why it failed, for the stack's events; absent when it did not. */
  readonly reason?: string;
}

/** An answer has 4,096 bytes at most (CloudFormation user guide, "Custom resource response objects"); most of it is ids. */
const longestReason = 1_000;

/** Tries; a stack that gets no answer waits for the whole time that the resource may take. */
const tries = 5;
const pauseMs = 500;
const callTimeoutMs = 5_000;

/** Puts the answer to where the stack waits for it. Rejects when that could not be reached, or with WORKFLOW_BACKEND_UNAVAILABLE. */
export async function answerStack(
  event: CloudFormationCustomResourceEvent,
  { physicalResourceId, reason }: StackAnswer,
): Promise<void> {
  const { StackId: stack, RequestId: request, LogicalResourceId: resource, ResponseURL: url } = event;
  const body = JSON.stringify({
    Status: reason === undefined ? 'SUCCESS' : 'FAILED',
    ...(reason === undefined ? {} : { Reason: reason.slice(0, longestReason) }),
    PhysicalResourceId: physicalResourceId,
    StackId: stack,
    RequestId: request,
    LogicalResourceId: resource,
  });
  for (let tried = 1; ; tried += 1) {
    try {
      // Signed without a content type: one that is sent would break the signature.
      const response = await fetch(url, {
        method: 'PUT',
        body,
        headers: { 'content-type': '' },
        signal: AbortSignal.timeout(callTimeoutMs),
      });
      await response.arrayBuffer();
      if (response.ok) return;
      // No more than the status: the URL is a credential.
      throw new WorkflowError(
        'WORKFLOW_BACKEND_UNAVAILABLE',
        `The stack's answer was refused with status ${response.status}`,
      );
    } catch (error) {
      if (tried >= tries) throw error;
      await wait(pauseMs * 2 ** (tried - 1));
    }
  }
}
