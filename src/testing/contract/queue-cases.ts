import { deepStrictEqual, equal, ok } from 'node:assert/strict';
import { nextTurn } from '../../adapters/system/index.ts';
import { WorkflowError } from '../../core/errors.ts';
import type { WorkflowEvent } from '../../core/event.ts';
import { idsOf, type QueueFixture } from './queue-fixture.ts';
import type { ContractCase } from './suite.ts';

/** Gives whatever could happen at once many chances to happen. */
async function manyTurns(): Promise<void> {
  for (let turn = 0; turn < 25; turn += 1) await nextTurn();
}

function workOf(queue: QueueFixture, count: number): WorkflowEvent[] {
  return Array.from({ length: count }, (_, entry) => queue.work(entry));
}

/** Why a handler asks for another delivery. */
function notNow(): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_BACKEND_UNAVAILABLE',
    'The handler of the contract rejects this delivery',
  );
}

/** Bus and source. */
export const queueCases: readonly ContractCase<QueueFixture>[] = [
  [
    'a published work event is delivered as it is',
    async (queue) => {
      const event = queue.work(3, {
        prev: { path: [2, 1], status: 'success' },
        dueAt: 1_767_225_600_123,
        stepId: 'é#/ "\\ 😀',
      });
      queue.start(1);
      await queue.backend.bus.publish([event]);
      await queue.until(() => queue.delivered.length > 0);
      deepStrictEqual(queue.delivered[0], event);
      await queue.source.stop();
    },
  ],
  [
    'all events of a large publication are delivered',
    async (queue) => {
      const events = workOf(queue, 45);
      queue.start(4);
      await queue.backend.bus.publish(events);
      await queue.until(() => queue.ids().size === events.length);
      deepStrictEqual(queue.ids(), idsOf(events));
      await queue.source.stop();
    },
  ],
  [
    'publishing nothing does nothing',
    async (queue) => {
      await queue.backend.bus.publish([]);
      queue.start(1);
      await queue.backend.bus.publish([queue.work(0)]);
      await queue.until(() => queue.delivered.length > 0);
      deepStrictEqual(queue.ids(), idsOf([queue.work(0)]));
      await queue.source.stop();
    },
  ],
  [
    'what was published before a worker started is delivered to it',
    async (queue) => {
      const events = workOf(queue, 5);
      await queue.backend.bus.publish(events);
      await manyTurns();
      queue.start(2);
      await queue.until(() => queue.ids().size === events.length);
      await queue.source.stop();
    },
  ],
  [
    'an event that is no work is not delivered to a worker',
    async (queue) => {
      queue.start(2);
      await queue.backend.bus.publish([queue.fact(), queue.work(0)]);
      await queue.backend.bus.publish([queue.fact()]);
      await queue.backend.bus.publish([queue.work(1)]);
      await queue.until(() => queue.ids().size === 2);
      await queue.backend.advance?.(3_600_000);
      await queue.source.stop();
      deepStrictEqual(queue.ids(), idsOf([queue.work(0), queue.work(1)]));
    },
  ],
  [
    'a rejected event is delivered again, until it is accepted',
    async (queue) => {
      let rejected = 0;
      queue.start(1, async () => {
        if (rejected === 3) return;
        rejected += 1;
        throw notNow();
      });
      await queue.backend.bus.publish([queue.work(0)]);
      await queue.until(() => queue.delivered.length === 4);
      await queue.source.stop();
      for (const event of queue.delivered) deepStrictEqual(event, queue.work(0));
      equal(queue.delivered.length, 4);
    },
  ],
  [
    'a handler that throws before it returns a promise has rejected, too',
    async (queue) => {
      let calls = 0;
      const accepted = Promise.withResolvers<void>();
      queue.source.start(
        () => {
          calls += 1;
          if (calls === 1) throw notNow();
          accepted.resolve();
          return accepted.promise;
        },
        { concurrency: 1 },
      );
      await queue.backend.bus.publish([queue.work(0)]);
      await queue.patiently(accepted.promise);
      await queue.source.stop();
      equal(calls, 2);
    },
  ],
  [
    'a rejected event holds up no other one',
    async (queue) => {
      const events = workOf(queue, 10);
      let isAccepting = false;
      queue.start(1, async (event) => {
        if (event.id === events[0]?.id && !isAccepting) throw notNow();
      });
      await queue.backend.bus.publish(events);
      await queue.until(() => queue.ids().size === events.length);
      isAccepting = true;
      const before = queue.delivered.length;
      await queue.until(() => queue.delivered.slice(before).some((event) => event.id === events[0]?.id));
      await queue.source.stop();
    },
  ],
  [
    'the pause before another delivery grows, to 30 seconds at most',
    async (queue) => {
      if (queue.backend.advance === undefined) return;
      const times: number[] = [];
      queue.start(1, async () => {
        times.push(queue.backend.clock.now());
        throw notNow();
      });
      await queue.backend.bus.publish([queue.work(0)]);
      await queue.until(() => times.length >= 12);
      await queue.source.stop();
      const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
      deepStrictEqual(
        pauses,
        pauses.toSorted((a, b) => a - b),
      );
      ok(
        (pauses[0] ?? 0) > 0 && (pauses[0] ?? 0) < (pauses[5] ?? 0),
        `pauses did not grow: ${String(pauses)}`,
      );
      ok(Math.max(...pauses) <= 30_000, `a pause was too long: ${String(pauses)}`);
    },
  ],
];

/** How many at a time, and stopping. */
export const concurrencyCases: readonly ContractCase<QueueFixture>[] = [
  [
    'as many events as the limit says are handled at a time, and never more',
    async (queue) => {
      const limit = 3;
      const all = Promise.withResolvers<void>();
      let inFlight = 0;
      let most = 0;
      queue.start(limit, async () => {
        inFlight += 1;
        most = Math.max(most, inFlight);
        if (inFlight === limit) all.resolve();
        await all.promise;
        await nextTurn();
        inFlight -= 1;
      });
      await queue.backend.bus.publish(workOf(queue, 20));
      await queue.until(() => queue.ids().size === 20);
      await queue.source.stop();
      equal(most, limit);
    },
  ],
  [
    'a slow handler holds up no other event',
    async (queue) => {
      const slow = Promise.withResolvers<void>();
      const events = workOf(queue, 20);
      queue.start(2, (event) => (event.id === events[0]?.id ? slow.promise : Promise.resolve()));
      await queue.backend.bus.publish(events.slice(0, 1));
      await queue.until(() => queue.delivered.length > 0);
      await queue.backend.bus.publish(events.slice(1));
      await queue.until(() => queue.ids().size === events.length);
      slow.resolve();
      await queue.source.stop();
    },
  ],
  [
    'a handler may publish, and what it publishes is delivered even where one event is handled at a time',
    async (queue) => {
      const events = workOf(queue, 30);
      queue.start(1, async (event) => {
        const next = events[event.hop + 1];
        if (next !== undefined) await queue.backend.bus.publish([next]);
      });
      await queue.backend.bus.publish(events.slice(0, 1));
      await queue.until(() => queue.ids().size === events.length);
      await queue.source.stop();
    },
  ],
  [
    'stopping waits for the handlers in flight',
    async (queue) => {
      const gate = Promise.withResolvers<void>();
      const order: string[] = [];
      queue.start(2, async () => {
        await gate.promise;
        order.push('handled');
      });
      await queue.backend.bus.publish(workOf(queue, 2));
      await queue.until(() => queue.delivered.length === 2);
      const stopped = queue.source.stop().then(() => order.push('stopped'));
      await manyTurns();
      gate.resolve();
      await stopped;
      deepStrictEqual(order, ['handled', 'handled', 'stopped']);
    },
  ],
  [
    'a source that never started, or was stopped, stops at once',
    async (queue) => {
      await queue.source.stop();
      queue.start(1);
      await queue.source.stop();
      await queue.source.stop();
      deepStrictEqual(queue.delivered, []);
    },
  ],
  [
    'after a stop nothing is delivered any more, and nothing is lost',
    async (queue) => {
      if (queue.backend.attach === undefined) return;
      queue.start(1);
      await queue.backend.bus.publish([queue.work(0)]);
      await queue.until(() => queue.delivered.length === 1);
      await queue.source.stop();
      await queue.backend.bus.publish([queue.work(1)]);
      await manyTurns();
      deepStrictEqual(queue.ids(), idsOf([queue.work(0)]));
      const other = await queue.backend.attach();
      queue.start(1, async () => {}, other);
      await queue.until(() => queue.ids().size === 2);
      deepStrictEqual(queue.delivered.at(-1), queue.work(1));
      await queue.sourceOf(other).stop();
      await other.dispose();
    },
  ],
  [
    'an event that is rejected while its worker stops is delivered to another one',
    async (queue) => {
      if (queue.backend.attach === undefined) return;
      const gate = Promise.withResolvers<void>();
      queue.start(1, async () => {
        await gate.promise;
        throw notNow();
      });
      await queue.backend.bus.publish([queue.work(0)]);
      await queue.until(() => queue.delivered.length === 1);
      const stopped = queue.source.stop();
      gate.resolve();
      await stopped;
      const other = await queue.backend.attach();
      queue.start(1, async () => {}, other);
      await queue.until(() => queue.delivered.length === 2);
      deepStrictEqual(queue.delivered[1], queue.work(0));
      await queue.sourceOf(other).stop();
      await other.dispose();
    },
  ],
  [
    'several processes share the work, and each event reaches one of them',
    async (queue) => {
      if (queue.backend.attach === undefined) return;
      const other = await queue.backend.attach();
      ok(other.incarnation !== queue.backend.incarnation, 'two processes have one incarnation');
      const events = workOf(queue, 30);
      queue.start(2);
      queue.start(2, async () => {}, other);
      await queue.backend.bus.publish(events.slice(0, 15));
      await other.bus.publish(events.slice(15));
      await queue.until(() => queue.ids().size === events.length);
      deepStrictEqual(queue.ids(), idsOf(events));
      await Promise.all([queue.source.stop(), queue.sourceOf(other).stop()]);
      await other.dispose();
    },
  ],
];

/** Timers. */
export const timerCases: readonly ContractCase<QueueFixture>[] = [
  [
    'an event that is due, or was due long ago, is delivered',
    async (queue) => {
      queue.start(1);
      const now = queue.backend.clock.now();
      await queue.backend.timers.schedule(queue.work(0), now);
      await queue.backend.timers.schedule(queue.work(1), now - 100_000);
      await queue.until(() => queue.ids().size === 2);
      await queue.source.stop();
      deepStrictEqual(queue.ids(), idsOf([queue.work(0), queue.work(1)]));
    },
  ],
  [
    'a delayed event is delivered as it is',
    async (queue) => {
      queue.start(1);
      const dueAt = queue.backend.clock.now() + 20;
      const event = queue.work(0, { dueAt });
      await queue.backend.timers.schedule(event, dueAt);
      await queue.until(() => queue.delivered.length > 0);
      deepStrictEqual(queue.delivered[0], event);
      await queue.source.stop();
    },
  ],
  [
    'a delayed event holds up no other one',
    async (queue) => {
      queue.start(1);
      await queue.backend.timers.schedule(queue.work(0), queue.backend.clock.now() + 3_600_000);
      await queue.backend.bus.publish([queue.work(1)]);
      await queue.until(() => queue.ids().has(queue.work(1).id));
      await queue.source.stop();
    },
  ],
  [
    'where time is virtual, delayed events are delivered at their times and not before',
    async (queue) => {
      if (queue.backend.advance === undefined) return;
      const start = queue.backend.clock.now();
      const times = new Map<string, number>();
      queue.start(1, async (event) => {
        times.set(event.id, queue.backend.clock.now() - start);
      });
      const year = 365 * 86_400_000;
      for (const [entry, delay] of [60_000, 1, year, 60_000, 1_000_000].entries()) {
        await queue.backend.timers.schedule(queue.work(entry), start + delay);
      }
      await queue.backend.advance(59_999);
      deepStrictEqual([...times.values()], [1]);
      await queue.backend.advance(1);
      deepStrictEqual([...times.values()], [1, 60_000, 60_000]);
      await queue.backend.advance(2 * year);
      deepStrictEqual([...times.values()], [1, 60_000, 60_000, 1_000_000, year]);
      await queue.source.stop();
    },
  ],
  [
    'a delay outlives the process that asked for it',
    async (queue) => {
      if (queue.backend.attach === undefined) return;
      const first = await queue.backend.attach();
      await first.timers.schedule(queue.work(0), first.clock.now() + 20);
      await first.dispose();
      queue.start(1);
      await queue.until(() => queue.delivered.length > 0);
      deepStrictEqual(queue.ids(), idsOf([queue.work(0)]));
      await queue.source.stop();
    },
  ],
];
