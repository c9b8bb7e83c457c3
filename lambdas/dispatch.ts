import { eventSource } from '../src/adapters/aws/config.ts';
import { parseRequestEnvelope, type RequestEnvelope } from '../src/adapters/aws/request-message.ts';
import { isScheduleMessage } from '../src/adapters/aws/schedule-message.ts';

/** What is done with the messages of the work queue. */
export interface Destinations {
  /** The body of an event of the engine, or of what nobody can read. */
  readonly event: (body: string) => Promise<void>;
  /** What the Scheduler says of a tick of a schedule, still to be checked. */
  readonly tick: (message: unknown) => Promise<void>;
  /** An event of another source, which may be allowed to ask for runs or not. */
  readonly request: (envelope: RequestEnvelope) => Promise<void>;
}

/**
 * Hands the body of a message to whom it is for, by its source: that is the word of EventBridge and of the timers, since nobody else
 * may send to the queue. Rejects with WORKFLOW_ARGUMENT_INVALID for a request that nobody can read.
 */
export async function dispatch(body: string, destinations: Destinations): Promise<void> {
  const message = jsonOf(body);
  // What is no JSON, or has no source, is a broken event of the engine, and that is said in one place.
  const source = sourceOf(message) ?? eventSource;
  if (source === eventSource) return destinations.event(body);
  if (isScheduleMessage(message)) return destinations.tick(message);
  return destinations.request(parseRequestEnvelope(message));
}

function sourceOf(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null || !('source' in message)) return undefined;
  return typeof message.source === 'string' ? message.source : undefined;
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
