/** The runtime: one engine over any backend. */
export type {
  Audit,
  CreateRequest,
  EventPage,
  HandleOptions,
  HistoryEntry,
  HistoryPage,
  HistoryRequest,
  KeyResumeRequest,
  OutputOptions,
  RepeatableRequest,
  ResumeRequest,
  Runtime,
  RunRef,
  ScheduleDescription,
  ScheduleStart,
  ScheduleTick,
  StartRequest,
  StoredRun,
  WorkflowDescription,
} from './api.ts';
export { createRuntime, type RuntimeOptions } from './runtime.ts';
export type { EngineTimes, Logger } from './engine.ts';
export {
  executeStep,
  type StepEmitter,
  type StepExecution,
  type StepOutcome,
  type StepResults,
} from './step-executor.ts';
export type { TimeLimit } from './time-limit.ts';
