import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Clock } from '../../ports/clock.ts';
import type { WorkflowEvent } from '../../core/event.ts';
import type { Timers } from '../../ports/event-bus.ts';
import { serviceLimits } from './config.ts';
import { formatQueueMessage } from './queue-message.ts';
import { inTime } from './in-time.ts';
import { failureBackoff, type Pacing, retrying } from './retry.ts';
import { loadOf } from './spending.ts';
import { type TraceHeader, traceAttribute } from './trace-header.ts';

/** See {@link sqsTimers}. */
export interface SqsTimersOptions {
  /** Asked for at each timer: most functions set none, and start sooner without a client. */
  readonly client: () => SQSClient;
  /** URL of the queue that the event belongs into. */
  readonly queueUrl: (event: WorkflowEvent) => string;
  readonly clock: Pick<Clock, 'now'>;
  readonly pacing: Pacing;
  /** See {@link TraceHeader}. @default none */
  readonly traceHeader?: TraceHeader;
}

/**
 * Timers as delayed messages in the queue of the work, past the bus. SQS delays for 900 s at most: an event that is due later
 * comes then, and its handler, who reads the due time in the store, sets the timer again.
 */
export function sqsTimers(options: SqsTimersOptions): Timers {
  const { client, queueUrl, clock, pacing } = options;
  return {
    async schedule(event, dueAt) {
      const load = loadOf({ requests: 1 });
      const body = formatQueueMessage(event, load.carried);
      const setting = retrying(pacing, failureBackoff, 'Setting a timer', async () => {
        // Taken anew for each try: the pauses are part of the delay.
        const seconds = Math.ceil((dueAt - clock.now()) / 1000);
        const delay = Math.min(serviceLimits.sqsDelaySeconds, Math.max(0, seconds));
        const command = new SendMessageCommand({
          QueueUrl: queueUrl(event),
          MessageBody: body,
          DelaySeconds: delay,
          ...traceAttribute(options.traceHeader?.()),
        });
        try {
          const sqs = client();
          await sqs.send(command, inTime(sqs, pacing.clock));
          return { done: undefined };
        } catch (error) {
          return { again: error };
        }
      });
      await setting.catch((error: unknown) => {
        load.undo();
        throw error;
      });
    },
  };
}
