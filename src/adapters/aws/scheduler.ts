/** What is used of the Scheduler's client; a module of its own for the reason that `s3.ts` is one. */
export { CreateScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
