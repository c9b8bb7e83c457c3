import type { WorkflowDefinition } from '../../../src/core/definition.ts';
import type { RunHandle } from '../../../src/sdk/run.ts';
import type { EventList, ListedEvent } from './events.ts';

/** A workflow, what is called of its run, and the whole stream that each call gives. */

/** Everything that a workflow is made of. */
export const constructs = [
  'step',
  'map',
  'agent',
  'tool',
  'sleep',
  'sleepUntil',
  'parallel',
  'branch',
  'dowhile',
  'dountil',
  'foreach',
  'nested workflow',
] as const;

/** See {@link constructs}. */
export type Construct = (typeof constructs)[number];

type Options = Readonly<Record<string, unknown>>;

/** One call, with all events of its stream. */
export interface StreamCall {
  /** As a program writes it. */
  readonly text: string;
  readonly open: (run: RunHandle) => AsyncIterable<unknown>;
  /** Called with each event and all so far, it among them, while the stream goes on. */
  readonly onEvent?: (
    run: RunHandle,
    event: ListedEvent,
    soFar: readonly ListedEvent[],
  ) => Promise<unknown> | undefined;
  readonly list: EventList;
}

/** See the head of this file. */
export interface StreamCase {
  readonly construct: Construct;
  /** What happens to it. */
  readonly what: string;
  /** Called `w`, and a new one each time: a workflow belongs to one runtime. */
  readonly workflow: () => WorkflowDefinition;
  /** What is called of the run `r`, one after the other. */
  readonly calls: readonly StreamCall[];
}

/** Options of a call, as a program writes them. */
function written(options: Options): string {
  const fields = Object.entries(options).map(([name, value]) => `${name}: ${valueOf(value)}`);
  return `{ ${fields.join(', ')} }`;
}

function valueOf(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return `[${value.map(valueOf).join(', ')}]`;
  return typeof value === 'object' && value !== null ? written(value as Options) : String(value);
}

/** `run.stream(...)` */
export function stream(options: Options, list: EventList): StreamCall {
  return { text: `run.stream(${written(options)})`, open: (run) => run.stream(options), list };
}

/** `run.resumeStream(...)` */
export function resumeStream(options: Options, list: EventList): StreamCall {
  return { text: `run.resumeStream(${written(options)})`, open: (run) => run.resumeStream(options), list };
}

/** `run.timeTravelStream(...)` */
export function timeTravelStream(options: Options & { readonly step: unknown }, list: EventList): StreamCall {
  const open = (run: RunHandle) => run.timeTravelStream(options);
  return { text: `run.timeTravelStream(${written(options)})`, open, list };
}

/** The same call, while which the run is canceled when an event of this type comes. */
export function canceledAt(type: string, call: StreamCall): StreamCall {
  return canceledAfter(1, type, call);
}

/** The same call, while which the run is canceled once so many events of this type have come. */
export function canceledAfter(count: number, type: string, { text, open, list }: StreamCall): StreamCall {
  const onEvent: StreamCall['onEvent'] = (run, event, soFar) => {
    const isIt = event.type === type && soFar.filter((one) => one.type === type).length === count;
    return isIt ? run.cancel() : undefined;
  };
  return { text: `${text}, run.cancel()`, open, onEvent, list };
}
