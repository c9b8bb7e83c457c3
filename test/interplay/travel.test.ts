import { expect, test } from 'vitest';
import { inEveryContainer } from './bench.ts';
import { expected } from './model.ts';
import { time } from './script.ts';

const done = { kind: 'success', value: 'done' } as const;

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
    const { steps } = expected(container, done);
    const { payload } = steps['after0'] ?? {};
    await play.travel({ step: 'after0', inputData: payload });
    expect(await play.result()).toMatchObject({ status: 'success', result: 'done' });
    await expect(play.resume()).rejects.toMatchObject({ code: 'WORKFLOW_RUN_NOT_SUSPENDED' });
  });

  test('of a run that failed: what had succeeded of it is not done again', async () => {
    let broken = true;
    const play = await bench.begin(() => {
      if (broken) throw new TypeError('broken');
      return 'done';
    });
    expect(await play.result()).toMatchObject({ status: 'failed' });
    const { ran } = play.script;
    broken = false;
    const whole = expected(container, done).ran;
    const before = { ...ran };
    await play.travel({ step: slot });
    expect(await play.result()).toMatchObject({ status: 'success', result: 'done' });
    const isItems = container.levels[0] === 'each' || container.levels[0] === 'window';
    if (isItems && path.length === 1) expect(ran).toEqual({ ...whole, probe: 3 });
    else expect(ran['before0']).toBe(before['before0']);
  });

  test('of a run that was canceled while it waited: it waits again, and is resumed', async () => {
    const play = await bench.begin(async ({ resumeData, suspend }) => resumeData ?? suspend('why?'));
    await play.result();
    await bench.runtime.cancel({ runId: play.runId });
    await play.travel({ step: slot });
    expect(await play.result()).toMatchObject({ status: 'suspended', suspended: [path] });
    await play.resume({ step: path, resumeData: 'done' });
    expect(await play.result()).toMatchObject({ status: 'success', result: 'done' });
  });

  test('to where it waits, with what it waits for', async () => {
    const isSteps = container.levels.every((kind) => kind !== 'each' && kind !== 'window');
    const play = await bench.begin(async ({ resumeData, suspend }) => resumeData ?? suspend('why?'));
    await play.result();
    await play.travel({ step: path, resumeData: 'done' });
    const result = await play.result();
    // The first iteration of a loop is no longer the one that waits, and a foreach begins as a whole.
    if (!isSteps || container.levels.includes('loop')) return;
    expect(result).toMatchObject({ status: 'success', result: 'done' });
    if (path.length > 1) return;
    expect(result.steps['probe']).toMatchObject({ suspendPayload: 'why?', resumePayload: 'done' });
    expect(typeof result.steps['probe']?.resumedAt === 'number' && time).toBe(time);
  });
});

inEveryContainer('one entry at a time', (bench) => {
  const { container } = bench;
  const { path } = container;

  test('G5 G21 G22 pauses after each, and goes on by time travel', async () => {
    const play = await bench.begin(() => 'done', { perStep: true });
    expect(await play.result()).toMatchObject({
      status: 'paused',
      steps: { before0: { status: 'success' } },
    });
    expect(play.script.ran).toEqual({ before0: 1 });
    await play.travel({ step: path[0] ?? '', perStep: true });
    expect(await play.result()).toMatchObject({ status: 'paused' });
    expect(play.script.ran).not.toHaveProperty('after0');
  });
});
