import { type ErrorCode, type ErrorDetails, errorStatus, WorkflowError } from './errors.ts';

/** Causes further down than this are cut off when a chain cannot be stored whole: it is a cycle or tells nothing more. */
const causeDepth = 8;

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
  const plain: Record<string, unknown> = { ...error, name: error.name, message: error.message };
  delete plain['stack'];
  if (error instanceof AggregateError) plain['errors'] = error.errors;
  if (error.cause !== undefined) plain['cause'] = error.cause;
  return plain;
}

function instanceOf(name: string, message: string, plain: Record<string, unknown>): Error {
  if (name === 'WorkflowError' && isErrorCode(plain['code'])) {
    return new WorkflowError(plain['code'], message, { details: Object(plain['details']) as ErrorDetails });
  }
  if (name === 'AggregateError') return new AggregateError(plain['errors'] as unknown[], message);
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
    if (key === 'name' || key === 'message' || (key === 'errors' && error instanceof AggregateError))
      continue;
    define(error, key, value, key !== 'cause');
  }
  if (error.name !== name) define(error, 'name', name, false);
  define(error, 'stack', `${name}: ${message}`, false);
  define(error, 'toJSON', () => plain, false);
  return error;
}

/**
 * A copy of `error` without what `storable` refuses: a failed request often hangs its socket on its error, and that must
 * not hide why the step failed.
 */
export function storableError(error: Error, storable: (value: unknown) => boolean, depth = 0): Error {
  if (storable(error)) return error;
  const plain: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(errorToPlain(error))) {
    if (value instanceof Error && depth < causeDepth) plain[key] = storableError(value, storable, depth + 1);
    else if (storable(value)) plain[key] = value;
  }
  return errorFromPlain(plain);
}

/**
 * Makes an Error of whatever was thrown: an Error stays as it is, a string becomes the message, a plain object gives its
 * `message` (or its JSON) and its properties.
 */
export function errorOf(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  if (typeof thrown === 'string') return new WorkflowError('WORKFLOW_STEP_FAILED', thrown, { cause: thrown });
  if (typeof thrown !== 'object' || thrown === null) {
    return new WorkflowError('WORKFLOW_STEP_FAILED', `Unknown step execution error: ${String(thrown)}`, {
      cause: thrown,
    });
  }
  const own = thrown as Record<string, unknown>;
  const error = new WorkflowError(
    'WORKFLOW_STEP_FAILED',
    typeof own['message'] === 'string' ? own['message'] : describe(own),
  );
  for (const [key, value] of Object.entries(own)) {
    if (key !== 'message' && key !== 'name' && key !== 'stack') define(error, key, value, true);
  }
  return error;
}

function describe(value: Record<string, unknown>): string {
  try {
    return JSON.stringify(value);
  } catch {
    return `Unknown step execution error: an object with the keys ${Object.keys(value).join(', ')}`;
  }
}
