import { isPath } from '../src/adapters/aws/queue-message.ts';
import type { Delivery } from './each-record.ts';
import type { Attributes } from './observability.ts';

/**
 * What the log calls the fields of an event that say what it is about, and how such a field is; the others of a request, and one
 * that is otherwise, may be values.
 */
const ids: readonly (readonly [name: string, field: string, isId: (value: unknown) => boolean])[] = [
  ['workflowId', 'workflowId', isText],
  ['runId', 'runId', isText],
  ['stepId', 'stepId', isText],
  ['path', 'path', isPath],
  ['turn', 'turn', isTurn],
  // `requestId` is that of the invocation, on each line.
  ['eventRequestId', 'requestId', isText],
];

/** What a message is about, for the log. Of one that cannot be read, its own id at least. */
export function messageIds({ record: { messageId, attributes }, content }: Delivery): Attributes {
  return {
    messageId,
    receiveCount: Number(attributes.ApproximateReceiveCount),
    ...eventIds(content),
  };
}

function eventIds(content: unknown): Attributes {
  const event = fieldsOf(content);
  const detail = fieldsOf(event['detail']);
  const found = ids.flatMap(([name, field, isId]) => {
    const value = detail[field];
    return isId(value) ? [[name, value] as const] : [];
  });
  const { turn } = detail;
  return {
    ...(typeof event['detail-type'] === 'string' ? { type: event['detail-type'] } : {}),
    ...Object.fromEntries(found),
    // The last part of a turn; see `formatTurn`.
    ...(isTurn(turn) ? { attempt: Number(turn.slice(-3)) } : {}),
  };
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 512;
}

function isTurn(value: unknown): value is string {
  return typeof value === 'string' && /^[\d.]{1,64}$/.test(value);
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
