import {
  CreateScheduleCommand,
  type CreateScheduleInput,
  DeleteScheduleCommand,
  ListSchedulesCommand,
  type ListSchedulesOutput,
  type SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { systemClock } from '../system/index.ts';
import { cronPrefix } from './config.ts';
import type { CronSchedule } from './cron-schedules.ts';
import { type Backoff, isNamed, type Pacing, retrying } from './retry.ts';

/** Where the schedules of a deployment are, and what carries them out. */
export interface CronGroup {
  readonly client: SchedulerClient;
  /** @default by the system's clock */
  readonly pacing?: Pacing;
  /** Name of the Scheduler group. */
  readonly group: string;
}

/** What the Scheduler does when a schedule is due. */
export interface CronTarget {
  /** ARN of the work queue. */
  readonly queueArn: string;
  /** ARN of the role by which the Scheduler sends to it. */
  readonly roleArn: string;
  /** ARN of the queue for what could not be sent for a day. @default it is lost */
  readonly deadLetterArn?: string;
}

const usualPacing: Pacing = { clock: systemClock, random: Math.random };

/** Half a minute on average, a minute at most: a role that was just made is known everywhere within seconds. */
const deploymentBackoff: Backoff = { tries: 15, baseMs: 100, capMs: 5_000 };

/** Calls at a time: the quota of a small region is 50 a second (EventBridge Scheduler user guide, "Quotas"). */
const callsAtOnce = 8;

/**
 * Makes the crons of the group those that are wanted: first what is new or there already, then what has to go, so that nobody
 * misses a tick for a failure in between. One-time schedules of the group are left alone. Doing it again changes nothing.
 */
export async function setCrons(
  group: CronGroup,
  target: CronTarget,
  wanted: readonly CronSchedule[],
): Promise<void> {
  const present = new Set(await cronNames(group));
  await each(wanted, (schedule) => put(group, inputOf(group, target, schedule), present.has(schedule.name)));
  for (const { name } of wanted) present.delete(name);
  await each([...present], (name) => remove(group, name));
}

/** Removes all crons of the group, if it is there. */
export async function removeCrons(group: CronGroup): Promise<void> {
  await each(await cronNames(group), (name) => remove(group, name));
}

/** Names of the crons in the group; none when it is not there. */
async function cronNames({ client, pacing = usualPacing, group }: CronGroup): Promise<string[]> {
  const names: string[] = [];
  let token: string | undefined;
  do {
    const command = new ListSchedulesCommand({ GroupName: group, NamePrefix: cronPrefix, NextToken: token });
    const page = await retrying<ListSchedulesOutput>(
      pacing,
      deploymentBackoff,
      'Listing the schedules',
      async () => {
        try {
          return { done: await client.send(command) };
        } catch (error) {
          if (isNamed(error, 'ResourceNotFoundException')) return { done: { Schedules: [] } };
          if (!isPassing(error)) throw error;
          return { again: error };
        }
      },
    );
    // The prefix is looked at again: what has another one is somebody's timer.
    names.push(...(page.Schedules ?? []).flatMap(({ Name: name }) => name ?? []));
    token = page.NextToken;
  } while (token !== undefined);
  return names.filter((name) => name.startsWith(cronPrefix));
}

function inputOf({ group }: CronGroup, target: CronTarget, schedule: CronSchedule): CreateScheduleInput {
  const { name, expression, timezone, isEnabled, input, description } = schedule;
  return {
    GroupName: group,
    Name: name,
    Description: description.slice(0, 512),
    ScheduleExpression: expression,
    ScheduleExpressionTimezone: timezone,
    State: isEnabled ? 'ENABLED' : 'DISABLED',
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: {
      Arn: target.queueArn,
      RoleArn: target.roleArn,
      Input: input,
      ...(target.deadLetterArn === undefined ? {} : { DeadLetterConfig: { Arn: target.deadLetterArn } }),
    },
  };
}

/** Creates or replaces a schedule, whichever it turns out to be. */
async function put(
  { client, pacing = usualPacing }: CronGroup,
  input: CreateScheduleInput,
  known: boolean,
): Promise<void> {
  let isThere = known;
  await retrying(pacing, deploymentBackoff, `Setting the schedule ${input.Name}`, async () => {
    try {
      await client.send(isThere ? new UpdateScheduleCommand(input) : new CreateScheduleCommand(input));
      return { done: undefined };
    } catch (error) {
      // Another deployment of the same group came between.
      if (isNamed(error, 'ConflictException')) isThere = true;
      else if (isNamed(error, 'ResourceNotFoundException') && isThere) isThere = false;
      else if (!isPassing(error)) throw error;
      return { again: error };
    }
  });
}

async function remove({ client, pacing = usualPacing, group }: CronGroup, name: string): Promise<void> {
  await retrying(pacing, deploymentBackoff, `Removing the schedule ${name}`, async () => {
    try {
      await client.send(new DeleteScheduleCommand({ GroupName: group, Name: name }));
      return { done: undefined };
    } catch (error) {
      if (isNamed(error, 'ResourceNotFoundException')) return { done: undefined };
      if (!isPassing(error) && !isNamed(error, 'ConflictException')) throw error;
      return { again: error };
    }
  });
}

/**
 * Whether the Scheduler may do a little later what it refused. On a first deployment that is so, too, of what it refuses for a
 * role: IAM lets neither a policy of this function nor the role of the target count at once.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
 */
function isPassing(error: unknown): boolean {
  if (isNamed(error, 'ThrottlingException', 'InternalServerException', 'AccessDeniedException')) return true;
  return isNamed(error, 'ValidationException') && /\brole\b/i.test(error.message);
}

/** Calls `call` for each item, some at a time. Rejects with the first failure, when those that began are over. */
async function each<Item>(items: readonly Item[], call: (item: Item) => Promise<void>): Promise<void> {
  // Shared, so that each of the loops below takes the next item that none has taken.
  const waiting = items.values();
  const loops = Array.from({ length: callsAtOnce }, async () => {
    for (const item of waiting) await call(item);
  });
  const failed = (await Promise.allSettled(loops)).find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
