import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { readAwsConfig } from '../src/adapters/aws/index.ts';
import { requestRefusals } from '../src/adapters/aws/request-refusals.ts';
import { readRequestSources } from '../src/adapters/aws/request-sources.ts';
import { dispatch } from './dispatch.ts';
import { eachRecord } from './each-record.ts';
import { requestHandler } from './requests.ts';
import { startRuntime } from './runtime.ts';

const runtime = startRuntime();
const request = requestHandler({
  runtime,
  sources: readRequestSources(process.env),
  refuse: requestRefusals({ busName: readAwsConfig(process.env).busName }),
  now: Date.now,
});

/** Handles the messages of the work queue. One that cannot be read fails too, and ends as a dead letter for a person to see. */
export function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  return eachRecord(event, ({ body }) =>
    dispatch(body, { event: (workflowEvent) => runtime.handle(workflowEvent), request }),
  );
}
