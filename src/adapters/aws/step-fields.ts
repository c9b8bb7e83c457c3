import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { StepRecord, StepStatus } from '../../core/records.ts';
import type { ClaimWrite, CommitOutcome, NestWrite, Write } from '../../ports/run-store.ts';
import { decodeRecord, encodeRecord, stepFields } from './record-codec.ts';
import { isSame } from './same.ts';
import type { IsOwn, ItemWrite } from './table.ts';
import type { Item } from './keys.ts';

/** What the writes of steps' records have in common. */

/** A record without what its key says. */
export type RecordFields = Omit<StepRecord, 'key'>;

/** Fields that a fresh turn sets, or does without, but never keeps of an earlier one. */
const ofOneTurn = Object.keys(stepFields) as (keyof RecordFields)[];

/** Fields that a failure has. */
const ofFailures = ['error', 'nonRetryable', 'tripwire'] as const;

/**
 * What a fresh turn sets and removes: `more`, and what every beginning has. A later iteration of a loop keeps the output of
 * the one before, which is its input.
 */
export function beginning(
  write: ClaimWrite | NestWrite,
  more: Partial<RecordFields>,
): { readonly set: Item; readonly remove: readonly string[] } {
  const { key, stepId, turn, now, inputFrom, sharedFrom, seesCell, log, graph } = write;
  const ofIteration: (keyof RecordFields)[] = sharedFrom === key.entry ? ['output', 'shared'] : ['output'];
  const kept = write.iterates === true ? ofIteration : [];
  const fields = {
    stepId,
    turn,
    startedAt: now,
    inputFrom,
    ...optional({ sharedFrom, seesCell, log, graph }),
    ...more,
  };
  return {
    set: encodeRecord(fields),
    remove: attributesOf(ofOneTurn.filter((name) => !(name in fields) && !kept.includes(name))),
  };
}

/** What a commit sets and removes. What every outcome can carry stays from an earlier one of this iteration when it is not given. */
export function outcomeFields(outcome: CommitOutcome): {
  readonly set: Partial<RecordFields>;
  readonly remove: readonly (keyof RecordFields)[];
} {
  const { input, delta, shared, sharedFrom, fromSegment, now } = outcome;
  const common = optional({ input, delta, shared, sharedFrom, fromSegment });
  switch (outcome.status) {
    case 'success': {
      const { output, bailed, aborted, again } = outcome;
      return {
        set: { ...common, output, endedAt: now, ...optional({ bailed, aborted, again }) },
        remove: ofFailures,
      };
    }
    case 'failed': {
      const { error, nonRetryable, tripwire } = outcome;
      return { set: { ...common, error, endedAt: now, ...optional({ nonRetryable, tripwire }) }, remove: [] };
    }
    case 'suspended': {
      const { suspendPayload, suspendOutput, labels, resumeKeys } = outcome;
      const given = optional({ suspendPayload, suspendOutput, labels, resumeKeys });
      const fields = ['suspendPayload', 'suspendOutput', 'labels', 'resumeKeys'] as const;
      return {
        set: { ...common, suspendedAt: now, ...given },
        remove: [...ofFailures, ...fields.filter((name) => !(name in given))],
      };
    }
    case 'due':
      return { set: { ...common, error: outcome.error, dueAt: outcome.dueAt }, remove: [] };
  }
}

/** The fields that are not undefined. */
export function optional<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** Attributes of fields. */
export function attributesOf(names: readonly (keyof RecordFields)[]): string[] {
  return names.map((name) => stepFields[name].attribute);
}

/** A status as it is stored. */
export function status(value: StepStatus): AttributeValue {
  return stepFields.status.type.encode(value);
}

/** Whether a record still has these fields: then it is one's own write whose answer was lost. */
export function isStill(
  fields: {
    readonly [K in keyof RecordFields]?: RecordFields[K] | undefined;
  },
): IsOwn {
  return (item) => {
    const record = decodeRecord(item);
    return Object.entries(fields).every(([name, value]) => isSame(record[name as keyof StepRecord], value));
  };
}

/** The answer of the port to a write of a record. */
export function recordWrite({ won, item }: ItemWrite): Write<StepRecord> {
  if (item === undefined) return { won: false };
  return { won, image: decodeRecord(item) };
}
