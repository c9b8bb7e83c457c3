import { describe, expect, test } from 'vitest';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import { isWorkflowError } from '../../src/core/errors.ts';
import type { Runtime } from '../../src/runtime/index.ts';
import { nest, step, workflow } from './fixtures.ts';
import { asking, byHand, type Hand } from './hand.ts';
import { momentsOf, play, withoutTimes } from './mortal.ts';

/** Asks again and again: each answer is added, until one is 0. */
const insisting = step('insist', async ({ inputData, resumeData, suspend, suspendData }) => {
  const sum =
    Number((suspendData as { sum?: number } | undefined)?.sum ?? inputData) + Number(resumeData ?? 0);
  return resumeData === 0 ? sum : suspend({ sum });
});

async function suspended(definition: WorkflowDefinition, inputData: unknown = 1): Promise<Hand> {
  const hand = byHand([definition]);
  await hand.runtime.start({ workflowId: definition.id, runId: 'r', inputData });
  await hand.drain();
  return hand;
}

/** A call that waits for time gets it. */
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

async function codeOf(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  );
  if (!isWorkflowError(error)) throw error;
  return error.code;
}

const once = (resumeData: unknown, requestKey = 'one') => ({ runId: 'r', resumeData, requestKey });

async function sumOf(runtime: Runtime): Promise<unknown> {
  const run = await runtime.get({ runId: 'r' });
  return (run?.steps?.['insist'] as { suspendPayload?: { sum?: number } } | undefined)?.suspendPayload?.sum;
}

describe('a resumption with a key', () => {
  test('that comes again before the step ran resumes nothing more', async () => {
    const hand = await suspended(workflow('w', [insisting]));
    expect(await hand.runtime.resume(once(10))).toMatchObject({ changed: true });
    expect(await patient(hand, hand.runtime.resume(once(10)))).toMatchObject({ changed: false });
    await hand.drain();
    expect(await sumOf(hand.runtime)).toBe(11);
    expect(await hand.runtime.get({ runId: 'r' })).toMatchObject({ status: 'suspended' });
  });

  test('that comes again when the step is suspended anew resumes nothing', async () => {
    const hand = await suspended(workflow('w', [insisting]));
    await hand.runtime.resume(once(10));
    await hand.drain();
    await hand.runtime.resume(once(10));
    await hand.drain();
    expect(await sumOf(hand.runtime)).toBe(11);
  });

  test('that comes again after others resumed the step, and it is suspended anew, resumes nothing', async () => {
    const hand = await suspended(workflow('w', [insisting]));
    for (const [key, by] of [
      ['one', 10],
      ['two', 100],
      ['three', 1000],
    ] as const) {
      await hand.runtime.resume(once(by, key));
      await hand.drain();
    }
    for (const [key, by] of [
      ['one', 10],
      ['two', 100],
      ['three', 1000],
    ] as const) {
      await hand.runtime.resume(once(by, key));
      await hand.drain();
    }
    expect(await sumOf(hand.runtime)).toBe(1111);
    await hand.runtime.resume(once(0, 'last'));
    await hand.drain();
    await patient(hand, hand.runtime.resume(once(0, 'last')));
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 1111 });
  });

  test('that comes again in a later epoch changes nothing of it', async () => {
    const hand = await suspended(workflow('w', [asking('first'), asking('second'), asking('third')]));
    for (const id of ['first', 'second']) {
      await hand.runtime.resume({ runId: 'r', step: id, resumeData: 1 });
      await hand.drain();
    }
    const third = { ...once(1), step: 'third' };
    await hand.runtime.resume(third);
    // Before anybody claims it.
    await hand.runtime.cancel({ runId: 'r' });
    await patient(hand, hand.runtime.resume(third));
    expect(await hand.runtime.get({ runId: 'r' })).toMatchObject({ status: 'canceled' });
    await hand.runtime.timeTravel({ runId: 'r', step: 'first' });
    await hand.drain();
    await patient(hand, hand.runtime.resume(third));
    await hand.drain();
    expect(await hand.runtime.get({ runId: 'r' })).toMatchObject({ status: 'suspended' });
    await hand.runtime.resume({ runId: 'r', step: 'first', resumeData: 1 });
    await hand.drain();
    expect(await hand.runtime.get({ runId: 'r' })).toMatchObject({ status: 'suspended' });
  });

  test('has nothing to do with a cancel of the same key', async () => {
    const hand = await suspended(workflow('w', [insisting]));
    await hand.runtime.cancel({ runId: 'r', requestKey: 'one' });
    await hand.runtime.timeTravel({ runId: 'r', step: 'insist' });
    await hand.drain();
    await hand.runtime.resume(once(10));
    await hand.drain();
    expect(await sumOf(hand.runtime)).toBe(11);
  });

  test('that comes three times at once resumes once, and no one is refused', async () => {
    const hand = await suspended(workflow('w', [insisting]));
    const workers = [hand.runtime, hand.worker(), hand.worker()];
    await patient(hand, Promise.all(workers.map((worker) => worker.resume(once(10)))));
    await hand.drain();
    expect(await sumOf(hand.runtime)).toBe(11);
  });

  test('says that another came first, and says so again', async () => {
    const hand = await suspended(workflow('w', [insisting]));
    const held = Promise.withResolvers<void>();
    const slow = hand.worker((store) => ({
      decideRequest: async (write) => {
        const decided = await store.decideRequest(write);
        await held.promise;
        return decided;
      },
    }));
    const late = codeOf(slow.resume(once(10)));
    await hand.place.settled();
    await hand.runtime.resume({ runId: 'r', resumeData: 5 });
    held.resolve();
    expect(await late).toBe('WORKFLOW_RESUME_ALREADY_CLAIMED');
    expect(await codeOf(patient(hand, hand.runtime.resume(once(10))))).toBe(
      'WORKFLOW_RESUME_ALREADY_CLAIMED',
    );
    await hand.drain();
    expect(await codeOf(hand.runtime.resume(once(10)))).toBe('WORKFLOW_RESUME_ALREADY_CLAIMED');
    expect(await sumOf(hand.runtime)).toBe(6);
  });

  test('that found nothing suspended stays refused when it comes again', async () => {
    const hand = byHand([workflow('w', [asking('ask')])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    const refusal = { code: 'WORKFLOW_RUN_NOT_SUSPENDED', details: { runId: 'r', status: 'running' } };
    await expect(patient(hand, hand.runtime.resume(once(1)))).rejects.toMatchObject(refusal);
    await hand.drain();
    await expect(hand.runtime.resume(once(1))).rejects.toMatchObject(refusal);
    await hand.runtime.resume(once(1, 'another'));
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 2 });
  });

  test('of another owner, and of a workflow that the caller may not ask for, decides nothing', async () => {
    const hand = byHand([workflow('w', [asking('ask')])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1, owner: 'me' });
    await hand.drain();
    expect(await codeOf(hand.runtime.resume({ ...once(1), owner: 'you' }))).toBe('WORKFLOW_RUN_FORBIDDEN');
    expect(await codeOf(hand.runtime.resume({ ...once(1), workflowIds: ['v'] }))).toBe(
      'WORKFLOW_RUN_FORBIDDEN',
    );
    expect(await codeOf(hand.runtime.cancel({ runId: 'r', workflowIds: [] }))).toBe('WORKFLOW_RUN_FORBIDDEN');
    expect(await codeOf(hand.runtime.resume({ ...once(1), requestKey: '' }))).toBe(
      'WORKFLOW_ARGUMENT_INVALID',
    );
    await hand.runtime.resume({ ...once(1), owner: 'me', workflowIds: ['v', 'w'] });
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({ status: 'success' });
  });

  test('of all items of a foreach resumes those that its first handling did not come to, and no others', async () => {
    const hand = await suspended(workflow('w', [{ foreach: insisting, concurrency: 3 }]), [1, 2, 3]);
    let resumed = 0;
    const dying = hand.worker((store) => ({
      resume: async (write) => {
        resumed += 1;
        return resumed > 1 ? Promise.reject(new Error('dead')) : store.resume(write);
      },
    }));
    await expect(dying.resume(once(10))).rejects.toThrow('dead');
    await hand.drain();
    await hand.runtime.resume(once(10));
    await hand.drain();
    const run = await hand.runtime.get({ runId: 'r' });
    expect(run).toMatchObject({ status: 'suspended' });
    await hand.runtime.resume(once(0, 'last'));
    await hand.drain();
    const { result } = (await hand.runtime.result({ runId: 'r' })) as { result?: unknown };
    expect(result).toEqual([11, 12, 13]);
  });

  test('of a step in a nested run resumes it once', async () => {
    const hand = await suspended(workflow('outer', [nest(workflow('inner', [insisting]))]));
    for (let time = 0; time < 2; time += 1) {
      await hand.runtime.resume(once(10));
      await hand.drain();
    }
    await hand.runtime.resume(once(0, 'last'));
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 11 });
  });
});

test('a cancel with a key that comes again does not end what a time travel began since', async () => {
  const hand = await suspended(workflow('w', [asking('ask')]));
  const cancel = { runId: 'r', requestKey: 'stop' };
  expect(await hand.runtime.cancel(cancel)).toMatchObject({ status: 'canceled', changed: true });
  expect(await hand.runtime.cancel(cancel)).toMatchObject({ status: 'canceled', changed: false });
  await hand.runtime.timeTravel({ runId: 'r', step: 'ask', inputData: 1 });
  await hand.drain();
  expect(await hand.runtime.cancel(cancel)).toMatchObject({ status: 'suspended', changed: false });
  expect(await hand.runtime.cancel({ ...cancel, requestKey: 'stop again' })).toMatchObject({
    status: 'canceled',
  });
});

describe('a process that dies while it resumes by a key', () => {
  const definition = workflow('w', [insisting, asking('ask')]);
  const calls = [
    (runtime: Runtime) => runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 }),
    (runtime: Runtime) => runtime.resume(once(10)),
    (runtime: Runtime) => runtime.resume(once(0, 'two')),
    (runtime: Runtime) => runtime.resume({ ...once(7, 'three'), step: 'ask' }),
  ];

  test('is followed by one that takes the request as the first one did', async () => {
    const whole = await play(definition, calls, { crashAt: 0, after: false });
    expect(whole.result).toMatchObject({ status: 'success', result: 18 });
    for (const moment of momentsOf(whole.calls)) {
      const life = await play(definition, calls, moment);
      expect([moment.name, withoutTimes(life.result)]).toEqual([moment.name, withoutTimes(whole.result)]);
    }
    expect(whole.calls).toContain('store.decideRequest');
  });
});
