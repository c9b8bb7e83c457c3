import { expect, test } from 'vitest';
import { memoryPlace } from '../../src/adapters/memory/index.ts';
import { createRuntime } from '../../src/runtime/index.ts';
import { ManualClock } from './faults.ts';
import { lines } from '../parity/stream-events.ts';
import { step, workflow } from './fixtures.ts';
import { asking, byHand } from './hand.ts';

const wait = (id: string) =>
  step(id, ({ resumeData, suspend }) => (resumeData === undefined ? suspend({}) : resumeData));

test('two arms are resumed at once: nobody who resumed one finds the run suspended afterwards', async () => {
  const place = memoryPlace({ clock: new ManualClock() });
  const inner = place.attach();
  const held = Promise.withResolvers<void>();
  let holding = true;
  const setStatus: typeof inner.store.setStatus = async (write) => {
    if (write.status === 'running' && holding) {
      holding = false;
      await held.promise;
    }
    return inner.store.setStatus(write);
  };
  const store = new Proxy(inner.store, {
    get: (target, name) => {
      if (name === 'setStatus') return setStatus;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
  const runtime = createRuntime({
    workflows: [workflow('w', [{ parallel: [wait('a'), wait('b')] }])],
    backend: { ...inner, store },
    work: false,
  });
  const drain = async (): Promise<void> => {
    for (let next = place.receive(); next !== undefined; next = place.receive()) {
      await runtime.handle(next.event);
    }
  };
  await runtime.start({ workflowId: 'w', runId: 'r' });
  await drain();
  expect(await runtime.get({ runId: 'r' })).toMatchObject({ status: 'suspended' });
  const first = runtime.resume({ runId: 'r', step: 'a', resumeData: 1 });
  await place.settled();
  await runtime.resume({ runId: 'r', step: 'b', resumeData: 2 });
  expect(await runtime.get({ runId: 'r' })).toMatchObject({ status: 'running' });
  held.resolve();
  await first;
  await drain();
  expect(await runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: { a: 1, b: 2 } });
});

test.each([undefined, 'once'])(
  'all items of a foreach are resumed before one of them goes on (%s)',
  async (requestKey) => {
    const hand = byHand([
      workflow('w', [step('list', () => [1, 2, 3]), { foreach: asking('item'), concurrency: 3 }]),
    ]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r' });
    await hand.drain();
    // Between two resumptions, others do all that there is to do.
    const slow = hand.worker((inner) => ({
      resume: async (write) => {
        await hand.drain();
        return inner.resume(write);
      },
    }));
    await slow.resume({ runId: 'r', resumeData: 10, ...(requestKey === undefined ? {} : { requestKey }) });
    await hand.drain();
    const { events } = await hand.runtime.events({ runId: 'r' });
    expect(lines(events).filter((line) => /suspended|finish/.test(line))).toEqual([
      'step-suspended item',
      'finish',
      'finish',
    ]);
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({
      status: 'success',
      result: [11, 12, 13],
    });
  },
);
