/** The runtime as a CDK construct: `evented-workflows/cdk`. */
export { WorkflowRuntimeError, type WorkflowRuntimeErrorCode } from './errors.ts';
export type { JwtAuth, WorkflowAuth, WorkflowRuntimeProps } from './props.ts';
export { type IWorkflowRuntime, WorkflowRuntime } from './workflow-runtime.ts';
export { WorkflowStack, type WorkflowStackProps } from './workflow-stack.ts';
