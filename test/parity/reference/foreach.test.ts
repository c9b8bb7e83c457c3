import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { places } from '../places/index.ts';
import {
  createStep,
  createWorkflow,
  Host,
  storageIn,
  storageWithVirtualTime,
} from '../reference-shim/index.ts';

const value = z.object({ value: z.number() });
const list = z.array(value);
const input = [{ value: 1 }, { value: 22 }, { value: 333 }];
const results = [{ value: 12 }, { value: 33 }, { value: 344 }];

/** Adds 11 to each item. */
function adding(wait: () => Promise<unknown> = async () => {}) {
  const execute = vi.fn(async ({ inputData }) => {
    await wait();
    return { value: inputData.value + 11 };
  });
  return { execute, step: createStep({ id: 'add', inputSchema: value, outputSchema: value, execute }) };
}

/** Adds to each item what it is resumed with. */
function asking() {
  const execute = vi.fn(async ({ inputData, resumeData, suspend }) =>
    resumeData === undefined
      ? suspend({ about: inputData.value }, { resumeLabel: `item-${inputData.value}` })
      : { value: inputData.value + resumeData.add },
  );
  const step = createStep({
    id: 'ask',
    inputSchema: value,
    outputSchema: value,
    resumeSchema: z.object({ add: z.number() }),
    suspendSchema: z.object({ about: z.number() }),
    execute,
  });
  return { execute, step };
}

describe.each(places)('foreach in $name', (place) => {
  const flow = () => createWorkflow({ id: 'each', inputSchema: list, outputSchema: list });

  it('D71 goes through items one after the other, in their order', async () => {
    const { storage, clock } = storageWithVirtualTime(place);
    const times: number[] = [];
    const { step, execute } = adding(
      () =>
        new Promise<void>((resolve) => {
          times.push(clock.now());
          clock.timer(1_000, resolve);
        }),
    );
    const after = vi.fn(async ({ inputData }) => inputData);
    const final = createStep({ id: 'final', inputSchema: list, outputSchema: list, execute: after });
    const workflow = flow().foreach(step).then(final).commit();
    new Host({ workflows: { workflow }, storage });
    const run = await workflow.createRun();
    const done = await clock.runUntil(run.start({ inputData: input }));
    expect(done).toMatchObject({
      status: 'success',
      result: results,
      steps: { input, add: { status: 'success', payload: input, output: results } },
    });
    expect(execute).toHaveBeenCalledTimes(3);
    expect(after).toHaveBeenCalledTimes(1);
    expect(times[1]).toBeGreaterThanOrEqual(1_000);
    expect(times[2]).toBeGreaterThanOrEqual(2_000);
  });

  it('D73 goes through all items at once', async () => {
    const { storage, clock } = storageWithVirtualTime(place);
    const times: number[] = [];
    const { step } = adding(
      () =>
        new Promise<void>((resolve) => {
          times.push(clock.now());
          clock.timer(1_000, resolve);
        }),
    );
    const workflow = flow().foreach(step, { concurrency: 3 }).commit();
    new Host({ workflows: { workflow }, storage });
    const run = await workflow.createRun();
    expect(await clock.runUntil(run.start({ inputData: input }))).toMatchObject({ result: results });
    expect(times).toEqual([0, 0, 0]);
  });

  it('D77 has as many items in work as its concurrency says', async () => {
    const { storage, clock } = storageWithVirtualTime(place);
    const work = { now: 0, most: 0 };
    const { step, execute } = adding(async () => {
      work.now += 1;
      work.most = Math.max(work.most, work.now);
      await new Promise<void>((resolve) => {
        clock.timer(1_000, resolve);
      });
      work.now -= 1;
    });
    const workflow = flow().foreach(step, { concurrency: 2 }).commit();
    new Host({ workflows: { workflow }, storage });
    const run = await workflow.createRun();
    const inputData = [1, 2, 3, 4, 5].map((one) => ({ value: one }));
    const over = run.start({ inputData });
    await clock.advance(999);
    expect(execute).toHaveBeenCalledTimes(2);
    const done = await clock.runUntil(over);
    expect(done).toMatchObject({ result: inputData.map((one) => ({ value: one.value + 11 })) });
    expect(work.most).toBe(2);
    // Five items in twos are three rounds, here and in versions of the reference that had fixed batches.
    expect(clock.now()).toBeGreaterThanOrEqual(3_000);
    expect(clock.now()).toBeLessThan(5_000);
  });

  it('D72 suspends item after item, and goes on with each resumption', async () => {
    const { step, execute } = asking();
    const workflow = flow().foreach(step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    expect(await run.start({ inputData: input })).toMatchObject({
      status: 'suspended',
      suspended: [['ask']],
      steps: { ask: { status: 'suspended', suspendPayload: { about: 1 } } },
    });
    expect(await run.resume({ step: 'ask', resumeData: { add: 1 } })).toMatchObject({
      status: 'suspended',
      steps: { ask: { suspendPayload: { about: 22 } } },
    });
    expect(await run.resume({ step: 'ask', resumeData: { add: 2 } })).toMatchObject({
      status: 'suspended',
      steps: { ask: { suspendPayload: { about: 333 } } },
    });
    const done = await run.resume({ step: 'ask', resumeData: { add: 3 } });
    expect(done).toMatchObject({
      status: 'success',
      result: [{ value: 2 }, { value: 24 }, { value: 336 }],
      steps: { ask: { status: 'success', payload: input } },
    });
    expect(execute).toHaveBeenCalledTimes(6);
    expect(JSON.stringify(done)).not.toContain('__workflow_meta');
  });

  it('D74 suspends all items together, and resumes them by one call', async () => {
    const { step, execute } = asking();
    const workflow = flow().foreach(step, { concurrency: 3 }).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    expect(await run.start({ inputData: input })).toMatchObject({ status: 'suspended' });
    expect(execute).toHaveBeenCalledTimes(3);
    expect(await run.resume({ step: 'ask', resumeData: { add: 5 } })).toMatchObject({
      status: 'success',
      result: [{ value: 6 }, { value: 27 }, { value: 338 }],
    });
    expect(execute).toHaveBeenCalledTimes(6);
  });

  it('D75 resumes single items by their index', async () => {
    const { step } = asking();
    const workflow = flow().foreach(step, { concurrency: 3 }).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    await run.start({ inputData: input });
    for (const [forEachIndex, add] of [
      [0, 10],
      [1, 20],
    ] as const) {
      const still = await run.resume({ step: 'ask', resumeData: { add }, forEachIndex });
      expect(still).toMatchObject({ status: 'suspended', suspended: [['ask']] });
    }
    expect(await run.resume({ step: 'ask', resumeData: { add: 30 }, forEachIndex: 2 })).toMatchObject({
      status: 'success',
      result: [{ value: 11 }, { value: 42 }, { value: 363 }],
    });
  });

  it('D76 resumes single items by their labels, each once', async () => {
    const { step } = asking();
    const workflow = flow().foreach(step, { concurrency: 3 }).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const outputOptions = { includeResumeLabels: true };
    const begun = await run.start({ inputData: input, outputOptions });
    if (begun.status !== 'suspended') expect.fail(begun.status);
    expect(begun.resumeLabels).toEqual({
      'item-1': { stepId: 'ask', foreachIndex: 0 },
      'item-22': { stepId: 'ask', foreachIndex: 1 },
      'item-333': { stepId: 'ask', foreachIndex: 2 },
    });
    const next = await run.resume({ label: 'item-22', resumeData: { add: 2 }, outputOptions });
    if (next.status !== 'suspended') expect.fail(next.status);
    expect(Object.keys(next.resumeLabels ?? {}).toSorted()).toEqual(['item-1', 'item-333']);
    // The reference goes on with whatever is suspended.
    await expect(run.resume({ label: 'item-22', resumeData: { add: 2 } })).rejects.toThrow(
      'Resume label "item-22" not found',
    );
    await run.resume({ label: 'item-333', resumeData: { add: 3 } });
    expect(await run.resume({ label: 'item-1', resumeData: { add: 1 } })).toMatchObject({
      status: 'success',
      result: [{ value: 2 }, { value: 24 }, { value: 336 }],
    });
  });

  it('D78 needs several rounds when fewer items than all are in work', async () => {
    const { step, execute } = asking();
    const workflow = flow().foreach(step, { concurrency: 2 }).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const inputData = [1, 2, 3, 4, 5].map((one) => ({ value: one }));
    expect(await run.start({ inputData })).toMatchObject({ status: 'suspended' });
    expect(execute).toHaveBeenCalledTimes(2);
    let rounds = 0;
    let done: Awaited<ReturnType<typeof run.resume>>;
    do {
      done = await run.resume({ step: 'ask', resumeData: { add: 10 } });
      rounds += 1;
    } while (done.status === 'suspended');
    expect(done).toMatchObject({
      status: 'success',
      result: inputData.map((one) => ({ value: one.value + 10 })),
    });
    // Fixed batches of two were three rounds; a window launches nothing beside an item that is suspended.
    expect(rounds).toBeGreaterThanOrEqual(3);
    expect(rounds).toBeLessThanOrEqual(5);
    expect(execute).toHaveBeenCalledTimes(10);
  });

  it('D79 resumes items by index in any order, with fewer than all in work', async () => {
    const { step } = asking();
    const workflow = flow().foreach(step, { concurrency: 2 }).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    await run.start({ inputData: [1, 2, 3].map((one) => ({ value: one })) });
    const resume = (forEachIndex: number) =>
      run.resume({ step: 'ask', resumeData: { add: 10 * forEachIndex }, forEachIndex });
    // The third item was not launched yet.
    await expect(resume(2)).rejects.toThrow('not suspended');
    expect(await resume(1)).toMatchObject({ status: 'suspended' });
    expect(await resume(0)).toMatchObject({ status: 'suspended' });
    expect(await resume(2)).toMatchObject({
      status: 'success',
      result: [{ value: 1 }, { value: 12 }, { value: 23 }],
    });
  });

  it('H1 fails with a failing item, launches none after it, and shows no records as output', async () => {
    const execute = vi.fn(async ({ inputData }) => {
      if (inputData.value === 22) throw new Error('no 22');
      return inputData;
    });
    const step = createStep({ id: 'some', inputSchema: value, outputSchema: value, execute });
    const workflow = flow().foreach(step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: input });
    expect(done).toMatchObject({
      status: 'failed',
      error: { message: 'no 22' },
      steps: { some: { status: 'failed', error: { message: 'no 22' } } },
    });
    expect(done.steps.some).not.toHaveProperty('output');
    expect(execute).toHaveBeenCalledTimes(2);
  });

  it('H2 keeps the places of items that are null, false or nothing', async () => {
    const step = createStep({
      id: 'same',
      inputSchema: z.any(),
      outputSchema: z.any(),
      execute: vi.fn(async ({ inputData }) => inputData.give),
    });
    const workflow = createWorkflow({ id: 'each', inputSchema: z.array(z.any()), outputSchema: z.any() });
    workflow.foreach(step, { concurrency: 2 }).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const given = [null, undefined, false, 0, '', 1];
    expect(await run.start({ inputData: given.map((give) => ({ give })) })).toMatchObject({
      status: 'success',
      result: given,
    });
  });
});
