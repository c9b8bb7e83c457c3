/** The module that a deployment gives as `entry`: esbuild puts it in this place when it bundles a function. */
declare module 'evented-workflows:entry' {
  import type { WorkflowDefinition } from '../src/core/definition.ts';

  export const workflows: readonly WorkflowDefinition[] | undefined;
  const fallback: readonly WorkflowDefinition[] | undefined;
  export default fallback;
}
