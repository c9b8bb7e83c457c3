import { readFileSync } from 'node:fs';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventbridge, patience, stack, statusOf } from '../deployed.ts';
import { observe, type Observer } from '../observer.ts';
import { shop } from '../requests.ts';

/** Runs that are asked for by events of other applications. */

const csv = readFileSync(new URL('../../../examples/orders/data/orders.csv', import.meta.url), 'utf8');

let refusals: Observer;

beforeAll(async () => {
  refusals = await observe(
    'refusals',
    JSON.stringify({ source: ['evented-workflows'], 'detail-type': ['workflow.request.refused'] }),
  );
});

afterAll(async () => {
  await refusals?.remove();
});

async function ask(Source: string, DetailType: string, detail: unknown): Promise<void> {
  const Entries = [{ EventBusName: stack.BusName, Source, DetailType, Detail: JSON.stringify(detail) }];
  expect(await eventbridge.send(new PutEventsCommand({ Entries }))).toMatchObject({ FailedEntryCount: 0 });
}

async function comesTo(runId: string, status: string): Promise<void> {
  await expect.poll(() => statusOf(runId), patience).toBe(status);
}

/** What the bus says of a request that was refused. */
async function refusalOf(request: (text: string) => boolean): Promise<unknown> {
  const told: string[] = [];
  await expect
    .poll(
      async () => {
        told.push(...(await refusals.take()));
        return told.some(request);
      },
      { timeout: 60_000, interval: 0 },
    )
    .toBe(true);
  return (JSON.parse(told.find(request) ?? '') as { readonly detail: unknown }).detail;
}

describe('a source that is allowed', () => {
  const runId = `requested-${crypto.randomUUID()}`;

  test('starts a run, once for an id', async () => {
    const request = { workflowId: 'orders', runId, requestId: runId, inputData: { csv: csv } };
    await ask(shop.source, 'workflow.start', request);
    await ask(shop.source, 'workflow.start', request);
    await comesTo(runId, 'suspended');
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
    expect(await refusalOf((text) => text.includes(refused))).toMatchObject({
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
    expect(await refusalOf((text) => text.includes(forbidden))).toMatchObject({ source: shop.source });
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
