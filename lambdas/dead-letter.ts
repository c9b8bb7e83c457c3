import type { SQSEvent } from 'aws-lambda';
import { withInvocation } from '../src/adapters/aws/invocation.ts';
import { runIdIn } from '../src/adapters/aws/queue-message.ts';
import { startingDestinations } from './destinations.ts';
import { dispatch } from './dispatch.ts';
import { eachRecord } from './each-record.ts';
import { logger, observed } from './observability.ts';
import { callTime } from './remaining-time.ts';
import { startRuntime } from './runtime.ts';

const runtime = startRuntime();
const starting = startingDestinations(runtime);

/** A message says nothing about its step; it says that its run may wait for what does not come. */
async function audit(content: unknown): Promise<void> {
  const found = await runtime.audit(runIdIn(content));
  logger.warn('The run of a message that could not be processed was looked at.', { found });
}

/**
 * Handles messages that nobody could process or deliver. The run of an event is looked at, and what is due is published anew; a
 * request or a tick, which no run knows of yet, is tried once more. What cannot be read, or cannot be done now, comes again, and in the end
 * goes to the queue `Undeliverable`, for a person.
 */
export const handler = observed((event: SQSEvent, context) =>
  withInvocation(callTime(context, Date.now()), () =>
    eachRecord(event, (delivery) => dispatch(delivery, { ...starting, event: audit })),
  ),
);
