/** The runtime as a CDK construct: `evented-workflows/cdk`. */
export type { AlarmThresholds } from './alarm-thresholds.ts';
export { WorkflowRuntimeError, type WorkflowRuntimeErrorCode } from './errors.ts';
export type { WorkflowFunction } from './lane.ts';
export type { EngineMetric, IMetered } from './metrics.ts';
export type {
  Cors,
  IWorkflowStorage,
  JwtAuth,
  LongStepsProps,
  StepFunctionProps,
  Throttling,
  WarmThroughput,
  WorkflowAuth,
  WorkflowFunctionProps,
  WorkflowRuntimeProps,
  WorkflowStorageProps,
} from './props.ts';
export type { RequestSource } from '../src/adapters/aws/config.ts';
export type { WorkflowScheduleProps } from './schedule-settings.ts';
export { type IWorkflowRuntime, WorkflowRuntime } from './workflow-runtime.ts';
export { WorkflowStack, type WorkflowStackProps } from './workflow-stack.ts';
export { WorkflowStorage, WorkflowStorageStack, type WorkflowStorageStackProps } from './workflow-storage.ts';
