import { inspect, isDeepStrictEqual } from 'node:util';
import type { InterpretedEnding, InterpretedRun } from './interpret.ts';
import type { InterpretedStep } from './outcome.ts';

/** A result of a run, as far as it is compared. */
export interface ComparableRun {
  readonly status: string;
  readonly result?: unknown;
  readonly error?: unknown;
  readonly tripwire?: unknown;
  /** Entries by id; `input` is none. */
  readonly steps: Readonly<Record<string, unknown>>;
  /** Compared when it is there. */
  readonly state?: object;
  /** Compared when it is there. */
  readonly requestContext?: object;
  /** Compared when it is there. */
  readonly suspended?: readonly (readonly string[])[];
}

/** Fields of an entry that are compared: its times are left out. */
const fields = [
  'status',
  'payload',
  'output',
  'error',
  'nonRetryable',
  'tripwire',
  'suspendPayload',
  'suspendOutput',
  'resumePayload',
  'metadata',
] as const;

const endingFields: ReadonlySet<string> = new Set(['payload', 'output', 'error', 'nonRetryable', 'tripwire']);
const suspensionFields: ReadonlySet<string> = new Set(['suspendPayload', 'suspendOutput', 'resumePayload']);

/**
 * What a run came to other than it must, in words; empty when it is as it must be. What is open is left out. `nested`: the
 * entries of `actual` include those of nested runs, as a stored run shows them.
 */
export function compareWithInterpreter(
  actual: ComparableRun,
  interpreted: InterpretedRun,
  { nested = false }: { readonly nested?: boolean } = {},
): string[] {
  const { open, candidates } = interpreted;
  if (open.some(({ what }) => what === 'run')) return [];
  const likeliest = endingDifferences(actual, interpreted);
  const isOne = [interpreted, ...candidates].some((ending) => endingDifferences(actual, ending).length === 0);
  const isStateOpen = open.some(({ what }) => what === 'state');
  return [
    ...(isOne ? [] : likeliest),
    ...stepDifferences(actual, interpreted, nested),
    ...(isStateOpen ? [] : sharedDifferences(actual, interpreted)),
  ];
}

function differing(name: string, actual: unknown, expected: unknown): string[] {
  if (isEqual(actual, expected)) return [];
  const text = (value: unknown): string => inspect(value, { depth: 6, breakLength: Infinity });
  return [`${name} is ${text(shown(actual))}, not ${text(shown(expected))}`];
}

/** Stacks tell nothing here. */
function shown(value: unknown): unknown {
  return value instanceof Error ? `${value.name}: ${value.message}` : value;
}

/** Of errors that have a code the code counts, of others name and text. */
function isEqual(actual: unknown, expected: unknown): boolean {
  if (!(expected instanceof Error)) return isDeepStrictEqual(actual, expected);
  if (!(actual instanceof Error)) return false;
  if ('code' in expected) return 'code' in actual && actual.code === expected.code;
  return actual.name === expected.name && actual.message === expected.message;
}

function endingDifferences(actual: ComparableRun, expected: InterpretedEnding): string[] {
  return (['status', 'result', 'error', 'tripwire'] as const).flatMap((name) =>
    differing(name, actual[name], expected[name]),
  );
}

function sharedDifferences(actual: ComparableRun, interpreted: InterpretedRun): string[] {
  return (['state', 'requestContext', 'suspended'] as const).flatMap((name) =>
    actual[name] === undefined ? [] : differing(name, actual[name], interpreted[name]),
  );
}

function stepDifferences(actual: ComparableRun, interpreted: InterpretedRun, nested: boolean): string[] {
  const expected = nested ? interpreted.nestedSteps : interpreted.steps;
  const ids = new Set([...Object.keys(actual.steps), ...Object.keys(expected)]);
  return [...ids].toSorted().flatMap((id) => {
    const open = interpreted.openSteps.get(id) ?? new Set();
    if (id === 'input' || open.has('place')) return [];
    const entry = actual.steps[id] as InterpretedStep | undefined;
    const wanted = expected[id];
    if (wanted === undefined) return [`step ${id} has an entry, and must have none`];
    if (entry === undefined) return [`step ${id} has no entry, and must have one`];
    return fields.flatMap((field) => {
      const isOpen =
        (open.has('ending') && endingFields.has(field)) ||
        (open.has('suspension') && suspensionFields.has(field));
      return isOpen ? [] : differing(`${field} of step ${id}`, entry[field], wanted[field]);
    });
  });
}
