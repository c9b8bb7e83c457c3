import { eventSource, scheduleSource } from '../src/adapters/aws/config.ts';
import type { Delivery } from './each-record.ts';

/** What is done with the messages of the work queue. Each gets what the body of one holds, still to be checked. */
export interface Destinations {
  /** An event of the engine, or what nobody can read. */
  readonly event: (content: unknown) => Promise<void>;
  /** What the Scheduler says of a tick of a schedule, and when the queue got it, ms since 1970. */
  readonly tick: (content: unknown, sentAt: number) => Promise<void>;
  /** An event of another source, which may be allowed to ask for runs or not. */
  readonly request: (content: unknown) => Promise<void>;
}

/**
 * Hands a message to whom it is for, by its source: that is the word of EventBridge and of the timers, since nobody else may send
 * to the queue.
 */
export async function dispatch({ record, content }: Delivery, destinations: Destinations): Promise<void> {
  // What is no JSON, or has no source, is a broken event of the engine, and that is said in one place.
  const source = sourceOf(content) ?? eventSource;
  if (source === eventSource) return destinations.event(content);
  if (source === scheduleSource) return destinations.tick(content, Number(record.attributes.SentTimestamp));
  return destinations.request(content);
}

function sourceOf(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null || !('source' in message)) return undefined;
  return typeof message.source === 'string' ? message.source : undefined;
}
