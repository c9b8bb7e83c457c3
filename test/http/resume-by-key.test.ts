import { expect, test } from 'vitest';
import { z } from 'zod';
import { createStep, createWorkflow } from '../../src/index.ts';
import { objectOf, post, problemIn, realApp } from './fixtures.ts';

const waiting = createStep({
  id: 'wait',
  inputSchema: z.string(),
  outputSchema: z.unknown(),
  resumeSchema: z.number(),
  execute: async ({ inputData, resumeData, suspend }) =>
    resumeData ?? (await suspend({}, { resumeKey: inputData })),
});
const waits = createWorkflow({ id: 'waits', inputSchema: z.string(), outputSchema: z.unknown() })
  .then(waiting)
  .commit();

function served() {
  const { app } = realApp({
    workflows: [waits],
    identify: (request) => request.headers.get('x-who') ?? 'Ada',
  });
  const as = (who: string, key?: string) => ({
    'x-who': who,
    ...(key === undefined ? {} : { 'idempotency-key': key }),
  });
  return {
    start: async (runId: string, inputData: string, who = 'Ada') =>
      objectOf(await app.request('/workflows/waits/runs?wait=25', post({ runId, inputData }, as(who)))),
    resume: async (body: object, who = 'Ada', key?: string, query = '') =>
      app.request(`/resume${query}`, post(body, as(who, key))),
  };
}

test('resumes what waits under the key, and answers with its run, or with its outcome', async () => {
  const { start, resume } = served();
  await start('a', 'k');
  await start('b', 'l');
  expect(await objectOf(await resume({ key: 'k', resumeData: 1 }))).toEqual({
    runId: 'a',
    workflowId: 'waits',
    status: 'running',
    changed: true,
  });
  expect(
    await objectOf(await resume({ key: 'l', resumeData: 2 }, 'Ada', undefined, '?wait=25')),
  ).toMatchObject({
    runId: 'b',
    status: 'success',
    outcome: { result: 2 },
  });
});

test('a key is that of the caller', async () => {
  const { start, resume } = served();
  await start('a', 'k');
  await start('b', 'k', 'Bob');
  expect((await problemIn(await resume({ key: 'k' }, 'Eve'))).code).toBe('WORKFLOW_RESUME_KEY_NOT_FOUND');
  expect(await objectOf(await resume({ key: 'k', resumeData: 2 }, 'Bob'))).toMatchObject({ runId: 'b' });
  expect(await objectOf(await resume({ key: 'k', resumeData: 1 }))).toMatchObject({ runId: 'a' });
});

test('with an Idempotency-Key it means the same run, whoever waits by then', async () => {
  const { start, resume } = served();
  const body = { key: 'k', resumeData: 1 };
  await start('a', 'k');
  const first = await resume(body, 'Ada', 'event 1', '?wait=25');
  expect(await objectOf(first)).toMatchObject({ runId: 'a', changed: true, status: 'success' });
  await start('b', 'k');
  expect(await objectOf(await resume(body, 'Ada', 'event 1'))).toMatchObject({ runId: 'a', changed: false });
  expect(await objectOf(await resume(body, 'Ada', 'event 2'))).toMatchObject({ runId: 'b', changed: true });
});

test.each([
  [{}, undefined],
  [{ key: '' }, undefined],
  [{ key: 7 }, undefined],
  [{ key: 'x'.repeat(513) }, undefined],
  [{ key: 'k', runId: 'a' }, undefined],
  [{ key: 'k', step: 'wait' }, undefined],
  [{ key: 'k' }, 'x'.repeat(256)],
])('%j is refused', async (body, key) => {
  const { resume } = served();
  const { status, code } = await problemIn(await resume(body, 'Ada', key));
  expect([status, code]).toEqual([400, 'WORKFLOW_ARGUMENT_INVALID']);
});

test('data that does not fit is 422, and the step waits on', async () => {
  const { start, resume } = served();
  await start('a', 'k');
  const { status, code } = await problemIn(await resume({ key: 'k', resumeData: 'x' }));
  expect([status, code]).toEqual([422, 'WORKFLOW_SCHEMA_VALIDATION_FAILED']);
  expect((await resume({ key: 'k', resumeData: 1 })).status).toBe(200);
});
