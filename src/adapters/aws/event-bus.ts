import {
  type EventBridgeClient,
  PutEventsCommand,
  type PutEventsRequestEntry,
  type PutEventsResultEntry,
} from '@aws-sdk/client-eventbridge';
import type { WorkflowEvent } from '../../core/event.ts';
import type { EventBus } from '../../ports/event-bus.ts';
import { eventSource, serviceLimits } from './config.ts';
import { entryBytes } from './meter.ts';
import { chunksOf } from './prices.ts';
import { type Pacing, refusalBackoff, retrying, unavailable } from './retry.ts';
import { type Carried, carriedBy } from './spending.ts';

/** See {@link eventBridgeBus}. */
export interface EventBridgeBusOptions {
  readonly client: EventBridgeClient;
  /** Name or ARN of the bus. */
  readonly busName: string;
  readonly pacing: Pacing;
  /** Whether the ends of steps that nobody works on are published. */
  readonly stepEnds: boolean;
}

/** Requests in flight at once: a wide fan-out is many batches, and the bus throttles bursts. */
const concurrency = 4;

/** Errors of an entry that no repetition mends. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html */
const lasting = new Set([
  'AccessDeniedException',
  'InvalidAccountIdException',
  'InvalidArgument',
  'MalformedDetail',
  'NoPermissionException',
  'NotAuthorizedForDetailTypeException',
  'NotAuthorizedForSourceException',
  'OperationDisabledException',
]);

/**
 * Publishes on an EventBridge bus. A request that is answered 200 may have refused some of its entries, so each entry's
 * answer is read, and those that were refused are sent again.
 */
export function eventBridgeBus(options: EventBridgeBusOptions): EventBus {
  return {
    async publish(events) {
      const wanted = events.filter(
        ({ type, work }) => work || options.stepEnds || type !== 'workflow.step.end',
      );
      const batches = batchesOf(entriesOf(wanted, options.busName));
      for (let i = 0; i < batches.length; i += concurrency) {
        await Promise.all(batches.slice(i, i + concurrency).map((batch) => send(options, batch)));
      }
    },
  };
}

/** The first event that somebody works on carries what the handling has used. */
function entriesOf(events: readonly WorkflowEvent[], busName: string): PutEventsRequestEntry[] {
  const entries = events.map((event) => entryOf(event, busName));
  const at = events.findIndex(({ work }) => work);
  const first = events[at];
  if (first === undefined) return entries;
  const sizes = entries.map(entryBytes);
  const spent = carriedBy({ entries: sumOf(sizes.map(chunksOf)), bytes: sumOf(sizes) });
  return Object.keys(spent).length === 0 ? entries : entries.with(at, entryOf({ ...first, spent }, busName));
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}

function entryOf(
  event: WorkflowEvent & { readonly spent?: Carried },
  busName: string,
): PutEventsRequestEntry {
  return {
    EventBusName: busName,
    Source: eventSource,
    DetailType: event.type,
    Detail: JSON.stringify(event),
  };
}

function batchesOf(entries: readonly PutEventsRequestEntry[]): PutEventsRequestEntry[][] {
  const batches: PutEventsRequestEntry[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = entryBytes(entry);
    const open = batches.at(-1);
    const fits = open !== undefined && open.length < serviceLimits.putEventsEntries;
    if (fits && bytes + size < serviceLimits.putEventsBytes) {
      open.push(entry);
      bytes += size;
    } else {
      batches.push([entry]);
      bytes = size;
    }
  }
  return batches;
}

async function send(options: EventBridgeBusOptions, batch: readonly PutEventsRequestEntry[]): Promise<void> {
  const what = `Publishing ${batch.length} events`;
  let open = [...batch];
  await retrying(options.pacing, refusalBackoff, what, async () => {
    const results = await putEvents(options.client, open, what);
    // An answer that lacks an entry says nothing about it.
    const refused = open.flatMap((entry, at) => {
      const result = results[at] ?? { ErrorCode: 'MissingResult' };
      return result.ErrorCode === undefined ? [] : [{ entry, result }];
    });
    const hopeless = refused.find(({ result }) => lasting.has(result.ErrorCode ?? ''));
    if (hopeless !== undefined) throw unavailable(what, reasonOf(hopeless.result));
    open = refused.map(({ entry }) => entry);
    const [first] = refused;
    return first === undefined ? { done: undefined } : { again: reasonOf(first.result) };
  });
}

async function putEvents(
  client: EventBridgeClient,
  entries: PutEventsRequestEntry[],
  what: string,
): Promise<readonly PutEventsResultEntry[]> {
  try {
    const answer = await client.send(new PutEventsCommand({ Entries: entries }));
    return answer.Entries ?? [];
  } catch (error) {
    throw unavailable(what, error);
  }
}

function reasonOf({ ErrorCode, ErrorMessage }: PutEventsResultEntry): string {
  return `${ErrorCode ?? 'unknown'}: ${ErrorMessage ?? 'no message'}`;
}
