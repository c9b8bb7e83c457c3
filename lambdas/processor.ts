import type { Context, SQSEvent } from 'aws-lambda';
import { withInvocation } from '../src/adapters/aws/invocation.ts';
import { eventIn } from '../src/adapters/aws/queue-message.ts';
import { startingDestinations } from './destinations.ts';
import { dispatch } from './dispatch.ts';
import { eachRecord } from './each-record.ts';
import { meterOfMessage } from './metering.ts';
import { observed } from './observability.ts';
import { stepTime } from './remaining-time.ts';
import { startRuntime } from './runtime.ts';

const runtime = startRuntime();
const starting = startingDestinations(runtime);

/**
 * Handles the messages of the work queue, those of a batch at the same time. One that cannot be read fails too, and ends as a dead
 * letter for a person to see; one for whose step too little time is left comes again.
 */
export const handler = observed((event: SQSEvent, context: Pick<Context, 'getRemainingTimeInMillis'>) => {
  const time = stepTime(context, Date.now());
  const batch = event.Records.length;
  return eachRecord(event, (delivery) =>
    withInvocation({ deadline: time.deadline, meter: meterOfMessage(delivery, batch) }, () =>
      dispatch(delivery, {
        ...starting,
        event: (content) => runtime.handle(eventIn(content), time),
      }),
    ),
  );
});
