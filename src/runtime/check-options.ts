import { WorkflowError } from '../core/errors.ts';
import { kindOf } from './arguments.ts';
import type { RuntimeOptions } from './runtime.ts';

/** Callers without types get an error that names the option, instead of one from the depths. */
export function checkOptions(options: Partial<RuntimeOptions> | undefined): void {
  const invalid = (option: string, value: unknown, remedy: string): WorkflowError =>
    new WorkflowError(
      'WORKFLOW_DEFINITION_INVALID',
      `createRuntime: ${option} is ${kindOf(value)}: ${remedy}`,
      {
        details: { option },
      },
    );
  if (typeof options !== 'object') throw invalid('options', options, 'pass { workflows, backend }');
  const { workflows, backend } = options;
  if (!Array.isArray(workflows)) throw invalid('workflows', workflows, 'pass an array of workflows');
  if (typeof backend?.store?.claim !== 'function') {
    throw invalid(
      'backend',
      backend,
      'pass what memoryBackend(), sqliteBackend({ file }) or awsBackend(config) returns',
    );
  }
}
