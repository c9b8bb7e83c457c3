/** The place for production: runs in DynamoDB, large values in S3, events on EventBridge, work and timers in SQS. */
export { type AwsBackendOptions, awsBackend } from './backend.ts';
export type { AwsClients } from './clients.ts';
export type { Lane } from './config.ts';
export { type LaneOf, lanesOf } from './lanes.ts';
export type { ScheduleConfig } from './scheduler-timers.ts';
export { formatQueueMessage, parseQueueMessage, runIdOfMessage } from './queue-message.ts';
export { type AwsConfig, readAwsConfig } from './read-config.ts';
export { type ExpiredImage, type RunRemovalOptions, removeExpiredRun } from './run-removal.ts';
