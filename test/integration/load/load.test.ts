import { isDeepStrictEqual } from 'node:util';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { type Answer, call, events, partition, reaches, s3, stack, start } from '../deployed.ts';
import { inTurns } from '../in-turns.ts';

test('of twenty starts with one id at once, one is accepted, and there is one run', async () => {
  const runId = `contended-${crypto.randomUUID()}`;
  const inputData = { size: 30 };
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => call('POST', '/workflows/large/runs', { runId, inputData })),
  );
  const changed = answers.filter(({ body }) => body.changed === true);
  expect(changed).toMatchObject([{ status: 201, body: { runId } }]);
  expect(answers.filter((answer) => answer !== changed[0])).toEqual(
    Array.from({ length: 19 }, (): unknown =>
      expect.objectContaining({ status: 200, body: expect.objectContaining({ runId, changed: false }) }),
    ),
  );
  await reaches(runId, 'success');
  const { runs } = (await call('GET', '/runs?workflowId=large&limit=100')).body;
  expect((runs as Answer['body'][]).filter((run) => run.runId === runId)).toHaveLength(1);
  const { events: told } = await events(runId);
  expect(told.filter(({ type }) => type === 'workflow-start')).toHaveLength(1);
  expect(told.filter(({ type }) => type === 'workflow-finish')).toHaveLength(1);
});

/** Runs at once, and what each of them does. */
const load = { runs: 200, ms: 1_000, size: 300 * 1024 };

test(`${load.runs} runs at once, each with a step of a second and a result of 300 KB: nothing is lost`, {
  timeout: 300_000,
}, async () => {
  const numbers = Array.from({ length: load.runs }, (_, number) => number);
  const began = performance.now();
  const say = (what: string) =>
    console.log(`${what} after ${((performance.now() - began) / 1000).toFixed(0)} s`);

  const runIds = await inTurns(numbers, 8, (number) =>
    start('labor', { number, ms: load.ms, size: load.size }),
  );
  say(`${load.runs} runs are accepted`);
  expect(new Set(runIds).size).toBe(load.runs);

  await expect
    .poll(
      async () => {
        const running = await call('GET', '/runs?workflowId=labor&status=running&limit=1');
        const pending = await call('GET', '/runs?workflowId=labor&status=pending&limit=1');
        return [running.body.runs, pending.body.runs].flat().length;
      },
      { timeout: 240_000, interval: 2_000 },
    )
    .toBe(0);
  say('All of them have ended');

  await inTurns(numbers, 8, async (number) => {
    const runId = runIds[number] ?? '';
    const items = await partition(runId);
    expect({ runId, status: items.get('A')?.st?.S }).toEqual({ runId, status: 'success' });
    const { Contents = [] } = await s3.send(
      new ListObjectsV2Command({ Bucket: stack.BucketName, Prefix: `${runId}/` }),
    );
    expect(Contents.some(({ Size = 0 }) => Size > load.size)).toBe(true);
  });
  // The values themselves, of some: each answer is a process of its own on an emulator.
  for (const number of numbers.filter((each) => each % 20 === 0)) {
    const { body } = await call('GET', `/runs/${runIds[number]}/result?inline=true`);
    const result = { number, text: String(number).padEnd(load.size, '.') };
    // Not compared by the assertion, whose report would have both of them.
    expect({ status: body.status, isWhole: isDeepStrictEqual(body.result, result) }).toEqual({
      status: 'success',
      isWhole: true,
    });
  }
  say('All of them have been looked at');
});
