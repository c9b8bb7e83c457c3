import { describe, expect, test } from 'vitest';
import type { WorkflowEvent } from '../../src/core/event.ts';
import { add, nest, step, workflow } from './fixtures.ts';
import { asking, byHand, death } from './hand.ts';

const isStart = ({ type }: WorkflowEvent): boolean => type === 'workflow.start';
const pass = (id: string) => step(id, ({ inputData }) => inputData);

/** A step that waits inside of its body until a test lets it go. */
function gated(id: string, end: () => unknown = () => id) {
  const begun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const made = step(id, async () => {
    begun.resolve();
    await goOn.promise;
    return end();
  });
  return { made, begun: begun.promise, release: () => goOn.resolve() };
}

describe('a nested run', () => {
  test('that ends while a time travel keeps the place that waits for it, is followed', async () => {
    const inner = workflow('inner', [asking('ask')]);
    const hand = byHand([workflow('w', [{ parallel: [nest(inner), add('other', 1)] }, pass('after')])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    const { store } = hand.place.attach();
    const [record] = (await store.loadRun('r'))?.records ?? [];
    await hand.runtime.timeTravel({ runId: 'r', step: 'other' });
    const held = Promise.withResolvers<void>();
    const slow = hand.worker((inner_) => ({
      closeBlock: async (write) => {
        await held.promise;
        return inner_.closeBlock(write);
      },
    }));
    const preparing = slow.handle(hand.take(isStart));
    await hand.place.settled();
    await hand.runtime.resume({ runId: record?.childRunId ?? '', resumeData: 1 });
    await hand.drain();
    held.resolve();
    await preparing;
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({
      status: 'success',
      result: { inner: 2, other: 2 },
    });
  });

  test('that ends while its parent is canceled and travels past it, changes nothing of the new epoch', async () => {
    const inner = workflow('inner', [asking('ask')]);
    const hand = byHand([workflow('w', [nest(inner), pass('after')])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    await hand.runtime.resume({ runId: 'r', resumeData: 1 });
    const held = Promise.withResolvers<void>();
    const slow = hand.worker((store) => ({
      followChild: async (write) => {
        await held.promise;
        return store.followChild(write);
      },
    }));
    await hand.runtime.handle(hand.take(({ type }) => type === 'workflow.step.run'));
    const late = slow.handle(hand.take(({ type }) => type === 'workflow.end'));
    await hand.place.settled();
    await hand.runtime.cancel({ runId: 'r' });
    await hand.runtime.timeTravel({ runId: 'r', step: 'after', inputData: 50 });
    await hand.drain();
    held.resolve();
    await late;
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({
      status: 'success',
      result: 50,
      steps: { inner: { output: 50 } },
    });
  });
});

describe('an item that is resumed by its index', () => {
  const picky = (bad: Promise<void>) =>
    step('picky', async ({ inputData, resumeData, suspend }) => {
      if (inputData === 'bad') {
        await bad;
        throw new Error('bad');
      }
      return resumeData === undefined ? suspend({}) : resumeData;
    });

  test.each(['before', 'after'] as const)(
    'while its block closes by another one %s the write of the resume',
    async (moment) => {
      const bad = Promise.withResolvers<void>();
      const hand = byHand([workflow('w', [{ foreach: picky(bad.promise), concurrency: 2 }])]);
      await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: ['good', 'bad'] });
      await hand.runtime.handle(hand.take());
      await hand.runtime.handle(hand.take());
      const failing = hand.runtime.handle(hand.take(({ type }) => type === 'workflow.step.run'));
      await hand.place.settled();
      const held = Promise.withResolvers<void>();
      const slow = hand.worker((store) => ({
        resume: async (write) => {
          if (moment === 'before') await held.promise;
          const resumed = await store.resume(write);
          if (moment === 'after') await held.promise;
          return resumed;
        },
      }));
      const resuming = slow.resume({ runId: 'r', forEachIndex: 0, resumeData: 'yes' });
      resuming.catch(() => undefined);
      await hand.place.settled();
      bad.resolve();
      await failing;
      held.resolve();
      await expect(resuming).rejects.toMatchObject({ code: 'WORKFLOW_RUN_ALREADY_FINISHED' });
      await hand.drain();
      expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({
        status: 'failed',
        error: { message: 'bad' },
      });
    },
  );
});

describe('a cancel', () => {
  test('between the write of a resume and what follows from it stands, and cancels what is nested', async () => {
    const inner = workflow('inner', [asking('ask')]);
    const hand = byHand([workflow('w', [nest(inner), pass('after')])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    const held = Promise.withResolvers<void>();
    const slow = hand.worker((store) => ({
      resume: async (write) => {
        const resumed = await store.resume(write);
        await held.promise;
        return resumed;
      },
    }));
    const resuming = slow.resume({ runId: 'r', resumeData: 1 });
    await hand.place.settled();
    await hand.runtime.cancel({ runId: 'r' });
    held.resolve();
    await resuming;
    await hand.drain();
    const state = await hand.runtime.get({ runId: 'r' });
    expect(state).toMatchObject({ status: 'canceled' });
    expect(state?.steps).not.toHaveProperty('after');
    const { store } = hand.place.attach();
    const [record] = (await store.loadRun('r'))?.records ?? [];
    expect(await hand.runtime.get({ runId: record?.childRunId ?? '' })).toMatchObject({ status: 'canceled' });
  });

  test('before the last arm of a block commits: its result is kept, and nothing follows', async () => {
    const slow = gated('slow');
    const hand = byHand([workflow('w', [{ parallel: [pass('quick'), slow.made] }, pass('after')])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    const working = hand.drain();
    await slow.begun;
    await hand.runtime.cancel({ runId: 'r' });
    slow.release();
    await working;
    await hand.drain();
    const state = await hand.runtime.get({ runId: 'r' });
    expect(state).toMatchObject({
      status: 'canceled',
      steps: { quick: { status: 'success' }, slow: { status: 'success', output: 'slow' } },
    });
    expect(state?.steps).not.toHaveProperty('after');
  });

  test('and a time travel past an arm that still works: what that comes to is not told of the new epoch', async () => {
    const slow = gated('slow');
    const hand = byHand([workflow('w', [{ parallel: [pass('quick'), slow.made] }, pass('after')])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    const working = hand.drain();
    await slow.begun;
    await hand.runtime.cancel({ runId: 'r' });
    await hand.runtime.timeTravel({ runId: 'r', step: 'after', inputData: 'given' });
    for (let next = hand.place.receive(); next !== undefined; next = hand.place.receive()) {
      await hand.runtime.handle(next.event);
    }
    const before = await hand.runtime.get({ runId: 'r' });
    expect(before).toMatchObject({ status: 'success', result: 'given' });
    slow.release();
    await working;
    await hand.drain();
    expect((await hand.runtime.get({ runId: 'r' }))?.steps).toEqual(before?.steps);
  });
});

describe('a restart', () => {
  test('against a worker that lives: one outcome counts, and what follows runs once', async () => {
    let after = 0;
    const slow = gated('slow');
    const counting = step('after', ({ inputData }) => {
      after += 1;
      return inputData;
    });
    const hand = byHand([workflow('w', [slow.made, counting])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    const first = hand.runtime.handle(hand.take());
    await slow.begun;
    await hand.runtime.restart({ runId: 'r' });
    slow.release();
    await first;
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 'slow' });
    expect(after).toBe(1);
  });
});

describe('a removal', () => {
  test('while a handler works: the outcome of that is nowhere, and a new run of this id is its own', async () => {
    const slow = gated('slow');
    let calls = 0;
    const choosing = step('choosing', (context) => {
      calls += 1;
      return calls === 1 ? slow.made.execute(context) : 'new';
    });
    const hand = byHand([workflow('w', [choosing, pass('after')])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    const working = hand.runtime.handle(hand.take());
    await slow.begun;
    expect(await hand.runtime.remove({ runId: 'r' })).toBe(true);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 2 });
    slow.release();
    await working;
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 'new' });
  });

  test('of a run whose end is being told: nothing of it comes back', async () => {
    const onFinish = async (): Promise<void> => {
      await hand.runtime.remove({ runId: 'r' });
    };
    const hand = byHand([workflow('w', [add('a', 1)], { callbacks: { onFinish } })]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    expect(await hand.runtime.get({ runId: 'r' })).toBeNull();
    hand.clock.pass(10 * 3_600_000);
    expect(await hand.runtime.sweep()).toBe(0);
  });
});

describe('a sweep', () => {
  test('that has read a run before it was resumed does not take it out of sight', async () => {
    const hand = byHand([workflow('w', [asking('ask'), pass('after')])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    const held = Promise.withResolvers<void>();
    const slow = hand.worker((store) => ({
      loadRun: async (runId) => {
        const run = await store.loadRun(runId);
        await held.promise;
        return run;
      },
    }));
    hand.clock.pass(130_000);
    const sweeping = slow.sweep();
    await hand.place.settled();
    const dying = hand.worker((store) => ({
      resume: async (write) => {
        await store.resume(write);
        return death();
      },
    }));
    void dying.resume({ runId: 'r', resumeData: 1 });
    await hand.place.settled();
    held.resolve();
    await sweeping;
    await hand.drain(() => true);
    await hand.sweep();
    expect(await hand.runtime.get({ runId: 'r' })).toMatchObject({ status: 'success' });
  });
});
