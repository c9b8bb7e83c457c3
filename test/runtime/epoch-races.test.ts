import { describe, expect, test } from 'vitest';
import type { WorkflowEvent } from '../../src/core/event.ts';
import type { ResumeRequest } from '../../src/runtime/api.ts';
import type { Runtime } from '../../src/runtime/index.ts';
import type { RunStore } from '../../src/ports/index.ts';
import { add, nest, step, workflow } from './fixtures.ts';
import { asking, byHand, type Hand } from './hand.ts';

const isStart = ({ type }: WorkflowEvent): boolean => type === 'workflow.start';
const pass = (id: string) => step(id, ({ inputData }) => inputData);

/** A worker that stands still at its next call of a method until it is let go. */
function heldAt<K extends 'closeBlock' | 'resume' | 'openJoin'>(
  hand: Hand,
  name: K,
): { readonly worker: Runtime; readonly release: () => void } {
  const gate = Promise.withResolvers<void>();
  const worker = hand.worker((store) => ({
    [name]: async (write: never) => {
      await gate.promise;
      const method = store[name].bind(store) as (write: never) => ReturnType<RunStore[K]>;
      return method(write);
    },
  }));
  return { worker, release: () => gate.resolve() };
}

/** Begins an epoch, of which a worker holds the preparation; then cancels, and begins the next one, which runs. */
async function overtaken(
  hand: Hand,
  first: Parameters<Runtime['timeTravel']>[0],
  second: Parameters<Runtime['timeTravel']>[0],
) {
  await hand.runtime.timeTravel(first);
  const start = hand.take(isStart);
  const { worker, release } = heldAt(hand, 'closeBlock');
  const late = worker.handle(start);
  await hand.place.settled();
  await hand.runtime.cancel({ runId: 'r' });
  await hand.drain();
  await hand.runtime.timeTravel(second);
  await hand.drain();
  const before = await hand.runtime.get({ runId: 'r' });
  release();
  await late;
  await hand.drain();
  return { before, after: await hand.runtime.get({ runId: 'r' }) };
}

describe('the preparation of an epoch that was overtaken by a later one', () => {
  test('puts no entry that the later one keeps as it was', async () => {
    const hand = byHand([workflow('w', [add('a', 1), add('b', 10), add('c', 100)])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    const context = { a: { output: 1_000 } };
    const { before, after } = await overtaken(
      hand,
      { runId: 'r', step: 'c', context },
      { runId: 'r', step: 'c' },
    );
    expect(after?.steps['a']).toMatchObject({ output: 2 });
    expect(after).toEqual(before);
  });

  test('puts no arm beside its target: neither one that is kept, nor one that takes no part', async () => {
    const branch = {
      branch: [
        [() => true, pass('taken')],
        [() => true, pass('other')],
        [() => false, pass('left')],
      ] as const,
    };
    const hand = byHand([workflow('w', [pass('a'), branch, pass('c')])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    const { before, after } = await overtaken(
      hand,
      { runId: 'r', step: 'taken', context: { other: { output: 'late' } } },
      { runId: 'r', step: 'c', inputData: 5 },
    );
    expect(after?.steps['other']?.output).not.toBe('late');
    expect(after).toEqual(before);
  });

  test('resumes no step with the data that was given to it', async () => {
    const hand = byHand([workflow('w', [asking('ask'), pass('c')])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    const { before, after } = await overtaken(
      hand,
      { runId: 'r', step: 'ask', resumeData: 7 },
      { runId: 'r', step: 'c', context: { ask: { output: 3 } } },
    );
    expect(before).toMatchObject({ status: 'success', result: 3 });
    expect(after).toEqual(before);
  });
});

describe('a resume that a time travel overtakes', () => {
  /** Holds the write of a resume while `travel` happens; resolves with what becomes of the resume. */
  async function resumeDuring(
    hand: Hand,
    request: ResumeRequest,
    travel: () => Promise<unknown>,
  ): Promise<unknown> {
    const { worker, release } = heldAt(hand, 'resume');
    const outcome = worker.resume(request).then(
      () => 'resumed',
      (error: unknown) => error,
    );
    await hand.place.settled();
    await travel();
    release();
    const settled = await outcome;
    await hand.drain();
    return settled;
  }

  const superseded = {
    code: 'WORKFLOW_RUN_NOT_SUSPENDED',
    message: expect.stringContaining('a time travel began anew') as unknown,
  };

  test('is refused, and the new epoch pauses after one step as it was asked to', async () => {
    const hand = byHand([workflow('w', [add('a', 1), add('b', 10), asking('ask')])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    const outcome = await resumeDuring(hand, { runId: 'r', resumeData: 4 }, () =>
      hand.runtime.timeTravel({ runId: 'r', step: 'a', perStep: true }),
    );
    expect(outcome).toMatchObject(superseded);
    expect(await hand.runtime.get({ runId: 'r' })).toMatchObject({ status: 'paused' });
  });

  test('is refused for an arm that the new epoch keeps suspended', async () => {
    const hand = byHand([workflow('w', [{ parallel: [asking('ask'), pass('other')] }])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    const outcome = await resumeDuring(hand, { runId: 'r', resumeData: 4 }, async () => {
      await hand.runtime.timeTravel({ runId: 'r', step: 'other' });
      await hand.drain();
    });
    expect(outcome).toMatchObject(superseded);
    await hand.runtime.resume({ runId: 'r', resumeData: 5 });
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({
      status: 'success',
      result: { ask: 6, other: 1 },
    });
  });

  test('is refused for a step of a nested run that the new epoch leaves behind', async () => {
    const inner = workflow('inner', [asking('ask')]);
    const hand = byHand([workflow('w', [add('a', 1), nest(inner)])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    const outcome = await resumeDuring(hand, { runId: 'r', resumeData: 4 }, () =>
      hand.runtime.timeTravel({ runId: 'r', step: 'a', inputData: 100, perStep: true }),
    );
    expect(outcome).toMatchObject(superseded);
    expect(await hand.runtime.get({ runId: 'r' })).toMatchObject({
      status: 'paused',
      steps: { a: { output: 101 } },
    });
  });
});
