import type { SQSEvent } from 'aws-lambda';
import { readAwsConfig, runIdOfMessage } from '../src/adapters/aws/index.ts';
import { requestRefusals } from '../src/adapters/aws/request-refusals.ts';
import { readRequestSources } from '../src/adapters/aws/request-sources.ts';
import { dispatch } from './dispatch.ts';
import { eachRecord } from './each-record.ts';
import { logger, metrics, observed } from './observability.ts';
import { requestHandler } from './requests.ts';
import { startRuntime } from './runtime.ts';

const runtime = startRuntime();
const request = requestHandler({
  runtime,
  sources: readRequestSources(process.env),
  refuse: requestRefusals({ busName: readAwsConfig(process.env).busName }),
  metrics,
  now: Date.now,
});

/** A message says nothing about its step; it says that its run may wait for what does not come. */
async function audit(body: string): Promise<void> {
  const found = await runtime.audit(runIdOfMessage(body));
  logger.warn('The run of a message that could not be processed was looked at.', { found });
}

/**
 * Handles messages that nobody could process or deliver. The run of an event is looked at, and what is due is published anew; a
 * request, which no run knows of yet, is tried once more. What cannot be read, or cannot be done now, comes again, and in the end
 * goes to the queue `Undeliverable`, for a person.
 */
export const handler = observed((event: SQSEvent) =>
  eachRecord(event, ({ body }) => dispatch(body, { event: audit, request })),
);
