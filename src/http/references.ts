import { utf8Bytes } from '../core/utf8.ts';
import { sha256 } from './sha256.ts';
import type { JsonValue } from './wire.ts';

/**
 * Large values of an answer by reference: `{ "$value": { href, bytes, sha256 } }` stands for a value that a request of its own
 * gets. Only at places that hold a value of the author's can there be one.
 */

/** Bytes of JSON text (UTF-8) above which a value is shown by a reference. */
const referenceBytes = 256 * 1024;

/**
 * Bytes that an answer should not exceed: a function on AWS answers at most 6 MB (Lambda quotas, synchronous payload). One that
 * would shows smaller values by reference, too.
 */
export const answerBytes = 5 * 1024 * 1024;

/** Bytes above which values are shown by reference, in the order in which they are tried. */
const thresholds = [referenceBytes, 16 * 1024, 1024];

/** Path to a value, `*` for every key or index that no other place names. */
export type Place = readonly string[];

/** Makes the link to the value at a path, by its hash; undefined when it cannot have one. */
export type HrefOf = (path: readonly string[], sha256: string) => string | undefined;

/** `document` with references for what is large at `places`. Unchanged when nothing is. */
export async function withReferences(
  document: JsonValue,
  places: readonly Place[],
  hrefOf: HrefOf,
): Promise<JsonValue> {
  const text = JSON.stringify(document);
  if (text.length * 3 <= referenceBytes && !mayMislead(text)) return document;
  let shown = document;
  for (const threshold of thresholds) {
    shown = await replaced(document, { places, path: [], threshold, hrefOf });
    if (utf8Bytes(JSON.stringify(shown)) <= answerBytes) break;
  }
  return shown;
}

/**
 * A value in which anything looks like a reference is shown by a real one, so that nobody follows a link of somebody else's
 * making. By its text: as a text of its own, the name only costs a reference more.
 */
function mayMislead(text: string): boolean {
  return text.includes('"$value"');
}

interface Walk {
  /** What is left of the places, seen from here. */
  readonly places: readonly Place[];
  readonly path: readonly string[];
  readonly threshold: number;
  readonly hrefOf: HrefOf;
}

async function replaced(value: JsonValue, walk: Walk): Promise<JsonValue> {
  if (walk.places.length === 0) return value;
  const shown = await withChildrenReplaced(value, walk);
  if (!walk.places.some((place) => place.length === 0)) return shown;
  const text = JSON.stringify(value);
  // Where deeper places are, they have seen to all that is below.
  const isDeepest = walk.places.every((place) => place.length === 0);
  const isMisleading = isDeepest ? mayMislead(text) : isContainer(value) && Object.hasOwn(value, '$value');
  if (!isMisleading && utf8Bytes(isDeepest ? text : JSON.stringify(shown)) <= walk.threshold) return shown;
  const hash = await sha256(text);
  const href = walk.hrefOf(walk.path, hash);
  return href === undefined ? shown : { $value: { href, bytes: utf8Bytes(text), sha256: hash } };
}

async function withChildrenReplaced(value: JsonValue, walk: Walk): Promise<JsonValue> {
  if (!isContainer(value) || walk.places.every((place) => place.length === 0)) return value;
  const entries: [string, JsonValue][] = [];
  for (const [key, item] of Object.entries(value)) {
    const named = walk.places.filter(([first]) => first === key);
    const either = named.length > 0 ? named : walk.places.filter(([first]) => first === '*');
    const places = either.map((place) => place.slice(1));
    entries.push([key, await replaced(item, { ...walk, places, path: [...walk.path, key] })]);
  }
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}

type Container = Extract<JsonValue, object>;

function isContainer(value: JsonValue): value is Container {
  return typeof value === 'object' && value !== null;
}

/** A path as a JSON pointer (RFC 6901). */
export function pointerOf(path: readonly string[]): string {
  return path.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** The value at a JSON pointer; undefined when there is none. */
export function valueAt(document: JsonValue, pointer: string): JsonValue | undefined {
  let value: JsonValue | undefined = document;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (value === undefined || !isContainer(value) || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<string, JsonValue>>)[key];
  }
  return value;
}
