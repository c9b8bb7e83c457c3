import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import { add, step, workflow } from '../runtime/fixtures.ts';
import { expectWithinLimits, largePlace, largePlaceForTests, putForeach } from './dynamodb-large-place.ts';

/**
 * Large runs within the limits of every service. Each request of the engine is looked at, since the emulators take much that
 * AWS does not. `LARGE=full` plays the longest ones step by step, which takes minutes.
 */

largePlaceForTests();

const isFull = process.env['LARGE'] === 'full';
const megabyte = 1_048_576;
const numbers = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

test('step results of 1 MB and of 20 MB', async () => {
  const texts = { one: 'x'.repeat(megabyte), twenty: 'é'.repeat(10 * megabyte) };
  const place = largePlace([
    workflow('results', [
      step('one', () => texts.one),
      step('twenty', () => texts.twenty),
      step('length', ({ inputData }) => [String(inputData).length, inputData]),
    ]),
  ]);
  await place.play(0);
  const result = await place.runtime.result({ runId: place.runId });
  expect(result).toMatchObject({ status: 'success', result: [texts.twenty.length, texts.twenty] });
  expectWithinLimits(place.seen);
  // No record has any of it, and each is stored once.
  for (const bytes of place.seen.largest.values()) expect(bytes).toBeLessThan(1_024);
  expect(place.seen.requests.get('PutObjectCommand')).toBe(3);
  // They were weighed with their charges.
  const stored = await place.runtime.get({ runId: place.runId });
  expect(stored?.cost?.objectWrites).toBe(3);
  await place.close();
});

describe('a foreach of 10,000 elements', () => {
  const total = 10_000;
  const last = total - 1;
  const item = step('item', async ({ inputData, resumeData, suspend }) => {
    if (inputData === last && resumeData === undefined) return suspend({ about: inputData });
    return Number(inputData) + 1;
  });
  const items = workflow('items', [{ foreach: item, concurrency: 50 }]);

  /** The run with its last element suspended, made in memory. */
  let made: ReturnType<typeof largePlace>;

  beforeAll(async () => {
    made = largePlace([items], { store: 'memory' });
    await made.play(numbers(total));
    expectWithinLimits(made.seen);
  });

  afterAll(() => made.close());

  test('is resumed, closes and is read in as many requests as its partitions have', async () => {
    const { runId } = made;
    await putForeach({ runId, from: made.backend.store }, (stored) => stored);
    const place = largePlace([items], { runId });
    const { seen, runtime } = place;
    await runtime.resume({ runId, resumeData: true });
    await place.settled();
    expectWithinLimits(seen);
    // Of its 16 partitions of items, and the hundred segments of its log, which lie behind one another in one.
    expect(seen.total()).toBeLessThan(100);
    seen.requests.clear();
    const result = await runtime.result({ runId });
    expect(result).toMatchObject({ status: 'success', result: numbers(total).map((number) => number + 1) });
    const read = seen.total();
    expect(read).toBeLessThan(5);
    await runtime.get({ runId });
    expect(seen.total()).toBeLessThan(2 * read + 1);
    seen.requests.clear();
    expect(await runtime.remove({ runId })).toBe(true);
    // 25 records a request.
    expect(seen.total()).toBeLessThan(total / 25 + 100);
    await place.close();
  });

  test('whose last worker died is found by one sweep', async () => {
    const { runId } = made;
    await putForeach({ runId, from: made.backend.store }, ({ header, items: records, tokens }) => {
      const { startedAt: at = 0 } = header;
      const lost = { status: 'running', owner: 'dead/1', leaseUntil: at, claims: 1 } as const;
      return {
        header: { ...header, status: 'running', position: '', sweepAt: at },
        items: records.map((record) => (record.key.item === last ? { ...record, ...lost } : record)),
        tokens: tokens.slice(0, -1),
      };
    });
    const place = largePlace([items], { runId });
    const { seen, runtime } = place;
    await runtime.sweep();
    expect(seen.total()).toBeLessThan(40);
    await place.settled();
    expect((await runtime.result({ runId })).status).toBe('suspended');
    expectWithinLimits(seen);
    await runtime.remove({ runId });
    await place.close();
  });
});

describe('a run costs the same for each part, however many it has', () => {
  /** Requests of each part that the longer run has more of. */
  async function requestsOfEach(
    make: (count: number) => { readonly workflow: WorkflowDefinition; readonly input: unknown },
    [few, some, many]: readonly [number, number, number],
  ): Promise<{ readonly early: number; readonly late: number }> {
    const totals: number[] = [];
    for (const count of [few, some, many]) {
      const { workflow: definition, input } = make(count);
      const place = largePlace([definition]);
      await place.play(input);
      expect((await place.runtime.result({ runId: place.runId })).status).toBe('success');
      expectWithinLimits(place.seen);
      totals.push(place.seen.total());
      await place.close();
    }
    const [a = 0, b = 0, c = 0] = totals;
    return { early: (b - a) / (some - few), late: (c - b) / (many - some) };
  }

  test('an item of a foreach', async () => {
    const sizes = isFull ? ([500, 1_000, 10_000] as const) : ([100, 200, 500] as const);
    const { early, late } = await requestsOfEach(
      (count) => ({
        workflow: workflow('foreach', [{ foreach: add('item', 1), concurrency: 20 }]),
        input: numbers(count),
      }),
      sizes,
    );
    expect(late).toBeLessThan(8);
    expect(late).toBeLessThan(1.25 * early);
  });

  test('an iteration of a loop', async () => {
    const sizes = [50, 100, 300] as const;
    const { early, late } = await requestsOfEach(
      (count) => ({
        workflow: workflow('loop', [
          { dountil: [add('more', 1), async ({ inputData }) => Number(inputData) >= count] },
        ]),
        input: 0,
      }),
      sizes,
    );
    expect(late).toBeLessThan(4);
    expect(late).toBeLessThan(1.1 * early);
  });
});

test('a loop of 5,000 iterations', async () => {
  const place = largePlace(
    [workflow('long', [{ dountil: [add('more', 1), async ({ inputData }) => Number(inputData) >= 5_000] }])],
    isFull ? {} : { store: 'memory' },
  );
  await place.play(0);
  expect(await place.runtime.result({ runId: place.runId })).toMatchObject({
    status: 'success',
    result: 5_000,
  });
  expectWithinLimits(place.seen);
  await place.close();
});

test('a history of more than an item can hold is read to its end, each state once', async () => {
  const entries = numbers(60);
  const place = largePlace(
    [
      workflow(
        'history',
        entries.map((number) => step(`step-${number}`, () => String(number % 10).repeat(8_192))),
      ),
    ],
    { history: 'full' },
  );
  await place.play(0);
  const ids: string[] = [];
  let bytes = 0;
  let cursor: string | undefined;
  for (let isLast = false; !isLast; ) {
    const { runId } = place;
    const page = await place.runtime.history({ runId, ...(cursor === undefined ? {} : { cursor }) });
    for (const entry of page.entries) {
      ids.push(entry.id);
      bytes += JSON.stringify(entry).length;
    }
    ({ cursor, isLast } = page);
  }
  expect(bytes).toBeGreaterThan(409_600);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThanOrEqual(2 * entries.length);
  expectWithinLimits(place.seen);
  await place.close();
});
