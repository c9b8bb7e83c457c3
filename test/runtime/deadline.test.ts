import { describe, expect, test } from 'vitest';
import { step, workflow } from './fixtures.ts';
import { byHand } from './hand.ts';
import { echo, flow } from './steps.ts';

/** A body that never ends, and heeds no signal. */
const never = (): Promise<unknown> => new Promise(() => {});

describe('a deadline', () => {
  const deadlineIn = (clock: { now(): number }, ms: number, allotmentMs?: number) => ({
    deadline: clock.now() + ms,
    ...(allotmentMs === undefined ? {} : { allotmentMs }),
  });

  test('ends a step before the function ends, and says what to raise', async () => {
    const hand = byHand([workflow('w', [step('endless', never)])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r' });
    const handling = hand.runtime.handle(hand.take(), deadlineIn(hand.clock, 15_000));
    await hand.place.settled();
    hand.clock.next();
    await handling;
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({
      status: 'failed',
      error: {
        code: 'WORKFLOW_STEP_TIMEOUT',
        message: expect.stringContaining('all the time that its function had left for it: raise the timeout'),
        details: { limitMs: 15_000, limitedBy: 'function' },
      },
    });
  });

  test.each([
    [{ timeoutMs: 5_000 }, 5_000, 'step'],
    [{ timeoutMs: 50_000 }, 15_000, 'function'],
  ])('and a timeout: the shorter one counts', async (options, limitMs, limitedBy) => {
    const hand = byHand([workflow('w', [step('endless', never, options)])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r' });
    // A whole function has no more than this, so the step is begun all the same.
    const handling = hand.runtime.handle(hand.take(), deadlineIn(hand.clock, 15_000, 15_000));
    await hand.place.settled();
    hand.clock.next();
    await handling;
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({
      error: { details: { limitMs, limitedBy } },
    });
  });

  test('is a failed attempt like another: it is tried again', async () => {
    const hand = byHand([workflow('w', [step('endless', never, { retries: 1 })])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r' });
    const handling = hand.runtime.handle(hand.take(), deadlineIn(hand.clock, 15_000));
    await hand.place.settled();
    hand.clock.next();
    await handling;
    expect(hand.take()).toMatchObject({ turn: '0001.000000.0000.001', stepId: 'endless' });
  });

  test.each<[string, { timeoutMs?: number }, number, number | undefined]>([
    ['a timeout that would fit into a whole function', { timeoutMs: 60_000 }, 59_999, 110_000],
    ['no timeout, and next to nothing left', {}, 999, 110_000],
    ['a timeout above a whole function, and next to nothing left', { timeoutMs: 600_000 }, 999, 110_000],
    ['no timeout, and a function of which nothing is known', {}, 999, undefined],
    ['a function that is over', { timeoutMs: 1 }, -1, 110_000],
  ])('begins no step with %s', async (_, options, left, allotmentMs) => {
    const hand = byHand([workflow('w', [step('slow', () => 'done', options)])]);
    const claims: unknown[] = [];
    const watched = hand.worker((store) => ({
      claim: (write) => {
        claims.push(write);
        return store.claim(write);
      },
    }));
    await hand.runtime.start({ workflowId: 'w', runId: 'r' });
    const event = hand.take();
    await expect(watched.handle(event, deadlineIn(hand.clock, left, allotmentMs))).rejects.toMatchObject({
      code: 'WORKFLOW_TIME_SHORT',
      details: { stepId: 'slow', runId: 'r' },
    });
    expect(claims).toEqual([]);
    await watched.handle(event, deadlineIn(hand.clock, 110_000, 110_000));
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 'done' });
  });

  test.each<[string, { timeoutMs?: number }, number, number | undefined]>([
    ['a timeout of all that a function has, which has just begun', { timeoutMs: 110_000 }, 109_900, 110_000],
    ['a timeout that fits', { timeoutMs: 60_000 }, 60_000, 110_000],
    ['a timeout that fits, though next to nothing is left', { timeoutMs: 200 }, 200, 110_000],
    ['a timeout above what any function has', { timeoutMs: 600_000 }, 1_000, 110_000],
    ['a timeout, and a function of which nothing is known', { timeoutMs: 60_000 }, 5_000, undefined],
    ['no timeout', {}, 1_000, 110_000],
    ['no timeout, in a function that never has more', {}, 460, 500],
  ])('lets a step begin with %s', async (_, options, left, allotmentMs) => {
    const hand = byHand([workflow('w', [step('slow', () => 'done', options)])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r' });
    await hand.runtime.handle(hand.take(), deadlineIn(hand.clock, left, allotmentMs));
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({ status: 'success' });
  });

  test('takes no step over that might not end', async () => {
    const hand = byHand([workflow('w', [step('slow', never)])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r' });
    const event = hand.take();
    void hand.runtime.handle(event);
    await hand.place.settled();
    hand.clock.pass(71_000);
    const late = deadlineIn(hand.clock, 500, 110_000);
    await expect(hand.worker().handle(event, late)).rejects.toMatchObject({ code: 'WORKFLOW_TIME_SHORT' });
  });

  test('does not hold back what takes no time: a block, a sleep, an event of a run', async () => {
    const hand = byHand([
      flow('w')
        .sleep(1_000, { id: 'nap' })
        .parallel([echo('a'), echo('b')])
        .commit(),
    ]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.runtime.handle(hand.take(), deadlineIn(hand.clock, 10, 110_000));
    hand.clock.next();
    for (let events = 0; events < 2; events += 1) {
      await hand.runtime.handle(hand.take(), deadlineIn(hand.clock, 10, 110_000));
    }
    await expect(hand.runtime.handle(hand.take(), deadlineIn(hand.clock, 10, 110_000))).rejects.toMatchObject(
      {
        code: 'WORKFLOW_TIME_SHORT',
      },
    );
  });
});
