import { describe, expect, test } from 'vitest';
import type { WorkflowEvent } from '../../src/core/event.ts';
import { createRuntime } from '../../src/runtime/index.ts';
import { memoryWithVirtualTime } from '../../src/testing/index.ts';
import { settledResult } from './drive.ts';
import { step, workflow } from './fixtures.ts';

/** A step that notes what it got. */
function noted(id: string, by: number, log: unknown[]) {
  return step(id, ({ inputData }) => {
    log.push([id, inputData]);
    return Number(inputData) + by;
  });
}

describe('an epoch whose event was lost', () => {
  test('is prepared by a sweep before anything else is derived from it', async () => {
    const log: unknown[] = [];
    const made = workflow('w', [
      noted('a', 1, log),
      step('b', () => {
        throw new Error('b');
      }),
      noted('c', 100, log),
    ]);
    const { clock, backend } = memoryWithVirtualTime();
    const lossy = {
      ...backend,
      bus: {
        publish: async (events: readonly WorkflowEvent[]) => {
          await backend.bus.publish(
            events.filter(({ type, epoch }) => type !== 'workflow.start' || epoch === 1),
          );
        },
      },
    };
    const caller = createRuntime({ workflows: [made], backend: lossy, work: false });
    const worker = createRuntime({ workflows: [made], backend: backend.share() });
    await caller.start({ workflowId: 'w', runId: 'r', inputData: 0 });
    await clock.settle();
    await caller.timeTravel({ runId: 'r', step: 'c', inputData: 7 });
    await clock.settle();
    expect(await worker.get({ runId: 'r' })).toMatchObject({ status: 'running' });
    await clock.advance(180_000);
    expect(await settledResult(worker)).toMatchObject({ status: 'success', result: 107 });
    expect(log).toEqual([
      ['a', 0],
      ['c', 7],
    ]);
    await caller.close();
    await worker.close();
  });
});
