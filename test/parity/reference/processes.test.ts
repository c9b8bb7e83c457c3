import { describe, expect, it, vi } from 'vitest';
import type { WorkflowDefinition } from '../../../src/core/definition.ts';
import { places } from '../places/index.ts';
import { createStep, createWorkflow, Host, storageWithVirtualTime } from '../reference-shim/index.ts';
import { any, asking, flow, passing } from './steps.ts';
import { all, lines } from '../stream-events.ts';

/** What lines of the checklist say of one process, for two: each has objects of its own, and only the storage in common. */

const minute = 60_000;

describe.each(places)('two processes in $name', (place) => {
  /** The same workflow in two processes; the second one executes nothing. */
  const twoProcesses = <Flow extends WorkflowDefinition>(make: () => Flow) => {
    const { storage, clock } = storageWithVirtualTime(place);
    const [here, there] = [make(), make()];
    const second = storage.another();
    new Host({ workflows: { here }, storage });
    new Host({ workflows: { there }, storage: second, work: false });
    return { clock, here, there };
  };

  it('D4 observes a run of another process in the legacy form', async () => {
    const make = () => flow('flow').then(asking('ask').step).commit();
    const { clock, here, there } = twoProcesses(make);
    const run = await here.createRun({ runId: 'r' });
    await clock.runUntil(run.start({ inputData: {} }));
    const other = await there.createRun({ runId: 'r' });
    const seen = all(other.streamLegacy({ inputData: {} }).stream);
    await clock.runUntil(run.resume({ resumeData: { answer: 1 } }));
    expect(lines(await clock.runUntil(seen)).slice(-4)).toEqual([
      'step-start ask',
      'step-result ask',
      'step-finish ask',
      'finish',
    ]);
  });

  it('D13 feeds a stream by a resumption of another process', async () => {
    const make = () => flow('flow').then(asking('ask').step).then(passing('after').step).commit();
    const { clock, here, there } = twoProcesses(make);
    const run = await here.createRun({ runId: 'r' });
    const output = run.stream({ inputData: {}, closeOnSuspend: false });
    const seen = all(output.fullStream);
    await clock.advance(minute);
    const other = await there.createRun({ runId: 'r' });
    expect(other.workflowRunStatus).toBe('suspended');
    const done = await clock.runUntil(other.resume({ resumeData: { answer: 1 } }));
    expect(done).toMatchObject({ status: 'success', result: { by: 'after' } });
    expect(lines(await clock.runUntil(seen)).slice(-3)).toEqual([
      'step-start after',
      'step-result after',
      'finish',
    ]);
    expect(output.status).toBe('success');
  });

  it('G4 has the status of a run that another process changed', async () => {
    const { clock, here, there } = twoProcesses(() => flow('flow').then(asking('ask').step).commit());
    const other = await there.createRun({ runId: 'r' });
    expect(other.workflowRunStatus).toBe('pending');
    await clock.runUntil((await here.createRun({ runId: 'r' })).start({ inputData: {} }));
    expect(await there.createRun({ runId: 'r' })).toBe(other);
    expect(other.workflowRunStatus).toBe('suspended');
  });

  it.each([
    ['G13', 'run.cancel()', false],
    ['G14', 'its abort controller', true],
  ])('%s aborts a nested step of another process by %s', async (_, __, isController) => {
    const begun = Promise.withResolvers<void>();
    const aborted = vi.fn();
    const held = createStep({
      id: 'held',
      inputSchema: any,
      outputSchema: any,
      execute: async ({ abortSignal }) => {
        begun.resolve();
        await new Promise<void>((resolve) => {
          abortSignal.addEventListener('abort', () => resolve());
        });
        aborted();
      },
    });
    const make = () =>
      flow('outer')
        .then(flow('inner').then(held).then(passing('after').step).commit())
        .commit();
    const { clock, here, there } = twoProcesses(make);
    const run = await here.createRun({ runId: 'r' });
    const over = run.start({ inputData: {} });
    await clock.runUntil(begun.promise);
    const other = await there.createRun({ runId: 'r' });
    if (isController) other.abortController.abort();
    else await other.cancel();
    expect(await clock.runUntil(over)).toMatchObject({ status: 'canceled' });
    await clock.advance(2 * minute);
    expect(aborted).toHaveBeenCalledTimes(1);
    const stored = await there.getWorkflowRunById('r');
    expect(stored).toMatchObject({ status: 'canceled' });
    expect(stored?.steps).not.toHaveProperty('inner.after');
  });

  it('H3 lets one of two processes resume a run', async () => {
    const after = passing('after');
    const make = () => flow('flow').then(asking('ask').step).then(after.step).commit();
    const { clock, here, there } = twoProcesses(make);
    const run = await here.createRun({ runId: 'r' });
    await clock.runUntil(run.start({ inputData: {} }));
    const other = await there.createRun({ runId: 'r' });
    const both = await clock.runUntil(
      Promise.allSettled([run, other].map((one) => one.resume({ step: 'ask', resumeData: { answer: 1 } }))),
    );
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    for (const lost of both) {
      if (lost.status === 'fulfilled') continue;
      expect(['WORKFLOW_RESUME_ALREADY_CLAIMED', 'WORKFLOW_RUN_NOT_SUSPENDED']).toContain(lost.reason.code);
    }
    expect(after.execute).toHaveBeenCalledTimes(1);
  });

  it('H7 waits for the delay of a retry in another process', async () => {
    const { storage, clock } = storageWithVirtualTime(place);
    const times: [string, number][] = [];
    const make = (process: string) => {
      const flaky = createStep({
        id: 'flaky',
        inputSchema: any,
        outputSchema: any,
        execute: async () => {
          times.push([process, clock.now()]);
          if (times.length === 1) throw new Error('not yet');
          return 'done';
        },
      });
      const retryConfig = { attempts: 1, delay: 2 * minute };
      return createWorkflow({ id: 'flow', inputSchema: any, outputSchema: any, retryConfig })
        .then(flaky)
        .commit();
    };
    const [first, second] = [make('first'), make('second')];
    const next = storage.another();
    const host = new Host({ workflows: { first }, storage });
    await (await first.createRun({ runId: 'r' })).startAsync({ inputData: {} });
    await clock.advance(minute);
    await host.shutdown();
    const { runtime } = new Host({ workflows: { second }, storage: next });
    await clock.advance(3 * minute);
    expect(await runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 'done' });
    expect(times).toHaveLength(2);
    expect(times[0]?.[0]).toBe('first');
    expect(times[1]?.[0]).toBe('second');
    expect(times[1]?.[1]).toBeGreaterThanOrEqual(2 * minute);
  });
});
