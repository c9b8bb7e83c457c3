import { describe, expect, test } from 'vitest';
import type { WorkflowEvent } from '../../src/core/event.ts';
import { settledResult } from './drive.ts';
import { nest, step, workflow } from './fixtures.ts';
import { byHand, death, type Hand } from './hand.ts';
import { inPlace, places } from './places.ts';

/** Sets `k` to 'early' and what else is given, suspends, and ends with what it sees of the state without setting anything. */
const early = (id: string) =>
  step(id, async ({ resumeData, state, setState, suspend }) => {
    if (resumeData !== undefined) return state['k'];
    await setState({ k: 'early', own: 'mine' });
    return suspend({});
  });

const seeing = step('seeing', ({ state }) => state);

/** Waits until `until` says so, and then sets the same key. */
function late(until: Promise<void>) {
  return step('late', async ({ setState }) => {
    await until;
    await setState({ k: 'late' });
    return 'late';
  });
}

describe.each(places)('state that members of a block set in $name', (place) => {
  test('before a suspension does not win over what a sibling set after it', async () => {
    const gate = Promise.withResolvers<void>();
    const made = workflow('w', [{ parallel: [early('early'), late(gate.promise)] }, seeing]);
    await inPlace(place, [made], async (runtime) => {
      await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
      await expect
        .poll(async () => (await runtime.get({ runId: 'r' }))?.steps['early']?.status)
        .toBe('suspended');
      gate.resolve();
      expect(await settledResult(runtime)).toMatchObject({
        status: 'suspended',
        state: { k: 'late', own: 'mine' },
      });
      await runtime.resume({ runId: 'r', resumeData: 1 });
      expect(await settledResult(runtime)).toMatchObject({
        status: 'success',
        result: { k: 'late', own: 'mine' },
        steps: { early: { output: 'late' } },
        state: { k: 'late', own: 'mine' },
      });
    });
  });

  test('the same while the one that was suspended runs again, and for request context', async () => {
    const resumed = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const first = step('first', async ({ resumeData, requestContext, suspend, setState }) => {
      if (resumeData === undefined) {
        await setState({ k: 'early' });
        requestContext.set('c', 'early');
        requestContext.delete('gone');
        return suspend({});
      }
      resumed.resolve();
      await ended.promise;
      return requestContext.get('c');
    });
    const second = step('second', async ({ requestContext, setState }) => {
      await resumed.promise;
      await setState({ k: 'late' });
      requestContext.set('c', 'late');
      requestContext.set('gone', 'back');
      return 2;
    });
    const telling = step('telling', ({ state, requestContext }) => [state, requestContext.toJSON()]);
    const made = workflow('w', [{ parallel: [first, second] }, telling]);
    await inPlace(place, [made], async (runtime) => {
      const requestContext = { gone: 'here' };
      await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1, requestContext });
      await runtime.resume({ runId: 'r', step: 'first', resumeData: 1 });
      await expect
        .poll(async () => (await runtime.get({ runId: 'r' }))?.steps['second']?.status)
        .toBe('success');
      ended.resolve();
      expect(await settledResult(runtime)).toMatchObject({
        status: 'success',
        result: [{ k: 'late' }, { c: 'late', gone: 'back' }],
        state: { k: 'late' },
      });
    });
  });

  test('a nested workflow gives what it holds when it settles, as the reference', async () => {
    const gate = Promise.withResolvers<void>();
    const inner = workflow('inner', [early('early')]);
    const made = workflow('w', [{ parallel: [nest(inner), late(gate.promise)] }, seeing]);
    await inPlace(place, [made], async (runtime) => {
      await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
      await expect
        .poll(async () => (await runtime.get({ runId: 'r' }))?.steps['inner.early']?.status)
        .toBe('suspended');
      gate.resolve();
      await runtime.settled({ runId: 'r' });
      await runtime.resume({ runId: 'r', resumeData: 1 });
      expect(await settledResult(runtime)).toMatchObject({
        status: 'success',
        result: { k: 'early', own: 'mine' },
      });
    });
  });

  test('what a member sets after its resumption wins', async () => {
    const setting = step('setting', async ({ resumeData, setState, suspend }) => {
      await setState(resumeData === undefined ? { k: 'early', first: 1 } : { k: 'last' });
      return resumeData === undefined ? suspend({}) : 1;
    });
    const made = workflow('w', [{ parallel: [setting, late(Promise.resolve())] }, seeing]);
    await inPlace(place, [made], async (runtime) => {
      await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
      await runtime.settled({ runId: 'r' });
      await runtime.resume({ runId: 'r', resumeData: 1 });
      expect(await settledResult(runtime)).toMatchObject({ result: { k: 'last', first: 1 } });
    });
  });
});

describe('state that members of a block set', () => {
  test('items: one that was suspended sees what one after it set, and so does one that begins when both are through', async () => {
    const item = step('item', async ({ inputData, resumeData, state, setState, suspend }) => {
      if (inputData === 'suspends' && resumeData === undefined) {
        await setState({ k: 'early' });
        return suspend({});
      }
      if (inputData === 'sets') await setState({ k: 'late' });
      return state['k'];
    });
    const hand = byHand([workflow('w', [{ foreach: item, concurrency: 2 }, seeing])]);
    const inputData = ['suspends', 'sets', 'looks'];
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData });
    await hand.drain();
    await hand.runtime.resume({ runId: 'r', resumeData: 1 });
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({
      status: 'success',
      result: { k: 'late' },
      steps: { item: { output: ['late', undefined, 'late'] } },
    });
  });

  test('is not seen by an arm that is launched once more when a sibling has settled', async () => {
    const setting = step('setting', ({ setState }) => setState({ k: 'set' }));
    const looking = step('looking', ({ state }) => state['k']);
    const hand = byHand([workflow('w', [{ parallel: [setting, looking] }, seeing])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    const opened = hand.take();
    await hand.runtime.handle(opened);
    await hand.drain(({ stepId }) => stepId === 'looking');
    await hand.runtime.handle(opened);
    await hand.drain();
    const result = await hand.runtime.result({ runId: 'r' });
    expect(result).toMatchObject({ status: 'success', result: { k: 'set' } });
    expect(result.steps['looking']).toHaveProperty('output', undefined);
  });

  test('a resumed arm sees what its siblings set, whichever event it runs by', async () => {
    const setting = step('setting', ({ setState }) => setState({ k: 'late' }));
    const hand = byHand([workflow('w', [{ parallel: [early('early'), setting] }, seeing])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.runtime.handle(hand.take());
    const first = hand.take();
    await hand.runtime.handle(first);
    await hand.drain();
    await hand.runtime.resume({ runId: 'r', resumeData: 1 });
    // The event of the resumption is lost; that of the first turn comes once more.
    while (hand.place.receive() !== undefined);
    await hand.runtime.handle(first);
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({
      status: 'success',
      steps: { early: { output: 'late' } },
    });
  });

  test('before a time travel does not win over what that begins with, or over what is set in it', async () => {
    const keeping = step('keeping', ({ setState }) => setState({ k: 'kept', n: 1 }));
    const target = step('target', async ({ setState }) => setState({ k: 'target' }));
    const begin = step('begin', () => 1);
    const hand = byHand([workflow('w', [begin, { parallel: [target, keeping] }, seeing])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    const initialState = { n: 'new' };
    await hand.runtime.timeTravel({ runId: 'r', step: 'target', initialState });
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({
      status: 'success',
      result: { k: 'target', n: 'new' },
    });
  });

  const adding = step('adding', async ({ state, setState }) => {
    const sum = Number(state['sum'] ?? 0) + 1;
    await setState({ sum });
    return sum;
  });

  test.each([
    [
      'whoever opened the foreach once more',
      async (hand: Hand, opened: WorkflowEvent) => hand.runtime.handle(opened),
    ],
    ['the sweeper', async (hand: Hand) => void (await hand.sweep())],
  ])('is seen by the item that is launched for it by %s', async (_, relaunch) => {
    const hand = byHand([workflow('w', [{ foreach: adding }, seeing])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: ['a', 'b'] });
    const opened = hand.take();
    await hand.runtime.handle(opened);
    // Its settlement is in the log; it dies before it tells what it changed.
    const mortal = hand.worker(() => ({ mergeCell: () => death() }));
    void mortal.handle(hand.take());
    await hand.place.settled();
    expect(hand.place.queued()).toEqual([]);
    await relaunch(hand, opened);
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({
      status: 'success',
      result: { sum: 2 },
    });
  });
});
