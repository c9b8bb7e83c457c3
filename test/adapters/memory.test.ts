import { describe, expect, test } from 'vitest';
import { memoryBackend, memoryPlace } from '../../src/adapters/memory/index.ts';
import { runEvent, stepEvent, type WorkflowEvent } from '../../src/core/event.ts';
import type { NewRun } from '../../src/ports/index.ts';
import { memoryWithVirtualTime, sequenceIds } from '../../src/testing/index.ts';

const turn = '0001.000000.0000.000';
const base = { workflowId: 'workflow', runId: 'run', epoch: 1, hop: 0, time: 0 };

function work(entry: number): WorkflowEvent {
  return stepEvent(base, 'workflow.step.run', { key: { entry }, turn, stepId: 'step' });
}

function run(runId = 'run'): NewRun {
  const header = {
    format: 1,
    runId,
    workflowId: 'workflow',
    status: 'running',
    epoch: 1,
    position: '',
    wakes: 0,
    graphHash: 'graph',
    inputHash: 'input',
    from: [],
    createdAt: 0,
    updatedAt: 0,
  } as const;
  return { header, input: { input: { inline: '1' } } };
}

const fact = runEvent(base, 'workflow.end', 'success');

describe('a backend in memory', () => {
  test('is named, and has an incarnation of its own', () => {
    const first = memoryBackend({ ids: sequenceIds() });
    expect(first.name).toBe('memory');
    expect(first.incarnation).toBe('00000001-0000-4000-8000-000000000001');
    expect(first.share().incarnation).toBe('00000001-0000-4000-8000-000000000002');
  });

  test.each([0, 101, 1.5, Number.NaN])('refuses segments of %s tokens', (segmentSize) => {
    expect(() => memoryBackend({ segmentSize })).toThrow(
      expect.objectContaining({ code: 'WORKFLOW_ARGUMENT_INVALID' }),
    );
  });

  test('returns records that nobody can change', async () => {
    const { store } = memoryBackend();
    const { image } = await store.startRun(run());
    expect(Object.isFrozen(image)).toBe(true);
    expect(Object.isFrozen(image?.from)).toBe(true);
    expect(Object.isFrozen((await store.loadRun('run'))?.input?.input)).toBe(true);
  });

  test('lets other work go on in the middle of each call', async () => {
    const { store } = memoryBackend();
    const order: string[] = [];
    const call = store.startRun(run()).then(() => order.push('written'));
    expect(store.readInputSync?.('run')).toBeUndefined();
    order.push('meanwhile');
    await call;
    expect(order).toEqual(['meanwhile', 'written']);
  });

  test('has nothing in common with another place', async () => {
    const [one, other] = [memoryBackend(), memoryBackend()];
    await one.store.startRun(run());
    expect(await other.store.loadHeader('run')).toBeUndefined();
  });
});

describe('several backends of one place', () => {
  test('share records, payloads and queue', async () => {
    const one = memoryBackend();
    const other = one.share();
    await one.store.startRun(run());
    await one.payloads.put('run', 'hash', 'text');
    await one.bus.publish([work(0)]);
    expect(await other.store.loadHeader('run')).toEqual(run().header);
    expect(await other.payloads.get('run', 'hash')).toBe('text');
    expect(other.receive()?.event).toEqual(work(0));
    expect(one.receive()).toBeUndefined();
  });

  test('outlive each other', async () => {
    const place = memoryPlace();
    const first = place.attach();
    await first.store.startRun(run());
    await first.bus.publish([work(0)]);
    await first.close();
    const second = place.attach();
    expect(await second.store.loadHeader('run')).toEqual(run().header);
    expect(place.receive()?.event).toEqual(work(0));
    expect(second.place).toBe(place);
  });

  test('take turns, so that the steps of a run alternate between them', async () => {
    const one = memoryBackend();
    const other = one.share();
    const handled: string[] = [];
    const done = Promise.withResolvers<void>();
    const handler = (name: string) => async (event: WorkflowEvent) => {
      handled.push(name);
      const entry = (event.path[0] ?? 0) + 1;
      if (entry < 6) await one.bus.publish([work(entry)]);
      else done.resolve();
    };
    one.source.start(handler('one'), { concurrency: 4 });
    other.source.start(handler('other'), { concurrency: 4 });
    await one.bus.publish([work(0)]);
    await done.promise;
    expect(handled).toEqual(['one', 'other', 'one', 'other', 'one', 'other']);
    await Promise.all([one.close(), other.close()]);
  });

  test('keep delayed events while none of them is open, without a timer', async () => {
    const { clock, backend } = memoryWithVirtualTime();
    await backend.timers.schedule(work(0), clock.now() + 1_000);
    expect(clock.pending()).toHaveLength(1);
    const { place } = backend;
    await backend.close();
    await backend.close();
    expect(clock.pending()).toEqual([]);
    await clock.advance(5_000);
    expect(place.receive()).toBeUndefined();
    const next = place.attach();
    await clock.advance(0);
    expect(place.receive()?.event).toEqual(work(0));
    await next.close();
  });
});

describe('the bus', () => {
  test('shows observers everything that is published, in order, before it is delivered', async () => {
    const backend = memoryBackend();
    const seen: string[] = [];
    const stop = backend.observe((event) => seen.push(event.id));
    backend.observe(() => expect(backend.queued()).toEqual([]))();
    await backend.bus.publish([fact, work(0)]);
    await backend.bus.publish([work(1), fact]);
    stop();
    await backend.bus.publish([work(2)]);
    expect(seen).toEqual([fact.id, work(0).id, work(1).id, fact.id]);
    expect(backend.queued().map(({ event }) => event.id)).toEqual([work(0).id, work(1).id, work(2).id]);
  });

  test('hears from every backend of the place, and each listener once for each time it was given', async () => {
    const backend = memoryBackend();
    let heard = 0;
    const listener = (): void => {
      heard += 1;
    };
    const stop = backend.place.observe(listener);
    backend.place.observe(listener);
    await backend.share().bus.publish([fact]);
    expect(heard).toBe(2);
    stop();
    await backend.bus.publish([fact]);
    expect(heard).toBe(3);
  });

  test('takes events as they were at the call', async () => {
    const backend = memoryBackend();
    const events = [{ ...work(0) }];
    const published = backend.bus.publish(events);
    events.push({ ...work(1) });
    await published;
    expect(backend.queued().map(({ event }) => event.id)).toEqual([work(0).id]);
  });
});

describe('delivery by hand', () => {
  test('takes what is due, in order of arrival', async () => {
    const backend = memoryBackend();
    await backend.bus.publish([work(0), fact, work(1)]);
    expect(backend.receive()).toMatchObject({ event: work(0), deliveries: 1 });
    expect(backend.receive()).toMatchObject({ event: work(1), deliveries: 1 });
    expect(backend.receive()).toBeUndefined();
  });

  test('puts a rejected event back once, after a pause that grows', async () => {
    const { clock, backend } = memoryWithVirtualTime();
    await backend.bus.publish([work(0)]);
    const first = backend.receive();
    first?.reject();
    first?.reject();
    expect(backend.receive()).toBeUndefined();
    expect(backend.queued()).toEqual([{ event: work(0), dueAt: clock.now() + 100 }]);
    await clock.advance(100);
    const second = backend.receive();
    expect(second).toMatchObject({ event: work(0), deliveries: 2 });
    second?.reject();
    expect(backend.queued()).toEqual([{ event: work(0), dueAt: clock.now() + 200 }]);
    await clock.advance(200);
    expect(backend.receive()?.deliveries).toBe(3);
    expect(backend.queued()).toEqual([]);
  });

  test('lists what is queued: what is due first, then what is delayed, by due time', async () => {
    const { clock, backend } = memoryWithVirtualTime();
    const now = clock.now();
    await backend.timers.schedule(work(3), now + 30);
    await backend.timers.schedule(work(2), now + 20);
    await backend.bus.publish([work(1)]);
    expect(backend.queued().map(({ event, dueAt }) => [event.id, dueAt - now])).toEqual([
      [work(1).id, 0],
      [work(2).id, 20],
      [work(3).id, 30],
    ]);
  });

  test('settles when nothing moves any more', async () => {
    const backend = memoryBackend();
    let handled = 0;
    backend.source.start(
      async (event) => {
        handled += 1;
        const entry = (event.path[0] ?? 0) + 1;
        if (entry < 200) await backend.bus.publish([work(entry)]);
      },
      { concurrency: 1 },
    );
    await backend.bus.publish([work(0)]);
    await backend.settled();
    expect(handled).toBe(200);
    await backend.close();
  });
});

describe('a source', () => {
  test('is started once at a time', async () => {
    const { source } = memoryBackend();
    source.start(async () => {}, { concurrency: 1 });
    expect(() => source.start(async () => {}, { concurrency: 1 })).toThrow(
      expect.objectContaining({ code: 'WORKFLOW_ARGUMENT_INVALID' }),
    );
    await source.stop();
    source.start(async () => {}, { concurrency: 1 });
    await source.stop();
  });

  test.each([0, -1, 1.5, Number.NaN])('refuses a concurrency of %s', (concurrency) => {
    expect(() => memoryBackend().source.start(async () => {}, { concurrency })).toThrow(
      expect.objectContaining({ code: 'WORKFLOW_ARGUMENT_INVALID' }),
    );
  });
});
