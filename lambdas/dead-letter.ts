import type { SQSEvent } from 'aws-lambda';
import { runIdOfMessage } from '../src/adapters/aws/index.ts';
import { eachRecord } from './each-record.ts';
import { logger, observed } from './observability.ts';
import { startRuntime } from './runtime.ts';

const runtime = startRuntime();

/**
 * Handles messages that nobody could process or deliver. One says nothing about its step; it says that its run may wait for what
 * does not come, so that run is looked at, and what is due is published anew. What cannot be read, or cannot be looked at now, comes
 * again, and in the end goes to the queue `Undeliverable`, for a person.
 */
export const handler = observed((event: SQSEvent) =>
  eachRecord(event, async ({ body }) => {
    const found = await runtime.audit(runIdOfMessage(body));
    logger.warn('A message that could not be processed was laid aside: its run was looked at.', { found });
  }),
);
