import type { Reads, ReadContext } from './definition.ts';
import { WorkflowError } from './errors.ts';

/** Conditions as data: a small language that can be stored, shown, and judged by what it reads. */

/** What a comparison compares with. */
export type PredicateValue = string | number | boolean | null;

/** Where a value is found: a root, and the dotted keys below it. The id of a step ends at the first dot. */
export type PredicatePath =
  | 'inputData'
  | 'initData'
  | 'state'
  | `inputData.${string}`
  | `initData.${string}`
  | `state.${string}`
  | `stepResults.${string}`;

/**
 * A condition as data. Only values of one kind compare: a number with a number, a text with a text, and everything else is
 * false. A path that leads nowhere makes every comparison false, `ne` too; null is a value. A step has no value unless its
 * last execution in the run was a success with an output that is not null.
 */
export type Predicate =
  /** All of them hold; an empty list does. */
  | { readonly and: readonly Predicate[] }
  /** One of them holds; an empty list does not. */
  | { readonly or: readonly Predicate[] }
  | { readonly not: Predicate }
  /** Equal, or for `ne` another value or one of another kind. */
  | { readonly op: 'eq' | 'ne'; readonly path: PredicatePath; readonly value: PredicateValue }
  /** Numbers by size, texts by their UTF-16 code units. */
  | {
      readonly op: 'gt' | 'gte' | 'lt' | 'lte';
      readonly path: PredicatePath;
      readonly value: string | number;
    }
  | { readonly op: 'in'; readonly path: PredicatePath; readonly value: readonly PredicateValue[] }
  | { readonly op: 'exists' | 'notExists'; readonly path: PredicatePath };

type Leaf = Exclude<Predicate, { and: unknown } | { or: unknown } | { not: unknown }>;

/** What a predicate reads of the context of a condition. */
export type PredicateContext = Pick<ReadContext, 'inputData' | 'state' | 'getInitData' | 'getStepResult'>;

/** Deepest nesting of a predicate. */
export const predicateDepth = 100;

const orders = ['gt', 'gte', 'lt', 'lte'];
const roots = ['inputData', 'initData', 'state', 'stepResults'];

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isValue(value: unknown): value is PredicateValue {
  return value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value);
}

function shown(value: unknown): string {
  if (value === null || Array.isArray(value)) return value === null ? 'null' : 'an array';
  if (typeof value === 'string') return `the string "${value}"`;
  return typeof value === 'object' ? `an object with ${Object.keys(value).join(', ')}` : typeof value;
}

function refused(of: string, problem: string): WorkflowError {
  return new WorkflowError('WORKFLOW_DEFINITION_INVALID', `${of}: ${problem}`);
}

function pathOf(path: unknown, of: string): PredicatePath {
  const [root, ...keys] = typeof path === 'string' ? path.split('.') : [];
  const known = root !== undefined && roots.includes(root) && !keys.includes('');
  if (known && (root !== 'stepResults' || keys.length > 0)) return path as PredicatePath;
  throw refused(
    of,
    `a predicate has ${shown(path)} as its path: give inputData, initData, state or stepResults.<step id>, with dotted keys behind it`,
  );
}

function leafOf(given: Record<string, unknown>, of: string): Leaf {
  const { op, value } = given;
  const wrong = (expected: string): WorkflowError =>
    refused(of, `a predicate "${String(op)}" has ${shown(value)} as its value: give ${expected}`);
  if (op === 'exists' || op === 'notExists') return { op, path: pathOf(given['path'], of) };
  if (op === 'eq' || op === 'ne') {
    if (!isValue(value)) throw wrong('a string, a finite number, a boolean or null');
    return { op, path: pathOf(given['path'], of), value };
  }
  if (op === 'in') {
    if (!Array.isArray(value) || !value.every(isValue)) {
      throw wrong('an array of strings, finite numbers, booleans and null');
    }
    return { op, path: pathOf(given['path'], of), value: Object.freeze([...value]) };
  }
  if (typeof op !== 'string' || !orders.includes(op)) {
    throw refused(
      of,
      `a predicate is ${shown(given)}: give { and }, { or }, { not }, or { op, path, value } with one of the operations eq, ne, gt, gte, lt, lte, in, exists and notExists`,
    );
  }
  if (typeof value !== 'string' && !(typeof value === 'number' && Number.isFinite(value))) {
    throw wrong('a string or a finite number');
  }
  return { op: op as 'gt', path: pathOf(given['path'], of), value };
}

/**
 * Checks a predicate and copies it, so that nobody changes it afterwards. `of` begins the message of what is thrown:
 * WORKFLOW_DEFINITION_INVALID for what is no predicate, or nests deeper than {@link predicateDepth}.
 */
export function readPredicate(given: unknown, of: string, depth: number = predicateDepth): Predicate {
  if (depth === 0) throw refused(of, `a predicate is nested more than ${predicateDepth} deep: flatten it`);
  if (!isObject(given)) throw refused(of, `a predicate is ${shown(given)}: give an object`);
  const several = (name: 'and' | 'or'): readonly Predicate[] => {
    const parts = given[name];
    if (!Array.isArray(parts))
      throw refused(of, `a predicate has ${shown(parts)} as its ${name}: give an array`);
    return Object.freeze(parts.map((part) => readPredicate(part, of, depth - 1)));
  };
  const kinds = ['and', 'or', 'not', 'op'].filter((kind) => given[kind] !== undefined);
  if (kinds.length > 1)
    throw refused(of, `a predicate has ${kinds.join(' and ')} together: give one of them`);
  if (given['and'] !== undefined) return Object.freeze({ and: several('and') });
  if (given['or'] !== undefined) return Object.freeze({ or: several('or') });
  if (given['not'] !== undefined) return Object.freeze({ not: readPredicate(given['not'], of, depth - 1) });
  return Object.freeze(leafOf(given, of));
}

/** Undefined when the path leads nowhere. */
function valueAt(path: string, context: PredicateContext): unknown {
  const [root, ...keys] = path.split('.');
  let value: unknown;
  if (root === 'inputData' || root === 'state') value = context[root];
  else if (root === 'initData') value = context.getInitData();
  else value = context.getStepResult(String(keys.shift())) ?? undefined;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function compares(op: 'gt' | 'gte' | 'lt' | 'lte', value: unknown, limit: string | number): boolean {
  if (typeof value !== typeof limit) return false;
  const found = value as string | number;
  if (op === 'gt') return found > limit;
  if (op === 'gte') return found >= limit;
  return op === 'lt' ? found < limit : found <= limit;
}

/** Whether a predicate holds. Throws only what reading throws. */
export function evaluatePredicate(predicate: Predicate, context: PredicateContext): boolean {
  if ('and' in predicate) return predicate.and.every((part) => evaluatePredicate(part, context));
  if ('or' in predicate) return predicate.or.some((part) => evaluatePredicate(part, context));
  if ('not' in predicate) return !evaluatePredicate(predicate.not, context);
  const value = valueAt(predicate.path, context);
  switch (predicate.op) {
    case 'exists':
      return value !== undefined;
    case 'notExists':
      return value === undefined;
    case 'eq':
      return value === predicate.value;
    case 'ne':
      return value !== undefined && value !== predicate.value;
    case 'in':
      return predicate.value.some((one) => one === value);
    default:
      return compares(predicate.op, value, predicate.value);
  }
}

function pathsOf(predicate: Predicate): string[] {
  if ('and' in predicate) return predicate.and.flatMap(pathsOf);
  if ('or' in predicate) return predicate.or.flatMap(pathsOf);
  return 'not' in predicate ? pathsOf(predicate.not) : [predicate.path];
}

/** The earlier results that a predicate names, no others. */
export function readsOfPredicate(predicate: Predicate): Exclude<Reads, 'all'> {
  const paths = pathsOf(predicate).map((path) => path.split('.'));
  const steps = paths.flatMap(([root, id]) => (root === 'stepResults' && id !== undefined ? [id] : []));
  return { steps: [...new Set(steps)], init: paths.some(([root]) => root === 'initData') };
}
