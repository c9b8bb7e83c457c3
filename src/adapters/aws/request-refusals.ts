import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { RequestRefused } from '../../events/index.ts';
import { LazyClients } from './clients.ts';
import { eventSource } from './config.ts';
import { putEntries } from './event-bus.ts';
import type { Pacing } from './retry.ts';
import { systemClock } from '../system/index.ts';

/** See {@link requestRefusals}. */
export interface RequestRefusalsOptions {
  /** Name or ARN of the bus. */
  readonly busName: string;
  /** @default made with the first refusal */
  readonly client?: EventBridgeClient;
  /** @default by the system's clock */
  readonly pacing?: Pacing;
}

/**
 * Answers requests that were refused, on the bus that they came by. Not the engine's own `EventBus`: a refusal is no event of a
 * run, which need not even exist. Rejects with WORKFLOW_BACKEND_UNAVAILABLE when the bus does not take it; then the request has
 * to come again.
 */
export function requestRefusals({
  busName,
  client,
  pacing = { clock: systemClock, random: Math.random },
}: RequestRefusalsOptions): (refusal: RequestRefused) => Promise<void> {
  const clients = new LazyClients(client === undefined ? {} : { eventbridge: client }, undefined);
  return async (refusal) => {
    const entry = {
      EventBusName: busName,
      Source: eventSource,
      DetailType: refusal.type,
      Detail: JSON.stringify(refusal),
    };
    await putEntries({ client: clients.eventbridge(), pacing }, [entry]);
  };
}
