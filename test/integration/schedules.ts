import {
  GetScheduleCommand,
  type GetScheduleCommandOutput,
  paginateListSchedules,
  SchedulerClient,
} from '@aws-sdk/client-scheduler';
import { stack } from './deployed.ts';
import { arnOf } from './queues.ts';

export const scheduler = new SchedulerClient({});

/** The schedules that put what has `text` in it into the work queue. */
export async function schedulesWith(text: string): Promise<GetScheduleCommandOutput[]> {
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
export function atOf(time: number): string {
  return `at(${new Date(time).toISOString().slice(0, 'yyyy-mm-ddThh:mm:ss'.length)})`;
}
