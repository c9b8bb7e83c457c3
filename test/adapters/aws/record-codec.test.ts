import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { itemBytes } from '../../../src/adapters/aws/item-size.ts';
import * as samples from './samples.ts';
import { serviceLimits } from '../../../src/adapters/aws/config.ts';
import { keyItem } from '../../../src/adapters/aws/expression.ts';
import {
  headerKey,
  type Item,
  listPartition,
  listSort,
  recordItemKey,
  segmentItemKey,
  sweepPartition,
} from '../../../src/adapters/aws/keys.ts';
import {
  decodeHeader,
  decodeInput,
  decodeRecord,
  decodeSegment,
  encodeHeader,
  encodeRecord,
  encodeSegment,
  inputFields,
} from '../../../src/adapters/aws/record-codec.ts';
import { encodeFields } from '../../../src/adapters/aws/attributes.ts';
import { encodeToken, openJoin } from '../../../src/core/join.ts';
import { limits } from '../../../src/core/limits.ts';
import type { RunHeader, StepRecord } from '../../../src/core/records.ts';
import { firstTurn, formatTurn } from '../../../src/core/turn.ts';

/** What crosses the wire is JSON in UTF-8: whatever does not survive that would not come back. */
function overTheWire(item: Item): Item {
  const bytes = new TextEncoder().encode(JSON.stringify(item));
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Item;
}

function isUtf8(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  return typeof value !== 'object' || value === null || Object.values(value).every(isUtf8);
}

// What fast-check makes has no prototype; a clone has one.
describe('what is stored comes back', () => {
  test('headers', () => {
    fc.assert(
      fc.property(samples.header, (header) => {
        const item = { ...keyItem(headerKey(header.runId)), ...encodeHeader(header) };
        expect(isUtf8(item)).toBe(true);
        expect(decodeHeader(overTheWire(item))).toStrictEqual(structuredClone(header));
      }),
    );
  });

  test('inputs', () => {
    fc.assert(
      fc.property(samples.input, (input) => {
        const item = encodeFields(inputFields, input);
        expect(isUtf8(item)).toBe(true);
        expect(decodeInput(overTheWire(item))).toStrictEqual(structuredClone(input));
      }),
    );
  });

  test('records of steps', () => {
    fc.assert(
      fc.property(samples.id, samples.record, (runId, record) => {
        const item = { ...keyItem(recordItemKey(runId, record.key)), ...encodeRecord(record) };
        expect(isUtf8(item)).toBe(true);
        expect(decodeRecord(overTheWire(item))).toStrictEqual(structuredClone(record));
      }),
    );
  });

  test('segments of joins', () => {
    fc.assert(
      fc.property(samples.segment, (segment) => {
        expect(decodeSegment(overTheWire(encodeSegment(segment)))).toStrictEqual(structuredClone(segment));
      }),
    );
  });
});

describe('what this version did not write is refused', () => {
  const header: RunHeader = {
    format: 1,
    runId: 'run',
    workflowId: 'workflow',
    status: 'running',
    epoch: 1,
    position: '',
    wakes: 0,
    graphHash: 'g',
    inputHash: 'i',
    from: [],
    createdAt: 1,
    updatedAt: 1,
  };
  const item: Item = { ...keyItem(headerKey('run')), ...encodeHeader(header) };
  const corrupt = (message: RegExp): unknown =>
    expect.objectContaining({
      code: 'WORKFLOW_RECORD_CORRUPT',
      message: expect.stringMatching(message) as string,
    });

  test.each<[string, Item, RegExp]>([
    ['a later format', { f: { N: '2' } }, /format 2.*upgrade/],
    ['an unknown status', { st: { S: 'dreaming' } }, /Attribute st of the item run A is not one of/],
    ['a text for a number', { ct: { S: '1' } }, /Attribute ct .* is not a number/],
    ['a number for a value', { err: { N: '1' } }, /Attribute err/],
    ['half an epoch', { from: { L: [{ N: '2' }] } }, /Attribute from/],
    ['half a parent', { par: { M: { r: { S: 'x' } } } }, /Attribute par/],
  ])('%s', (_, change, message) => {
    expect(() => decodeHeader({ ...item, ...change })).toThrow(corrupt(message));
  });

  test('a header without its status', () => {
    const { st: _, ...rest } = item;
    expect(() => decodeHeader(rest)).toThrow(corrupt(/Attribute st .* is missing/));
  });

  test('a record under a key of something else', () => {
    expect(() => decodeRecord({ sk: { S: 'X#1' }, id: { S: 's' }, t: { S: 't' }, st: { S: 'ok' } })).toThrow(
      corrupt(/X#1/),
    );
  });

  test('a segment whose carry is no state', () => {
    const opening = { turn: 't', total: 1, concurrency: 1, openedAt: 1 };
    const segment = encodeSegment({ opening, carry: openJoin(opening), tokens: [] });
    expect(() => decodeSegment({ ...segment, ca: { S: '[]' } })).toThrow(corrupt(/Attribute ca/));
  });
});

describe('an ordinary record is one write unit', () => {
  const runId = '0b9d5c1e-3f0a-4c57-9d5e-1f2a3b4c5d6e';
  const now = 1_800_000_000_000;
  const owner = `${runId}/123456`;
  const turn = formatTurn(firstTurn(1));

  test('a header with everything that it can hold, an input in it, and its index keys', () => {
    const header: Required<RunHeader> = {
      format: 1,
      runId,
      workflowId: 'order-fulfilment',
      status: 'suspended',
      epoch: 3,
      position: '00012.000000.0000003',
      sweepAt: now,
      wakes: 12,
      graphHash: 'ab'.repeat(32),
      parked: {
        code: 'WORKFLOW_GRAPH_CHANGED',
        since: now,
        remedy: 'Deploy.',
        place: { path: [12, 3], stepId: 'approve' },
      },
      inputHash: 'cd'.repeat(32),
      resourceId: 'customer-4711',
      owner: 'arn:aws:sts::123456789012:assumed-role/orders-api',
      parent: { runId, key: { entry: 7, arm: 3 }, turn },
      root: runId,
      from: [
        [2, 1, 1],
        [3, 4, 4],
      ],
      history: 'full',
      perStep: true,
      deadlineAt: now,
      timeoutMs: limits.runTimeoutMs,
      limit: `limit:${'ab'.repeat(16)}`,
      callback: { mark: '0003.~', owner, leaseUntil: now, done: true },
      shown: { mark: '0003.~', value: { ref: 'ef'.repeat(32), bytes: 30_000 } },
      restarts: { at: now, value: { ref: 'ef'.repeat(32), bytes: 30_000 } },
      createdAt: now,
      startedAt: now,
      updatedAt: now,
      endedAt: now,
      endedBy: 12,
      error: { ref: 'ef'.repeat(32), bytes: 30_000 },
    };
    const item = {
      ...keyItem(headerKey(runId)),
      ...encodeHeader(header),
      sh: { S: sweepPartition(runId) },
      lp: { S: listPartition(header.workflowId, runId) },
      ls: { S: listSort(now, runId) },
      ttl: { N: '1900000000' },
    };
    const { error: _, parent: __, root: ___, from, callback: ____, shown: _____, ...ordinary } = header;
    const started = {
      ...keyItem(headerKey(runId)),
      ...encodeHeader({ ...ordinary, from: from.slice(0, 0) }),
      sh: { S: sweepPartition(runId) },
      lp: { S: listPartition(header.workflowId, runId) },
      ls: { S: listSort(now, runId) },
      ...encodeFields(inputFields, { input: { inline: 'x'.repeat(limits.headerInlineBytes) } }),
    };
    expect(itemBytes(item)).toBeLessThan(serviceLimits.writeUnitBytes);
    expect(itemBytes(started)).toBeLessThan(serviceLimits.writeUnitBytes);
  });

  test('the record of a step with about 700 bytes of its own', () => {
    const record: StepRecord = {
      key: { entry: 3, arm: 1 },
      stepId: 'charge-credit-card',
      turn,
      status: 'success',
      owner,
      claims: 1,
      startedAt: now,
      endedAt: now,
      inputFrom: 2,
      output: { inline: 'x'.repeat(700) },
      sharedFrom: -1,
      fromSegment: 0,
    };
    const item = { ...keyItem(recordItemKey(runId, record.key)), ...encodeRecord(record) };
    expect(itemBytes(item)).toBeLessThan(serviceLimits.writeUnitBytes);
  });

  test.each([
    ['the widest foreach, each item resumed nine times', limits.joinMembers, 9, undefined],
    ['a branch that takes all of a hundred arms', limits.arms, 0, limits.arms],
  ])('a segment after its last append: %s', (_, total, generation, taken) => {
    const opening = {
      turn,
      total,
      concurrency: total,
      openedAt: now,
      ...(taken === undefined ? {} : { taken: Array.from({ length: taken }, (__, arm) => arm) }),
    };
    const tokens = Array.from({ length: limits.segmentTokens }, (__, number) =>
      encodeToken({ generation, kind: 'resumed', hasDelta: true, member: total - 1 - number }),
    );
    const carry = { ...openJoin(opening), suspended: total, failed: total, hasDelta: true };
    const key = segmentItemKey({ runId, entry: 12_345, epoch: 3 }, 163);
    const item = { ...keyItem(key), ...encodeSegment({ opening, carry, tokens }), cur: { N: '163' } };
    expect(itemBytes(item)).toBeLessThan(serviceLimits.writeUnitBytes);
  });
});
