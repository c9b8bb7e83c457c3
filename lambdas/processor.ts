import type { SQSEvent } from 'aws-lambda';
import { parseQueueMessage } from '../src/adapters/aws/index.ts';
import { eachRecord } from './each-record.ts';
import { observed } from './observability.ts';
import { startRuntime } from './runtime.ts';

const runtime = startRuntime();

/** Handles the events of the work queue. One that cannot be read fails too, and ends as a dead letter for a person to see. */
export const handler = observed((event: SQSEvent) =>
  eachRecord(event, ({ body }) => runtime.handle(parseQueueMessage(body))),
);
