import { afterEach, describe, expect, test, vi } from 'vitest';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import { createWorkflow } from '../../src/index.ts';
import type { Lane } from '../../src/adapters/aws/config.ts';
import { step, workflow } from '../runtime/fixtures.ts';
import { any, body, echo, flow } from '../runtime/steps.ts';
import { DeploymentInHand } from './deployment-in-hand.ts';
import { storeOn, localClient, tableForTests } from './dynamodb-place.ts';

/** What waits, and what takes long, on the place that is deployed: its store, its timers, and a clock that a test moves. */

const tableName = 'time';
tableForTests(tableName);

const day = 86_400_000;
let closing: (() => Promise<void>) | undefined;
afterEach(async () => closing?.());

function deployed(workflows: readonly WorkflowDefinition[], lanes: readonly Lane[] = []): DeploymentInHand {
  const deployment = new DeploymentInHand(tableName, workflows, lanes);
  closing = () => deployment.close();
  return deployment;
}

describe('a sleep of a day', () => {
  const nap = flow('napping').sleep(day, { id: 'nap' }).then(echo('after')).commit();

  test('is a schedule to a minute before, then a delay of the queue, and goes on at its time', async () => {
    const deployment = deployed([nap]);
    const runtime = deployment.runtime();
    const began = deployment.clock.now();
    await runtime.start({ workflowId: 'napping', runId: 'nap-1', inputData: 7 });
    await deployment.drain(runtime);
    expect(deployment.messages).toEqual([]);
    expect(deployment.schedules).toMatchObject([{ at: began + day - 60_000, queue: 'work' }]);
    expect((await runtime.get({ runId: 'nap-1' }))?.status).toBe('waiting');
    deployment.fireSchedule();
    // In another execution environment, as a day later it is.
    const later = deployment.runtime();
    await deployment.drain(later);
    expect(deployment.messages).toMatchObject([{ queue: 'work', dueAt: began + day }]);
    expect((await later.get({ runId: 'nap-1' }))?.status).toBe('waiting');
    deployment.clock.pass(60_000);
    await deployment.drain(later);
    expect(await later.result({ runId: 'nap-1' })).toMatchObject({ status: 'success', result: 7 });
    expect(deployment.schedules).toEqual([]);
  });

  test('of which the event comes twice has one schedule', async () => {
    const deployment = deployed([nap]);
    const runtime = deployment.runtime();
    await runtime.start({ workflowId: 'napping', runId: 'nap-2', inputData: 7 });
    const event = deployment.take();
    await runtime.handle(event);
    await runtime.handle(event);
    expect(deployment.schedules).toHaveLength(1);
  });

  test('ends at once with a cancel, and its schedule meets a run that is over', async () => {
    const deployment = deployed([nap]);
    const runtime = deployment.runtime();
    await runtime.start({ workflowId: 'napping', runId: 'nap-3', inputData: 7 });
    await deployment.drain(runtime);
    await runtime.cancel({ runId: 'nap-3' });
    expect((await runtime.get({ runId: 'nap-3' }))?.status).toBe('canceled');
    await deployment.drain(runtime);
    deployment.fireSchedule();
    await deployment.drain(runtime);
    deployment.clock.pass(60_000);
    await deployment.drain(runtime);
    expect(await runtime.get({ runId: 'nap-3' })).toMatchObject({ status: 'canceled' });
    expect([deployment.messages, deployment.schedules]).toEqual([[], []]);
  });
});

test('a pause of an hour between two attempts is kept, whoever waits for it', async () => {
  let tries = 0;
  const flaky = step('flaky', () => {
    tries += 1;
    if (tries === 1) throw new Error('once');
    return 'second try';
  });
  const deployment = deployed([
    workflow('retrying', [flaky], { retryConfig: { attempts: 1, delay: 3_600_000 } }),
  ]);
  const runtime = deployment.runtime();
  const began = deployment.clock.now();
  await runtime.start({ workflowId: 'retrying', runId: 'retry-1' });
  await deployment.drain(runtime);
  expect(deployment.schedules).toMatchObject([{ at: began + 3_540_000 }]);
  deployment.fireSchedule();
  const later = deployment.runtime();
  await deployment.drain(later);
  expect(tries).toBe(1);
  deployment.clock.pass(60_000);
  await deployment.drain(later);
  expect(await later.result({ runId: 'retry-1' })).toMatchObject({ status: 'success', result: 'second try' });
});

describe('a step that takes longer than its lease', () => {
  function held() {
    const bodies: ((output: unknown) => void)[] = [];
    const made = workflow('holding', [step('held', () => new Promise((resolve) => bodies.push(resolve)))]);
    return { bodies, made };
  }

  test('keeps it by renewals, a third of it apart, and a second delivery only sets a probe for its end', async () => {
    const { bodies, made } = held();
    const deployment = deployed([made]);
    const [one, two] = [deployment.runtime(), deployment.runtime()];
    const client = localClient();
    const store = storeOn(client, tableName);
    const leaseUntil = async () => (await store.loadRun('held-1'))?.records[0]?.leaseUntil;
    await one.start({ workflowId: 'holding', runId: 'held-1' });
    const event = deployment.take();
    const working = one.handle(event);
    await vi.waitFor(() => expect(bodies).toHaveLength(1));
    for (let renewals = 1; renewals <= 4; renewals += 1) {
      const before = deployment.clock.now();
      // The renewal before is stored a little earlier than the timer of this one is set.
      await vi.waitFor(() => expect(deployment.clock.next()).toBe(true));
      expect(deployment.clock.now()).toBe(before + 20_000);
      await vi.waitFor(async () => expect(await leaseUntil()).toBe(deployment.clock.now() + 60_000));
    }
    await two.handle(event);
    expect(bodies).toHaveLength(1);
    // Its end, what two clocks may differ by, and a millisecond, in whole seconds.
    expect(deployment.messages).toMatchObject([{ queue: 'work', dueAt: deployment.clock.now() + 71_000 }]);
    bodies[0]?.('done');
    await working;
    deployment.clock.pass(71_000);
    await deployment.drain(two);
    expect(bodies).toHaveLength(1);
    expect(await two.result({ runId: 'held-1' })).toMatchObject({ status: 'success', result: 'done' });
    client.destroy();
  });

  test('is taken over by the probe when its worker is dead', async () => {
    const { bodies, made } = held();
    const deployment = deployed([made]);
    const two = deployment.runtime();
    await two.start({ workflowId: 'holding', runId: 'held-2' });
    const event = deployment.take();
    // Nobody fires its timers any more: as if it were killed.
    const killed = deployment.runtime().handle(event);
    await vi.waitFor(() => expect(bodies).toHaveLength(1));
    await two.handle(event);
    deployment.clock.pass(71_000);
    const taking = deployment.drain(two);
    await vi.waitFor(() => expect(bodies).toHaveLength(2));
    bodies[1]?.('of the heir');
    await taking;
    bodies[0]?.('late');
    await killed;
    expect(await two.result({ runId: 'held-2' })).toMatchObject({ status: 'success', result: 'of the heir' });
  });

  test('fails at the limit of its function, which is stored', async () => {
    const { bodies, made } = held();
    const deployment = deployed([made]);
    const runtime = deployment.runtime();
    await runtime.start({ workflowId: 'holding', runId: 'held-3' });
    const deadline = deployment.clock.now() + 15_000;
    const working = runtime.handle(deployment.take(), { deadline, allotmentMs: 15_000 });
    await vi.waitFor(() => expect(bodies).toHaveLength(1));
    deployment.clock.next();
    await working;
    expect(await deployment.runtime().result({ runId: 'held-3' })).toMatchObject({
      status: 'failed',
      error: { code: 'WORKFLOW_STEP_TIMEOUT', details: { limitedBy: 'function' } },
    });
  });
});

test('work of a lane goes to its queue: by the bus, by a delay, and by a schedule', async () => {
  let tries = 0;
  const flaky = body(
    'flaky',
    async () => {
      tries += 1;
      if (tries < 3) throw new Error('not yet');
      return 'done';
    },
    { retries: 2 },
  );
  const made = createWorkflow({
    id: 'laned',
    inputSchema: any,
    outputSchema: any,
    retryConfig: { delay: 1_200_000 },
  })
    .then(echo('before'))
    .then(flaky)
    .then(echo('after'))
    .commit();
  const lane = { name: 'slow', queueUrl: 'slow', queueArn: 'slow', steps: ['laned/flaky'] };
  const deployment = deployed([made], [lane]);
  const runtime = deployment.runtime();
  const seen: string[] = [];
  const handleNext = async (): Promise<void> => {
    seen.push(`${deployment.messages[0]?.queue}`);
    await runtime.handle(deployment.take());
  };
  await runtime.start({ workflowId: 'laned', runId: 'lane-1', inputData: 1 });
  await handleNext();
  await handleNext();
  for (let retries = 0; retries < 2; retries += 1) {
    expect(deployment.fireSchedule().queue).toBe('slow');
    await handleNext();
    deployment.clock.pass(60_000);
    await handleNext();
  }
  await handleNext();
  expect(seen).toEqual(['work', 'slow', 'slow', 'slow', 'slow', 'slow', 'work']);
  expect(await runtime.result({ runId: 'lane-1' })).toMatchObject({ status: 'success', result: 'done' });
});
