import { expect, test } from 'vitest';
import { inEveryContainer } from './bench.ts';
import { time } from './script.ts';

/** An error with what authors put on it. */
function refusal(message: string, more: Record<string, unknown> = {}): Error {
  return Object.assign(new Error(message, { cause: new Error('the cause') }), { statusCode: 503, ...more });
}

inEveryContainer('an end that is no success', (bench) => {
  test('D49 D66 D67 H1 H10 G17 a failure, after all attempts', async () => {
    const play = await bench.begin(() => {
      throw refusal('no');
    });
    await play.expect({ kind: 'failed', value: 'Error: no', times: 2 });
    const { error, steps } = await play.result();
    for (const shown of [error, steps[bench.container.path[0] ?? '']?.error]) {
      expect(shown).toBeInstanceOf(Error);
      expect(shown).toMatchObject({ message: 'no', statusCode: 503, cause: { message: 'the cause' } });
    }
    await expect(play.resume()).rejects.toMatchObject({ code: 'WORKFLOW_RUN_NOT_SUSPENDED' });
  });

  test('an error that forbids retries is the end at once', async () => {
    const play = await bench.begin(() => {
      throw refusal('never', { isNonRetryable: true });
    });
    const also = { nonRetryable: true };
    await play.expect({ kind: 'failed', value: 'Error: never', also, around: also, aroundItems: also });
  });

  test('D100 a failure that a retry gets over', async () => {
    const seen: number[] = [];
    const play = await bench.begin(({ retryCount }) => {
      seen.push(retryCount);
      if (retryCount === 0) throw refusal('not at once');
      return 0;
    });
    await play.expect({ kind: 'success', value: 0, times: 2 });
    expect(seen).toEqual([0, 1]);
  });

  test('a retry that suspends, and fails for good when it is resumed', async () => {
    const play = await bench.begin(async ({ retryCount, resumeData, suspend }) => {
      if (resumeData !== undefined) throw refusal('not with that');
      if (retryCount === 0) throw refusal('not at once');
      return suspend('help');
    });
    await play.expect({ kind: 'suspended', value: 'help', times: 2 });
    await play.resume({ resumeData: 'this' });
    const suspended = { suspendPayload: 'help', suspendedAt: time };
    const after = { ...suspended, resumePayload: 'this', resumedAt: time };
    await play.expect({
      kind: 'failed',
      value: 'Error: not with that',
      times: 4,
      also: after,
      around: after,
    });
  });

  test.each([['enough'], [null], [undefined], [0], [false], ['']])(
    'D21 H20 a bail with %j',
    async (value) => {
      const play = await bench.begin(({ bail }) => {
        bail(value);
        return 'does not count';
      });
      await play.expect({ kind: 'bailed', value });
    },
  );

  test('a bail of what was suspended', async () => {
    const play = await bench.begin(async ({ resumeData, suspend, bail }) =>
      resumeData === undefined ? suspend('stop?') : bail(resumeData),
    );
    await play.result();
    await play.resume({ resumeData: 'stop' });
    const suspended = { suspendPayload: 'stop?', suspendedAt: time };
    const after = { ...suspended, resumePayload: 'stop', resumedAt: time };
    await play.expect({ kind: 'bailed', value: 'stop', times: 2, also: after, around: after });
  });

  test('H20 an abort keeps what the step gave', async () => {
    const play = await bench.begin(({ abort, abortSignal }) => {
      abort();
      return abortSignal.aborted;
    });
    await play.expect({ kind: 'aborted', value: true });
    await expect(play.resume()).rejects.toMatchObject({ code: 'WORKFLOW_RUN_NOT_SUSPENDED' });
  });

  test('an abort of what was suspended', async () => {
    const play = await bench.begin(async ({ resumeData, suspend, abort }) => {
      if (resumeData === undefined) return suspend('stop?');
      abort();
      return resumeData;
    });
    await play.result();
    await play.resume({ resumeData: 'stop' });
    const suspended = { suspendPayload: 'stop?', suspendedAt: time };
    const after = { ...suspended, resumePayload: 'stop', resumedAt: time };
    await play.expect({ kind: 'aborted', value: 'stop', times: 2, also: after, around: after });
  });
});
