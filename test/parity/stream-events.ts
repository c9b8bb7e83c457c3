import { WorkflowError } from '../../src/core/errors.ts';

/** Reading of streams in tests. */

/** What the tests look at in an event of any form. */
export interface SeenEvent {
  readonly type: string;
  readonly runId?: string;
  readonly from?: string;
  readonly payload?: unknown;
}

/** All events of a stream, to its end. */
export async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const events: T[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

/** The events in short: type without its prefix, and the step that it is about. */
export function lines(events: readonly SeenEvent[]): string[] {
  return events.map(({ type, payload }) => {
    const name = type.replace('workflow-', '');
    const id = fieldOf(payload, 'id') ?? fieldOf(payload, 'stepName');
    return typeof id === 'string' ? `${name} ${id}` : name;
  });
}

/** The payload of the first event of a type, about the step `id` if given. */
export function payloadOf(events: readonly SeenEvent[], type: string, id?: string): unknown {
  const found = events.find(
    (event) => event.type === type && (id === undefined || fieldOf(event.payload, 'id') === id),
  );
  if (found === undefined) throw new WorkflowError('WORKFLOW_ARGUMENT_INVALID', `no ${type} in the stream`);
  return found.payload;
}

function fieldOf(payload: unknown, name: string): unknown {
  return typeof payload === 'object' && payload !== null && name in payload
    ? (payload as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
