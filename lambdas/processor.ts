import type { Context, SQSEvent } from 'aws-lambda';
import { parseQueueMessage, readAwsConfig } from '../src/adapters/aws/index.ts';
import { withInvocation } from '../src/adapters/aws/invocation.ts';
import { requestRefusals } from '../src/adapters/aws/request-refusals.ts';
import { readRequestSources } from '../src/adapters/aws/request-sources.ts';
import { dispatch } from './dispatch.ts';
import { eachRecord } from './each-record.ts';
import { metrics, observed } from './observability.ts';
import { stepTime } from './remaining-time.ts';
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

/**
 * Handles the messages of the work queue, those of a batch at the same time. One that cannot be read fails too, and ends as a dead
 * letter for a person to see; one for whose step too little time is left comes again.
 */
export const handler = observed((event: SQSEvent, context: Pick<Context, 'getRemainingTimeInMillis'>) => {
  const time = stepTime(context, Date.now());
  return eachRecord(event, ({ body }) =>
    withInvocation({ deadline: time.deadline }, () =>
      dispatch(body, { event: (message) => runtime.handle(parseQueueMessage(message), time), request }),
    ),
  );
});
