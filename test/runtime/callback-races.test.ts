import { describe, expect, test } from 'vitest';
import type { WorkflowEvent } from '../../src/core/event.ts';
import type { FinishInfo } from '../../src/core/definition.ts';
import { add, step, workflow } from './fixtures.ts';
import { asking, byHand, death } from './hand.ts';

const isSuspend = ({ type }: WorkflowEvent): boolean => type === 'workflow.suspend';

/** What `onFinish` was told, and a workflow that tells it. */
function telling(entries: Parameters<typeof workflow>[1]) {
  const told: FinishInfo[] = [];
  const onFinish = (info: FinishInfo): void => {
    told.push(info);
  };
  return { told, made: workflow('w', entries, { callbacks: { onFinish } }) };
}

const statuses = (told: readonly FinishInfo[]): string[] => told.map(({ status }) => status);

describe('onFinish of a suspension', () => {
  test('is called before the run is resumed, when the resume comes before the event', async () => {
    const { told, made } = telling([asking('ask'), add('a', 1)]);
    const hand = byHand([made]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain(isSuspend);
    expect(statuses(told)).toEqual([]);
    await hand.runtime.resume({ runId: 'r', resumeData: 1 });
    expect(statuses(told)).toEqual(['suspended']);
    expect(told[0]?.steps['ask']).toMatchObject({ status: 'suspended', suspendPayload: { about: 1 } });
    await hand.drain();
    expect(statuses(told)).toEqual(['suspended', 'success']);
  });

  test('is called once when the event comes after the resume', async () => {
    const { told, made } = telling([asking('one'), asking('two')]);
    const hand = byHand([made]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.runtime.handle(hand.take());
    const event = hand.take(isSuspend);
    await hand.runtime.resume({ runId: 'r', resumeData: 1 });
    await hand.runtime.handle(event);
    await hand.drain();
    expect(statuses(told)).toEqual(['suspended', 'suspended']);
    expect(new Set(told.map(({ eventId }) => eventId)).size).toBe(2);
    await hand.runtime.resume({ runId: 'r', resumeData: 1 });
    await hand.drain();
    expect(statuses(told)).toEqual(['suspended', 'suspended', 'success']);
  });

  test('is called, by whoever claimed it, though the run was resumed in between', async () => {
    const { told, made } = telling([asking('one'), asking('two')]);
    const hand = byHand([made]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.runtime.handle(hand.take());
    const held = Promise.withResolvers<void>();
    const slow = hand.worker((store) => ({
      claimCallback: async (write) => {
        const claimed = await store.claimCallback(write);
        await held.promise;
        return claimed;
      },
    }));
    const late = slow.handle(hand.take(isSuspend));
    await hand.place.settled();
    await hand.runtime.resume({ runId: 'r', resumeData: 1 });
    await hand.drain();
    held.resolve();
    await late;
    expect(statuses(told).toSorted()).toEqual(['suspended', 'suspended']);
    expect(new Set(told.map(({ eventId }) => eventId)).size).toBe(2);
  });

  test('is called when the worker that claimed it dies, and the run is resumed and suspended again', async () => {
    const { told, made } = telling([asking('one'), asking('two')]);
    const hand = byHand([made]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.runtime.handle(hand.take());
    const event = hand.take(isSuspend);
    const dying = hand.worker((store) => ({
      claimCallback: async (write) => {
        await store.claimCallback(write);
        return death();
      },
    }));
    void dying.handle(event);
    await hand.place.settled();
    await hand.runtime.resume({ runId: 'r', resumeData: 1 });
    await hand.drain();
    // The event of the worker that died comes again, and waits for the claim to end.
    await hand.runtime.handle(event);
    hand.clock.pass(3_600_000);
    await hand.drain();
    const first = told.filter(({ eventId }) => eventId.endsWith('00000.000000.0000001'));
    expect(first.length).toBeGreaterThan(0);
    expect(new Set(statuses(told))).toEqual(new Set(['suspended']));
    expect(new Set(told.map(({ eventId }) => eventId)).size).toBe(2);
  });

  test('is called though the run was canceled before the event, and so is that of the cancel', async () => {
    const { told, made } = telling([asking('ask')]);
    const hand = byHand([made]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.runtime.handle(hand.take());
    await hand.runtime.cancel({ runId: 'r' });
    await hand.drain();
    expect(statuses(told).toSorted()).toEqual(['canceled', 'suspended']);
  });

  test('the same when the event of the cancel comes first', async () => {
    const { told, made } = telling([asking('ask')]);
    const hand = byHand([made]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.runtime.handle(hand.take());
    const event = hand.take(isSuspend);
    await hand.runtime.cancel({ runId: 'r' });
    await hand.drain();
    await hand.runtime.handle(event);
    await hand.drain();
    expect(statuses(told).toSorted()).toEqual(['canceled', 'suspended']);
  });

  test('is not called for a run that paused', async () => {
    const { told, made } = telling([add('a', 1), add('b', 1)]);
    const hand = byHand([made]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1, perStep: true });
    await hand.drain();
    await hand.runtime.timeTravel({ runId: 'r', step: 'b' });
    await hand.drain();
    expect(statuses(told)).toEqual(['success']);
  });
});

describe('onFinish of an end', () => {
  test('is called before a time travel begins, when that comes before the event', async () => {
    const { told, made } = telling([add('a', 1), add('b', 10)]);
    const hand = byHand([made]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.runtime.handle(hand.take());
    await hand.runtime.handle(hand.take());
    await hand.runtime.timeTravel({ runId: 'r', step: 'b', inputData: 5 });
    expect(told.map(({ status, result }) => [status, result])).toEqual([['success', 12]]);
    await hand.drain();
    expect(told.map(({ status, result }) => [status, result])).toEqual([
      ['success', 12],
      ['success', 15],
    ]);
  });

  test('is called as it was by whoever claimed it, though a time travel began in between', async () => {
    const { told, made } = telling([
      step('a', ({ inputData }) => {
        if (inputData === 1) throw new Error('one');
        return inputData;
      }),
    ]);
    const hand = byHand([made]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.runtime.handle(hand.take());
    const held = Promise.withResolvers<void>();
    const slow = hand.worker((store) => ({
      claimCallback: async (write) => {
        const claimed = await store.claimCallback(write);
        await held.promise;
        return claimed;
      },
    }));
    const late = slow.handle(hand.take());
    await hand.place.settled();
    await hand.runtime.timeTravel({ runId: 'r', step: 'a', inputData: 2 });
    await hand.drain();
    held.resolve();
    await late;
    expect(statuses(told).toSorted()).toEqual(['failed', 'success']);
  });
});

test('onFinish is not called for a state that the run was never in', async () => {
  const { told, made } = telling([asking('ask')]);
  const hand = byHand([made]);
  await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
  await hand.runtime.handle(hand.take());
  const event = hand.take(isSuspend);
  const forged = { ...event, id: event.id.replace(/\d+$/, '0000009') };
  await hand.runtime.handle(forged);
  await hand.runtime.handle({ ...event, type: 'workflow.end', status: 'success' });
  await hand.runtime.handle(event);
  await hand.drain();
  expect(statuses(told)).toEqual(['suspended']);
});
