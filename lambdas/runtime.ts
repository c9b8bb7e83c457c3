import * as entry from 'evented-workflows:entry';
import { awsBackend, lanesOf, readAwsConfig } from '../src/adapters/aws/index.ts';
import { createRuntime, type Runtime } from '../src/runtime/index.ts';
import { logger, metrics } from './observability.ts';
import { workflowsOf } from './workflows.ts';

/** The runtime of a function: what the deployment's `entry` exports, on what its environment names. */
export function startRuntime(): Runtime {
  const config = readAwsConfig(process.env);
  const workflows = workflowsOf(entry);
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
