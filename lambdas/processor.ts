import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { awsBackend, parseQueueMessage, readAwsConfig } from '../src/adapters/aws/index.ts';
import { createRuntime } from '../src/runtime/index.ts';
import { eachRecord } from './each-record.ts';
import { registeredWorkflows } from './registered.ts';

const runtime = createRuntime({
  workflows: registeredWorkflows(),
  backend: awsBackend(readAwsConfig(process.env)),
});

/** Handles the events of the work queue. One that cannot be read fails too, and ends as a dead letter for a person to see. */
export function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  return eachRecord(event, ({ body }) => runtime.handle(parseQueueMessage(body)));
}
