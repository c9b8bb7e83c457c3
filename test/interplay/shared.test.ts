import { expect, test } from 'vitest';
import type { StepContext } from '../../src/core/definition.ts';
import { inEveryContainer } from './bench.ts';
import { time } from './script.ts';

const falsy = { zero: 0, no: false, none: null, empty: '', list: [] };

/** What the last body of the run sees. */
function lastly(seen: (context: StepContext) => void): (context: StepContext) => void {
  return (context) => {
    if (context.stepId === 'after0') seen(context);
  };
}

const resumed = {
  suspendPayload: 'why?',
  suspendedAt: time,
  resumePayload: 'because',
  resumedAt: time,
};

inEveryContainer('state', (bench) => {
  test('D29 D31 G2 of every body comes together', async () => {
    const all: Record<string, unknown> = { start: 1 };
    let last: unknown;
    const play = await bench.begin(() => 'done', {
      initialState: { start: 1 },
      every: async (context) => {
        const { stepId, inputData, setState, state } = context;
        if (stepId === 'after0') last = state;
        else {
          const key = `${stepId} ${JSON.stringify(inputData)}`;
          all[key] = inputData;
          await setState({ [key]: inputData });
        }
      },
    });
    await play.expect({ kind: 'success', value: 'done' }, { state: all });
    expect(last).toStrictEqual(all);
  });

  test('D104 set before a suspension is there when the step goes on, and after it', async () => {
    const seen: unknown[] = [];
    const play = await bench.begin(
      async ({ state, setState, resumeData, suspend }) => {
        seen.push(state);
        if (resumeData !== undefined) {
          await setState({ start: 'changed', ...falsy });
          return 'done';
        }
        await setState({ before: true, start: 2 });
        return suspend('why?');
      },
      { initialState: { start: 1 }, every: lastly(({ state }) => seen.push(state)) },
    );
    await play.expect({ kind: 'suspended', value: 'why?' }, { state: { start: 2, before: true } });
    await play.resume({ resumeData: 'because' });
    const state = { start: 'changed', before: true, ...falsy };
    const act = { kind: 'success', value: 'done', times: 2, also: resumed, around: resumed } as const;
    await play.expect(act, { state });
    expect(seen).toStrictEqual([{ start: 1 }, { start: 2, before: true }, state]);
  });

  test('of an attempt that failed does not count, that of the last one does', async () => {
    const play = await bench.begin(async ({ retryCount, setState }) => {
      await setState(retryCount === 0 ? { failed: true } : { second: true });
      if (retryCount === 0) throw new TypeError('not at once');
      return 'done';
    });
    await play.expect({ kind: 'success', value: 'done', times: 2 }, { state: { second: true } });
  });
});

inEveryContainer('request context', (bench) => {
  test('D105 D139 D140 D141 D142 set, deleted and brought along, across a suspension', async () => {
    const seen: unknown[] = [];
    const play = await bench.begin(
      async ({ requestContext, resumeData, suspend }) => {
        seen.push(requestContext.toJSON());
        if (resumeData === undefined) {
          requestContext.set('set', { deep: [1] });
          requestContext.set('again', 1);
          requestContext.delete('dropped');
          return suspend('why?');
        }
        requestContext.delete('again');
        requestContext.set('later', 0);
        return 'done';
      },
      {
        requestContext: { given: 'at the start', kept: null, dropped: 'soon' },
        every: lastly(({ requestContext }) => seen.push(requestContext.toJSON())),
      },
    );
    await play.expect({ kind: 'suspended', value: 'why?' });
    await play.resume({ resumeData: 'because', requestContext: { given: 'anew', brought: false } });
    await play.expect({ kind: 'success', value: 'done', times: 2, also: resumed, around: resumed });
    const after = { given: 'anew', kept: null, set: { deep: [1] }, brought: false, later: 0 };
    expect(seen).toStrictEqual([
      { given: 'at the start', kept: null, dropped: 'soon' },
      { given: 'anew', kept: null, set: { deep: [1] }, again: 1, brought: false },
      after,
    ]);
    expect((await bench.runtime.get({ runId: play.runId }))?.requestContext).toStrictEqual(after);
  });
});
