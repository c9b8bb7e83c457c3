import {
  GetScheduleCommand,
  type GetScheduleCommandOutput,
  paginateListSchedules,
  SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { expect, test } from 'vitest';
import { serviceLimits } from '../../../src/adapters/aws/config.ts';
import { call, isAws, reaches, stack, start } from '../deployed.ts';
import { arnOf, send } from '../queues.ts';

/** What is due later than a queue can delay, and what is due again and again. */

const scheduler = new SchedulerClient({});

/** The schedules that put what has `text` in it into the work queue. */
async function schedulesWith(text: string): Promise<GetScheduleCommandOutput[]> {
  const target = await arnOf(stack.WorkQueueUrl);
  const found: GetScheduleCommandOutput[] = [];
  for await (const { Schedules = [] } of paginateListSchedules({ client: scheduler }, {})) {
    for (const { Name, GroupName, Target } of Schedules) {
      if (Target?.Arn !== target) continue;
      const schedule = await scheduler
        .send(new GetScheduleCommand({ Name, GroupName }))
        .catch(() => undefined);
      if (schedule?.Target?.Input?.includes(text) === true) found.push(schedule);
    }
  }
  return found;
}

/** As an expression of the Scheduler has it. */
function atOf(time: number): string {
  return `at(${new Date(time).toISOString().slice(0, 'yyyy-mm-ddThh:mm:ss'.length)})`;
}

const limits = { timeout: 60_000, interval: 500 };

test('a long sleep is a schedule, which is set again when it came early, and a cancel ends the sleeper at once', async () => {
  const due = Math.floor(Date.now() / 1000 + serviceLimits.sqsDelaySeconds + 300) * 1000;
  const runId = await start('sleeper', { until: new Date(due).toISOString() });
  await reaches(runId, 'waiting');
  await expect.poll(() => schedulesWith(runId), limits).toMatchObject([
    {
      // A schedule may be carried out a minute late: the queue's delay does the rest.
      ScheduleExpression: atOf(due - 60_000),
      ScheduleExpressionTimezone: 'UTC',
      ActionAfterCompletion: 'DELETE',
    },
  ]);

  // Its time is made to come now. It deletes itself, and the event that it sends finds that the sleeper is not due yet.
  const [schedule] = await schedulesWith(runId);
  if (schedule === undefined) throw new Error('the schedule is gone');
  const { Name, GroupName, FlexibleTimeWindow, Target, ActionAfterCompletion, CreationDate } = schedule;
  await scheduler.send(
    new UpdateScheduleCommand({
      ...{ Name, GroupName, FlexibleTimeWindow, Target, ActionAfterCompletion },
      ScheduleExpression: atOf(Date.now() + (isAws ? 60_000 : 0)),
    }),
  );
  await expect
    .poll(
      async () =>
        (await schedulesWith(runId)).filter(
          (again) =>
            again.ScheduleExpression === atOf(due - 60_000) &&
            (again.CreationDate?.getTime() ?? 0) > (CreationDate?.getTime() ?? 0),
        ).length,
      { timeout: 150_000, interval: 1_000 },
    )
    .toBe(1);
  expect((await call('GET', `/runs/${runId}`)).body.status).toBe('waiting');

  expect(await call('POST', `/runs/${runId}/cancel`)).toMatchObject({
    status: 200,
    body: { status: 'canceled', changed: true },
  });
  expect((await call('GET', `/runs/${runId}`)).body.status).toBe('canceled');
}, 240_000);

/** Ids of the runs that ticks started. */
async function ticked(): Promise<unknown[]> {
  const { runs } = (await call('GET', '/runs?workflowId=ticking&status=success')).body;
  return (runs as { readonly runId: unknown }[]).map((run) => run.runId);
}

test('the schedule of a workflow is deployed with its time zone', async () => {
  await expect.poll(() => schedulesWith('"ticking"'), limits).toMatchObject([
    {
      ScheduleExpression: expect.stringMatching(/^cron\(/),
      ScheduleExpressionTimezone: 'Europe/Berlin',
      State: 'ENABLED',
    },
  ]);
});

test.skipIf(isAws)('a tick starts one run, however often it comes (the emulator does not fill in the time: the test does)', async () => {
  const [schedule] = await schedulesWith('"ticking"');
  const at = Math.floor(Date.now() / 60_000) * 60_000;
  const body = (schedule?.Target?.Input ?? '')
    .replace('<aws.scheduler.scheduled-time>', new Date(at).toISOString())
    .replace('<aws.scheduler.execution-id>', crypto.randomUUID());
  expect(body).not.toContain('<aws.scheduler');
  await Promise.all([send(stack.WorkQueueUrl, body), send(stack.WorkQueueUrl, body)]);
  await expect.poll(ticked, limits).toEqual([`sched_ticking_${at}`]);
  expect((await call('GET', `/runs/sched_ticking_${at}`)).body).toMatchObject({
    status: 'success',
    result: { count: 42 },
  });
});

test.runIf(isAws)('a tick starts a run each minute (an emulator sends what the Scheduler should have filled in)', async () => {
  await expect.poll(ticked, { timeout: 180_000, interval: 5_000 }).not.toEqual([]);
  const ids = await ticked();
  expect(ids).toEqual(ids.map((): unknown => expect.stringMatching(/^sched_ticking_\d+0000$/)));
  expect(new Set(ids).size).toBe(ids.length);
}, 200_000);

test.runIf(isAws)('a sleep of a quarter of an hour and a minute ends when it is due (takes as long)', async () => {
  const due = Date.now() + (serviceLimits.sqsDelaySeconds + 60) * 1000;
  const runId = await start('sleeper', { until: new Date(due).toISOString() });
  const run = await reaches(runId, 'success', { timeout: 1_200_000, interval: 10_000 });
  const { wokenAt } = run.result as { readonly wokenAt: number };
  expect(wokenAt).toBeGreaterThanOrEqual(due);
}, 1_260_000);
