import { isObject } from './describe.ts';

/** One chunk of an agent's answer, in whatever version of its format: some have their fields in a payload, some have none. */
export function readChunk(chunk: unknown): {
  readonly type: unknown;
  readonly fields: Readonly<Record<string, unknown>>;
} {
  if (!isObject(chunk)) return { type: undefined, fields: {} };
  const { type, payload, ...own } = chunk;
  return { type, fields: isObject(payload) ? payload : own };
}

/** The text that a chunk adds to the answer. */
export function textOfChunk(chunk: unknown): string {
  const { type, fields } = readChunk(chunk);
  const text = type === 'text-delta' ? (fields['textDelta'] ?? fields['text'] ?? fields['delta']) : undefined;
  return typeof text === 'string' ? text : '';
}
