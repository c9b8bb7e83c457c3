import { createHash } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { WorkflowError } from '../../core/errors.ts';
import { type LogEntry, logEntryId } from '../../core/history.ts';
import type { RecordKey } from '../../core/records.ts';
import { encodeFields, numberValue, stored, text, textValue } from './attributes.ts';
import { keyItem } from './expression.ts';
import { headerKey, type Item, recordItemKey } from './keys.ts';
import {
  decodeHeader,
  decodeInput,
  decodeRecord,
  encodeHeader,
  encodeRecord,
  inputFields,
} from './record-codec.ts';

/**
 * What a slot of a log holds: one state, chunks, or nothing (a slot that nobody was left to fill). States of headers and
 * records have the short attributes that these have themselves, because a slot is billed like them.
 */

/** Of a state: a hash of its id. */
export const stateIdAttribute = 'i';

const runAttribute = 'ru';
const keyAttribute = 'k';
const recordAttribute = 'r';
const headerAttribute = 'h';
const inputAttribute = 'in';
const bodyAttribute = 'b';

/** Name of a state within its log. 96 bits: a log has far fewer than 2^32 states. */
export function stateId(entry: LogEntry): string {
  return createHash('sha256').update(logEntryId(entry)).digest('base64url').slice(0, 16);
}

/** Attributes of a slot with one state, in the log of the root run `log`. */
export function encodeState(log: string, entry: LogEntry): Item {
  const id = { [stateIdAttribute]: { S: stateId(entry) } };
  switch (entry.kind) {
    case 'run': {
      const { header, input } = entry;
      return {
        ...id,
        ...runOf(log, header.runId),
        [headerAttribute]: { M: encodeHeader(header) },
        ...(input === undefined ? {} : { [inputAttribute]: { M: encodeFields(inputFields, input) } }),
      };
    }
    case 'step': {
      const { key, log: _, ...record } = entry.record;
      return {
        ...id,
        ...runOf(log, entry.runId),
        [keyAttribute]: encodeKey(key),
        [recordAttribute]: { M: encodeRecord(record) },
        ...(entry.input === undefined ? {} : { [inputAttribute]: stored.encode(entry.input) }),
      };
    }
    default:
      return { ...id, ...encodeEntries([entry]) };
  }
}

/** Attributes of a slot with entries that are as they are. */
export function encodeEntries(entries: readonly LogEntry[]): Item {
  return { [bodyAttribute]: textValue(JSON.stringify(entries)) };
}

/** The run, where it is not the root run itself. */
function runOf(log: string, runId: string): Item {
  return runId === log ? {} : { [runAttribute]: textValue(runId) };
}

function encodeKey({ entry, arm, item }: RecordKey): AttributeValue {
  return {
    M: {
      e: numberValue(entry),
      ...(arm === undefined ? {} : { a: numberValue(arm) }),
      ...(item === undefined ? {} : { n: numberValue(item) }),
    },
  };
}

function decodeKey({ e, a, n }: Item): RecordKey {
  return {
    entry: Number(e?.N),
    ...(a?.N === undefined ? {} : { arm: Number(a.N) }),
    ...(n?.N === undefined ? {} : { item: Number(n.N) }),
  };
}

/** The entries in a slot of the log of the root run `log`. Throws WORKFLOW_RECORD_CORRUPT for what this version cannot read. */
export function decodeSlot(log: string, slot: Item): LogEntry[] {
  const { [runAttribute]: run, [bodyAttribute]: body, [inputAttribute]: given } = slot;
  const runId = run === undefined ? log : (text.decode(run) ?? '');
  if (body !== undefined) return parseEntries(slot, text.decode(body) ?? '');
  const header = slot[headerAttribute]?.M;
  if (header !== undefined) {
    const input = given?.M === undefined ? undefined : decodeInput(given.M);
    const state = decodeHeader({ ...header, ...keyItem(headerKey(runId)) });
    return [{ kind: 'run', header: state, ...(input === undefined ? {} : { input }) }];
  }
  const fields = slot[recordAttribute]?.M;
  if (fields === undefined) return [];
  const key = decodeKey(slot[keyAttribute]?.M ?? {});
  const record = { ...decodeRecord({ ...fields, ...keyItem(recordItemKey(runId, key)) }), log };
  const input = given === undefined ? undefined : stored.decode(given);
  return [{ kind: 'step', runId, record, ...(input === undefined ? {} : { input }) }];
}

function parseEntries(slot: Item, body: string): LogEntry[] {
  try {
    return JSON.parse(body) as LogEntry[];
  } catch (error) {
    const key = `${slot['pk']?.S ?? '?'} ${slot['sk']?.S ?? '?'}`;
    throw new WorkflowError(
      'WORKFLOW_RECORD_CORRUPT',
      `Attribute ${bodyAttribute} of the item ${key} is no JSON: the table holds something that this version did not write`,
      { cause: error, details: { item: key, attribute: bodyAttribute } },
    );
  }
}
