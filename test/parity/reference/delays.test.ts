import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { places } from '../places/index.ts';
import { createStep, createWorkflow, Host, storageWithVirtualTime } from '../reference-shim/index.ts';

const value = z.object({ value: z.number() });
const second = 1_000;

function passing(id: string) {
  const execute = vi.fn(async ({ inputData }) => inputData);
  return { execute, step: createStep({ id, inputSchema: value, outputSchema: value, execute }) };
}

/** Time is virtual: nothing waits for real, and what is due is known to the millisecond. */
describe.each(places)('delays in $name', (place) => {
  const start = () => createWorkflow({ id: 'sleeping', inputSchema: value, outputSchema: value });
  it.each([
    ['D52', 'a duration', () => start().sleep(5 * second, { id: 'nap' })],
    [
      'D53',
      'a computed duration',
      () => start().sleep(async ({ inputData }) => inputData.value * second, { id: 'nap' }),
    ],
    ['D54', 'a date', () => start().sleepUntil(new Date(5 * second), { id: 'nap' })],
    [
      'D55',
      'a computed date',
      () =>
        start().sleepUntil(async ({ inputData }) => new Date(inputData.value * second), {
          id: 'nap',
        }),
    ],
  ])('%s sleeps for %s, and passes its input on', async (_, __, sleeping) => {
    const { storage, clock } = storageWithVirtualTime(place);
    const after = passing('after');
    const workflow = sleeping().then(after.step).commit();
    new Host({ workflows: { workflow }, storage });
    const run = await workflow.createRun();
    const over = run.start({ inputData: { value: 5 } });
    await clock.advance(5 * second - 1);
    expect(await workflow.getWorkflowRunById(run.runId)).toMatchObject({
      status: 'waiting',
      steps: { nap: { status: 'waiting', payload: { value: 5 }, startedAt: 0 } },
    });
    expect(after.execute).not.toHaveBeenCalled();
    const done = await clock.runUntil(over);
    expect(done).toMatchObject({ status: 'success', result: { value: 5 } });
    const { endedAt, ...nap } = done.steps.nap as Record<string, unknown>;
    expect(nap).toEqual({
      status: 'success',
      payload: { value: 5 },
      output: { value: 5 },
      startedAt: 0,
    });
    expect(endedAt).toBeGreaterThanOrEqual(5 * second);
    expect(after.execute).toHaveBeenCalledTimes(1);
  });

  it('D59 cancels a run that sleeps', async () => {
    const { storage, clock } = storageWithVirtualTime(place);
    const [before, after] = [passing('before'), passing('after')];
    const workflow = createWorkflow({ id: 'sleeping', inputSchema: value, outputSchema: value });
    workflow
      .then(before.step)
      .sleep(60 * second)
      .then(after.step)
      .commit();
    new Host({ workflows: { workflow }, storage });
    const run = await workflow.createRun();
    const over = run.start({ inputData: { value: 1 } });
    await clock.advance(second);
    await run.cancel();
    const done = await clock.runUntil(over);
    expect(done).toMatchObject({ status: 'canceled', steps: { before: { status: 'success' } } });
    expect(done.steps).not.toHaveProperty('after');
    await clock.advance(60 * second);
    expect(after.execute).not.toHaveBeenCalled();
  });

  it('H7 waits for the delay of a retry', async () => {
    const { storage, clock } = storageWithVirtualTime(place);
    const times: number[] = [];
    const flaky = createStep({
      id: 'flaky',
      inputSchema: value,
      outputSchema: value,
      execute: async ({ inputData }) => {
        times.push(clock.now());
        if (times.length < 3) throw new Error('not yet');
        return inputData;
      },
    });
    const workflow = createWorkflow({
      id: 'retrying',
      inputSchema: value,
      outputSchema: value,
      retryConfig: { attempts: 2, delay: 4 * second },
    });
    workflow.then(flaky).commit();
    new Host({ workflows: { workflow }, storage });
    const run = await workflow.createRun();
    expect(await clock.runUntil(run.start({ inputData: { value: 1 } }))).toMatchObject({ status: 'success' });
    expect(times[1]).toBeGreaterThanOrEqual(4 * second);
    expect(times[2]).toBeGreaterThanOrEqual((times[1] ?? 0) + 4 * second);
  });
});
