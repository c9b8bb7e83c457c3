/** A typed client of the HTTP API, for browsers, Node.js and functions. It loads nothing but itself. */
export {
  type Client,
  type ClientOptions,
  createClient,
  type RemoteDescription,
  type RunsPage,
  type RunsQuery,
  type WorkflowSummary,
} from './client.ts';
export {
  type ApiErrorCode,
  type ClientErrorCode,
  isWorkflowApiError,
  type Problem,
  WorkflowApiError,
} from './errors.ts';
export type { EventsOptions } from './events.ts';
export type { AnsweredRun, RemoteHistoryPage, RunHandle } from './run.ts';
export type { Timing } from './timing.ts';
export type { ScheduleDescription } from '../core/schedule.ts';
export { isValueRef, type ValueRef } from './values.ts';
export type { Wire, WireError } from './wire.ts';
export type { WorkflowClient } from './workflow.ts';
export type {
  AnyWorkflows,
  CallOptions,
  KeyResumeOptions,
  ListedRun,
  RemoteContext,
  RemoteResult,
  RemoteRun,
  RestartOptions,
  ResultOptions,
  ResumeData,
  ResumeOptions,
  RunField,
  StartOptions,
  StartParameters,
  StepContext,
  StepTarget,
  StepsById,
  TimeTravelOptions,
  TypesById,
  WaitOptions,
  WorkflowId,
} from './workflow-types.ts';
export type { EventPage } from '../core/host.ts';
export type { RunBasics } from '../core/run-fields.ts';
export type { RunEvent } from '../core/snapshot.ts';
