import {
  CreateScheduleCommand,
  DeleteScheduleCommand,
  ListSchedulesCommand,
  SchedulerClient,
  ThrottlingException,
  ValidationException,
} from '@aws-sdk/client-scheduler';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { removeCrons, setCrons } from '../../../src/adapters/aws/cron-group.ts';
import type { CronSchedule } from '../../../src/adapters/aws/cron-schedules.ts';
import { instantPacing } from './pacing.ts';

const service = mockClient(SchedulerClient);

// Other files of this worker use the client as it is.
afterAll(() => service.restore());

beforeEach(() => {
  service.reset();
  service.on(ListSchedulesCommand).resolves({});
  service.on(CreateScheduleCommand).resolves({});
  service.on(DeleteScheduleCommand).resolves({});
});

const target = { queueArn: 'arn:queue', roleArn: 'arn:role' };
const schedule: CronSchedule = {
  name: 'cron-daily',
  expression: 'cron(0 6 * * ? *)',
  timezone: 'UTC',
  isEnabled: true,
  input: '{}',
  description: 'daily',
};

function group() {
  const pacing = instantPacing();
  return { pacing, client: new SchedulerClient({ region: 'us-east-1' }), group: 'group' };
}

const refusal = (message: string) => ({ message, Message: message, $metadata: {} });
const denied = () =>
  Object.assign(new Error('not authorized to perform: scheduler:CreateSchedule'), {
    name: 'AccessDeniedException',
  });
const throttled = () => new ThrottlingException(refusal('busy'));
const untrusted = () =>
  new ValidationException(
    refusal('The execution role you provide must allow AWS EventBridge Scheduler to assume the role.'),
  );
const calls = (
  command: typeof CreateScheduleCommand | typeof ListSchedulesCommand | typeof DeleteScheduleCommand,
) => service.commandCalls(command as typeof CreateScheduleCommand).length;

describe('a role that was just made', () => {
  test.each([
    ['may not call yet', denied],
    ['may not be taken by the Scheduler yet', untrusted],
  ])('%s: the schedule is made when it may', async (_name, refused) => {
    service.on(CreateScheduleCommand).rejectsOnce(refused()).rejectsOnce(refused()).resolves({});
    const at = group();
    await setCrons(at, target, [schedule]);
    expect(calls(CreateScheduleCommand)).toBe(3);
    expect(at.pacing.pauses).toHaveLength(2);
  });

  test('may not list or delete yet', async () => {
    service
      .on(ListSchedulesCommand)
      .rejectsOnce(denied())
      .resolves({ Schedules: [{ Name: 'cron-old' }] });
    service.on(DeleteScheduleCommand).rejectsOnce(denied()).resolves({});
    await removeCrons(group());
    expect([calls(ListSchedulesCommand), calls(DeleteScheduleCommand)]).toEqual([2, 2]);
  });

  test('is waited for long enough for IAM, and not for ever', async () => {
    service.on(CreateScheduleCommand).rejects(denied());
    const at = group();
    await expect(setCrons(at, target, [schedule])).rejects.toMatchObject({
      code: 'WORKFLOW_BACKEND_UNAVAILABLE',
      message: expect.stringContaining('not authorized to perform') as string,
    });
    const waited = at.pacing.pauses.reduce((sum, ms) => sum + ms, 0);
    expect(waited).toBeGreaterThan(30_000);
    expect(waited).toBeLessThan(60_000);
  });
});

test('a schedule that is wrong is not tried again', async () => {
  const cause = new ValidationException(refusal('Invalid Schedule Expression cron(x).'));
  service.on(CreateScheduleCommand).rejects(cause);
  await expect(setCrons(group(), target, [schedule])).rejects.toBe(cause);
  expect(calls(CreateScheduleCommand)).toBe(1);
});

test('a list that was throttled goes on where it was', async () => {
  service
    .on(ListSchedulesCommand)
    .resolvesOnce({ Schedules: [{ Name: 'cron-a' }], NextToken: 'next' })
    .rejectsOnce(throttled())
    .resolves({ Schedules: [{ Name: 'cron-b' }] });
  await removeCrons(group());
  expect(service.commandCalls(ListSchedulesCommand).map((call) => call.args[0].input.NextToken)).toEqual([
    undefined,
    'next',
    'next',
  ]);
  expect(service.commandCalls(DeleteScheduleCommand).map((call) => call.args[0].input.Name)).toEqual([
    'cron-a',
    'cron-b',
  ]);
});
