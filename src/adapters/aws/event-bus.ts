import {
  type EventBridgeClient,
  PutEventsCommand,
  type PutEventsRequestEntry,
  type PutEventsResultEntry,
} from '@aws-sdk/client-eventbridge';
import { WorkflowError } from '../../core/errors.ts';
import type { WorkflowEvent } from '../../core/event.ts';
import type { EventBus } from '../../ports/event-bus.ts';
import { eventSource, serviceLimits } from './config.ts';
import type { LaneOf } from './lanes.ts';
import { entryBytes } from './meter.ts';
import { chunksOf } from './prices.ts';
import { inTime } from './in-time.ts';
import { type Pacing, refusalBackoff, retrying, trying, unavailable } from './retry.ts';
import { type Carried, loadOf } from './spending.ts';
import type { TraceHeader } from './trace-header.ts';
import { sumOf } from './usage.ts';

/** See {@link eventBridgeBus}. */
export interface EventBridgeBusOptions {
  readonly client: EventBridgeClient;
  /** Name or ARN of the bus. */
  readonly busName: string;
  readonly pacing: Pacing;
  /** Whether the ends of steps that nobody works on are published. */
  readonly stepEnds: boolean;
  /** @default everything goes to the work queue */
  readonly laneOf?: LaneOf;
  /** See {@link TraceHeader}. @default none */
  readonly traceHeader?: TraceHeader;
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
      const { entries, carrier, undo } = loaded(wanted, options);
      let isCarried = false;
      try {
        entries.forEach(checkEntry);
        const batches = batchesOf(entries);
        for (let i = 0; i < batches.length; i += concurrency) {
          await all(batches.slice(i, i + concurrency), async (batch) => {
            await putEntries(options, batch);
            isCarried ||= carrier !== undefined && batch.includes(carrier);
          });
        }
      } catch (error) {
        if (!isCarried) undo();
        throw error;
      }
    },
  };
}

/** Calls `call` for all items at once. Rejects with the first failure, when all of them are over. */
async function all<Item>(items: readonly Item[], call: (item: Item) => Promise<void>): Promise<void> {
  const outcomes = await Promise.allSettled(items.map(call));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Entries of which the first that somebody works on carries what the handling has used. */
interface Loaded {
  readonly entries: readonly PutEventsRequestEntry[];
  /** @default none of them carries anything */
  readonly carrier?: PutEventsRequestEntry;
  /** The carrier was not sent. */
  readonly undo: () => void;
}

function loaded(events: readonly WorkflowEvent[], options: EventBridgeBusOptions): Loaded {
  const entries = events.map((event) => entryOf(event, options));
  const at = events.findIndex(({ work }) => work);
  const first = events[at];
  if (first === undefined) return { entries, undo: () => {} };
  const sizes = entries.map(entryBytes);
  const { carried, undo } = loadOf({ entries: sumOf(sizes.map(chunksOf)), bytes: sumOf(sizes) });
  if (Object.keys(carried).length === 0) return { entries, undo };
  const carrier = entryOf({ ...first, spent: carried }, options);
  return { entries: entries.with(at, carrier), carrier, undo };
}

function entryOf(
  event: WorkflowEvent & { readonly spent?: Carried },
  { busName, traceHeader, laneOf }: EventBridgeBusOptions,
): PutEventsRequestEntry {
  const header = traceHeader?.();
  // By it the rule of a lane's queue takes the event, and that of the work queue does not.
  const lane = event.work ? laneOf?.(event)?.name : undefined;
  return {
    ...(header === undefined ? {} : { TraceHeader: header }),
    EventBusName: busName,
    Source: eventSource,
    DetailType: event.type,
    Detail: JSON.stringify(lane === undefined ? event : { ...event, lane }),
  };
}

/** Refuses an event that no request can carry: a part of a batch must not be published before that is known. */
function checkEntry(entry: PutEventsRequestEntry): void {
  const bytes = entryBytes(entry);
  if (bytes < serviceLimits.putEventsBytes) return;
  throw new WorkflowError(
    'WORKFLOW_LIMIT_EXCEEDED',
    `An event ${entry.DetailType ?? ''} takes ${bytes} bytes, and EventBridge takes fewer than ${serviceLimits.putEventsBytes}: ` +
      'use shorter ids of workflows and steps',
    { details: { limit: 'putEventsBytes', allowed: serviceLimits.putEventsBytes } },
  );
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

/** Puts entries that fit into one request, those again that are refused. Rejects with WORKFLOW_BACKEND_UNAVAILABLE. */
export async function putEntries(
  options: Pick<EventBridgeBusOptions, 'client' | 'pacing'>,
  batch: readonly PutEventsRequestEntry[],
): Promise<void> {
  const what = `Publishing ${batch.length} events`;
  let open = [...batch];
  await retrying(options.pacing, refusalBackoff, what, async () => {
    const tried = await trying(what, () =>
      options.client.send(
        new PutEventsCommand({ Entries: open }),
        inTime(options.client, options.pacing.clock),
      ),
    );
    if ('again' in tried) return tried;
    const results = tried.done.Entries ?? [];
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

function reasonOf({ ErrorCode, ErrorMessage }: PutEventsResultEntry): string {
  return `${ErrorCode ?? 'unknown'}: ${ErrorMessage ?? 'no message'}`;
}
