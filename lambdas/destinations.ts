import type { Runtime } from '../src/runtime/index.ts';
import type { Destinations } from './dispatch.ts';

/**
 * What becomes of messages that no run knows of yet, whether they come by the work queue or by that of the dead letters. What
 * reads them is loaded with the first of them: most functions never see one, and all start sooner without it.
 */
export function startingDestinations(runtime: Runtime): Pick<Destinations, 'request' | 'tick'> {
  let requests: Promise<Destinations['request']> | undefined;
  return {
    tick: async (content, sentAt) => {
      const { startScheduled } = await import('./scheduled.ts');
      await startScheduled(runtime, content, sentAt);
    },
    request: async (content) => {
      requests ??= import('./requests.ts').then(({ deploymentRequests }) => deploymentRequests(runtime));
      const handle = await requests;
      await handle(content);
    },
  };
}
