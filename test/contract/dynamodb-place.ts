import {
  DynamoDBClient,
  type DynamoDBClientConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import { systemClock } from '../../src/adapters/system/index.ts';
import { withPlainJson } from '../../src/adapters/aws/plain-json.ts';
import { dynamoRunStore } from '../../src/adapters/aws/run-store.ts';
import type { RunStore } from '../../src/ports/index.ts';
import { createTable } from './dynamodb-table.ts';
import { ENDPOINT_VARIABLE } from './endpoint.ts';

const endpoint = process.env[ENDPOINT_VARIABLE];
if (endpoint === undefined) throw new Error(`${ENDPOINT_VARIABLE} is not set: run npm run test:dynamodb`);

/** A client of the emulator that speaks as the backend's own does; its credentials open nothing. */
export function localClient(more: DynamoDBClientConfig = {}): DynamoDBClient {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new DynamoDBClient({ region: 'us-east-1', credentials, endpoint: endpoint ?? '', ...more });
  return withPlainJson(client);
}

/** Makes a table before the tests of a file. */
export function tableForTests(tableName: string): void {
  const client = localClient();
  beforeAll(() => createTable(client, tableName));
  afterAll(() => client.destroy());
}

/** A store on a table of the emulator. `now`: a time that stands still, instead of the system's. */
export function storeOn(
  client: DynamoDBClient,
  tableName: string,
  { now, ...more }: { readonly listing?: boolean; readonly segmentSize?: number; readonly now?: number } = {},
): RunStore {
  const clock = now === undefined ? systemClock : { ...systemClock, now: () => now };
  const pacing = { clock, random: Math.random };
  return dynamoRunStore({ client, tableName, pacing, listing: true, retentionMs: 86_400_000, ...more });
}

/** Capacity units that a client's requests were billed, reads and writes, with those of the indexes. */
export interface Meter {
  read: number;
  write: number;
  requests: number;
}

/** Counts what a client's requests cost. */
export function metered(client: DynamoDBClient): Meter {
  const meter: Meter = { read: 0, write: 0, requests: 0 };
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const input = { ...args.input, ReturnConsumedCapacity: 'TOTAL' } as ServiceInputTypes;
        const result = await next({ ...args, input });
        const output = result.output as ServiceOutputTypes & { ConsumedCapacity?: unknown };
        const isRead = /^(?:Get|BatchGet|Query)/.test(String(commandName));
        meter[isRead ? 'read' : 'write'] += unitsOf(output.ConsumedCapacity);
        meter.requests += 1;
        return result;
      },
    { step: 'initialize' },
  );
  return meter;
}

function unitsOf(capacity: unknown): number {
  const all = (Array.isArray(capacity) ? capacity : [capacity]) as ({ CapacityUnits?: number } | undefined)[];
  return all.reduce((sum, one) => sum + (one?.CapacityUnits ?? 0), 0);
}

/** Lets the first request of each kind in `lost` be done and its answer be lost, as a timeout that comes too early does. */
export function losingAnswers(client: DynamoDBClient, lost: string[]): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const result = await next(args);
        const at = lost.indexOf(String(commandName));
        if (at === -1) return result;
        lost.splice(at, 1);
        throw Object.assign(new Error('no answer in time'), { name: 'TimeoutError' });
      },
    // Below the client's retries, which send the request again.
    { step: 'deserialize', priority: 'high' },
  );
}
