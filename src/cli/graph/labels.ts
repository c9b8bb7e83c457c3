import type { GraphEntry, GraphStep } from '../../core/graph.ts';
import { compact, duration, printable, shortened } from '../text.ts';

/** What is written on the parts of a workflow's graph, whatever it is drawn as. */

/** Columns of a label; what is longer is cut, because a graph of long lines cannot be read. */
export const labelWidth = 36;

const signs: Readonly<Record<string, string>> = {
  eq: '=',
  ne: '≠',
  gt: '>',
  gte: '≥',
  lt: '<',
  lte: '≤',
  in: 'in',
};

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function predicateText(predicate: unknown): string {
  if (!isObject(predicate)) return compact(predicate);
  const { and, or, not, op, path, value } = predicate;
  if (Array.isArray(and)) return and.length === 0 ? 'always' : and.map(grouped).join(' and ');
  if (Array.isArray(or)) return or.length === 0 ? 'never' : or.map(grouped).join(' or ');
  if (not !== undefined) return `not ${grouped(not)}`;
  if (op === 'exists') return `${String(path)} exists`;
  if (op === 'notExists') return `no ${String(path)}`;
  const sign = signs[String(op)];
  return sign === undefined ? compact(predicate) : `${String(path)} ${sign} ${compact(value)}`;
}

function grouped(predicate: unknown): string {
  const text = predicateText(predicate);
  return isObject(predicate) && ('and' in predicate || 'or' in predicate) ? `(${text})` : text;
}

/** A condition in full, on one line: a predicate as people write it, a function as its body without what stands around it. */
export function conditionText(source: string): string {
  if (source.startsWith('{"predicate":')) {
    return printable(predicateText((JSON.parse(source) as { readonly predicate: unknown }).predicate));
  }
  const line = printable(source).replace(/\s+/g, ' ').trim();
  const body =
    /^(?:async )?(?:\([^()]*\)|[\w$]+) => (?!\{)(.+)$/.exec(line)?.[1] ??
    /=> \{ return (.+?);? \}$/.exec(line)?.[1];
  return body ?? line;
}

/** A condition as a label. */
export function conditionLabel(source: string): string {
  return shortened(conditionText(source), labelWidth);
}

/** What a step is, beside its id; empty for a plain one. */
export function stepKind({ component, nested, canSuspend }: GraphStep): string {
  if (nested !== undefined) return 'workflow';
  const kind = component === 'AGENT' || component === 'TOOL' ? component.toLowerCase() : '';
  const waits = canSuspend ? 'can wait for data' : '';
  return [kind, waits].filter((part) => part !== '').join(', ');
}

/** What a sleep waits for. */
export function sleepLabel({ type, time }: Extract<GraphEntry, { type: 'sleep' | 'sleepUntil' }>): string {
  if (type === 'sleep') {
    return Number.isNaN(Number(time)) ? 'sleep for a computed time' : `sleep ${duration(Number(time))}`;
  }
  return Number.isNaN(Date.parse(time)) ? 'sleep until a computed date' : `sleep until ${time}`;
}

/** What a loop asks after each iteration. */
export function loopLabel({ loopType, condition }: Extract<GraphEntry, { type: 'loop' }>): string {
  return `${loopType === 'dountil' ? 'until' : 'while'} ${conditionText(condition)}`;
}

/** How a foreach goes through its elements. */
export function foreachLabel({ concurrency }: Extract<GraphEntry, { type: 'foreach' }>): string {
  const count = Number(concurrency);
  if (Number.isNaN(count)) return 'for each, several at a time';
  return count === 1 ? 'for each, one at a time' : `for each, ${count} at a time`;
}
