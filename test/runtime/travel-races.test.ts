import { describe, expect, test } from 'vitest';
import type { WorkflowEvent } from '../../src/core/event.ts';
import type { StepRecord } from '../../src/core/records.ts';
import { add, nest, step, workflow } from './fixtures.ts';
import { asking, byHand, death } from './hand.ts';

const isCancel = ({ type }: WorkflowEvent): boolean => type === 'workflow.cancel';
const isStart = ({ type }: WorkflowEvent): boolean => type === 'workflow.start';
const numbers = step('numbers', ({ inputData }) => inputData);

describe('what a time travel begins with', () => {
  test('a foreach over a shorter array has no items of the longer one', async () => {
    const hand = byHand([workflow('w', [numbers, { foreach: add('plus', 1), concurrency: 2 }])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: [1, 2, 3, 4] });
    await hand.drain();
    await hand.runtime.timeTravel({ runId: 'r', step: 'plus', inputData: [10, 20] });
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: [11, 21] });
  });

  test('items that are kept settle in the log of the new epoch, however far that of the old one went', async () => {
    const picky = step('picky', ({ inputData, resumeData, suspend }) =>
      inputData !== 2 && resumeData === undefined ? suspend({}) : inputData,
    );
    const hand = byHand([workflow('w', [numbers, { foreach: picky }])], 1);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: [1, 2, 3] });
    await hand.drain();
    await hand.runtime.resume({ runId: 'r', resumeData: 1 });
    await hand.drain();
    await hand.runtime.timeTravel({ runId: 'r', step: 'picky' });
    await hand.drain();
    await hand.runtime.resume({ runId: 'r', resumeData: 1 });
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: [1, 2, 3] });
  });

  test('an item that aborted its run is executed again', async () => {
    let aborts = 1;
    const aborting = step('aborting', ({ inputData, abort }) => {
      if (inputData === 2 && aborts-- > 0) abort();
      return inputData;
    });
    const hand = byHand([workflow('w', [numbers, { foreach: aborting }])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: [1, 2, 3] });
    await hand.drain();
    expect(await hand.runtime.get({ runId: 'r' })).toMatchObject({ status: 'canceled' });
    await hand.runtime.timeTravel({ runId: 'r', step: 'aborting' });
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: [1, 2, 3] });
  });

  test('a step reads what was put before it, and no older version of that', async () => {
    const hand = byHand([workflow('w', [add('a', 1), add('b', 10)])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    const old = await hand.place.attach().store.loadStep({
      runId: 'r',
      keys: [{ entry: 0 }],
      input: false,
      consistent: true,
    });
    await hand.runtime.timeTravel({ runId: 'r', step: 'b', inputData: 100 });
    const stale = hand.worker((store) => ({
      loadStep: async (request) => {
        const load = await store.loadStep(request);
        const records = load.records.map((record) => (record?.key.entry === 0 ? old.records[0] : record));
        return request.consistent ? load : { ...load, records };
      },
    }));
    await stale.handle(hand.take(isStart));
    await stale.handle(hand.take());
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 110 });
  });

  test('what somebody resumed since the run was looked at is not lost', async () => {
    const noting = step('noting', async ({ resumeData, setState, suspend }) => {
      if (resumeData === undefined) return suspend({});
      await setState({ noted: resumeData });
      return resumeData;
    });
    const hand = byHand([workflow('w', [noting, asking('ask')])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    const held = Promise.withResolvers<void>();
    const slow = hand.worker((store) => ({
      travel: async (write) => {
        await held.promise;
        return store.travel(write);
      },
    }));
    const traveling = slow.timeTravel({ runId: 'r', step: 'ask', inputData: 5 });
    traveling.catch(() => undefined);
    await hand.place.settled();
    await hand.runtime.resume({ runId: 'r', resumeData: 3 });
    await hand.drain();
    held.resolve();
    await expect(traveling).rejects.toMatchObject({ code: 'WORKFLOW_RUN_ACTIVE' });
    expect(await hand.runtime.result({ runId: 'r', includeState: true })).toMatchObject({
      status: 'suspended',
      state: { noted: 3 },
    });
  });
});

describe('data to resume with', () => {
  test('for an arm beside one that has succeeded', async () => {
    const hand = byHand([workflow('w', [{ parallel: [asking('ask'), add('other', 1)] }])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    await hand.runtime.timeTravel({ runId: 'r', step: 'ask', resumeData: 5 });
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({
      status: 'success',
      result: { ask: 6, other: 2 },
    });
  });

  test('for an arm beside one that has failed: that decides, when the arm is through', async () => {
    const bad = step('bad', () => {
      throw new Error('bad');
    });
    const hand = byHand([workflow('w', [{ parallel: [asking('ask'), bad] }])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    await hand.runtime.timeTravel({ runId: 'r', step: 'ask', resumeData: 5 });
    await hand.drain();
    const result = await hand.runtime.result({ runId: 'r' });
    expect(result).toMatchObject({ status: 'failed', error: { message: 'bad' } });
    expect(result.steps['ask']).toMatchObject({ status: 'success', output: 6 });
  });

  test('for items of a foreach that were suspended', async () => {
    const hand = byHand([workflow('w', [numbers, { foreach: asking('ask'), concurrency: 2 }])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: [1, 2, 3] });
    await hand.drain();
    await hand.runtime.timeTravel({ runId: 'r', step: 'ask', resumeData: 10 });
    await hand.drain();
    // The third had not begun.
    await hand.runtime.resume({ runId: 'r', resumeData: 10 });
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({
      status: 'success',
      result: [11, 12, 13],
    });
  });

  test('is nothing to a sleep', async () => {
    const hand = byHand([workflow('w', [add('a', 1), { sleep: 1_000, id: 'nap' }])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    hand.clock.next();
    await hand.drain();
    await hand.runtime.timeTravel({ runId: 'r', step: 'nap', resumeData: 5 });
    await hand.drain();
    hand.clock.next();
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 2 });
  });
});

describe('what a time travel leaves alone', () => {
  test('a nested workflow that waits beside the arm is resumed as before', async () => {
    const inner = workflow('inner', [asking('ask')]);
    const hand = byHand([workflow('w', [{ parallel: [nest(inner), add('other', 1)] }])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    await hand.runtime.timeTravel({ runId: 'r', step: 'other' });
    await hand.drain();
    await hand.runtime.resume({ runId: 'r', step: ['inner', 'ask'], resumeData: 4 });
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({
      status: 'success',
      result: { inner: 5, other: 2 },
    });
  });

  test('a nested workflow of the new epoch that waits, when the start of the epoch is delivered again', async () => {
    const inner = workflow('inner', [asking('ask')]);
    const hand = byHand([workflow('w', [add('a', 1), nest(inner)])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    await hand.runtime.timeTravel({ runId: 'r', step: 'a' });
    const start = hand.take(isStart);
    await hand.runtime.handle(start);
    await hand.drain();
    await hand.runtime.handle(start);
    await hand.drain();
    await hand.runtime.resume({ runId: 'r', resumeData: 4 });
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 6 });
  });

  test('what executes in the new epoch, when the cancel of the old one is late', async () => {
    const begun = Promise.withResolvers<AbortSignal>();
    const goOn = Promise.withResolvers<void>();
    const watching = step('watching', async ({ inputData, abortSignal }) => {
      begun.resolve(abortSignal);
      await goOn.promise;
      return inputData;
    });
    const hand = byHand([workflow('w', [add('a', 1), watching])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.runtime.handle(hand.take());
    await hand.runtime.cancel({ runId: 'r' });
    const cancel = hand.take(isCancel);
    await hand.runtime.timeTravel({ runId: 'r', step: 'watching' });
    const working = hand.drain();
    const signal = await begun.promise;
    await hand.runtime.handle(cancel);
    expect(signal.aborted).toBe(false);
    goOn.resolve();
    await working;
    expect(await hand.runtime.get({ runId: 'r' })).toMatchObject({ status: 'success' });
  });

  test('a step that stood suspended in a former epoch cannot be resumed', async () => {
    const hand = byHand([workflow('w', [{ parallel: [asking('left'), asking('right')] }, asking('last')])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    await hand.runtime.timeTravel({ runId: 'r', step: 'last', inputData: 5 });
    await hand.drain();
    await expect(hand.runtime.resume({ runId: 'r', step: 'left', resumeData: 1 })).rejects.toMatchObject({
      code: 'WORKFLOW_RUN_NOT_SUSPENDED',
    });
    await hand.runtime.resume({ runId: 'r', resumeData: 1 });
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 6 });
  });

  test('a step is resumed while a time travel begins: the caller learns that it came too late', async () => {
    const hand = byHand([workflow('w', [add('a', 1), asking('ask')])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    const held = Promise.withResolvers<void>();
    let looks = 0;
    const slow = hand.worker((store) => ({
      loadHeader: async (runId) => {
        looks += 1;
        if (looks === 2) await held.promise;
        return store.loadHeader(runId);
      },
    }));
    const resuming = slow.resume({ runId: 'r', resumeData: 4 });
    resuming.catch(() => undefined);
    await hand.place.settled();
    await hand.runtime.timeTravel({ runId: 'r', step: 'a' });
    held.resolve();
    await expect(resuming).rejects.toMatchObject({
      code: 'WORKFLOW_RUN_NOT_SUSPENDED',
      message: expect.stringContaining('a time travel began anew'),
    });
  });
});

describe('the sweeper', () => {
  test('prepares an epoch before it looks for what is missing in it', async () => {
    const hand = byHand([workflow('w', [add('a', 1), add('b', 10)])]);
    await hand.runtime.create({ workflowId: 'w', runId: 'r' });
    const context = { a: { output: 100 } };
    await hand.runtime.timeTravel({ runId: 'r', step: 'b', context });
    await hand.drain(isStart);
    hand.clock.pass(130_000);
    await hand.runtime.sweep();
    const published: WorkflowEvent[] = [];
    for (let next = hand.place.receive(); next !== undefined; next = hand.place.receive()) {
      published.push(next.event);
    }
    // In the order that is worst.
    for (const event of published.toReversed()) await hand.runtime.handle(event);
    await hand.drain();
    const result = await hand.runtime.result({ runId: 'r' });
    expect(result).toMatchObject({ status: 'success', result: 110 });
    expect(result.steps['a']).toMatchObject({ output: 100 });
  });

  test('pauses a run that executes one entry, and whose worker died before it did', async () => {
    const executed: string[] = [];
    const noted = (id: string) =>
      step(id, ({ inputData }) => {
        executed.push(id);
        return inputData;
      });
    const hand = byHand([workflow('w', [noted('a'), noted('b')])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1, perStep: true });
    const dying = hand.worker((store) => ({
      commit: async (write) => {
        await store.commit(write);
        return death();
      },
    }));
    void dying.handle(hand.take());
    await hand.place.settled();
    await hand.sweep();
    expect(await hand.runtime.get({ runId: 'r' })).toMatchObject({ status: 'paused' });
    hand.clock.pass(10 * 3_600_000);
    await hand.runtime.sweep();
    await hand.drain();
    expect(await hand.runtime.get({ runId: 'r' })).toMatchObject({ status: 'paused' });
    expect(executed).toEqual(['a']);
  });

  test('keeps a run in sight that traveled while the callback of its former end was called', async () => {
    const called = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const onFinish = async (): Promise<void> => {
      called.resolve();
      await goOn.promise;
    };
    const hand = byHand([workflow('w', [add('a', 1), add('b', 10)], { callbacks: { onFinish } })]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.runtime.handle(hand.take());
    await hand.runtime.handle(hand.take());
    const telling = hand.runtime.handle(hand.take());
    await called.promise;
    await hand.runtime.timeTravel({ runId: 'r', step: 'b' });
    await hand.runtime.handle(hand.take(isStart));
    goOn.resolve();
    await telling;
    // The step is lost now.
    hand.take();
    await hand.sweep();
    expect(await hand.runtime.get({ runId: 'r' })).toMatchObject({ status: 'success' });
  });
});

test('an item is retried after its resumption: its settlements count once', async () => {
  const retried = step(
    'retried',
    ({ inputData, resumeData, retryCount, suspend }) => {
      if (resumeData === undefined) return suspend({});
      if (retryCount === 0) throw new Error('once');
      return inputData;
    },
    { retries: 1 },
  );
  const hand = byHand([workflow('w', [{ foreach: retried, concurrency: 2 }])], 1);
  await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: [1, 2] });
  await hand.drain();
  await hand.runtime.resume({ runId: 'r', resumeData: true });
  await hand.drain();
  const { store } = hand.place.attach();
  const tokens = (await store.loadJoin({ runId: 'r', entry: 0, epoch: 1 }))?.tokens ?? [];
  expect(new Set(tokens).size).toBe(tokens.length);
  expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: [1, 2] });
  const records: readonly StepRecord[] = await store.loadItems({ runId: 'r', entry: 0 });
  expect(records.map(({ status }) => status)).toEqual(['success', 'success']);
});

test('a start that is repeated after a time travel to the first step finds the run as it is', async () => {
  const hand = byHand([
    workflow('w', [step('a', async ({ setState }) => setState({ set: 1 })), step('b', () => 'b')]),
  ]);
  const request = { workflowId: 'w', runId: 'r', inputData: 1 };
  await hand.runtime.start(request);
  await hand.drain();
  await hand.runtime.timeTravel({ runId: 'r', step: 'a' });
  expect(await hand.runtime.start(request)).toMatchObject({ runId: 'r', changed: false });
});
