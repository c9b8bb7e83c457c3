import { bytesToBase64 } from '../core/codec-bytes.ts';

/** A value that `JSON.stringify` writes as it is. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** What {@link toWire} makes of a type of the runtime. An `unknown` is a value of an author, which may be left out. */
export type Wire<T> = unknown extends T
  ? unknown
  : T extends Date
    ? string
    : T extends Error
      ? { name: string; message: string; [property: string]: unknown }
      : T extends readonly (infer Item)[]
        ? Wire<Item>[]
        : T extends object
          ? { -readonly [Key in keyof T]: Wire<T[Key]> }
          : T;

/** Levels below which a value is cut off: twice what can be stored, and far from the end of the stack. */
export const wireDepth = 1_000;

/**
 * Makes JSON of any value: values on the wire, for clients of any language. Unlike the stored form it is not read back, so
 * what JSON lacks is shown and not tagged. Never throws, and changes nothing.
 *
 * | value | JSON |
 * |---|---|
 * | `Date` | ISO 8601 text; an invalid one `null` |
 * | `Map` | array of `[key, value]` pairs |
 * | `Set` | array |
 * | `bigint` | decimal text |
 * | `NaN`, `Infinity`, `-Infinity` | `null` |
 * | `ArrayBuffer`, typed arrays, `DataView` | base64 of their bytes |
 * | `Error` | `{ name, message, cause?, code?, ...own properties }`, never its stack |
 * | `RegExp`, `URL` | their text |
 * | `undefined`, functions, symbols | left out of objects, `null` in arrays |
 * | instances of other classes | what their `toJSON` gives, else their own enumerable properties |
 * | a cycle, what is nested deeper than {@link wireDepth}, a property whose getter throws | `null` |
 */
export function toWire(value: unknown): JsonValue {
  return write(value, new Set()) ?? null;
}

/** Undefined: JSON has no place for it. */
type Written = JsonValue | undefined;

function write(value: unknown, open: Set<object>): Written {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? null : container(value, open);
    default:
      return undefined;
  }
}

/** Few calls for each level, so that {@link wireDepth} levels fit on the stack. */
function container(value: object, open: Set<object>): Written {
  if (open.has(value) || open.size >= wireDepth) return null;
  open.add(value);
  try {
    if (Array.isArray(value)) return list(value, open);
    if (value instanceof Map || value instanceof Set) return list([...value], open);
    if (value instanceof Error) return fields(errorFields(value), open);
    const text = textOf(value);
    if (text !== undefined) return text;
    if ('toJSON' in value && typeof value.toJSON === 'function') {
      return write((value as { toJSON(): unknown }).toJSON(), open);
    }
    return fields(ownFields(value), open);
  } catch {
    // Getters, proxies and `toJSON` methods of the author's can throw anything, anywhere.
    return null;
  } finally {
    open.delete(value);
  }
}

/** The text or null that stands for a whole object. */
function textOf(value: object): string | null | undefined {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof RegExp || value instanceof URL) return String(value);
  if (value instanceof ArrayBuffer) return bytesToBase64(new Uint8Array(value));
  if (!ArrayBuffer.isView(value)) return undefined;
  return bytesToBase64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
}

function list(values: readonly unknown[], open: Set<object>): JsonValue[] {
  const written: JsonValue[] = [];
  // By index: an array can have holes.
  for (let i = 0; i < values.length; i += 1) written.push(write(values[i], open) ?? null);
  return written;
}

/** Pairs, so that a key named `__proto__` stays a key. */
type Fields = readonly (readonly [string, unknown])[];

function fields(entries: Fields, open: Set<object>): JsonValue {
  const written: [string, JsonValue][] = [];
  for (const [key, item] of entries) {
    const shown = write(item, open);
    if (shown !== undefined) written.push([key, shown]);
  }
  return Object.fromEntries(written);
}

function ownFields(value: object): Fields {
  return Object.keys(value).map((key) => [key, read(value, key)]);
}

function read(value: object, key: string): unknown {
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return null;
  }
}

function errorFields(error: Error): Fields {
  const own = ownFields(error).filter(([key]) => key !== 'name' && key !== 'message' && key !== 'stack');
  const hidden = ['cause', 'errors', 'code'].filter(
    (key) => key in error && !own.some(([name]) => name === key),
  );
  return [
    ['name', read(error, 'name')],
    ['message', read(error, 'message')],
    ...hidden.map((key) => [key, read(error, key)] as const),
    ...own,
  ];
}
