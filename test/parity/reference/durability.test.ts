import { describe, expect, it, vi } from 'vitest';
import type { WorkflowEvent } from '../../../src/core/event.ts';
import type { Backend } from '../../../src/ports/index.ts';
import { places } from '../places/index.ts';
import { createStep, Host, storageIn, storageWithVirtualTime } from '../reference-shim/index.ts';
import { any, asking, flow, passing, patience } from './steps.ts';

/** What the reference loses or does twice when processes die, queues deliver again, or values are large. */

const minute = 60_000;

/** The same storage; `through` sees what is published, and may hold it back. */
function overheard(storage: Backend, through: (events: readonly WorkflowEvent[]) => unknown): Backend {
  return {
    ...storage,
    bus: {
      publish: async (events) => {
        await through(events);
        await storage.bus.publish(events);
      },
    },
  };
}

describe.each(places)('durability in $name', (place) => {
  it('H5 executes a step once whose event is delivered again, before and after it has finished', async () => {
    const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const execute = vi.fn(async () => {
      begun.resolve();
      await gate.promise;
      return { by: 'held' };
    });
    const held = createStep({ id: 'held', inputSchema: any, outputSchema: any, execute });
    const [before, after] = [passing('before'), passing('after')];
    const workflow = flow('flow').then(before.step).then(held).then(after.step).commit();
    const events: WorkflowEvent[] = [];
    const storage = overheard(storageIn(place), (published) => events.push(...published));
    const { runtime } = new Host({ workflows: { workflow }, storage });
    const run = await workflow.createRun();
    const over = run.start({ inputData: {} });
    await begun.promise;
    const again = () => Promise.all(events.filter(({ work }) => work).map((event) => runtime.handle(event)));
    await again();
    gate.resolve();
    const done = await over;
    expect(done).toMatchObject({ status: 'success', result: { by: 'after' } });
    await again();
    expect(await run.start({ inputData: {} })).toEqual(done);
    const calls = [before.execute, execute, after.execute].map(({ mock }) => mock.calls.length);
    expect(calls).toEqual([1, 1, 1]);
  });

  it('H6 executes a step once that takes longer than any lease', async () => {
    const { storage, clock } = storageWithVirtualTime(place);
    const execute = vi.fn(async () => {
      await new Promise<void>((resolve) => {
        clock.timer(3 * minute, resolve);
      });
      return { by: 'slow' };
    });
    const make = () =>
      flow('flow')
        .then(createStep({ id: 'slow', inputSchema: any, outputSchema: any, execute }))
        .commit();
    const [workflow, twin] = [make(), make()];
    new Host({ workflows: { workflow }, storage });
    new Host({ workflows: { twin }, storage: storage.another() });
    const run = await workflow.createRun();
    const done = await clock.runUntil(run.start({ inputData: {} }));
    expect(done).toMatchObject({ status: 'success', result: { by: 'slow' } });
    expect(execute).toHaveBeenCalledTimes(1);
    expect(clock.now()).toBeGreaterThanOrEqual(3 * minute);
  });

  it('H11 sleeps on when its process has ended', async () => {
    const { storage, clock } = storageWithVirtualTime(place);
    const make = () =>
      flow('flow')
        .sleep(2 * minute, { id: 'nap' })
        .sleepUntil(new Date(3 * minute), { id: 'until' })
        .then(passing('after').step)
        .commit();
    const [workflow, twin] = [make(), make()];
    const next = storage.another();
    const host = new Host({ workflows: { workflow }, storage });
    const run = await workflow.createRun({ runId: 'r' });
    await run.startAsync({ inputData: { given: 1 } });
    await clock.advance(minute);
    await host.shutdown();
    const { runtime } = new Host({ workflows: { twin }, storage: next });
    await clock.advance(4 * minute);
    expect(await runtime.result({ runId: 'r' })).toMatchObject({
      status: 'success',
      result: { by: 'after' },
      steps: {
        nap: { status: 'success', payload: { given: 1 }, output: { given: 1 }, startedAt: 0 },
        until: { status: 'success', output: { given: 1 } },
        after: { payload: { given: 1 } },
      },
    });
  });

  it('H14 cancels what is nested in a run after its process has ended', async () => {
    const runIds: string[] = [];
    const noting = (id: string, ends: boolean) =>
      createStep({
        id,
        inputSchema: any,
        outputSchema: any,
        execute: async ({ runId, suspend }) => {
          runIds.push(runId);
          return ends ? {} : suspend({});
        },
      });
    const make = () => {
      const inner = flow('inner').then(noting('ask', false)).commit();
      const middle = flow('middle').then(noting('first', true)).then(inner).commit();
      return flow('outer').then(middle).commit();
    };
    const [workflow, twin] = [make(), make()];
    const storage = storageIn(place);
    const next = storage.another();
    const host = new Host({ workflows: { workflow }, storage });
    await (await workflow.createRun({ runId: 'r' })).start({ inputData: {} });
    await host.shutdown();
    const { runtime } = new Host({ workflows: { twin }, storage: next });
    const run = await twin.createRun({ runId: 'r' });
    expect(run.workflowRunStatus).toBe('suspended');
    await run.cancel();
    await vi.waitFor(async () => {
      const runs = await Promise.all(['r', ...runIds].map((runId) => runtime.get({ runId })));
      expect(runs.map((one) => [one?.workflowName, one?.status])).toEqual([
        ['outer', 'canceled'],
        ['middle', 'canceled'],
        ['inner', 'canceled'],
      ]);
    }, patience);
  });

  it('H15 takes outputs of 450 KB and a history of 2 MB, and publishes little', async () => {
    const large = 'x'.repeat(450 * 1024);
    const workflow = flow('flow')
      .then(passing('one', { large, n: 1 }).step)
      .then(passing('two', { large, n: 2 }).step)
      .then(passing('three', { large, n: 3 }).step)
      .map(async ({ inputData, getStepResult }) => ({
        same: inputData.large === getStepResult<{ large: string }>('one')?.large,
        large,
      }))
      .commit();
    let longest = 0;
    const storage = overheard(storageIn(place), (events) => {
      longest = Math.max(longest, JSON.stringify(events).length);
    });
    new Host({ workflows: { workflow }, storage });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: { large } });
    expect(done).toMatchObject({ status: 'success', result: { same: true, large } });
    const stored = await workflow.getWorkflowRunById(run.runId);
    expect(stored?.steps).toMatchObject({ two: { payload: { large, n: 1 }, output: { large, n: 2 } } });
    expect(longest).toBeGreaterThan(0);
    expect(longest).toBeLessThan(16 * 1024);
  });

  it('H16 loses nothing when an arm is resumed while another one runs', async () => {
    const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const execute = vi.fn(async () => {
      begun.resolve();
      await gate.promise;
      return { by: 'held' };
    });
    const held = createStep({ id: 'held', inputSchema: any, outputSchema: any, execute });
    const [ask, after] = [asking('ask'), passing('after')];
    const workflow = flow('flow').parallel([ask.step, held]).then(after.step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const over = run.start({ inputData: {} });
    await begun.promise;
    await vi.waitFor(async () => {
      expect((await workflow.getWorkflowRunById(run.runId))?.steps['ask']?.status).toBe('suspended');
    }, patience);
    const resumed = run.resume({ step: 'ask', resumeData: { by: 'answer' } });
    await vi.waitFor(() => expect(ask.execute).toHaveBeenCalledTimes(2), patience);
    gate.resolve();
    const [done] = await Promise.all([resumed, over]);
    expect(done).toMatchObject({
      status: 'success',
      steps: { after: { payload: { ask: { by: 'answer' }, held: { by: 'held' } } } },
    });
    for (const one of [execute, after.execute]) expect(one).toHaveBeenCalledTimes(1);
  });

  it('H19 goes on when a process dies between the result of a step and the event that follows', async () => {
    const { storage, clock } = storageWithVirtualTime(place);
    const [first, second] = [passing('first'), passing('second')];
    const make = () => flow('flow').then(first.step).then(second.step).commit();
    const [workflow, twin] = [make(), make()];
    const death = Promise.withResolvers<void>();
    const dying = overheard(storage, async (events) => {
      if (events.some(({ work, stepId }) => work && stepId === 'second')) await death.promise;
    });
    const next = storage.another();
    new Host({ workflows: { workflow }, storage: dying });
    const run = await workflow.createRun();
    await clock.settle();
    await run.startAsync({ inputData: {} });
    await clock.advance(1);
    expect(first.execute).toHaveBeenCalledTimes(1);
    expect(second.execute).not.toHaveBeenCalled();
    const { runtime } = new Host({ workflows: { twin }, storage: next });
    await clock.advance(4 * minute);
    expect(await runtime.result({ runId: run.runId })).toMatchObject({
      status: 'success',
      result: { by: 'second' },
    });
    death.resolve();
    await clock.settle();
    for (const { execute } of [first, second]) expect(execute).toHaveBeenCalledTimes(1);
  });
});
