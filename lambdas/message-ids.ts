import type { SQSRecord } from 'aws-lambda';
import type { Attributes } from './observability.ts';

/** Fields of an event that say what it is about; the others of a request may be values. */
const ids = ['type', 'workflowId', 'runId', 'stepId', 'path', 'turn', 'requestId'] as const;

/** What a message is about, for the log. Of one that cannot be read, its own id at least. */
export function messageIds({ messageId, attributes, body }: SQSRecord): Attributes {
  return {
    messageId,
    receiveCount: Number(attributes.ApproximateReceiveCount),
    ...eventIds(body),
  };
}

function eventIds(body: string): Attributes {
  const event = parsed(body);
  const detail = record(event['detail']);
  const found = ids.flatMap((name) => {
    const value = detail[name];
    const isId =
      typeof value === 'string' ? value.length <= 512 : Array.isArray(value) && value.every(isIndex);
    return isId ? [[name, value] as const] : [];
  });
  const { turn } = detail;
  return {
    ...(typeof event['detail-type'] === 'string' ? { type: event['detail-type'] } : {}),
    ...Object.fromEntries(found),
    // The last part of a turn; see `formatTurn`.
    ...(typeof turn === 'string' && /^[\d.]+$/.test(turn) ? { attempt: Number(turn.slice(-3)) } : {}),
  };
}

function isIndex(value: unknown): boolean {
  return typeof value === 'number';
}

function parsed(body: string): Readonly<Record<string, unknown>> {
  try {
    return record(JSON.parse(body));
  } catch {
    return {};
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
