import { expect, test } from 'vitest';
import { type Delivery, memoryPlace } from '../../src/adapters/memory/index.ts';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import { WorkflowError } from '../../src/core/errors.ts';
import { createRuntime } from '../../src/runtime/index.ts';
import { ManualClock } from './faults.ts';
import { step, workflow } from './fixtures.ts';

/**
 * A block whose last settlement is in its log while the worker that put it there never wrote the block's result: whoever
 * comes by next has to, and a resumption that comes in between must not make everybody forget it.
 */

const wait = step('wait', ({ resumeData, suspend }) => (resumeData === undefined ? suspend({}) : resumeData));
const bad = step('bad', () => Promise.reject(new Error('no')));
const definition = workflow('w', [{ parallel: [wait, bad] }]);

/** A runtime whose write of the block's result fails the first time. */
function bench(made: WorkflowDefinition = definition) {
  const clock = new ManualClock();
  const place = memoryPlace({ clock });
  const inner = place.attach();
  let failures = 1;
  const closeBlock: typeof inner.store.closeBlock = async (write) => {
    failures -= 1;
    if (failures >= 0) throw new WorkflowError('WORKFLOW_BACKEND_UNAVAILABLE', 'no answer');
    return inner.store.closeBlock(write);
  };
  const store = new Proxy(inner.store, {
    get: (target, name) => {
      if (name === 'closeBlock') return closeBlock;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
  const runtime = createRuntime({ workflows: [made], backend: { ...inner, store }, work: false });
  const receive = (): Delivery => {
    const delivery = place.receive();
    if (delivery === undefined) throw new Error('nothing is queued');
    return delivery;
  };
  /** Delivers what is due until nothing is. */
  const drain = async (): Promise<void> => {
    for (let next = place.receive(); next !== undefined; next = place.receive()) {
      await runtime.handle(next.event);
    }
  };
  return { clock, runtime, receive, drain };
}

test('a resumption of the arm whose suspension ended the block ends the run first, and is refused', async () => {
  const { runtime, receive, drain } = bench();
  await runtime.start({ workflowId: 'w', runId: 'r' });
  await runtime.handle(receive().event);
  const suspending = receive();
  await runtime.handle(receive().event);
  await expect(runtime.handle(suspending.event)).rejects.toMatchObject({
    code: 'WORKFLOW_BACKEND_UNAVAILABLE',
  });
  await expect(runtime.resume({ runId: 'r', step: 'wait', resumeData: 1 })).rejects.toMatchObject({
    code: 'WORKFLOW_RUN_ALREADY_FINISHED',
  });
  await runtime.handle(suspending.event);
  await drain();
  const result = await runtime.result({ runId: 'r' });
  expect(result).toMatchObject({ status: 'failed', error: { message: 'no' } });
  expect(result.steps['wait']).toMatchObject({ status: 'suspended' });
});

test('a sweep ends a block that was decided before an arm was resumed', async () => {
  const { clock, runtime, receive, drain } = bench();
  await runtime.start({ workflowId: 'w', runId: 'r' });
  await runtime.handle(receive().event);
  await runtime.handle(receive().event);
  const failing = receive();
  // The transport loses the event afterwards.
  await expect(runtime.handle(failing.event)).rejects.toMatchObject({ code: 'WORKFLOW_BACKEND_UNAVAILABLE' });
  await expect(runtime.resume({ runId: 'r', step: 'wait', resumeData: 1 })).rejects.toMatchObject({
    code: 'WORKFLOW_RUN_ALREADY_FINISHED',
  });
  clock.pass(130_000);
  await runtime.sweep();
  await drain();
  expect(await runtime.result({ runId: 'r' })).toMatchObject({ status: 'failed', error: { message: 'no' } });
});

test.each(['output', 'state'] as const)(
  'a block fails whose arms together give more %s than can be stored',
  async (what) => {
    const half = (id: string) =>
      step(id, async ({ setState }) => {
        const value = 'x'.repeat(600);
        if (what === 'state') await setState({ [id]: value });
        return what === 'output' ? value : id;
      });
    const clock = new ManualClock();
    const place = memoryPlace({ clock });
    const runtime = createRuntime({
      workflows: [workflow('w', [{ parallel: [half('left'), half('right')] }])],
      backend: place.attach(),
      work: false,
      limits: { valueBytes: 1_000 },
    });
    await runtime.start({ workflowId: 'w', runId: 'r', initialState: { before: 1 } });
    for (let next = place.receive(); next !== undefined; next = place.receive()) {
      await runtime.handle(next.event);
    }
    expect(await runtime.result({ runId: 'r', includeState: true })).toMatchObject({
      status: 'failed',
      error: { code: 'WORKFLOW_LIMIT_EXCEEDED' },
      steps: { left: { status: 'success' }, right: { status: 'success' } },
      state: { before: 1 },
    });
  },
);
