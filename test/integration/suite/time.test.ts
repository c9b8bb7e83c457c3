import { UpdateScheduleCommand } from '@aws-sdk/client-scheduler';
import { expect, test } from 'vitest';
import { serviceLimits } from '../../../src/adapters/aws/config.ts';
import { call, isAws, reaches, start } from '../deployed.ts';
import { atOf, scheduler, schedulesWith } from '../schedules.ts';

/** What is due later than a queue can delay. */

const limits = { timeout: 60_000, interval: 500 };

test('a long sleep is a schedule, which is set again when it came early, and a cancel ends the sleeper at once', async () => {
  const due = Math.floor(Date.now() / 1000 + serviceLimits.sqsDelaySeconds + 300) * 1000;
  const runId = await start('sleeper', { until: new Date(due).toISOString() });
  await reaches(runId, 'waiting');
  await expect
    .poll(() => schedulesWith(runId), limits)
    .toMatchObject([
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
      Name,
      GroupName,
      FlexibleTimeWindow,
      Target,
      ActionAfterCompletion,
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

test.runIf(isAws)(
  'a sleep of a quarter of an hour and a minute ends when it is due (takes as long)',
  async () => {
    const due = Date.now() + (serviceLimits.sqsDelaySeconds + 60) * 1000;
    const runId = await start('sleeper', { until: new Date(due).toISOString() });
    const run = await reaches(runId, 'success', { timeout: 1_200_000, interval: 10_000 });
    const { wokenAt } = run.result as { readonly wokenAt: number };
    expect(wokenAt).toBeGreaterThanOrEqual(due);
  },
  1_260_000,
);
