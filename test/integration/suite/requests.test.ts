import { readFileSync } from 'node:fs';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { eventbridge, patience, stack, statusOf } from '../deployed.ts';
import { observe, type Observer } from '../observer.ts';
import { shop } from '../requests.ts';

/** Runs that are asked for by events of other applications. */

const csv = readFileSync(new URL('../../../examples/orders/data/orders.csv', import.meta.url), 'utf8');

let observer: Observer;

beforeAll(async () => {
  const types = ['workflow.start', 'workflow.request.refused'];
  observer = await observe(
    'requests',
    JSON.stringify({ source: ['evented-workflows'], 'detail-type': types }),
  );
});

afterAll(async () => {
  await observer?.remove();
});

const saying = z.object({
  detail: z.object({ type: z.string(), id: z.string(), runId: z.string().optional() }).loose(),
});
type Said = z.infer<typeof saying>['detail'];

/** What the observer has been told so far. */
const told: Said[] = [];

function saidOf(type: string, runId: string): Said[] {
  return told.filter((said) => said.type === type && said.runId === runId);
}

/** Resolves with the first that the bus says of this type about a run. */
async function comes(type: string, runId: string): Promise<Said | undefined> {
  const found = async () => {
    told.push(...(await observer.take()).map((text) => saying.parse(JSON.parse(text)).detail));
    return saidOf(type, runId).length;
  };
  await expect.poll(found, { timeout: 60_000, interval: 0 }).toBeGreaterThan(0);
  return saidOf(type, runId)[0];
}

async function ask(Source: string, DetailType: string, detail: unknown): Promise<void> {
  const Entries = [{ EventBusName: stack.BusName, Source, DetailType, Detail: JSON.stringify(detail) }];
  expect(await eventbridge.send(new PutEventsCommand({ Entries }))).toMatchObject({ FailedEntryCount: 0 });
}

async function comesTo(runId: string, status: string): Promise<void> {
  await expect.poll(() => statusOf(runId), patience).toBe(status);
}

/** What the bus says of a request that was refused. */
const refusalOf = async (runId: string): Promise<Said | undefined> =>
  await comes('workflow.request.refused', runId);

describe('a source that is allowed', () => {
  const runId = `requested-${crypto.randomUUID()}`;

  test('starts a run, once for an id', async () => {
    const request = { workflowId: 'orders', runId, requestId: runId, inputData: { csv: csv } };
    await ask(shop.source, 'workflow.start', request);
    await ask(shop.source, 'workflow.start', request);
    await comesTo(runId, 'suspended');
    await comes('workflow.start', runId);
    // The answer to one that is put after the two: they have been handled, unless one was overtaken.
    const later = `later-${crypto.randomUUID()}`;
    await ask(shop.source, 'workflow.start', { workflowId: 'orders', runId: later, inputData: { csv: 1 } });
    await refusalOf(later);
    // A fact may be told again, with the same id.
    expect(new Set(saidOf('workflow.start', runId).map(({ id }) => id)).size).toBe(1);
    expect(saidOf('workflow.request.refused', runId)).toEqual([]);
  });

  test('resumes it', async () => {
    const resumeData = { approved: false, by: 'Shop' };
    await ask(shop.source, 'workflow.resume', { runId, step: 'ask-approval', resumeData });
    await comesTo(runId, 'success');
  });

  test('cancels another one', async () => {
    const canceled = `canceled-${crypto.randomUUID()}`;
    await ask(shop.source, 'workflow.start', {
      workflowId: 'orders',
      runId: canceled,
      inputData: { csv: csv },
    });
    await comesTo(canceled, 'suspended');
    await ask(shop.source, 'workflow.cancel', { runId: canceled });
    await comesTo(canceled, 'canceled');
  });

  test('is told what is wrong with a request', async () => {
    const refused = `refused-${crypto.randomUUID()}`;
    await ask(shop.source, 'workflow.start', { workflowId: 'orders', runId: refused, inputData: { csv: 1 } });
    expect(await refusalOf(refused)).toMatchObject({
      code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
      source: shop.source,
      workflowId: 'orders',
      runId: refused,
    });
    expect(await statusOf(refused)).toBeUndefined();
  });

  test('may ask for the workflows that it was allowed, and for no others', async () => {
    const forbidden = `forbidden-${crypto.randomUUID()}`;
    await ask(shop.source, 'workflow.start', {
      workflowId: 'large',
      runId: forbidden,
      inputData: { size: 1 },
    });
    expect(await refusalOf(forbidden)).toMatchObject({ source: shop.source });
    expect(await statusOf(forbidden)).toBeUndefined();
  });
});

test('what a source asks for that nobody allowed reaches no function', async () => {
  const stranger = `stranger-${crypto.randomUUID()}`;
  const own = `own-${crypto.randomUUID()}`;
  const request = { workflowId: 'orders', inputData: { csv: csv } };
  await ask('stranger', 'workflow.start', { ...request, runId: stranger });
  await ask(shop.source, 'workflow.start', { ...request, runId: own });
  await comesTo(own, 'suspended');
  expect(await statusOf(stranger)).toBeUndefined();
});
