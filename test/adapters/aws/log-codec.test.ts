import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { itemBytes } from '../../../src/adapters/aws/item-size.ts';
import * as samples from './samples.ts';
import { serviceLimits } from '../../../src/adapters/aws/config.ts';
import { keyItem } from '../../../src/adapters/aws/expression.ts';
import { logPartition, logSlotSort } from '../../../src/adapters/aws/keys.ts';
import { decodeSlot, encodeEntries, encodeState, stateId } from '../../../src/adapters/aws/log-codec.ts';
import type { LogEntry } from '../../../src/core/history.ts';
import type { StepRecord } from '../../../src/core/records.ts';
import { firstTurn, formatTurn } from '../../../src/core/turn.ts';

/** A log, and a state in it of the root run or of a nested one. */
const state = fc.tuple(samples.id, samples.id, fc.boolean()).chain(([log, nested, isRoot]) => {
  const runId = isRoot ? log : nested;
  const input = fc.option(samples.input, { nil: undefined });
  const given = fc.option(samples.stored, { nil: undefined });
  const entry: fc.Arbitrary<LogEntry> = fc.oneof(
    fc.tuple(samples.header, input).map(([header, value]) => ({
      kind: 'run' as const,
      header: { ...header, runId },
      ...(value === undefined ? {} : { input: value }),
    })),
    fc.tuple(samples.record, given).map(([record, value]) => ({
      kind: 'step' as const,
      runId,
      record: { ...record, log },
      ...(value === undefined ? {} : { input: value }),
    })),
    samples.segment.map(({ opening }) => ({ kind: 'opened' as const, runId, entry: 1, epoch: 1, opening })),
    fc.tuple(samples.segment, given).map(([{ carry }, output]) => ({
      kind: 'settled' as const,
      runId,
      entry: 1,
      epoch: 1,
      token: 5,
      position: 0,
      total: 3,
      after: carry,
      ...(output === undefined ? {} : { output }),
    })),
  );
  return fc.tuple(fc.constant(log), entry);
});

describe('a slot of a log', () => {
  test('gives back the state that it was made of', () => {
    fc.assert(
      fc.property(state, ([log, entry]) => {
        const slot = JSON.parse(JSON.stringify(encodeState(log, entry))) as ReturnType<typeof encodeState>;
        expect(decodeSlot(log, slot)).toStrictEqual([structuredClone(entry)]);
      }),
    );
  });

  test('gives back chunks in their order', () => {
    const chunks = ['a', 'b'].map(
      (id): LogEntry => ({
        kind: 'chunk',
        id,
        runId: 'run',
        key: { entry: 1, item: 2 },
        stepId: 'step',
        custom: true,
        chunk: { inline: JSON.stringify('\ud800') },
        time: 1,
      }),
    );
    expect(decodeSlot('run', encodeEntries(chunks))).toStrictEqual(chunks);
  });

  test('that nobody filled has nothing', () => {
    expect(decodeSlot('run', { wt: { N: '1' } })).toEqual([]);
  });

  test('that this version did not write is refused', () => {
    expect(() => decodeSlot('run', { pk: { S: 'run#e' }, sk: { S: '000000000001' }, b: { S: '[' } })).toThrow(
      expect.objectContaining({
        code: 'WORKFLOW_RECORD_CORRUPT',
        message: expect.stringMatching(/run#e/) as string,
      }),
    );
  });

  test('has one name for a state, whoever logs it', () => {
    const record: StepRecord = {
      key: { entry: 1 },
      stepId: 's',
      turn: formatTurn(firstTurn(1)),
      status: 'running',
    };
    const id = (more: Partial<StepRecord>): string =>
      stateId({ kind: 'step', runId: 'run', record: { ...record, ...more } });
    expect(id({ owner: 'a', leaseUntil: 1 })).toBe(id({ owner: 'b', leaseUntil: 2 }));
    expect(id({})).not.toBe(id({ status: 'success' }));
  });

  test('is one write unit for a step with about 600 bytes of its own', () => {
    const runId = '0b9d5c1e-3f0a-4c57-9d5e-1f2a3b4c5d6e';
    const record: StepRecord = {
      key: { entry: 3, arm: 1 },
      stepId: 'charge-credit-card',
      turn: formatTurn(firstTurn(1)),
      status: 'success',
      owner: `${runId}/123456`,
      claims: 1,
      startedAt: 1_800_000_000_000,
      endedAt: 1_800_000_000_000,
      inputFrom: 2,
      output: { inline: 'x'.repeat(600) },
      sharedFrom: -1,
      log: runId,
    };
    const slot = {
      ...keyItem({ pk: logPartition(runId), sk: logSlotSort(123) }),
      ...encodeState(runId, { kind: 'step', runId, record }),
      wt: { N: '1800000000000' },
    };
    expect(itemBytes(slot)).toBeLessThan(serviceLimits.writeUnitBytes);
  });
});
