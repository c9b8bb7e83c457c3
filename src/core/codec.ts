import { type Bytes, bytesFromBase64, bytesToBase64, viewKind, viewOf } from './codec-bytes.ts';
import { bareError, errorFromPlain, errorToPlain, storableError } from './codec-error.ts';
import { WorkflowError } from './errors.ts';
import { limits } from './limits.ts';
import { utf8Bytes } from './utf8.ts';

/**
 * The one text form of every stored value, the same in all places, so that a local test sees what AWS will see. JSON,
 * in which an object with the key `~` stands for what JSON lacks: undefined, bigint, NaN and the infinities, -0, Date,
 * Map, Set, RegExp, URL, Error (with cause and own properties, without stack), ArrayBuffer, typed arrays and DataView,
 * holes of sparse arrays. Instances of other classes are stored as their own enumerable properties, or as what their
 * `toJSON` returns; boxed primitives as the primitive.
 */

const tag = '~';

/** See {@link encode}. */
export interface EncodeOptions {
  /** Sort keys, so that equal values give equal texts. @default false */
  readonly canonical?: boolean;
  /** Refused when deeper. @default limits.valueDepth */
  readonly maxDepth?: number;
  /** Refused when longer, in UTF-8 bytes of the text. @default limits.valueBytes */
  readonly maxBytes?: number;
  /** What messages call the value. @default "value" */
  readonly name?: string;
}

/** Classes that hold something else than data. */
const notData = [Promise, WeakMap, WeakSet, WeakRef, SharedArrayBuffer] as const;

const boxes = [Number, String, Boolean, BigInt, Symbol] as const;

function isBuiltIn(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype !== Object.prototype && prototype !== null;
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}

class Encoder {
  private readonly open = new Set<object>();
  private readonly options: Required<EncodeOptions>;
  /** Path of what is read at the moment: accessors and `toJSON` are the author's and may throw. */
  private at: string;
  private refused: WorkflowError | undefined;

  constructor(options: Required<EncodeOptions>) {
    this.options = options;
    this.at = options.name;
  }

  encode(value: unknown): string {
    try {
      const text = this.write(value, this.options.name);
      // Three bytes a unit is the most that UTF-8 takes, so short texts need no count.
      if (text.length * 3 > this.options.maxBytes) this.checkBytes(utf8Bytes(text));
      return text;
    } catch (cause) {
      if (this.refused !== undefined && cause === this.refused) throw cause;
      const remedy = 'store plain data, whose accessors and toJSON return';
      throw this.refusal(this.at, 'a value that throws when it is read', remedy, cause);
    }
  }

  private write(value: unknown, path: string): string {
    switch (typeof value) {
      case 'string':
        this.checkBytes(value.length);
        return JSON.stringify(value);
      case 'boolean':
        return value ? 'true' : 'false';
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0)
          ? String(value)
          : this.tagged('number', `"${numberName(value)}"`);
      case 'undefined':
        return this.tagged('undefined');
      case 'bigint':
        return this.tagged('bigint', `"${value}"`);
      case 'object':
        return value === null ? 'null' : this.container(value, path);
      default:
        throw this.refusal(path, `a ${typeof value}`, 'store data only, and rebuild functions from it');
    }
  }

  private container(value: object, path: string): string {
    if (this.open.has(value)) {
      throw this.refusal(path, 'a cycle', 'store a key or an id instead of the object itself');
    }
    if (this.open.size >= this.options.maxDepth) {
      throw this.excess(
        'valueDepth',
        this.options.maxDepth,
        `${path} is nested deeper than ${this.options.maxDepth} levels: flatten it`,
      );
    }
    this.at = path;
    this.open.add(value);
    const text = Array.isArray(value) ? this.list(value, path) : this.object(value, path);
    this.open.delete(value);
    return text;
  }

  private list(values: readonly unknown[], path: string): string {
    let text = '[';
    for (let i = 0; i < values.length; i += 1) {
      if (i > 0) text += ',';
      this.at = `${path}[${i}]`;
      text += i in values ? this.write(values[i], this.at) : this.tagged('hole');
      this.checkBytes(text.length);
    }
    return `${text}]`;
  }

  private object(value: object, path: string): string {
    const special = isBuiltIn(value) ? this.builtIn(value, path) : undefined;
    if (special !== undefined) return special;
    if (hasToJson(value)) {
      const plain = value.toJSON();
      if (plain !== value) return this.write(plain, path);
    }
    return Object.hasOwn(value, tag)
      ? this.tagged('Object', this.record(value, path))
      : this.record(value, path);
  }

  private builtIn(value: object, path: string): string | undefined {
    if (value instanceof Date) return this.tagged('Date', this.write(value.getTime(), path));
    if (value instanceof Map) return this.tagged('Map', this.list([...value.entries()], path));
    if (value instanceof Set) return this.tagged('Set', this.list([...value.values()], path));
    if (value instanceof RegExp) return this.tagged('RegExp', JSON.stringify([value.source, value.flags]));
    if (value instanceof URL) return this.tagged('URL', JSON.stringify(value.href));
    if (value instanceof Error) return this.tagged('Error', this.record(errorToPlain(value), path));
    if (value instanceof ArrayBuffer) return this.bytes('ArrayBuffer', new Uint8Array(value));
    if (ArrayBuffer.isView(value)) {
      return this.bytes(viewKind(value), new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    }
    for (const Kind of notData) {
      if (!(value instanceof Kind)) continue;
      const remedy = Kind === Promise ? 'await it first' : 'store data only';
      throw this.refusal(path, `a ${Kind.name}`, remedy);
    }
    return boxes.some((Box) => value instanceof Box) ? this.write(value.valueOf(), path) : undefined;
  }

  private record(value: object, path: string): string {
    const keys = Object.keys(value);
    if (this.options.canonical) keys.sort();
    let text = '{';
    for (const key of keys) {
      this.at = `${path}.${key}`;
      const item = (value as Record<string, unknown>)[key];
      if (text.length > 1) text += ',';
      text += `${JSON.stringify(key)}:${this.write(item, this.at)}`;
      this.checkBytes(text.length);
    }
    return `${text}}`;
  }

  private bytes(kind: string, bytes: Bytes): string {
    this.checkBytes(bytes.length);
    return this.tagged(kind, `"${bytesToBase64(bytes)}"`);
  }

  private tagged(kind: string, text?: string): string {
    return text === undefined ? `{"${tag}":"${kind}"}` : `{"${tag}":"${kind}","v":${text}}`;
  }

  /**
   * `least`: bytes that the text takes at least. Asked all the way, because a value that refers to the same object many
   * times, or an array with a large length, would use up the memory before its text were complete.
   */
  private checkBytes(least: number): void {
    const { maxBytes, name } = this.options;
    if (least <= maxBytes) return;
    const remedy = 'keep large data elsewhere and pass a reference';
    throw this.excess('valueBytes', maxBytes, `${name} takes more than ${maxBytes} bytes: ${remedy}`);
  }

  private excess(limit: 'valueBytes' | 'valueDepth', allowed: number, message: string): WorkflowError {
    const details = { limit, allowed, path: this.at };
    this.refused = new WorkflowError('WORKFLOW_LIMIT_EXCEEDED', `${message}, or raise the limit ${limit}`, {
      details,
    });
    return this.refused;
  }

  private refusal(path: string, kind: string, remedy: string, cause?: unknown): WorkflowError {
    const message = `${path} is ${kind}, which cannot be stored: ${remedy}`;
    const details = { path, kind };
    this.refused = new WorkflowError('WORKFLOW_VALUE_NOT_STORABLE', message, {
      ...(cause === undefined ? {} : { cause }),
      details,
    });
    return this.refused;
  }
}

function numberName(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/**
 * Encodes a value. Throws WORKFLOW_VALUE_NOT_STORABLE (a function, symbol, promise or cycle, or something that throws when
 * it is read; the message names its path) and WORKFLOW_LIMIT_EXCEEDED (too deep, too large).
 */
export function encode(value: unknown, options: EncodeOptions = {}): string {
  return new Encoder({
    canonical: options.canonical ?? false,
    maxDepth: options.maxDepth ?? limits.valueDepth,
    maxBytes: options.maxBytes ?? limits.valueBytes,
    name: options.name ?? 'value',
  }).encode(value);
}

/** Reads {@link encode}'s text. Throws WORKFLOW_RECORD_CORRUPT for anything else. */
export function decode(text: string): unknown {
  try {
    const plain: unknown = JSON.parse(text);
    return text.includes(`"${tag}"`) ? revive(plain) : plain;
  } catch (cause) {
    if (cause instanceof WorkflowError) throw cause;
    const message = 'A stored value cannot be read: restore the record from a backup';
    throw new WorkflowError('WORKFLOW_RECORD_CORRUPT', message, { cause });
  }
}

function revive(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return reviveList(value);
  return isTagged(value) ? reviveTagged(value[tag], value['v']) : reviveFields(value);
}

function isTagged(value: object): value is { readonly [tag]: unknown; readonly v?: unknown } {
  return Object.hasOwn(value, tag);
}

function isHole(value: unknown): boolean {
  return typeof value === 'object' && value !== null && isTagged(value) && value[tag] === 'hole';
}

function reviveList(plain: readonly unknown[]): unknown[] {
  const values: unknown[] = [];
  values.length = plain.length;
  for (const [index, item] of plain.entries()) if (!isHole(item)) values[index] = revive(item);
  return values;
}

function reviveFields(plain: object): Record<string, unknown> {
  // Unlike an assignment, this gives `__proto__` as a property like any other.
  return Object.fromEntries(Object.entries(plain).map(([key, value]) => [key, revive(value)]));
}

function reviveTagged(kind: unknown, value: unknown): unknown {
  switch (kind) {
    case 'undefined':
      return undefined;
    case 'number':
      return Number(textIn(kind, value, /^(?:NaN|-?Infinity|-0)$/));
    case 'bigint':
      return BigInt(textIn(kind, value, /^-?\d+$/));
    case 'Date':
      return reviveDate(value);
    case 'Map':
      return new Map(reviveList(listIn(kind, value)) as [unknown, unknown][]);
    case 'Set':
      return new Set(reviveList(listIn(kind, value)));
    case 'RegExp': {
      const [source, flags] = listIn(kind, value);
      return new RegExp(textIn(kind, source), textIn(kind, flags));
    }
    case 'URL':
      return new URL(textIn(kind, value));
    case 'Object':
      return reviveFields(fieldsIn(kind, value));
    case 'Error':
      return errorFromPlain(reviveFields(fieldsIn(kind, value)));
    default:
      return reviveBytes(String(kind), value);
  }
}

function reviveDate(value: unknown): Date {
  const time = revive(value);
  if (typeof time !== 'number') throw malformed('Date');
  return new Date(time);
}

function reviveBytes(kind: string, value: unknown): unknown {
  const buffer = typeof value === 'string' ? bytesFromBase64(value) : undefined;
  const view = buffer === undefined ? undefined : viewOf(kind, buffer);
  if (view !== undefined) return view;
  throw new WorkflowError(
    'WORKFLOW_RECORD_CORRUPT',
    `A stored value has the unknown kind "${kind}": a newer version wrote it, run that version`,
  );
}

function malformed(kind: string): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_RECORD_CORRUPT',
    `A stored ${kind} has another form than this version writes: restore the record from a backup`,
  );
}

function textIn(kind: string, value: unknown, pattern = /^/): string {
  if (typeof value !== 'string' || !pattern.test(value)) throw malformed(kind);
  return value;
}

function listIn(kind: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw malformed(kind);
  return value;
}

function fieldsIn(kind: string, value: unknown): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(kind);
  return value;
}

/** Levels that the copy of an error may add to a part of it: each cause, and the list of an AggregateError. */
const errorLevels = 32;

/** Encodes an error; what of it cannot be stored (a socket, a cycle) is left out instead of hiding the error. Never throws. */
export function encodeError(error: Error): string {
  const bounds = { maxBytes: limits.inlineBytes * 8, maxDepth: limits.valueDepth - errorLevels };
  const storable = (value: unknown): boolean => {
    try {
      encode(value, bounds);
      return true;
    } catch {
      return false;
    }
  };
  try {
    return encode(storableError(error, storable), { name: 'error' });
  } catch {
    return encode(bareError(error), { name: 'error' });
  }
}
