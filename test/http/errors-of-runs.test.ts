import { describe, expect, test } from 'vitest';
import { createClient, type RunHandle } from '../../src/client/index.ts';
import { type Calls, runId, type SeenRun } from '../parity/errors/calls.ts';
import { allFailed, allRefused } from '../parity/errors/all.ts';
import type { Refused } from '../parity/errors/case.ts';
import { named, refusalOf } from '../parity/errors/shown.ts';
import { realApp } from './fixtures.ts';

/** Seconds to wait for what a call sets going. */
const wait = 25;

/** A client of an app that has the workflow, and its calls about the one run. */
function over(workflow: ReturnType<Refused['workflow']>): { readonly calls: Calls; readonly run: RunHandle } {
  const { app } = realApp({ workflows: [workflow], onError: () => {} });
  const client = createClient({ url: 'http://api.test', fetch: (request) => app.fetch(request), retries: 0 });
  const flow = client.workflow('flow');
  const run = client.run(runId);
  return {
    run,
    calls: {
      begin: (given) => flow.start({ runId, ...given }),
      start: (given) => flow.start({ runId, wait, ...given }),
      resume: (given) => run.resume({ wait, ...given }),
      timeTravel: (given) => run.timeTravel({ wait, ...given }),
      restart: () => run.restart({ wait }),
      cancel: () => run.cancel(),
      remove: () => run.delete(),
    },
  };
}

describe('over HTTP a call is refused as in memory', () => {
  test.each(named(allRefused))('%s', async (_, refused) => {
    const { calls } = over(refused.workflow());
    await refused.before?.(calls);
    expect(await refusalOf(refused.call(calls))).toEqual(refused.overHttp ?? refused.error);
  });
});

describe('over HTTP a run fails as in memory', () => {
  test.each(named(allFailed))('%s', async (_, { workflow, inputData = {}, stepId = 'fails', error }) => {
    const { calls, run } = over(workflow());
    await calls.start({ inputData });
    const shown: readonly SeenRun[] = [await run.result(), await run.get()];
    for (const { status, error: ofRun, steps } of shown) {
      expect([status, ofRun]).toEqual(['failed', error]);
      expect(steps[stepId]).toMatchObject({ status: 'failed' });
      expect((steps[stepId] as SeenRun).error).toEqual(error);
    }
    const { events } = await run.eventPage();
    const ended = events.find(
      ({ type, payload }) => type === 'workflow-step-result' && payload.id === stepId,
    );
    expect(ended?.payload).toMatchObject({ status: 'failed', error });
  });
});
