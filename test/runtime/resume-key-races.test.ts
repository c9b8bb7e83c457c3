import { describe, expect, test } from 'vitest';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import type { NamedWrite, RunStore } from '../../src/ports/index.ts';
import type { Runtime } from '../../src/runtime/index.ts';
import { nest, step, workflow } from './fixtures.ts';
import { byHand, type Hand } from './hand.ts';
import { momentsOf, play, withoutTimes } from './mortal.ts';

const waiting = step(
  'wait',
  ({ inputData, resumeData, suspend }) => resumeData ?? suspend({}, { resumeKey: inputData as string }),
);
const one = workflow('one', [waiting]);

async function begin(hand: Hand, runId: string, workflowId = 'one'): Promise<void> {
  await hand.runtime.start({ workflowId, runId, inputData: 'k' });
}

async function statusOf({ runtime }: Hand, runId: string): Promise<string | undefined> {
  return (await runtime.get({ runId }))?.status;
}

/** Lets a call that polls have its 2 s. */
async function patient<T>({ place, clock }: Hand, call: Promise<T>): Promise<T> {
  const settled = { yet: false };
  const end = (): void => {
    settled.yet = true;
  };
  void call.then(end, end);
  while (!settled.yet) {
    await place.settled();
    if (!settled.yet) clock.next();
  }
  return call;
}

/** A worker that stops before, or right after, the first call of a method, until it is let go. */
function stopping(hand: Hand, method: 'commit' | 'writeNamed', moment: 'before' | 'after') {
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  let isFirst = true;
  const held =
    <Write, Result>(call: (write: Write) => Promise<Result>) =>
    async (write: Write): Promise<Result> => {
      if (!isFirst) return call(write);
      isFirst = false;
      const result = moment === 'after' ? await call(write) : undefined;
      reached.resolve();
      await gate.promise;
      return result ?? call(write);
    };
  const worker = hand.worker((inner: RunStore) =>
    method === 'commit'
      ? { commit: held((write) => inner.commit(write)) }
      : { writeNamed: held((write) => inner.writeNamed(write)) },
  );
  return { worker, reached: reached.promise, go: gate.resolve };
}

/** Begins run `a` in a worker that stops there. */
async function stoppedAt(hand: Hand, method: 'commit' | 'writeNamed', moment: 'before' | 'after') {
  const { worker, reached, go } = stopping(hand, method, moment);
  await begin(hand, 'a');
  const handled = worker.handle(hand.take());
  await reached;
  return {
    /** Lets the worker go on to its end. */
    goOn: async (): Promise<void> => {
      go();
      await handled;
      await hand.drain();
    },
  };
}

async function keyOf(hand: Hand): Promise<string> {
  const { runId } = await hand.runtime.resumeByKey({ key: 'k', resumeData: 1 });
  await hand.drain();
  return runId;
}

describe('a worker that has taken the key and not suspended yet', () => {
  test('holds it: another run fails, and a call waits for the suspension', async () => {
    const hand = byHand([one]);
    const { goOn } = await stoppedAt(hand, 'commit', 'before');
    await begin(hand, 'b');
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'b' })).toMatchObject({
      status: 'failed',
      error: { code: 'WORKFLOW_RESUME_KEY_TAKEN', details: { holder: 'a' } },
    });
    const call = hand.runtime.resumeByKey({ key: 'k', resumeData: 1 });
    await hand.place.settled();
    await goOn();
    expect(await patient(hand, call)).toMatchObject({ runId: 'a' });
    await hand.drain();
    expect(await statusOf(hand, 'a')).toBe('success');
  });

  test('gets no call before it has suspended', async () => {
    const hand = byHand([one]);
    await stoppedAt(hand, 'commit', 'before');
    await expect(patient(hand, hand.runtime.resumeByKey({ key: 'k' }))).rejects.toMatchObject({
      code: 'WORKFLOW_RESUME_KEY_NOT_FOUND',
    });
  });

  test('and dies: its run waits under the key when another worker took over', async () => {
    const hand = byHand([one]);
    await stoppedAt(hand, 'commit', 'before');
    await hand.sweep();
    hand.clock.pass(200_000);
    await hand.sweep();
    expect(await statusOf(hand, 'a')).toBe('suspended');
    expect(await keyOf(hand)).toBe('a');
    expect(await statusOf(hand, 'a')).toBe('success');
  });

  test('and is of a run that is canceled meanwhile holds nothing', async () => {
    const hand = byHand([one]);
    const { goOn } = await stoppedAt(hand, 'commit', 'before');
    await hand.runtime.cancel({ runId: 'a' });
    await begin(hand, 'b');
    await hand.drain();
    await goOn();
    expect(await statusOf(hand, 'b')).toBe('suspended');
    expect(await keyOf(hand)).toBe('b');
  });

  test('and is frozen until another one took over, suspended and was resumed takes nothing from a third', async () => {
    const hand = byHand([one]);
    const { goOn } = await stoppedAt(hand, 'commit', 'before');
    hand.clock.pass(200_000);
    await hand.sweep();
    expect(await keyOf(hand)).toBe('a');
    await begin(hand, 'b');
    await hand.drain();
    await goOn();
    expect(await statusOf(hand, 'b')).toBe('suspended');
    expect(await keyOf(hand)).toBe('b');
  });
});

describe('a worker that is about to take the key', () => {
  test('and is frozen meanwhile takes it from nobody who waits by then', async () => {
    const hand = byHand([one]);
    const { goOn } = await stoppedAt(hand, 'writeNamed', 'before');
    await begin(hand, 'b');
    await hand.drain();
    await goOn();
    expect(await statusOf(hand, 'a')).toBe('failed');
    expect(await keyOf(hand)).toBe('b');
  });

  test('and judged the holder to be gone does not take it from the next one', async () => {
    const hand = byHand([one]);
    await begin(hand, 'old');
    await hand.drain();
    // Without anybody who gives the key up.
    await hand.worker(() => ({ writeNamed: async () => ({ won: false }) })).cancel({ runId: 'old' });
    const replaced = stopping(hand, 'writeNamed', 'after');
    await begin(hand, 'a');
    // Its first write loses by what `old` left; it goes on to ask about that.
    const handled = replaced.worker.handle(hand.take(({ runId }) => runId === 'a'));
    await replaced.reached;
    await begin(hand, 'b');
    await hand.drain();
    replaced.go();
    await handled;
    await hand.drain();
    expect([await statusOf(hand, 'a'), await statusOf(hand, 'b')]).toEqual(['failed', 'suspended']);
    expect(await keyOf(hand)).toBe('b');
  });
});

test('a run that is removed and started anew under its id waits by its own right', async () => {
  const hand = byHand([one]);
  await begin(hand, 'a');
  await hand.drain();
  await hand.worker(() => ({ writeNamed: async () => ({ won: false }) })).remove({ runId: 'a' });
  await expect(patient(hand, hand.runtime.resumeByKey({ key: 'k' }))).rejects.toMatchObject({
    code: 'WORKFLOW_RESUME_KEY_NOT_FOUND',
  });
  await begin(hand, 'a');
  await hand.drain();
  expect(await keyOf(hand)).toBe('a');
  expect(await statusOf(hand, 'a')).toBe('success');
});

test('an attempt that finds the key taken is tried again', async () => {
  const retried = workflow('retried', [{ ...waiting, retries: 1 }], { retryConfig: { delay: 1_000 } });
  const hand = byHand([one, retried]);
  await begin(hand, 'a');
  await begin(hand, 'b', 'retried');
  await hand.drain();
  expect(await statusOf(hand, 'b')).toBe('running');
  expect(await keyOf(hand)).toBe('a');
  hand.clock.next();
  hand.clock.pass(1_000);
  await hand.drain();
  expect(await statusOf(hand, 'b')).toBe('suspended');
  expect(await keyOf(hand)).toBe('b');
});

describe('a request that comes again', () => {
  const request = { key: 'k', requestKey: 'event', resumeData: 1 };

  test('after its worker died before the resumption resumes what it had found, and nobody else', async () => {
    const hand = byHand([one]);
    await begin(hand, 'a');
    await hand.drain();
    const broken = hand.worker(() => ({ resume: () => Promise.reject(new Error('died')) }));
    await expect(broken.resumeByKey(request)).rejects.toThrow('died');
    await begin(hand, 'b');
    await hand.drain();
    expect(await statusOf(hand, 'b')).toBe('failed');
    expect(await hand.runtime.resumeByKey(request)).toMatchObject({ runId: 'a', changed: true });
  });

  test('when its run was resumed by others is refused, and so it stays', async () => {
    const hand = byHand([one]);
    await begin(hand, 'a');
    await hand.drain();
    const broken = hand.worker(() => ({ resume: () => Promise.reject(new Error('died')) }));
    await expect(broken.resumeByKey(request)).rejects.toThrow('died');
    await hand.runtime.resume({ runId: 'a', resumeData: 2 });
    await hand.drain();
    await begin(hand, 'b');
    await hand.drain();
    await expect(hand.runtime.resumeByKey(request)).rejects.toMatchObject({
      code: 'WORKFLOW_RESUME_ALREADY_CLAIMED',
    });
    expect(await statusOf(hand, 'b')).toBe('suspended');
  });

  test.each([
    ['canceled', (runtime: Runtime) => runtime.cancel({ runId: 'a' })],
    ['begun anew', (runtime: Runtime) => runtime.timeTravel({ runId: 'a', step: 'before' })],
  ])('when the run around it was %s resumes nothing', async (_name, end) => {
    const inner = workflow('inner', [waiting]);
    const before = step('before', ({ inputData }) => inputData);
    const outer = workflow('outer', [before, nest(inner)]);
    const hand = byHand([outer, inner]);
    await begin(hand, 'a', 'outer');
    await hand.drain();
    const broken = hand.worker(() => ({ resume: () => Promise.reject(new Error('died')) }));
    await expect(broken.resumeByKey(request)).rejects.toThrow('died');
    await end(hand.runtime);
    // Nobody has told the nested run yet.
    await expect(hand.runtime.resumeByKey(request)).rejects.toMatchObject({
      code: 'WORKFLOW_RUN_NOT_SUSPENDED',
    });
  });

  test('when its run was removed is told so', async () => {
    const hand = byHand([one]);
    await begin(hand, 'a');
    await hand.drain();
    await hand.runtime.resumeByKey(request);
    await hand.worker(() => ({ writeNamed: async () => ({ won: false }) })).remove({ runId: 'a' });
    await expect(hand.runtime.resumeByKey(request)).rejects.toMatchObject({ code: 'WORKFLOW_RUN_NOT_FOUND' });
  });
});

test('a resumption stands when the key cannot be given up', async () => {
  const hand = byHand([one]);
  await begin(hand, 'a');
  await hand.drain();
  const broken = hand.worker(() => ({ writeNamed: () => Promise.reject(new Error('no')) }));
  expect(await broken.resumeByKey({ key: 'k', resumeData: 1 })).toMatchObject({ runId: 'a' });
  await hand.drain();
  await begin(hand, 'b');
  await hand.drain();
  expect(await keyOf(hand)).toBe('b');
});

describe('a process dies', () => {
  const cases: readonly (readonly [string, WorkflowDefinition, string | undefined])[] = [
    ['a step', workflow('w', [waiting]), undefined],
    ['a step, by a request that can come again', workflow('w', [waiting]), 'event'],
    ['a nested step', workflow('w', [nest(workflow('inner', [waiting]))]), undefined],
    [
      'items',
      workflow('w', [
        {
          foreach: step(
            'each',
            ({ inputData, resumeData, suspend }) =>
              resumeData ?? suspend({}, { resumeKey: inputData as string }),
          ),
          concurrency: 2,
        },
      ]),
      'event',
    ],
  ];
  test.each(cases)('%s', async (name, definition, requestKey) => {
    const isItems = name === 'items';
    const keys = isItems ? ['k', 'l'] : ['k'];
    const calls = [
      (runtime: Runtime) => runtime.start({ workflowId: 'w', runId: 'r', inputData: isItems ? keys : 'k' }),
      ...keys.map(
        (key) => (runtime: Runtime) =>
          runtime.resumeByKey({
            key,
            resumeData: `by ${key}`,
            ...(requestKey === undefined ? {} : { requestKey }),
          }),
      ),
    ];
    const unharmed = await play(definition, calls, { crashAt: 0, after: false });
    expect(unharmed.result).toMatchObject({ status: 'success', result: isItems ? ['by k', 'by l'] : 'by k' });
    for (const moment of momentsOf(unharmed.calls)) {
      const life = await play(definition, calls, moment);
      const when = `${moment.after ? 'after' : 'before'} call ${moment.crashAt}, ${moment.name}`;
      expect({ when, crashed: life.crashed, result: withoutTimes(life.result) }).toEqual({
        when,
        crashed: true,
        result: withoutTimes(unharmed.result),
      });
    }
  });
});

test('what a key knows is in use as long as somebody waits under it', async () => {
  const hand = byHand([one]);
  await begin(hand, 'a');
  const writes: NamedWrite[] = [];
  const worker = hand.worker((inner) => ({
    writeNamed: (write) => {
      writes.push(write);
      return inner.writeNamed(write);
    },
  }));
  await worker.handle(hand.take());
  await worker.resumeByKey({ key: 'k', resumeData: 1, requestKey: 'event' });
  const uses = writes.map(({ text, unusedSince }) => [
    Object.keys(JSON.parse(text ?? '{}') as object),
    unusedSince,
  ]);
  const inUse = [
    [['holder'], undefined],
    [['holder', 'requests'], undefined],
  ];
  expect(uses.slice(0, 2)).toEqual(inUse);
  expect(uses.at(-1)).toEqual([['requests'], hand.clock.now()]);
});
