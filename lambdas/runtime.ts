import * as entry from 'evented-workflows:entry';
import { awsBackend, readAwsConfig } from '../src/adapters/aws/index.ts';
import { createRuntime, type Runtime } from '../src/runtime/index.ts';
import { workflowsOf } from './workflows.ts';

/** The runtime of a function: what the deployment's `entry` exports, on what its environment names. */
export function startRuntime(): Runtime {
  const config = readAwsConfig(process.env);
  const { agents, tools }: Partial<typeof entry> = entry;
  return createRuntime({
    workflows: workflowsOf(entry),
    ...(agents === undefined ? {} : { agents }),
    ...(tools === undefined ? {} : { tools }),
    backend: awsBackend(config),
    stepEndEvents: config.stepEnds,
    times: { leaseMs: config.leaseMs },
    logger: { warn: (message, attributes) => console.warn(message, attributes) },
  });
}
