import * as entry from 'evented-workflows:entry';
import { awsBackend, lanesOf, readAwsConfig } from '../src/adapters/aws/index.ts';
import { WorkflowError } from '../src/core/errors.ts';
import { createRuntime, type Runtime, type RuntimeOptions } from '../src/runtime/index.ts';
import { logger, metrics } from './observability.ts';

/** The runtime of a function: what the deployment's `entry` exports, on what its environment names. */
export function startRuntime(): Runtime {
  const config = readAwsConfig(process.env);
  const workflows = registeredWorkflows(entry);
  const { agents, tools }: Partial<typeof entry> = entry;
  return createRuntime({
    workflows,
    ...(agents === undefined ? {} : { agents }),
    ...(tools === undefined ? {} : { tools }),
    backend: awsBackend({ ...config, metrics, laneOf: lanesOf(config.lanes, workflows) }),
    stepEndEvents: config.stepEnds,
    times: { leaseMs: config.leaseMs },
    logger,
  });
}

/** What the module given as `entry` exports by the name `workflows`, else as default. */
function registeredWorkflows(exported: Partial<typeof entry>): RuntimeOptions['workflows'] {
  const workflows = exported.workflows ?? exported.default;
  // Annotated, or it would make the type an array of anything.
  const isList: boolean = Array.isArray(workflows);
  if (workflows !== undefined && isList) return workflows;
  throw new WorkflowError(
    'WORKFLOW_DEFINITION_INVALID',
    `The module given as entry has ${typeof workflows} where its workflows should be; write ` +
      'export const workflows = [...] in it',
  );
}
