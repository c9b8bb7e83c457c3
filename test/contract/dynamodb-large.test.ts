import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { s3PayloadStore } from '../../src/adapters/aws/payload-store.ts';
import { memoryBackend } from '../../src/adapters/memory/index.ts';
import { systemClock } from '../../src/adapters/system/index.ts';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import type { WorkflowEvent } from '../../src/core/event.ts';
import type { Backend } from '../../src/ports/index.ts';
import { createRuntime } from '../../src/runtime/index.ts';
import { add, step, workflow } from '../runtime/fixtures.ts';
import { type Watch, watch, watchObjects, watchTable } from './dynamodb-limits.ts';
import { localClient, storeOn, tableForTests } from './dynamodb-place.ts';
import { startObjectServer } from './object-server.ts';

const tableName = 'large';
tableForTests(tableName);
let objects: Awaited<ReturnType<typeof startObjectServer>>;

beforeAll(async () => {
  objects = await startObjectServer();
});

afterAll(() => objects.close());

async function play(
  workflows: readonly WorkflowDefinition[],
  inputData: unknown,
  history: 'full' | 'none' = 'none',
) {
  const seen: Watch = watch();
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
  const place = memoryBackend();
  const pacing = { clock: systemClock, random: Math.random };
  let largestEvent = 0;
  let events = 0;
  const backend: Backend = {
    ...place,
    store: storeOn(dynamodb, tableName),
    payloads: s3PayloadStore({ client: async () => s3, bucket: 'large', pacing }),
    bus: {
      async publish(published) {
        events += published.length;
        for (const event of published) largestEvent = Math.max(largestEvent, JSON.stringify(event).length);
        await place.bus.publish(published);
      },
    },
  };
  const runtime = createRuntime({ workflows, backend, history });
  const runId = `run-${workflows[0]?.id}-${Math.random()}`;
  const over = new Promise<WorkflowEvent>((resolve) => {
    place.observe((event) => {
      if (event.runId === runId && (event.type === 'workflow.end' || event.type === 'workflow.fail'))
        resolve(event);
    });
  });
  const t = performance.now();
  await runtime.start({ workflowId: workflows[0]?.id ?? '', runId, inputData });
  await over;
  while (place.queued().length > 0) await place.settled();
  console.log(
    workflows[0]?.id,
    performance.now() - t,
    'ms',
    seen.total(),
    [...seen.requests],
    [...seen.largest],
    { events, largestEvent },
    seen.violations.slice(0, 3),
  );
  return { runtime, runId, seen };
}

const N = Number(process.env.NN ?? 1000);
test('foreach', async () => {
  const { runtime, runId, seen } = await play(
    [workflow('items', [{ foreach: add('item', 1), concurrency: Number(process.env.CC ?? 50) }])],
    Array.from({ length: N }, (_, n) => n),
  );
  seen.requests.clear();
  const t = performance.now();
  const result = await runtime.result({ runId });
  console.log('result', performance.now() - t, [...seen.requests], JSON.stringify(result).slice(0, 100));
  await runtime.close();
});
test('loop', async () => {
  const { runtime } = await play(
    [
      workflow('loop', [
        { dountil: [add('more', 1), async ({ inputData }: any) => Number(inputData) >= N / 2] as never },
      ]),
    ],
    0,
  );
  await runtime.close();
});
test('big', async () => {
  const { runtime } = await play(
    [
      workflow('big', [
        step('one', () => 'x'.repeat(1_048_576)),
        step('twenty', () => 'é'.repeat(10_485_760)),
        step('end', ({ inputData }) => String(inputData).length),
      ]),
    ],
    0,
  );
  await runtime.close();
});
