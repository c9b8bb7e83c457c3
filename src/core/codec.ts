import { type Bytes, bytesFromBase64, bytesToBase64, typedArrayKinds, viewOf } from './codec-bytes.ts';
import { errorFromPlain, errorToPlain, storableError } from './codec-error.ts';
import { WorkflowError } from './errors.ts';
import { limits } from './limits.ts';
import { utf8Bytes } from './utf8.ts';

/**
 * The one text form of every stored value, the same in all places, so that a local test sees what AWS will see. JSON,
 * in which an object with the key `~` stands for what JSON lacks: undefined, bigint, NaN and the infinities, -0, Date,
 * Map, Set, RegExp, URL, Error (with cause and own properties, without stack), ArrayBuffer and typed arrays.
 * Instances of other classes are stored as their own enumerable properties, or as what their `toJSON` returns.
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

class Encoder {
  private readonly open = new Set<object>();
  private readonly options: Required<EncodeOptions>;

  constructor(options: Required<EncodeOptions>) {
    this.options = options;
  }

  write(value: unknown, path: string): string {
    switch (typeof value) {
      case 'string':
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
    if (this.open.has(value))
      throw this.refusal(path, 'a cycle', 'store a key or an id instead of the object itself');
    if (this.open.size >= this.options.maxDepth) {
      throw new WorkflowError(
        'WORKFLOW_LIMIT_EXCEEDED',
        `${path} is nested deeper than ${this.options.maxDepth} levels: flatten it, or raise the limit valueDepth`,
        { details: { limit: 'valueDepth', allowed: this.options.maxDepth, path } },
      );
    }
    this.open.add(value);
    const text = Array.isArray(value) ? this.list(value, path) : this.object(value, path);
    this.open.delete(value);
    return text;
  }

  private list(values: readonly unknown[], path: string): string {
    let text = '[';
    for (let i = 0; i < values.length; i += 1) {
      if (i > 0) text += ',';
      text += this.write(values[i], `${path}[${i}]`);
    }
    return `${text}]`;
  }

  private object(value: object, path: string): string {
    if (value instanceof Date) return this.tagged('Date', this.write(value.getTime(), path));
    if (value instanceof Map) return this.tagged('Map', this.list([...value.entries()], path));
    if (value instanceof Set) return this.tagged('Set', this.list([...value.values()], path));
    if (value instanceof RegExp) return this.tagged('RegExp', JSON.stringify([value.source, value.flags]));
    if (value instanceof URL) return this.tagged('URL', JSON.stringify(value.href));
    if (value instanceof Error) return this.tagged('Error', this.record(errorToPlain(value), path));
    if (value instanceof ArrayBuffer) return this.bytes('ArrayBuffer', new Uint8Array(value));
    if (ArrayBuffer.isView(value)) {
      return this.bytes(viewName(value), new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    }
    if (
      value instanceof Promise ||
      value instanceof WeakMap ||
      value instanceof WeakSet ||
      value instanceof WeakRef
    ) {
      throw this.refusal(
        path,
        `a ${value.constructor.name}`,
        value instanceof Promise ? 'await it first' : 'store data only',
      );
    }
    if ('toJSON' in value && typeof value.toJSON === 'function') {
      const plain: unknown = value.toJSON();
      return plain === value ? this.record(value, path) : this.write(plain, path);
    }
    return tag in value ? this.tagged('Object', this.record(value, path)) : this.record(value, path);
  }

  private record(value: object, path: string): string {
    const keys = Object.keys(value);
    if (this.options.canonical) keys.sort();
    let text = '{';
    for (const key of keys) {
      const item = (value as Record<string, unknown>)[key];
      if (text.length > 1) text += ',';
      text += `${JSON.stringify(key)}:${this.write(item, `${path}.${key}`)}`;
    }
    return `${text}}`;
  }

  private bytes(kind: string, bytes: Bytes): string {
    return this.tagged(kind, `"${bytesToBase64(bytes)}"`);
  }

  private tagged(kind: string, text?: string): string {
    return text === undefined ? `{"${tag}":"${kind}"}` : `{"${tag}":"${kind}","v":${text}}`;
  }

  private refusal(path: string, kind: string, remedy: string): WorkflowError {
    return new WorkflowError(
      'WORKFLOW_VALUE_NOT_STORABLE',
      `${path} is ${kind}, which cannot be stored: ${remedy}`,
      {
        details: { path, kind },
      },
    );
  }
}

function numberName(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function viewName(view: ArrayBufferView): string {
  for (const kind of typedArrayKinds) {
    if (Object.prototype.toString.call(view) === `[object ${kind}]`) return kind;
  }
  return 'Uint8Array';
}

/**
 * Encodes a value. Throws WORKFLOW_VALUE_NOT_STORABLE (a function, symbol, promise or cycle; the message names its path)
 * and WORKFLOW_LIMIT_EXCEEDED (too deep, too large).
 */
export function encode(value: unknown, options: EncodeOptions = {}): string {
  const all = {
    canonical: options.canonical ?? false,
    maxDepth: options.maxDepth ?? limits.valueDepth,
    maxBytes: options.maxBytes ?? limits.valueBytes,
    name: options.name ?? 'value',
  };
  const text = new Encoder(all).write(value, all.name);
  // Three bytes a unit is the most that UTF-8 takes, so short texts need no count.
  if (text.length * 3 > all.maxBytes && utf8Bytes(text) > all.maxBytes) {
    throw new WorkflowError(
      'WORKFLOW_LIMIT_EXCEEDED',
      `${all.name} takes ${utf8Bytes(text)} bytes, more than ${all.maxBytes}: keep large data elsewhere and pass a reference, or raise the limit valueBytes`,
      { details: { limit: 'valueBytes', allowed: all.maxBytes } },
    );
  }
  return text;
}

/** Reads {@link encode}'s text. Throws WORKFLOW_RECORD_CORRUPT for anything else. */
export function decode(text: string): unknown {
  let plain: unknown;
  try {
    plain = JSON.parse(text);
  } catch (cause) {
    throw new WorkflowError(
      'WORKFLOW_RECORD_CORRUPT',
      'A stored value is not JSON: restore the record from a backup',
      { cause },
    );
  }
  return text.includes(`"${tag}"`) ? revive(plain) : plain;
}

function revive(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i += 1) value[i] = revive(value[i]);
    return value;
  }
  const plain = value as Record<string, unknown>;
  return Object.hasOwn(plain, tag) ? reviveTagged(String(plain[tag]), plain['v']) : reviveFields(plain);
}

function reviveFields(plain: Record<string, unknown>): Record<string, unknown> {
  for (const key of Object.keys(plain)) {
    // Assignment to `__proto__` would change the prototype instead of the property.
    if (key === '__proto__') {
      const own = revive(plain[key]);
      Object.defineProperty(plain, key, { value: own, enumerable: true, configurable: true, writable: true });
    } else {
      plain[key] = revive(plain[key]);
    }
  }
  return plain;
}

function reviveTagged(kind: string, value: unknown): unknown {
  switch (kind) {
    case 'undefined':
      return undefined;
    case 'number':
      return Number(value);
    case 'bigint':
      return BigInt(String(value));
    case 'Date':
      return new Date(Number(revive(value)));
    case 'Map':
      return new Map(revive(value) as [unknown, unknown][]);
    case 'Set':
      return new Set(revive(value) as unknown[]);
    case 'RegExp': {
      const [source = '', flags = ''] = value as string[];
      return new RegExp(source, flags);
    }
    case 'URL':
      return new URL(String(value));
    case 'Object':
      return reviveFields(value as Record<string, unknown>);
    case 'Error':
      return errorFromPlain(reviveFields(value as Record<string, unknown>));
    default:
      return reviveBytes(kind, value);
  }
}

function reviveBytes(kind: string, value: unknown): unknown {
  const view = viewOf(kind, bytesFromBase64(String(value)));
  if (view === undefined) {
    throw new WorkflowError(
      'WORKFLOW_RECORD_CORRUPT',
      `A stored value has the unknown kind "${kind}": a newer version wrote it, run that version`,
    );
  }
  return view;
}

/** Encodes an error; what of it cannot be stored (a socket, a cycle) is left out instead of hiding the error. */
export function encodeError(error: Error): string {
  const storable = (value: unknown): boolean => {
    try {
      return encode(value, { maxBytes: limits.inlineBytes * 8 }).length > 0;
    } catch {
      return false;
    }
  };
  return encode(storableError(error, storable), { name: 'error' });
}
