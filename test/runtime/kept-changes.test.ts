import { describe, expect, test } from 'vitest';
import { body, flow } from './steps.ts';
import { inPlace, places } from './places.ts';

/** Sets a key of the state and one of the request context. */
const setting = body('setting', async ({ setState, requestContext }) => {
  await setState({ set: 1 });
  requestContext.set('seen', true);
  return 'set';
});

const broken = (): never => {
  throw new Error('broken');
};

/** What a run of `workflow` that fails holds at its end. */
async function shared(workflow: ReturnType<ReturnType<typeof flow>['commit']>): Promise<unknown> {
  const run = await workflow.createRun();
  const result = await run.start({ inputData: 0, outputOptions: { includeState: true } });
  expect(result).toMatchObject({ status: 'failed', error: { message: 'broken' } });
  const stored = await workflow.getWorkflowRunById(run.runId, { fields: ['requestContext'] });
  return [result.state, stored?.requestContext];
}

const all = [{ set: 1 }, { seen: true }];

describe.each(places)('in $name, what was changed before', (place) => {
  test('the time of a sleep throws in a nested workflow holds in the one around it', async () => {
    const inner = flow('inner').then(setting).sleep(broken, { id: 'nap' }).commit();
    const made = flow('w').then(inner).commit();
    await inPlace(place, [made, inner], async () => expect(await shared(made)).toEqual(all));
  });

  test('the window of a foreach throws in a nested workflow holds in the one around it', async () => {
    const inner = flow('inner')
      .then(setting)
      .map(async () => [1, 2])
      .foreach(
        body('each', async () => 0),
        { concurrency: broken },
      )
      .commit();
    const made = flow('w')
      .parallel([inner, body('beside', async () => 0)])
      .commit();
    await inPlace(place, [made, inner], async () => expect(await shared(made)).toEqual(all));
  });

  test('the condition of a loop throws holds: its body has succeeded', async () => {
    const made = flow('w').dountil(setting, broken).commit();
    await inPlace(place, [made], async () => expect(await shared(made)).toEqual(all));
  });

  test('the condition of a loop over a nested workflow is asked is what it sees', async () => {
    const inner = flow('inner').then(setting).commit();
    const seen: unknown[] = [];
    const made = flow('w')
      .dountil(inner, async ({ state, requestContext }) => {
        seen.push([state, requestContext.toJSON()]);
        return true;
      })
      .commit();
    await inPlace(place, [made, inner], async () => {
      await (await made.createRun()).start({ inputData: 0, requestContext: { seen: false } });
      expect(seen).toEqual([all]);
    });
  });
});
