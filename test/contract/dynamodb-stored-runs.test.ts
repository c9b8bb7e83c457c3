import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AttributeValue, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { memoryPlace } from '../../src/adapters/memory/index.ts';
import { recordFormat } from '../../src/core/records.ts';
import * as door from '../../src/index.ts';
import { fixtureRuns, fixtureWorkflows } from '../fixtures/workflows.ts';
import { Deployments } from '../runtime/parking-bench.ts';
import { localClient, storeOn, tableForTests } from './dynamodb-place.ts';

const tableName = 'stored-runs';
tableForTests(tableName);

/** Formats of records that have ever been written: a new one brings its items, by test/fixtures/write-dynamodb.ts. */
const formats = Array.from({ length: recordFormat }, (_, index) => index + 1);

test.each(formats)('runs in items of record format %i go on, and finish', async (format) => {
  const client = localClient();
  const file = join(import.meta.dirname, '../fixtures', `record-format-${format}.json`);
  const items = JSON.parse(readFileSync(file, 'utf8')) as Record<string, AttributeValue>[];
  for (const item of items) await client.send(new PutItemCommand({ TableName: tableName, Item: item }));
  const bench = new Deployments({
    name: 'DynamoDB',
    open: (clock) => {
      const place = memoryPlace({ clock });
      const store = storeOn(client, tableName);
      return { attach: () => ({ ...place.attach(), store }), remove: () => client.destroy() };
    },
  });
  onTestFinished(() => bench.close());
  const runtime = await bench.deploy(...fixtureWorkflows(door, z));
  // Whatever was in the queue and in timers is lost: a sweep finds it again.
  bench.clock.pass(2 * 86_400_000);
  await runtime.sweep();
  await bench.drain();
  for (const { workflowId: runId, result } of fixtureRuns) {
    if (runId !== 'sleeping') await runtime.resume({ runId, resumeData: 10 });
    await bench.drain();
    expect(await runtime.result({ runId })).toMatchObject({ status: 'success', result });
  }
});
