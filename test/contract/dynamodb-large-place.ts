import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect } from 'vitest';
import { keyItem } from '../../src/adapters/aws/expression.ts';
import { withInvocation } from '../../src/adapters/aws/invocation.ts';
import { type Item, recordItemKey, segmentItemKey } from '../../src/adapters/aws/keys.ts';
import { meterDynamoDb, meterS3 } from '../../src/adapters/aws/meter.ts';
import { s3PayloadStore } from '../../src/adapters/aws/payload-store.ts';
import { encodeRecord, encodeSegment } from '../../src/adapters/aws/record-codec.ts';
import { Spending } from '../../src/adapters/aws/spending.ts';
import { Table } from '../../src/adapters/aws/table.ts';
import { memoryBackend } from '../../src/adapters/memory/index.ts';
import { systemClock } from '../../src/adapters/system/index.ts';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import { foldJoin } from '../../src/core/join.ts';
import { limits } from '../../src/core/limits.ts';
import type { RunHeader, StepRecord } from '../../src/core/records.ts';
import type { Backend, RunStore } from '../../src/ports/index.ts';
import { createRuntime } from '../../src/runtime/index.ts';
import { type Watch, watch, watchObjects, watchTable } from './dynamodb-limits.ts';
import { localClient, storeOn, tableForTests } from './dynamodb-place.ts';
import { startObjectServer } from './object-server.ts';

/** Where the large runs are played: the table of DynamoDB Local, objects over HTTP, the queue in memory. */

const tableName = 'large';
const pacing = { clock: systemClock, random: Math.random };

/** Bytes that an event of the engine may have: the bus bills each 64 KB, and a fan-out is ten of them a request. */
const eventBytes = 2_048;

let objects: Awaited<ReturnType<typeof startObjectServer>>;

/** Makes the table and the objects for the tests of a file. */
export function largePlaceForTests(): void {
  tableForTests(tableName);
  beforeAll(async () => {
    objects = await startObjectServer();
  });
  afterAll(() => objects.close());
}

function withMeter<T>(handle: () => T): T {
  const meter = new Spending({ now: () => systemClock.now(), gigabytes: 0.5 });
  return withInvocation({ deadline: Number.POSITIVE_INFINITY, meter }, handle);
}

let runs = 0;

/** A runtime on watched clients. `local`: on a store in memory, for what is made there to be put into the table. */
export function largePlace(
  workflows: readonly WorkflowDefinition[],
  options: {
    readonly history?: 'full' | 'none';
    readonly store?: 'memory';
    /** Of a run that is there already. */
    readonly runId?: string;
  } = {},
) {
  const seen = watch();
  const dynamodb = localClient();
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const s3 = new S3Client({
    region: 'us-east-1',
    credentials,
    endpoint: objects.endpoint,
    forcePathStyle: true,
  });
  watchTable(dynamodb, seen);
  watchObjects(s3, seen);
  meterDynamoDb(dynamodb);
  meterS3(s3);
  const place = memoryBackend();
  const backend: Backend = {
    ...place,
    store: options.store === 'memory' ? place.store : storeOn(dynamodb, tableName),
    payloads: s3PayloadStore({ client: async () => s3, bucket: 'large', pacing }),
    bus: {
      async publish(events) {
        for (const event of events) {
          const bytes = Buffer.byteLength(JSON.stringify(event));
          if (bytes > eventBytes) seen.violations.push(`an event of ${bytes} bytes`);
        }
        await place.bus.publish(events);
      },
    },
    // As the processor handles an event: records have their charges.
    source: {
      start: (handler, more) => place.source.start((event) => withMeter(() => handler(event)), more),
      stop: () => place.source.stop(),
    },
  };
  const runtime = createRuntime({ workflows, backend, history: options.history ?? 'none' });
  const workflowId = workflows[0]?.id ?? '';
  const runId = options.runId ?? `${workflowId}-${(runs += 1)}`;
  const told = new Promise<string>((resolve) => {
    place.observe(({ runId: of, type }) => {
      if (of === runId && /^workflow\.(?:end|fail|suspend|cancel)$/.test(type)) resolve(type);
    });
  });
  /** Resolves when the run has come to an end, or stands, and nothing moves any more. */
  const settled = async (): Promise<void> => {
    await told;
    while (place.queued().length > 0) await place.settled();
  };
  return {
    seen,
    backend,
    runtime,
    workflowId,
    runId,
    settled,
    async play(inputData: unknown): Promise<void> {
      await runtime.start({ workflowId, runId, inputData });
      await settled();
    },
    async close(): Promise<void> {
      await runtime.close();
      dynamodb.destroy();
      s3.destroy();
    },
  };
}

/** What holds of every run: nothing that AWS would refuse, and no record that costs what a value would. */
export function expectWithinLimits(seen: Watch): void {
  expect(seen.violations).toEqual([]);
  expect(seen.largest.get('header') ?? 0).toBeLessThan(1_024);
  expect(seen.largest.get('item') ?? 0).toBeLessThan(1_024);
  expect(seen.largest.get('join') ?? 0).toBeLessThan(1_024);
  for (const bytes of seen.largest.values()) expect(bytes).toBeLessThan(2 * limits.inlineBytes);
}

/** All that a store has of a run whose first entry is a foreach. */
export interface StoredForeach {
  readonly header: RunHeader;
  readonly items: readonly StepRecord[];
  readonly tokens: readonly number[];
}

/** Reads such a run, and lets `change` make of it what it is to be. */
export async function putForeach(
  { runId, from }: { readonly runId: string; readonly from: RunStore },
  change: (stored: StoredForeach) => StoredForeach,
): Promise<void> {
  const client = localClient();
  const store = storeOn(client, tableName);
  const table = new Table({ client, name: tableName, pacing });
  const at = { runId, entry: 0, epoch: 1 };
  const run = await from.loadRun(runId);
  const join = await from.loadJoin(at);
  if (run === undefined || join === undefined) throw new Error(`There is no run ${runId} with a foreach.`);
  const { state: _, tokens: all, ...opening } = join;
  const items = await from.loadItems({ runId, entry: 0 });
  const stored = change({ header: run.header, items, tokens: all });
  await store.startRun({ header: stored.header, ...(run.input === undefined ? {} : { input: run.input }) });
  const { pageSize = 1 } = opening;
  const pages = [];
  for (let page = 0; ; page += 1) {
    const value = await from.loadPage({ ...at, pageSize, page });
    if (value === undefined) break;
    pages.push(value);
  }
  await store.putPages({ ...at, pageSize, pages });
  const segments: Item[] = [];
  for (let first = 0; first < stored.tokens.length; first += limits.segmentTokens) {
    segments.push({
      ...keyItem(segmentItemKey(at, first / limits.segmentTokens)),
      ...encodeSegment({
        opening,
        carry: foldJoin(opening, stored.tokens.slice(0, first)),
        tokens: stored.tokens.slice(first, first + limits.segmentTokens),
      }),
    });
  }
  const records = stored.items.map((record) => ({
    ...keyItem(recordItemKey(runId, record.key)),
    ...encodeRecord(record),
  }));
  await table.putAll([...segments, ...records]);
  client.destroy();
}
