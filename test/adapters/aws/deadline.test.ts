import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, onTestFinished, test, vi } from 'vitest';
import { LazyClients } from '../../../src/adapters/aws/clients.ts';
import { withInvocation } from '../../../src/adapters/aws/invocation.ts';
import { dynamoRunStore } from '../../../src/adapters/aws/run-store.ts';

/** Whether the client is given, or made by the backend. */
type Whose = 'given' | 'own';
const whoses = ['given', 'own'] as const;

/** A store on a service that never answers, and a clock whose timers the test fires. */
async function silent(whose: Whose) {
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
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clock = {
    now: () => 1_000_000,
    timer(delayMs: number, fire: () => void) {
      timers.push({ delayMs, fire });
      return () => {};
    },
  };
  vi.stubEnv('AWS_ENDPOINT_URL', endpoint);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  const client = whose === 'given' ? new DynamoDBClient() : new LazyClients({}, undefined, clock).dynamodb();
  onTestFinished(() => {
    vi.unstubAllEnvs();
    client.destroy();
    server.close();
    server.closeAllConnections();
  });
  const pacing = { clock, random: () => 1 };
  const store = dynamoRunStore({ client, tableName: 'runs', pacing, listing: false, retentionMs: 1 });
  return { store, timers, asked, requests: () => requests };
}

const unavailable = { code: 'WORKFLOW_BACKEND_UNAVAILABLE' };

test.each(whoses)(
  'the end of the time ends the request that is under way, and the tries that the client would make: %s client',
  async (whose) => {
    const { store, timers, asked, requests } = await silent(whose);
    const reading = withInvocation({ deadline: 1_000_500 }, async () => store.loadHeader('run'));
    await asked;
    expect(timers).toHaveLength(1);
    // What stores an outcome has the time after the deadline that the function still has.
    expect(timers[0]?.delayMs).toBeGreaterThan(500);
    timers[0]?.fire();
    await expect(reading).rejects.toMatchObject(unavailable);
    expect(requests()).toBe(1);
  },
);

test.each(whoses)('one timer serves all requests of an invocation: %s client', async (whose) => {
  const { store, timers, asked } = await silent(whose);
  const invocation = { deadline: 1_000_500 };
  const reading = withInvocation(invocation, async () =>
    Promise.allSettled([store.loadHeader('run'), store.loadHeader('other')]),
  );
  await asked;
  expect(timers).toHaveLength(1);
  timers[0]?.fire();
  expect((await reading).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test.each(whoses)('nothing is sent when the time is over: %s client', async (whose) => {
  const { store, timers, requests } = await silent(whose);
  await expect(
    withInvocation({ deadline: 900_000 }, async () => store.loadHeader('run')),
  ).rejects.toMatchObject(unavailable);
  expect(requests()).toBe(0);
  expect(timers).toEqual([]);
});
