import { expect, test } from 'vitest';
import { inEveryContainer } from './bench.ts';
import { expected } from './model.ts';
import { comparable, time } from './script.ts';

const done = { kind: 'success', value: 'done' } as const;
const resumed = { suspendPayload: 'why?', suspendedAt: time, resumePayload: 'done', resumedAt: time };

inEveryContainer('time travel', (bench) => {
  const { container } = bench;
  const { path } = container;
  const [slot = ''] = path;
  const once = expected(container, done).stepExecutionPath;

  test('to the entry before: everything is executed anew', async () => {
    const play = await bench.begin(() => 'done');
    await play.expect(done);
    play.script.forget();
    await play.travel({ step: 'before0' });
    await play.expect(done, { instead: { stepExecutionPath: [...once, ...once] } });
  });

  test('G9 G10 into it: of a block only that arm, of a foreach and a loop all of it', async () => {
    const play = await bench.begin(() => 'done');
    await play.expect(done);
    play.script.forget();
    await play.travel({ step: slot });
    const again = once.filter((id) => id !== 'before0');
    await play.expect(done, { entered: 1, instead: { stepExecutionPath: [...once, ...again] } });
  });

  test('into the innermost place: what lies before it in each workflow is kept', async () => {
    const play = await bench.begin(() => 'done');
    await play.expect(done);
    play.script.forget();
    await play.travel({ step: path });
    const again = once.filter((id) => id !== 'before0');
    const entered = path.length;
    await play.expect(done, { entered, instead: { stepExecutionPath: [...once, ...again] } });
  });

  test('to the entry after: it is left as it is', async () => {
    const play = await bench.begin(() => 'done');
    await play.expect(done);
    play.script.forget();
    await play.travel({ step: 'after0' });
    const stepExecutionPath = [...once, 'after0'];
    await play.expect(done, { instead: { ran: { after0: 1 }, stepExecutionPath } });
  });

  test('out of it while it waits, with what it would have given', async () => {
    const play = await bench.begin(async ({ suspend }) => suspend('why?'));
    await play.result();
    const { steps, ran } = expected(container, { kind: 'suspended' });
    const { after0 } = expected(container, done).steps;
    await play.travel({ step: 'after0', inputData: after0?.['payload'] });
    const result = await play.result();
    expect(result).toMatchObject({
      status: 'success',
      result: 'done',
      stepExecutionPath: [...Object.keys(steps).filter((id) => once.includes(id)), 'after0'],
    });
    expect(comparable(result.steps)['after0']).toStrictEqual(after0);
    expect(play.script.ran).toEqual({ ...ran, after0: 1 });
    await expect(play.resume()).rejects.toMatchObject({ code: 'WORKFLOW_RUN_NOT_SUSPENDED' });
  });

  const again = once.filter((id) => id !== 'before0');
  const begun = once.filter((id) => id !== 'after0');

  test('of a run that failed: what had succeeded before, and beside it, is not done again', async () => {
    const play = await bench.begin(() => {
      throw new TypeError('broken');
    });
    await play.expect({ kind: 'failed', value: 'TypeError: broken', times: 2 });
    play.script.forget();
    play.script.probe = () => 'done';
    await play.travel({ step: slot });
    const instead = { stepExecutionPath: [...begun, ...again] };
    await play.expect(done, { entered: 1, keeps: true, instead });
  });

  test('of a run that was canceled while it waited: it waits again, and is resumed', async () => {
    const play = await bench.begin(async ({ resumeData, suspend }) => resumeData ?? suspend('why?'));
    await play.result();
    await bench.runtime.cancel({ runId: play.runId });
    play.script.forget();
    await play.travel({ step: slot });
    const path2 = { stepExecutionPath: [...begun, ...again.filter((id) => id !== 'after0')] };
    await play.expect({ kind: 'suspended', value: 'why?' }, { entered: 1, keeps: true, instead: path2 });
    await play.resume({ step: path, resumeData: 'done' });
    const instead = { stepExecutionPath: [...begun, ...again] };
    const act = { ...done, times: 2, also: resumed, around: resumed } as const;
    await play.expect(act, { entered: 1, keeps: true, instead });
  });
});

inEveryContainer(
  'time travel to where a run waits',
  (bench) => {
    const { path } = bench.container;
    const once = expected(bench.container, done).stepExecutionPath;
    const begun = once.filter((id) => id !== 'after0');
    const again = once.filter((id) => id !== 'before0');

    test('with what it waits for', async () => {
      const play = await bench.begin(async ({ resumeData, suspend }) => resumeData ?? suspend('why?'));
      await play.result();
      play.script.forget();
      await play.travel({ step: path, resumeData: 'done' });
      const entry = { entered: path.length, keeps: true };
      const instead = { stepExecutionPath: [...begun, ...again] };
      await play.expect({ ...done, also: resumed }, { ...entry, instead });
    });
  },
  // Of a loop it is the first iteration that is entered, and a later one that waits.
  ({ levels }) => !levels.includes('loop'),
);

/** How often what stands at a place is executed in one execution of its entry. */
const calls = { plain: 1, arm: 1, branch: 1, each: 3, window: 3, loop: 2 } as const;

inEveryContainer('one entry at a time', (bench) => {
  const { levels, path } = bench.container;

  test('G5 G21 G22 pauses after each, and goes on by time travel', async () => {
    const play = await bench.begin(() => 'done', { perStep: true });
    const paused = async (ran: Record<string, number>): Promise<void> => {
      const result = await play.result();
      expect(result).toMatchObject({ status: 'paused', runId: play.runId, input: 'probe' });
      expect(result).not.toHaveProperty('result');
      const stored = await bench.runtime.get({ runId: play.runId });
      const shown = new Set(Object.values(stored?.steps ?? {}).map(({ status }) => status));
      expect(['running', 'suspended', 'failed'].filter((status) => shown.has(status as 'running'))).toEqual(
        [],
      );
      const { probe = 0, pass = 0, ...others } = play.script.ran;
      expect({ ...others, calls: probe + pass }).toEqual({ calls: 0, ...ran });
      play.script.forget();
    };
    await paused({ before0: 1 });
    let at = 1;
    for (const [index, kind] of levels.entries()) {
      await play.travel({ step: path.slice(0, index + 1), perStep: true });
      const isLast = index === levels.length - 1;
      // Of a foreach over nested workflows, as many pause as are launched at once.
      if (isLast) await paused({ calls: at * calls[kind] });
      else if (kind === 'window') await paused({ [`before${index + 1}`]: (at *= 3) });
      else await paused({ [`before${index + 1}`]: at });
    }
    await play.travel({ step: path });
    expect(await play.result()).toMatchObject({ status: 'success', result: 'done' });
    expect(play.script.ran).toMatchObject({ probe: 1, after0: 1 });
  });
});
