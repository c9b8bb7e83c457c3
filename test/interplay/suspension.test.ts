import { expect, test } from 'vitest';
import type { ResumeRequest } from '../../src/core/host.ts';
import type { ResumeLabels } from '../../src/core/snapshot.ts';
import { inEveryContainer } from './bench.ts';
import type { Container } from './containers.ts';
import { type Script, time } from './script.ts';

/** Where the probe's label leads. */
function labelled({ path, levels }: Container, label: string): ResumeLabels {
  const isItem = levels.some((kind) => kind === 'each' || kind === 'window');
  return { [label]: { stepId: path.join('.'), ...(isItem ? { foreachIndex: 1 } : {}) } };
}

/** Suspends with each of these, and then gives what it was resumed with. `seen`: what it was executed with. */
function asking(payloads: readonly unknown[], seen: unknown[]): Script['probe'] {
  return async ({ resumeData, suspendData, suspend }) => {
    const turn = seen.push({ resumeData, suspendData }) - 1;
    return turn < payloads.length ? suspend(payloads[turn], { resumeLabel: `label ${turn}` }) : resumeData;
  };
}

const suspended = (payload: unknown) => ({
  suspendedAt: time,
  ...(payload === undefined ? {} : { suspendPayload: payload }),
});
const resumed = (data: unknown) => ({ resumePayload: data, resumedAt: time });

inEveryContainer('a suspension', (bench) => {
  const { container } = bench;

  test('D103 D131 suspends, and goes on where it was', async () => {
    const seen: unknown[] = [];
    const play = await bench.begin(asking([{ why: 'because' }], seen));
    const labels = { resumeLabels: labelled(container, 'label 0') };
    await play.expect({ kind: 'suspended', value: { why: 'because' } }, labels);
    await play.resume({ step: container.path, resumeData: { yes: true } });
    await play.expect({
      kind: 'success',
      value: { yes: true },
      times: 2,
      also: { ...suspended({ why: 'because' }), ...resumed({ yes: true }) },
      around: { ...suspended({ why: 'because' }), ...resumed({ yes: true }) },
    });
    expect(seen).toEqual([
      { resumeData: undefined, suspendData: undefined },
      { resumeData: { yes: true }, suspendData: { why: 'because' } },
    ]);
  });

  test('D76 D109 D112 again and again, with payloads and answers that are falsy, named in each way', async () => {
    const payloads = [0, null, '', undefined, false, []];
    const answers = [false, 0, '', null, [], {}];
    const ways: Partial<ResumeRequest>[] = [
      {},
      { step: container.path },
      { step: container.path.join('.') },
      { step: container.path[0] ?? '' },
      { label: 'label 4' },
      { label: 'label 5', step: 'whatever' },
    ];
    const seen: unknown[] = [];
    const play = await bench.begin(asking(payloads, seen));
    for (const [turn, value] of payloads.entries()) {
      const before = turn === 0 ? {} : resumed(answers[turn - 1]);
      await play.expect(
        { kind: 'suspended', value, times: turn + 1, also: before, around: before },
        { resumeLabels: labelled(container, `label ${turn}`) },
      );
      await play.resume({ ...ways[turn], resumeData: answers[turn] });
    }
    const after = { ...suspended([]), ...resumed({}) };
    await play.expect({ kind: 'success', value: {}, times: 7, also: after, around: after });
    expect(seen).toEqual(
      [undefined, ...answers].map((resumeData, turn) => ({
        resumeData,
        suspendData: turn === 0 ? undefined : payloads[turn - 1],
      })),
    );
    await expect(play.resume()).rejects.toMatchObject({ code: 'WORKFLOW_RUN_NOT_SUSPENDED' });
  });

  test('D110 H18 who asks for something else learns what waits, and nothing is changed', async () => {
    const play = await bench.begin(asking(['payload'], []));
    await play.result();
    await expect(play.resume({ step: 'before0' })).rejects.toMatchObject({
      code: 'WORKFLOW_RUN_NOT_SUSPENDED',
      message: `This workflow step "before0" was not suspended. Available suspended steps: [${container.path.join('.')}]`,
    });
    await expect(play.resume({ label: 'other' })).rejects.toMatchObject({
      code: 'WORKFLOW_RESUME_LABEL_NOT_FOUND',
      message: 'Resume label "other" not found. Available labels: [label 0]',
    });
    await expect(play.resume({ step: container.path, forEachIndex: 2 })).rejects.toMatchObject({
      code: 'WORKFLOW_RUN_NOT_SUSPENDED',
    });
    const labels = { resumeLabels: labelled(container, 'label 0') };
    await play.expect({ kind: 'suspended', value: 'payload' }, labels);
  });

  test('H3 of several callers one wins, and what follows happens once', async () => {
    const play = await bench.begin(asking(['payload'], []));
    await play.result();
    const calls = await Promise.allSettled(
      [1, 2, 3].map((resumeData) => play.resume({ step: container.path, resumeData })),
    );
    const lost = calls.flatMap((call) => (call.status === 'rejected' ? [call.reason] : []));
    expect(lost).toHaveLength(2);
    const winner = calls.findIndex(({ status }) => status === 'fulfilled') + 1;
    const after = { ...suspended('payload'), ...resumed(winner) };
    await play.expect({ kind: 'success', value: winner, times: 2, also: after, around: after });
  });

  test('a suspension whose resumption fails is tried again with the same answer, and so it goes on', async () => {
    const seen: unknown[] = [];
    const play = await bench.begin(async ({ resumeData, retryCount, suspendData, suspend }) => {
      seen.push([resumeData, suspendData, retryCount]);
      if (resumeData === undefined) return suspend('payload');
      if (retryCount === 0) throw new Error('not at once');
      return resumeData;
    });
    await play.result();
    await play.resume({ resumeData: 'answer' });
    const after = { ...suspended('payload'), ...resumed('answer') };
    await play.expect({ kind: 'success', value: 'answer', times: 3, also: after, around: after });
    expect(seen).toEqual([
      [undefined, undefined, 0],
      ['answer', 'payload', 0],
      ['answer', 'payload', 1],
    ]);
  });
});
