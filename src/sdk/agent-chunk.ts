import { isObject } from './describe.ts';

/** The type of what an agent told, and the fields that belong to it: under `payload`, or beside the type. */
export function chunkParts(chunk: unknown): {
  readonly type: unknown;
  readonly payload: Record<string, unknown>;
} {
  const { type, payload, ...fields } = isObject(chunk) ? chunk : {};
  return { type, payload: isObject(payload) ? payload : fields };
}

/** The text that a chunk adds to an answer; undefined for chunks of another kind. */
export function textDelta(chunk: unknown): string | undefined {
  const { type, payload } = chunkParts(chunk);
  if (type !== 'text-delta') return undefined;
  const text = payload['textDelta'] ?? payload['text'] ?? payload['delta'];
  return typeof text === 'string' ? text : '';
}
