import { describe, expect, test } from 'vitest';
import type { StepDefinition } from '../../src/core/definition.ts';
import { createRuntime } from '../../src/runtime/index.ts';
import { virtualClock } from '../../src/testing/index.ts';
import { nest, step, workflow } from './fixtures.ts';
import { asking, byHand, death } from './hand.ts';
import { places } from './places.ts';

/** A step that notes the keys of its executions. */
function noting(id: string, keys: string[], options: Partial<StepDefinition> = {}): StepDefinition {
  return step(
    id,
    ({ idempotencyKey, inputData }) => {
      keys.push(idempotencyKey);
      return inputData;
    },
    options,
  );
}

describe('the idempotency key', () => {
  test('stays the same over attempts, and over a worker that dies before it stores what came of one', async () => {
    const keys: string[] = [];
    const flaky = step(
      'flaky',
      ({ idempotencyKey, retryCount }) => {
        keys.push(idempotencyKey);
        if (retryCount < 2) throw new Error('again');
        return 1;
      },
      { retries: 2 },
    );
    const hand = byHand([workflow('w', [flaky])]);
    const dying = hand.worker(() => ({ commit: () => death() }));
    await hand.runtime.start({ workflowId: 'w', runId: 'r' });
    const event = hand.take();
    void dying.handle(event);
    await hand.place.settled();
    expect(keys).toHaveLength(1);
    // The lease has ended, and the event comes again; then once more, when all is done.
    hand.clock.pass(80_000);
    await hand.runtime.handle(event);
    await hand.drain();
    await hand.runtime.handle(event);
    expect(keys).toEqual(Array.from({ length: 4 }, () => 'r/00000/1.0.0'));
    expect((await hand.runtime.result({ runId: 'r' })).status).toBe('success');
  });

  test('stays the same when a restart takes the step from its worker', async () => {
    const keys: string[] = [];
    const hand = byHand([workflow('w', [noting('a', keys)])]);
    const dying = hand.worker(() => ({ commit: () => death() }));
    await hand.runtime.start({ workflowId: 'w', runId: 'r' });
    void dying.handle(hand.take());
    await hand.place.settled();
    await hand.runtime.restart({ runId: 'r' });
    await hand.drain();
    expect(keys).toEqual(['r/00000/1.0.0', 'r/00000/1.0.0']);
  });

  test('is another one for each iteration, element, arm, resumption, epoch and nested run', async () => {
    const keys: string[] = [];
    const loop = step('loop', ({ idempotencyKey, inputData }) => {
      keys.push(idempotencyKey);
      return Number(inputData) + 1;
    });
    const resumed = step('resumed', async ({ idempotencyKey, resumeData, suspend }) => {
      keys.push(idempotencyKey);
      return resumeData ?? suspend({});
    });
    const inner = workflow('inner', [noting('a', keys)]);
    const made = workflow('w', [
      { dountil: [loop, ({ inputData }) => Number(inputData) > 2] },
      step('list', () => [7, 7]),
      { foreach: noting('item', keys), concurrency: 2 },
      { foreach: nest(inner) },
      { parallel: [noting('left', keys), noting('right', keys)] },
      resumed,
    ]);
    const hand = byHand([made]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    await hand.runtime.resume({ runId: 'r', resumeData: 1 });
    await hand.drain();
    expect((await hand.runtime.result({ runId: 'r' })).status).toBe('success');
    expect(keys).toHaveLength(10);
    await hand.runtime.timeTravel({ runId: 'r', step: 'loop', inputData: 1 });
    await hand.drain();
    expect(keys).toHaveLength(19);
    expect(new Set(keys).size).toBe(19);
    for (const key of keys) expect(key).toMatch(/^[\w-]+\/i?\d{5}(#\d+)?\/\d+\.\d+\.\d+$/);
  });
});

describe.each(places)('the idempotency key, $name', (place) => {
  test('stays the same when another process goes on with the attempts', async () => {
    const keys: string[] = [];
    const busy = step('busy', ({ idempotencyKey, retryCount }) => {
      keys.push(idempotencyKey);
      if (retryCount === 0) throw new Error('busy');
      return 1;
    });
    const made = workflow('w', [asking('ask'), busy], { retryConfig: { attempts: 1, delay: 60_000 } });
    const clock = virtualClock();
    const { backend, another, remove } = place.open(clock);
    const second = another();
    const first = createRuntime({ workflows: [made], backend });
    try {
      await first.start({ workflowId: 'w', runId: 'r', inputData: 1 });
      await clock.advance(1_000);
      await first.resume({ runId: 'r', resumeData: 1 });
      await clock.advance(1_000);
      expect(keys).toHaveLength(1);
    } finally {
      await first.close();
    }
    const next = createRuntime({ workflows: [made], backend: second });
    try {
      await clock.runUntil(next.settled({ runId: 'r' }));
      expect((await next.result({ runId: 'r' })).status).toBe('success');
    } finally {
      await next.close();
      await remove();
    }
    expect(keys).toEqual(['r/00001/1.0.0', 'r/00001/1.0.0']);
  });
});
