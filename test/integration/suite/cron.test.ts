import { paginateScan } from '@aws-sdk/client-dynamodb';
import { CreateScheduleCommand } from '@aws-sdk/client-scheduler';
import { expect, test } from 'vitest';
import { dynamodb, isAws, partition, stack } from '../deployed.ts';
import { atOf, scheduler, schedulesWith } from '../schedules.ts';

/** What is due again and again. */

const limits = { timeout: 60_000, interval: 500 };

/** Ids of the runs that ticks started, as they are stored: they are not those of whoever runs the suite. */
async function ticked(): Promise<string[]> {
  const ids: string[] = [];
  const query = {
    TableName: stack.TableName,
    FilterExpression: 'begins_with(pk, :prefix) AND sk = :header AND st = :status',
    ExpressionAttributeValues: {
      ':prefix': { S: 'sched_ticking_' },
      ':header': { S: 'A' },
      ':status': { S: 'success' },
    },
    ConsistentRead: true,
  };
  for await (const { Items = [] } of paginateScan({ client: dynamodb }, query)) {
    ids.push(...Items.map(({ pk }) => pk?.S ?? ''));
  }
  return ids;
}

test('the schedule of a workflow is deployed with its time zone', async () => {
  await expect
    .poll(() => schedulesWith('"ticking"'), limits)
    .toMatchObject([
      {
        ScheduleExpression: expect.stringMatching(/^cron\(/),
        ScheduleExpressionTimezone: 'Europe/Berlin',
        State: 'ENABLED',
      },
    ]);
});

test.skipIf(isAws)(
  'a tick starts one run, however often it comes (the emulator does not fill in the time: the test does)',
  async () => {
    const [schedule] = await schedulesWith('"ticking"');
    const at = Math.floor(Date.now() / 60_000) * 60_000;
    const body = (schedule?.Target?.Input ?? '')
      .replace('<aws.scheduler.scheduled-time>', new Date(at).toISOString())
      .replace('<aws.scheduler.execution-id>', crypto.randomUUID());
    expect(body).not.toContain('<aws.scheduler');
    for (const copy of ['once', 'again']) {
      await scheduler.send(
        new CreateScheduleCommand({
          Name: `${copy}-${crypto.randomUUID()}`,
          GroupName: schedule?.GroupName,
          ScheduleExpression: atOf(Date.now()),
          FlexibleTimeWindow: { Mode: 'OFF' },
          ActionAfterCompletion: 'DELETE',
          Target: { Arn: schedule?.Target?.Arn, RoleArn: schedule?.Target?.RoleArn, Input: body },
        }),
      );
    }
    await expect.poll(ticked, limits).toEqual([`sched_ticking_${at}`]);
    const step = (await partition(`sched_ticking_${at}`)).get('B#00000');
    expect(JSON.stringify(step)).toContain('42');
  },
);

test.runIf(isAws)(
  'a tick starts a run each minute (an emulator sends what the Scheduler should have filled in)',
  async () => {
    await expect.poll(ticked, { timeout: 180_000, interval: 5_000 }).not.toEqual([]);
    const ids = await ticked();
    expect(ids).toEqual(ids.map((): unknown => expect.stringMatching(/^sched_ticking_\d+0000$/)));
    expect(new Set(ids).size).toBe(ids.length);
  },
  200_000,
);
