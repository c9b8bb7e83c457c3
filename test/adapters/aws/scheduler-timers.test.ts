import {
  ConflictException,
  CreateScheduleCommand,
  SchedulerClient,
  ThrottlingException,
} from '@aws-sdk/client-scheduler';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { withInvocation } from '../../../src/adapters/aws/invocation.ts';
import { parseQueueMessage } from '../../../src/adapters/aws/index.ts';
import { failureBackoff, graceMs } from '../../../src/adapters/aws/retry.ts';
import { schedulerTimers, type SchedulerTimersOptions } from '../../../src/adapters/aws/scheduler-timers.ts';
import { Spending } from '../../../src/adapters/aws/spending.ts';
import { noUsage, type Usage } from '../../../src/adapters/aws/usage.ts';
import { stepEvent, type WorkflowEvent } from '../../../src/core/event.ts';
import { instantPacing } from './pacing.ts';

const service = mockClient(SchedulerClient);

// Other files of this worker use the client as it is.
afterAll(() => service.restore());

const now = Date.UTC(2026, 10, 26, 7, 30);
const hour = 3_600_000;
const base = { workflowId: 'workflow', runId: 'run', epoch: 1, hop: 0, time: now };

function sleeping(turn = 'turn', dueAt = now + hour): WorkflowEvent {
  return stepEvent(base, 'workflow.step.run', { key: { entry: 1 }, turn, stepId: 'nap', dueAt });
}

const near: [event: WorkflowEvent, dueAt: number][] = [];
let clients = 0;

beforeEach(() => {
  service.reset();
  near.length = 0;
  clients = 0;
});

function timers(more: Partial<SchedulerTimersOptions> = {}) {
  return schedulerTimers({
    near: { schedule: async (event, dueAt) => void near.push([event, dueAt]) },
    client: async () => {
      clients += 1;
      return new SchedulerClient({ region: 'us-east-1' });
    },
    group: 'timers',
    roleArn: 'arn:aws:iam::123456789012:role/timers',
    queueArn: () => 'arn:aws:sqs:us-east-1:123456789012:work',
    clock: { now: () => now },
    pacing: instantPacing(),
    ...more,
  });
}

function created() {
  return service.commandCalls(CreateScheduleCommand).map((call) => call.args[0].input);
}

const fault = { message: 'refused', $metadata: {} };

describe('a timer', () => {
  test.each([0, 1_000, 900_000])('that a queue can delay is none of the Scheduler: %i ms', async (ms) => {
    await timers().schedule(sleeping(), now + ms);
    expect(near).toEqual([[sleeping(), now + ms]]);
    expect(created()).toEqual([]);
    expect(clients).toBe(0);
  });

  test('that is due later is a schedule to a minute before, which deletes itself', async () => {
    service.on(CreateScheduleCommand).resolves({});
    const deadLetterArn = 'arn:aws:sqs:us-east-1:123456789012:dead';
    await timers({ deadLetterArn }).schedule(sleeping(), now + hour);
    expect(created()).toEqual([
      {
        GroupName: 'timers',
        Name: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
        ScheduleExpression: 'at(2026-11-26T08:29:00)',
        ScheduleExpressionTimezone: 'UTC',
        FlexibleTimeWindow: { Mode: 'OFF' },
        ActionAfterCompletion: 'DELETE',
        Target: {
          Arn: 'arn:aws:sqs:us-east-1:123456789012:work',
          RoleArn: 'arn:aws:iam::123456789012:role/timers',
          Input: expect.any(String) as unknown,
          RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
          DeadLetterConfig: { Arn: deadLetterArn },
        },
      },
    ]);
    expect(parseQueueMessage(created()[0]?.Target?.Input ?? '')).toStrictEqual(sleeping());
    expect(near).toEqual([]);
  });

  test('just above what a queue can delay is a schedule', async () => {
    service.on(CreateScheduleCommand).resolves({});
    await timers().schedule(sleeping(), now + 900_001);
    expect(created()).toMatchObject([{ ScheduleExpression: 'at(2026-11-26T07:44:00)' }]);
  });

  test('has the name of its event and time, which no other has', async () => {
    service.on(CreateScheduleCommand).resolves({});
    const one = timers();
    await one.schedule(sleeping(), now + hour);
    await timers().schedule(sleeping(), now + hour);
    await one.schedule(sleeping('another turn'), now + hour);
    await one.schedule(sleeping(), now + 2 * hour);
    const [first, again, ...others] = created().map(({ Name }) => Name);
    expect(again).toBe(first);
    expect(new Set([first, ...others]).size).toBe(3);
  });

  test('that waits for years is set for one, and then again', async () => {
    service.on(CreateScheduleCommand).resolves({});
    await timers().schedule(sleeping(), 8_640_000_000_000_000);
    expect(created()).toMatchObject([{ ScheduleExpression: 'at(2027-11-26T07:30:00)' }]);
  });

  test('goes into the queue of its lane, and from an earlier time where that is asked for', async () => {
    service.on(CreateScheduleCommand).resolves({});
    const queueArn = ({ stepId }: WorkflowEvent) => `arn:aws:sqs:us-east-1:123456789012:${stepId}`;
    // Less than the minute by which it is early: now, and its handler sets what is left.
    await timers({ queueArn, beyondMs: 5_000 }).schedule(sleeping(), now + 6_000);
    expect(created()).toMatchObject([
      {
        ScheduleExpression: 'at(2026-11-26T07:30:00)',
        Target: { Arn: 'arn:aws:sqs:us-east-1:123456789012:nap' },
      },
    ]);
  });
});

describe('when the Scheduler', () => {
  test('has the schedule already, the timer is set', async () => {
    service.on(CreateScheduleCommand).rejects(new ConflictException({ ...fault, Message: 'exists' }));
    await timers().schedule(sleeping(), now + hour);
    expect(created()).toHaveLength(1);
  });

  test('had created it and its answer was lost, the timer is set', async () => {
    service
      .on(CreateScheduleCommand)
      .rejectsOnce(Object.assign(new Error('no answer'), { name: 'TimeoutError' }))
      .rejects(new ConflictException({ ...fault, Message: 'exists' }));
    await timers().schedule(sleeping(), now + hour);
    expect(created()).toHaveLength(2);
  });

  test('has no capacity, it is asked again', async () => {
    const pacing = instantPacing();
    service
      .on(CreateScheduleCommand)
      .rejectsOnce(new ThrottlingException({ ...fault, Message: 'slow' }))
      .resolves({});
    await timers({ pacing }).schedule(sleeping(), now + hour);
    expect(created()).toHaveLength(2);
    expect(pacing.pauses).toHaveLength(1);
  });

  test('refuses for good, the event comes again', async () => {
    const cause = new ThrottlingException({ ...fault, Message: 'slow' });
    service.on(CreateScheduleCommand).rejects(cause);
    await expect(timers().schedule(sleeping(), now + hour)).rejects.toMatchObject({
      code: 'WORKFLOW_BACKEND_UNAVAILABLE',
      cause,
    });
    expect(created()).toHaveLength(failureBackoff.tries);
  });

  test('has no capacity, and the invocation no time, nobody waits for it', async () => {
    const pacing = instantPacing();
    service.on(CreateScheduleCommand).rejects(new ThrottlingException({ ...fault, Message: 'slow' }));
    // A few ms are left: enough for the first request, and less than the pause before the next.
    const deadline = pacing.clock.now() + failureBackoff.baseMs / 20 - graceMs;
    const setting = withInvocation({ deadline }, () => timers({ pacing }).schedule(sleeping(), now + hour));
    await expect(setting).rejects.toMatchObject({
      code: 'WORKFLOW_BACKEND_UNAVAILABLE',
      message: expect.stringContaining('no time is left') as string,
    });
    expect(created()).toHaveLength(1);
    expect(pacing.pauses).toEqual([]);
  });
});

describe('what a handling has used', () => {
  const used = { invocations: 1, requests: 2 };
  const open = { ...noUsage(), ...used };

  async function openAfter(): Promise<Usage> {
    const meter = new Spending({ now: () => 0, gigabytes: 0.5, before: used });
    await withInvocation({ deadline: Number.POSITIVE_INFINITY, meter }, () =>
      timers().schedule(sleeping(), now + hour),
    ).catch(() => {});
    return meter.take({});
  }

  test('goes with a schedule that is made', async () => {
    service.on(CreateScheduleCommand).resolves({});
    // Less the schedule and its message, which the client that counts them would add.
    expect(await openAfter()).toEqual({ ...noUsage(), schedules: -1, requests: -1 });
    expect(JSON.parse(created()[0]?.Target?.Input ?? '')).toMatchObject({
      detail: { spent: { mi: 1, mq: 3, ms: 1 } },
    });
  });

  test('stays with the handling when the schedule is there already', async () => {
    service.on(CreateScheduleCommand).rejects(new ConflictException({ ...fault, Message: 'exists' }));
    expect(await openAfter()).toEqual(open);
  });

  test('stays with the handling when the schedule cannot be made', async () => {
    service.on(CreateScheduleCommand).rejects(new ThrottlingException({ ...fault, Message: 'slow' }));
    expect(await openAfter()).toEqual(open);
  });
});
