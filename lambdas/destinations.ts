import { readAwsConfig } from '../src/adapters/aws/index.ts';
import { requestRefusals } from '../src/adapters/aws/request-refusals.ts';
import { readRequestSources } from '../src/adapters/aws/request-sources.ts';
import type { Runtime } from '../src/runtime/index.ts';
import type { Destinations } from './dispatch.ts';
import { metrics } from './observability.ts';
import { requestHandler } from './requests.ts';
import { startScheduled } from './scheduled.ts';

/** What becomes of messages that no run knows of yet, whether they come by the work queue or by that of the dead letters. */
export function startingDestinations(runtime: Runtime): Pick<Destinations, 'request' | 'tick'> {
  return {
    tick: (message) => startScheduled(runtime, message),
    request: requestHandler({
      runtime,
      sources: readRequestSources(process.env),
      refuse: requestRefusals({ busName: readAwsConfig(process.env).busName }),
      metrics,
      now: Date.now,
    }),
  };
}
