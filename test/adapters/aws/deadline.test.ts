import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, onTestFinished, test } from 'vitest';
import { withInvocation } from '../../../src/adapters/aws/invocation.ts';
import { dynamoRunStore } from '../../../src/adapters/aws/run-store.ts';

/** A store on a service that never answers, and a clock whose timers the test fires. */
async function silent() {
  const timers: { readonly delayMs: number; readonly fire: () => void }[] = [];
  let requests = 0;
  let first: (() => void) | undefined;
  const asked = new Promise<void>((resolve) => {
    first = resolve;
  });
  const server = createServer(() => {
    requests += 1;
    first?.();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const client = new DynamoDBClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 's' },
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  });
  onTestFinished(() => {
    client.destroy();
    server.close();
    server.closeAllConnections();
  });
  const clock = {
    now: () => 1_000_000,
    timer(delayMs: number, fire: () => void) {
      timers.push({ delayMs, fire });
      return () => {};
    },
  };
  const pacing = { clock, random: () => 1 };
  const store = dynamoRunStore({ client, tableName: 'runs', pacing, listing: false, retentionMs: 1 });
  return { store, timers, asked, requests: () => requests };
}

const unavailable = { code: 'WORKFLOW_BACKEND_UNAVAILABLE' };

test('the end of the time ends the request that is under way, and the tries that the client would make', async () => {
  const { store, timers, asked, requests } = await silent();
  const reading = withInvocation({ deadline: 1_000_500 }, async () => store.loadHeader('run'));
  const refused = expect(reading).rejects.toMatchObject(unavailable);
  await asked;
  expect(timers).toHaveLength(1);
  // What stores an outcome has the time after the deadline that the function still has.
  expect(timers[0]?.delayMs).toBeGreaterThan(500);
  timers[0]?.fire();
  await refused;
  expect(requests()).toBe(1);
});

test('one timer serves all requests of an invocation', async () => {
  const { store, timers, asked } = await silent();
  const invocation = { deadline: 1_000_500 };
  const reading = withInvocation(invocation, async () =>
    Promise.allSettled([store.loadHeader('run'), store.loadHeader('other')]),
  );
  await asked;
  expect(timers).toHaveLength(1);
  timers[0]?.fire();
  expect((await reading).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test('nothing is sent when the time is over', async () => {
  const { store, timers, requests } = await silent();
  await expect(
    withInvocation({ deadline: 900_000 }, async () => store.loadHeader('run')),
  ).rejects.toMatchObject(unavailable);
  expect(requests()).toBe(0);
  expect(timers).toEqual([]);
});
