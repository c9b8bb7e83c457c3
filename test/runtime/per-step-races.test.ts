import { describe, expect, test } from 'vitest';
import { add, nest, step, workflow } from './fixtures.ts';
import { asking, byHand, death } from './hand.ts';
import type { RunHeader } from '../../src/core/records.ts';
import type { RunStore } from '../../src/ports/index.ts';

const pass = (id: string) => step(id, ({ inputData }) => inputData);

/** A worker whose reads that may be stale show the header as it was when `age` was called last. */
function stale() {
  const old: { header?: RunHeader | undefined } = {};
  return {
    age: async (store: RunStore): Promise<void> => {
      old.header = await store.loadHeader('r');
    },
    interception: (store: RunStore): Partial<RunStore> => ({
      loadStep: async (request) => {
        const load = await store.loadStep(request);
        return request.consistent || old.header === undefined ? load : { ...load, header: old.header };
      },
    }),
  };
}

describe('a run that was to pause after one entry, and was resumed without that', () => {
  test('executes all arms of the next block, and goes on, whatever stale reads show', async () => {
    const hand = byHand([
      workflow('w', [asking('ask'), { parallel: [add('a', 1), add('b', 10)] }, pass('after')]),
    ]);
    const { age, interception } = stale();
    const worker = hand.worker(interception);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1, perStep: true });
    await hand.drain();
    await age(hand.place.attach().store);
    await hand.runtime.resume({ runId: 'r', resumeData: 1 });
    for (let next = hand.place.receive(); next !== undefined; next = hand.place.receive()) {
      await worker.handle(next.event);
    }
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({
      status: 'success',
      result: { a: 3, b: 12 },
    });
  });

  test('goes on after the block, though another arm began while it was to pause', async () => {
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const slow = step('slow', async ({ resumeData, suspend }) => {
      if (resumeData === undefined) return suspend({});
      begun.resolve();
      await goOn.promise;
      return 'slow';
    });
    const hand = byHand([workflow('w', [{ parallel: [slow, asking('ask')] }, pass('after')])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    await hand.runtime.resume({ runId: 'r', step: 'slow', resumeData: 1, perStep: true });
    const working = hand.drain();
    await begun.promise;
    await hand.runtime.resume({ runId: 'r', step: 'ask', resumeData: 1 });
    const other = hand.drain();
    await hand.place.settled();
    goOn.resolve();
    await Promise.all([working, other]);
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({
      status: 'success',
      result: { slow: 'slow', ask: 2 },
    });
  });
});

describe('a run that is resumed to pause after one entry', () => {
  test('pauses after the block, though another arm began before', async () => {
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const slow = step('slow', async () => {
      begun.resolve();
      await goOn.promise;
      return 'slow';
    });
    const hand = byHand([workflow('w', [{ parallel: [asking('ask'), slow] }, pass('after')])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.runtime.handle(hand.take());
    await hand.runtime.handle(hand.take());
    const working = hand.drain();
    await begun.promise;
    await hand.runtime.resume({ runId: 'r', step: 'ask', resumeData: 1, perStep: true });
    const other = hand.drain();
    await hand.place.settled();
    goOn.resolve();
    await Promise.all([working, other]);
    await hand.drain();
    const result = await hand.runtime.result({ runId: 'r' });
    expect(result).toMatchObject({ status: 'paused' });
    expect(result.steps).not.toHaveProperty('after');
  });

  test('pauses after a loop, whatever stale reads of its later iterations show', async () => {
    const counting = step('counting', ({ inputData, resumeData, suspend }) =>
      resumeData === undefined && inputData === 0 ? suspend({}) : Number(inputData) + 1,
    );
    const hand = byHand([
      workflow('w', [{ dountil: [counting, ({ inputData }) => inputData === 3] }, pass('after')]),
    ]);
    const { age, interception } = stale();
    const worker = hand.worker(interception);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 0 });
    await hand.drain();
    await age(hand.place.attach().store);
    await hand.runtime.resume({ runId: 'r', resumeData: 1, perStep: true });
    for (let next = hand.place.receive(); next !== undefined; next = hand.place.receive()) {
      await worker.handle(next.event);
    }
    const result = await hand.runtime.result({ runId: 'r' });
    expect(result).toMatchObject({ status: 'paused', steps: { counting: { output: 3 } } });
    expect(result.steps).not.toHaveProperty('after');
  });

  test('is not resumed elsewhere once it has paused inside of a nested workflow', async () => {
    const inner = (id: string) => workflow(id, [asking(`ask-${id}`), pass(`last-${id}`)]);
    const hand = byHand([workflow('w', [{ parallel: [nest(inner('one')), nest(inner('two'))] }])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    const first = ['one', 'ask-one'];
    await hand.runtime.resume({ runId: 'r', step: first, resumeData: 1, perStep: true });
    const held = Promise.withResolvers<void>();
    const slow = hand.worker((store) => ({
      resume: async (write) => {
        await held.promise;
        return store.resume(write);
      },
    }));
    const resuming = slow.resume({ runId: 'r', step: ['two', 'ask-two'], resumeData: 1 });
    resuming.catch(() => undefined);
    await hand.drain();
    expect(await hand.runtime.get({ runId: 'r' })).toMatchObject({ status: 'paused' });
    held.resolve();
    await expect(resuming).rejects.toMatchObject({
      code: 'WORKFLOW_RUN_NOT_SUSPENDED',
      message: expect.stringContaining('paused before step "ask-two" was resumed') as unknown,
    });
    await hand.drain();
    expect(await hand.runtime.get({ runId: 'r' })).toMatchObject({
      status: 'paused',
      steps: { 'two.ask-two': { status: 'suspended' } },
    });
  });
});

describe('arms of a run that pauses after each entry', () => {
  const arms = [add('a', 1), asking('ask'), add('c', 100)];

  test('all execute when the one that was suspended is resumed without that', async () => {
    const hand = byHand([workflow('w', [{ parallel: [asking('ask'), add('b', 10)] }, pass('after')])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1, perStep: true });
    await hand.drain();
    const begun = await hand.runtime.result({ runId: 'r' });
    expect(begun.status).toBe('suspended');
    expect(begun.steps).not.toHaveProperty('b');
    await hand.runtime.resume({ runId: 'r', resumeData: 1 });
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({
      status: 'success',
      result: { ask: 2, b: 11 },
    });
  });

  test('the same for the arms that a branch took; the condition is not asked again', async () => {
    let asked = 0;
    const yes = (): boolean => {
      asked += 1;
      return true;
    };
    const branch = {
      branch: [
        [() => false, add('no', 1)],
        [yes, asking('ask')],
        [yes, add('b', 10)],
      ] as const,
    };
    const hand = byHand([workflow('w', [branch, pass('after')])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1, perStep: true });
    await hand.drain();
    await hand.runtime.resume({ runId: 'r', resumeData: 1 });
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({
      status: 'success',
      result: { ask: 2, b: 11 },
    });
    expect(asked).toBe(2);
  });

  test('execute one by one when each is resumed, or traveled to, so', async () => {
    const hand = byHand([workflow('w', [{ parallel: arms }, pass('after')])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1, perStep: true });
    await hand.drain();
    expect(await hand.runtime.get({ runId: 'r' })).toMatchObject({ status: 'paused' });
    const travel = async (to: string): Promise<void> => {
      await hand.runtime.timeTravel({ runId: 'r', step: to, perStep: true });
      await hand.drain();
    };
    await expect(travel('after')).rejects.toMatchObject({ code: 'WORKFLOW_ARGUMENT_INVALID' });
    await travel('ask');
    await hand.runtime.resume({ runId: 'r', resumeData: 1, perStep: true });
    await hand.drain();
    expect(await hand.runtime.get({ runId: 'r' })).toMatchObject({ status: 'paused' });
    await travel('c');
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({
      status: 'paused',
      steps: { a: { output: 2 }, ask: { output: 2 }, c: { output: 101 } },
    });
    await travel('after');
    await hand.runtime.timeTravel({ runId: 'r', step: 'after' });
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({
      status: 'success',
      result: { a: 2, ask: 2, c: 101 },
    });
  });

  test('take no part in a time travel to another arm, as in the reference', async () => {
    const hand = byHand([workflow('w', [{ parallel: arms }, pass('after')])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1, perStep: true });
    await hand.drain();
    await hand.runtime.timeTravel({ runId: 'r', step: 'c' });
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({
      status: 'success',
      result: { a: 2, c: 101 },
    });
  });

  test('keep state and results of those before, and pause whichever delivery or sweep comes', async () => {
    const setting = step('setting', ({ setState }) => setState({ k: 'set' }));
    const seeing = step('seeing', ({ state }) => state['k']);
    const hand = byHand([workflow('w', [{ parallel: [setting, seeing] }, pass('after')])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1, perStep: true });
    const block = hand.take();
    await hand.runtime.handle(block);
    const arm = hand.take();
    const dying = hand.worker((store) => ({
      appendToken: async (write) => {
        await store.appendToken(write);
        return death();
      },
    }));
    void dying.handle(arm);
    await hand.place.settled();
    const status = async (): Promise<string | undefined> => {
      const { status: now, steps } = await hand.runtime.result({ runId: 'r' });
      expect(steps).not.toHaveProperty('seeing');
      return now;
    };
    expect(await status()).toBe('running');
    const ways = [() => hand.sweep(), () => hand.runtime.handle(block), () => hand.runtime.handle(arm)];
    for (const way of ways) {
      await way();
      await hand.drain();
      expect(await status()).toBe('paused');
    }
    await hand.runtime.timeTravel({ runId: 'r', step: 'seeing' });
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r', includeState: true })).toMatchObject({
      status: 'success',
      result: { seeing: 'set' },
      state: { k: 'set' },
    });
  });

  test.each(['the block', 'the arm'])(
    'pause by another delivery of %s, when the worker of the first died',
    async (which) => {
      const hand = byHand([workflow('w', [{ parallel: arms }, pass('after')])]);
      await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1, perStep: true });
      const block = hand.take();
      await hand.runtime.handle(block);
      const arm = hand.take();
      const dying = hand.worker(() => ({ setStatus: () => death() }));
      void dying.handle(arm);
      await hand.place.settled();
      await hand.runtime.handle(which === 'the arm' ? arm : block);
      await hand.drain();
      expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({ status: 'paused' });
    },
  );
});
