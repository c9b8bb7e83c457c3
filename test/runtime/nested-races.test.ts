import { describe, expect, test } from 'vitest';
import type { WorkflowEvent } from '../../src/core/event.ts';
import { add, nest, step, workflow } from './fixtures.ts';
import { asking, byHand, death } from './hand.ts';

const isAbout =
  (type: WorkflowEvent['type']) =>
  (event: WorkflowEvent): boolean =>
    event.type === type;
const isOf =
  (workflowId: string, type: WorkflowEvent['type']) =>
  (event: WorkflowEvent): boolean =>
    event.workflowId === workflowId && event.type === type;

/** The id of the run that is nested at `entry` (arm or item `member`) of a run. */
async function nestedId(
  { place }: ReturnType<typeof byHand>,
  key: { entry: number; arm?: number; item?: number },
): Promise<string> {
  const { store } = place.attach();
  const [record] =
    key.item === undefined
      ? (await store.loadStep({ runId: 'r', keys: [key], input: false, consistent: true })).records
      : await store.loadItems({ runId: 'r', entry: key.entry, items: [key.item] });
  return record?.childRunId ?? '';
}

describe('runs nested in one that ends', () => {
  const picky = workflow('picky', [
    step('pick', ({ inputData, suspend }) => {
      if (inputData === 'bad') throw new Error('bad');
      return suspend({});
    }),
  ]);

  test('a foreach fails while another item is suspended: the nested run of that one is canceled', async () => {
    const hand = byHand([workflow('w', [{ foreach: nest(picky), concurrency: 2 }])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: ['good', 'bad'] });
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({ status: 'failed' });
    const suspended = await nestedId(hand, { entry: 0, item: 0 });
    expect(await hand.runtime.get({ runId: suspended })).toMatchObject({ status: 'canceled' });
  });

  test('a worker dies after it stored a nested run, and the run above is canceled: the delivery cancels it', async () => {
    const hand = byHand([workflow('w', [nest(workflow('inner', [add('a', 1)]))])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    const event = hand.take(isAbout('workflow.step.run'));
    let isStored = false;
    const dying = hand.worker((store) => ({
      startChild: async (write) => {
        const started = await store.startChild(write);
        isStored = true;
        return started;
      },
      loadHeader: (id) => (isStored ? death() : store.loadHeader(id)),
    }));
    void dying.handle(event);
    await hand.place.settled();
    // Its event is lost: nothing but the delivery that comes again knows of the nested run.
    await hand.runtime.cancel({ runId: 'r' });
    await hand.drain(isAbout('workflow.cancel'));
    await hand.runtime.handle(event);
    const inner = await nestedId(hand, { entry: 0 });
    expect(await hand.runtime.get({ runId: inner })).toMatchObject({ status: 'canceled' });
  });

  test('a late cancel does not reach what a time travel began anew', async () => {
    const hand = byHand([workflow('w', [nest(workflow('inner', [add('a', 1)]))])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.runtime.handle(hand.take());
    await hand.runtime.cancel({ runId: 'r' });
    const cancel = hand.take(isOf('w', 'workflow.cancel'));
    const held = Promise.withResolvers<void>();
    const slow = hand.worker((store) => ({
      loadRun: async (id) => {
        await held.promise;
        return store.loadRun(id);
      },
    }));
    const late = slow.handle(cancel);
    await hand.place.settled();
    await hand.runtime.timeTravel({ runId: 'r', step: 'inner' });
    await hand.runtime.handle(hand.take(isOf('w', 'workflow.start')));
    await hand.runtime.handle(hand.take(isOf('w', 'workflow.step.run')));
    held.resolve();
    await late;
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 2 });
  });

  test('one that was canceled, whose cancel came too late for them, is traveled: they are canceled all the same', async () => {
    const inner = workflow('inner', [asking('ask')]);
    const hand = byHand([workflow('w', [nest(inner), add('after', 1)])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    await hand.runtime.cancel({ runId: 'r' });
    await hand.runtime.timeTravel({ runId: 'r', step: 'after', inputData: 5 });
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 6 });
    const { store } = hand.place.attach();
    const { headers } = await store.listRuns({ limit: 10 });
    expect(headers).toHaveLength(1);
    const due = await store.dueRuns({ now: hand.clock.now() + 10 * 3_600_000, limit: 10 });
    expect(due).toEqual([]);
  });
});

describe('a place that waits for a nested run', () => {
  test('a worker dies after it moved the record, before it did what that implies: the next delivery does', async () => {
    const inner = workflow('inner', [add('a', 1)]);
    const hand = byHand([
      workflow('w', [{ parallel: [nest(inner)] }, step('b', ({ inputData }) => inputData)]),
    ]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    const isEnd = isOf('inner', 'workflow.end');
    let end: WorkflowEvent | undefined;
    await hand.drain((event) => {
      if (isEnd(event)) end = event;
      return isEnd(event);
    });
    const dying = hand.worker(() => ({ appendToken: () => death() }));
    if (end === undefined) throw new Error('the nested run did not end');
    void dying.handle(end);
    await hand.place.settled();
    await hand.runtime.handle(end);
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({
      status: 'success',
      result: { inner: 2 },
    });
  });

  test('a worker dies after it stored the next attempt, before it started the nested run anew: the sweeper does', async () => {
    let calls = 0;
    const inner = workflow('inner', [
      step('flaky', ({ inputData }) => {
        calls += 1;
        if (calls === 1) throw new Error('once');
        return inputData;
      }),
    ]);
    const hand = byHand([workflow('w', [nest(inner, { retries: 1 })])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 7 });
    const isRetry = ({ workflowId, turn = '' }: WorkflowEvent): boolean =>
      workflowId === 'w' && turn.endsWith('.001');
    let retry: WorkflowEvent | undefined;
    await hand.drain((event) => {
      if (isRetry(event)) retry = event;
      return isRetry(event);
    });
    const dying = hand.worker(() => ({ startChild: () => death() }));
    if (retry === undefined) throw new Error('there was no retry');
    void dying.handle(retry);
    await hand.place.settled();
    await hand.sweep();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 7 });
  });

  test('D72 another attempt of an item sees the state of the items before it', async () => {
    let failures = 0;
    const inner = workflow('inner', [
      step('count', async ({ inputData, state, setState }) => {
        if (inputData === 'b' && failures < 1) {
          failures += 1;
          throw new Error('once');
        }
        await setState({ seen: [...((state['seen'] as string[] | undefined) ?? []), inputData] });
        return inputData;
      }),
    ]);
    const hand = byHand([workflow('w', [{ foreach: nest(inner, { retries: 1 }) }])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: ['a', 'b', 'c'] });
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r', includeState: true })).toMatchObject({
      status: 'success',
      state: { seen: ['a', 'b', 'c'] },
    });
  });

  test('what a nested run takes back after a suspension, the items after it do not see', async () => {
    const inner = workflow('inner', [
      step('lock', async ({ inputData, state, resumeData, setState, suspend }) => {
        if (inputData !== 'first') return state['locked'];
        await setState({ locked: resumeData === undefined });
        return resumeData === undefined ? suspend({}) : 'unlocked';
      }),
    ]);
    const hand = byHand([workflow('w', [{ foreach: nest(inner) }])]);
    const initialState = { locked: false };
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: ['first', 'second'], initialState });
    await hand.drain();
    await hand.runtime.resume({ runId: 'r', resumeData: 1 });
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r', includeState: true })).toMatchObject({
      result: ['unlocked', false],
      state: { locked: false },
    });
  });
});

describe('the sweeper and nested runs', () => {
  const inner = workflow('inner', [asking('ask')]);
  const outer = workflow('w', [
    { parallel: [nest(inner), add('other', 1)] },
    step('b', ({ inputData }) => inputData),
  ]);

  test('a resume dies after its write: the runs above are kept in sight until that shows in them', async () => {
    const hand = byHand([outer]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    const dying = hand.worker((store) => ({
      resume: async (write) => {
        await store.resume(write);
        return death();
      },
    }));
    void dying.resume({ runId: 'r', step: ['inner', 'ask'], resumeData: 10 });
    await hand.place.settled();
    // The sweep helps the nested run, whose event is lost on the way, and everything that follows, too.
    await hand.sweep(() => true);
    const isNext = ({ workflowId, path }: WorkflowEvent): boolean => workflowId === 'w' && path[0] === 1;
    await hand.sweep(isNext);
    await hand.sweep();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({
      status: 'success',
      result: { inner: 11, other: 2 },
    });
  });
});
