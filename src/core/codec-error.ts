import { type ErrorCode, type ErrorDetails, errorStatus, WorkflowError } from './errors.ts';

/** Causes further down than this are cut off when a chain cannot be stored whole: it is a cycle or tells nothing more. */
const causeDepth = 8;

/** Characters of a message that are kept when the error cannot be stored whole. */
const longestMessage = 16_384;

const builtIn: Record<string, new (message: string) => Error> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorStatus, code);
}

/**
 * The stored form of an error: name, message, cause and own enumerable properties. The stack stays out of it: it names
 * files of one machine, and grows every record.
 */
export function errorToPlain(error: Error): Record<string, unknown> {
  const own = Object.entries(error).filter(([key]) => key !== 'stack');
  const plain: Record<string, unknown> = Object.fromEntries(own);
  plain['name'] = error.name;
  plain['message'] = error.message;
  if (error instanceof AggregateError) plain['errors'] = error.errors;
  if (error.cause !== undefined) plain['cause'] = error.cause;
  return plain;
}

function instanceOf(name: string, message: string, plain: Record<string, unknown>): Error {
  if (name === 'WorkflowError' && isErrorCode(plain['code'])) {
    return new WorkflowError(plain['code'], message, { details: Object(plain['details']) as ErrorDetails });
  }
  // Any error may call itself so, without having the list.
  if (name === 'AggregateError' && Array.isArray(plain['errors'])) {
    return new AggregateError(plain['errors'], message);
  }
  const Known = Object.hasOwn(builtIn, name) ? builtIn[name] : undefined;
  return Known === undefined ? new Error(message) : new Known(message);
}

function define(error: Error, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true });
}

/**
 * The inverse of {@link errorToPlain}, whose fields are decoded already: a real Error, of its built-in class or ours, with
 * its properties. Its stack is its headline, and it has a `toJSON` that gives the stored form.
 */
export function errorFromPlain(plain: Record<string, unknown>): Error {
  const name = String(plain['name']);
  const message = String(plain['message']);
  const error = instanceOf(name, message, plain);
  for (const [key, value] of Object.entries(plain)) {
    if (key === 'name' || key === 'message') continue;
    if (key === 'errors' && error instanceof AggregateError) continue;
    define(error, key, value, key !== 'cause');
  }
  if (error.name !== name) define(error, 'name', name, false);
  define(error, 'stack', `${name}: ${message}`, false);
  define(error, 'toJSON', () => plain, false);
  return error;
}

/** Whether a value can be stored as it is. */
export type Storable = (value: unknown) => boolean;

/**
 * A copy of `error` without what `storable` refuses: a failed request often hangs its socket on its error, and that must
 * not hide why the step failed. A message that alone is too long is cut.
 */
export function storableError(error: Error, storable: Storable, depth = 0): Error {
  if (storable(error)) return error;
  const kept = readableFields(error).flatMap(([key, value]): [string, unknown][] => {
    if (key === 'errors' && Array.isArray(value)) return [[key, storableParts(value, storable, depth)]];
    return storableParts([value], storable, depth).map((part) => [key, part]);
  });
  return errorFromPlain({ ...Object.fromEntries(kept), ...headline(error) });
}

/** Name and message of an error and nothing else of it. */
export function bareError(error: Error): Error {
  return errorFromPlain(headline(error));
}

function storableParts(values: readonly unknown[], storable: Storable, depth: number): unknown[] {
  return values.flatMap((value): unknown[] => {
    if (value instanceof Error && depth < causeDepth) return [storableError(value, storable, depth + 1)];
    return storable(value) ? [value] : [];
  });
}

function readableFields(error: Error): [string, unknown][] {
  return [...Object.keys(error), 'errors', 'cause'].flatMap((key): [string, unknown][] => {
    const value = attempt((): unknown => Reflect.get(error, key), undefined);
    return key === 'stack' || value === undefined ? [] : [[key, value]];
  });
}

function headline(error: Error): { name: string; message: string } {
  const message = textOf(error, 'message', '');
  const cut = message.length > longestMessage;
  return {
    name: textOf(error, 'name', 'Error').slice(0, longestMessage),
    message: cut ? `${message.slice(0, longestMessage)}... (${message.length} characters)` : message,
  };
}

/** A field that should be a string: nothing keeps an author's class from making something else of it. */
function textOf(error: Error, key: 'name' | 'message', otherwise: string): string {
  const read = (): unknown => Reflect.get(error, key);
  return attempt(() => String(read()), otherwise);
}

/** What `read` returns, or `otherwise` when it throws: an error may be of any author's class, with any accessors. */
function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/**
 * Makes an Error of whatever was thrown: an Error stays as it is, a string becomes the message, a plain object gives its
 * `message` (or its JSON) and its properties. Never throws itself.
 */
export function errorOf(thrown: unknown): Error {
  if (attempt(() => thrown instanceof Error, false)) return thrown as Error;
  if (typeof thrown === 'string') return new WorkflowError('WORKFLOW_STEP_FAILED', thrown, { cause: thrown });
  if (typeof thrown !== 'object' || thrown === null) {
    const message = `Unknown step execution error: ${String(thrown)}`;
    return new WorkflowError('WORKFLOW_STEP_FAILED', message, { cause: thrown });
  }
  const own = attempt(() => Object.entries(thrown), []);
  const message = messageOf(thrown, own);
  // An object that brings a code of its own keeps it, and is then none of ours.
  const isCoded = own.some(([key]) => key === 'code');
  const error = isCoded ? new Error(message) : new WorkflowError('WORKFLOW_STEP_FAILED', message);
  for (const [key, value] of own) {
    if (key !== 'message' && key !== 'name' && key !== 'stack') define(error, key, value, true);
  }
  return error;
}

function messageOf(thrown: object, own: readonly (readonly [string, unknown])[]): string {
  const message = attempt((): unknown => Reflect.get(thrown, 'message'), undefined);
  if (typeof message === 'string') return message;
  const json = attempt((): unknown => JSON.stringify(thrown), undefined);
  if (typeof json === 'string') return json;
  return `Unknown step execution error: an object with the keys ${own.map(([key]) => key).join(', ')}`;
}
