import { expect, test } from 'vitest';
import { memoryPlace } from '../../src/adapters/memory/index.ts';
import { createRuntime } from '../../src/runtime/index.ts';
import { virtualClock } from '../../src/testing/index.ts';
import { body, echo, flow } from './steps.ts';

test('the active runs of a workflow are those that run or sleep', async () => {
  let begun = (): void => {};
  let end = (): void => {};
  const beginning = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const ending = new Promise<void>((resolve) => {
    end = resolve;
  });
  const works = body('works', async ({ inputData }) => {
    if (inputData !== 'long') return inputData;
    begun();
    await ending;
    return inputData;
  });
  const made = flow('w')
    .then(works)
    .branch([[({ inputData }) => inputData === 'short', echo('short')]])
    .sleep(({ getInitData }) => (getInitData() === 'short' ? 0 : 1000))
    .commit();
  const other = flow('other').sleep(1000).commit();
  const clock = virtualClock();
  const place = memoryPlace({ clock });
  clock.settleWith(() => place.settled());
  const runtime = createRuntime({ workflows: [made, other], backend: place.attach() });
  const active = async () => {
    const { runs, total } = await made.listActiveWorkflowRuns();
    expect(total).toBe(runs.length);
    return Object.fromEntries(runs.map(({ runId, snapshot }) => [runId, snapshot.status]));
  };

  await made.createRun({ runId: 'pending' });
  await runtime.start({ workflowId: 'w', runId: 'short', inputData: 'short' });
  await runtime.start({ workflowId: 'w', runId: 'sleeps', inputData: 'sleeps' });
  await runtime.start({ workflowId: 'other', runId: 'other', inputData: 'sleeps' });
  await clock.settle();
  await runtime.start({ workflowId: 'w', runId: 'long', inputData: 'long' });
  await beginning;
  expect(await active()).toEqual({ long: 'running', sleeps: 'waiting' });

  const lean = await made.getWorkflowRunById('sleeps', { fields: ['waitingPaths'] });
  expect(Object.keys(lean ?? {}).toSorted()).toEqual([
    'createdAt',
    'runId',
    'status',
    'updatedAt',
    'waitingPaths',
    'workflowName',
  ]);

  end();
  await clock.advance(1000);
  expect(await runtime.settled({ runId: 'sleeps' })).toBe('success');
  await clock.advance(1000);
  expect(await runtime.settled({ runId: 'long' })).toBe('success');
  expect(await active()).toEqual({});
  await runtime.close();
});
