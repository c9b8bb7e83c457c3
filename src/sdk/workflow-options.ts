import type { AnySchema, ConcurrencyDefinition, WorkflowDefinition } from '../core/definition.ts';
import { limits } from '../core/limits.ts';
import { checkCount, checkId, checkMetadata, checkSchema, describe, invalid, isObject } from './describe.ts';
import type { WorkflowOptions } from './definition-types.ts';
import { checkRetryConfig } from './retry-options.ts';

/** Options with their types forgotten. */
export type Options = WorkflowOptions<string, AnySchema, AnySchema>;

const schemas = [
  ['inputSchema', true],
  ['outputSchema', true],
  ['stateSchema', false],
  ['requestContextSchema', false],
] as const;

const functions = ['onStart', 'onFinish', 'onError', 'shouldPersistSnapshot', 'pruneSnapshot'] as const;
const switches = [
  'validateInputs',
  'strictIds',
  'emitStepEvents',
  'autoRestartActiveRuns',
  'evaluatePersistencePredicateBeforeDurableOperation',
] as const;

/** Checks what `createWorkflow` was given. Throws WORKFLOW_DEFINITION_INVALID. */
export function checkOptions(options: unknown): asserts options is Options {
  if (!isObject(options)) {
    throw invalid(`createWorkflow was given ${describe(options)}: give it { id, inputSchema, outputSchema }`);
  }
  checkId(options['id'], 'A workflow');
  const name = `Workflow "${options['id']}"`;
  for (const [key, required] of schemas) checkSchema(options[key], key, name, required);
  checkMetadata(options['metadata'], name);
  checkRetryConfig(options['retryConfig'] ?? undefined, name);
  checkCount(options['timeoutMs'], 'timeoutMs', name, limits.runTimeoutMs, 1);
  if (options['concurrency'] !== undefined) checkConcurrency(options['concurrency'], name);
  checkBehaviour(options['options'] ?? {}, name);
}

const whenFull: readonly unknown[] = [undefined, 'queue', 'reject', 'return'];

function checkConcurrency(concurrency: unknown, name: string): void {
  if (!isObject(concurrency)) {
    throw invalid(`${name} has ${describe(concurrency)} as its concurrency: give { limit, key, whenFull }`);
  }
  const { limit, key } = concurrency;
  // Without one it would be no limit at all.
  checkCount(limit ?? null, 'concurrency.limit', name, limits.concurrentRuns, 1);
  if (key !== undefined && typeof key !== 'function') {
    throw invalid(`${name} has ${describe(key)} as its concurrency.key: give a function of the start`);
  }
  const full = concurrency['whenFull'];
  if (!whenFull.includes(full)) {
    throw invalid(
      `${name} has ${describe(full)} as its concurrency.whenFull: give "queue", "reject" or "return"`,
    );
  }
  if (full === 'return' && limit !== 1) {
    throw invalid(
      `${name} has concurrency.whenFull "return" with a limit of ${String(limit)}: only with a limit of 1 there is one run to answer`,
    );
  }
}

function checkBehaviour(options: unknown, name: string): void {
  if (!isObject(options)) throw invalid(`${name} has ${describe(options)} as its options: give an object`);
  for (const key of functions) {
    const value = options[key];
    if (value === undefined || typeof value === 'function') continue;
    throw invalid(`${name} has ${describe(value)} as its options.${key}: give a function`);
  }
  for (const key of switches) {
    const value = options[key];
    if (value === undefined || typeof value === 'boolean') continue;
    throw invalid(`${name} has ${describe(value)} as its options.${key}: give true or false`);
  }
  const { history } = options;
  if (history === undefined || history === 'full' || history === 'none') return;
  throw invalid(`${name} has ${describe(history)} as its options.history: give "full" or "none"`);
}

/** The part of a definition that options say. */
export function behaviourOf({
  onStart,
  onFinish,
  onError,
  shouldPersistSnapshot,
  pruneSnapshot,
  emitStepEvents,
  history,
}: NonNullable<Options['options']>): Pick<
  WorkflowDefinition,
  'callbacks' | 'shouldPersistSnapshot' | 'pruneSnapshot' | 'emitStepEvents' | 'history'
> {
  const calls = onStart !== undefined || onFinish !== undefined || onError !== undefined;
  return {
    callbacks: calls ? { onStart, onFinish, onError } : undefined,
    shouldPersistSnapshot,
    pruneSnapshot,
    emitStepEvents,
    history,
  };
}

/** How many items of a foreach run at once. */
export function concurrencyGiven(options: unknown, of: string): number | ConcurrencyDefinition {
  const given = isObject(options) ? options['concurrency'] : undefined;
  if (typeof given === 'function') return given as ConcurrencyDefinition;
  if (given === undefined) return 1;
  if (typeof given !== 'number') {
    throw invalid(
      `${of} was given ${describe(given)} as its concurrency: give a number, or a function of the context`,
    );
  }
  return Number.isFinite(given) ? Math.max(1, Math.floor(given)) : 1;
}
