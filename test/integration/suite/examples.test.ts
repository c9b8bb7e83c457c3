import { readFileSync } from 'node:fs';
import { createClient } from 'evented-workflows/client';
import { describe, expect, test } from 'vitest';
import { readRows } from '../../../examples/import/rows.ts';
import { base, outputsOf, patience, reaches, sign, stackName, statusOf } from '../deployed.ts';
import { take } from '../queues.ts';
import type { workflows } from '../stacks/workflows.ts';

/** The examples that calls.test.ts does not go through, each to its end. */

const client = createClient<typeof workflows>({ url: base, ...(sign && { sign }) });

test('documents are analysed in parts, with a pause before their summaries', async () => {
  const documents = [
    { name: 'guide', text: '# Events\n\nAn event is kept.\n\n# Records\n\nA record tells of an event.' },
    { name: 'note', text: 'One short note.' },
  ];
  const run = await client.workflow('documents').start({ inputData: { documents, pauseMs: 1_500 } });
  expect(await run.result()).toMatchObject({
    status: 'success',
    result: {
      documents: [
        { name: 'guide', parts: 2, counts: { words: 10, sentences: 2 }, verdict: 'good' },
        { name: 'note', parts: 1, counts: { words: 3, sentences: 1 }, verdict: 'good' },
      ],
    },
  });
  // The run of each part and of each document has been one of its own.
  const { steps } = await run.get({ nested: true });
  expect(Object.keys(steps)).toEqual(expect.arrayContaining(['analyse-part', 'pause', 'summarise']));
});

test('an import fails at a broken row, goes on when it is corrected, and enters each delivery once', async () => {
  const file = new URL('../../../examples/import/data/deliveries.csv', import.meta.url);
  // Deliveries of their own, in whichever order suites are run on one table.
  const csv = readFileSync(file, 'utf8').replaceAll('D-', `${crypto.randomUUID()}-`);
  const run = await client.workflow('import').start({ inputData: { csv } });
  const failed = await run.result();
  expect(failed).toMatchObject({ status: 'failed', error: { name: 'BrokenRow', line: 9 } });

  const rows = readRows(csv).map((row) => (row.line === 9 ? { ...row, quantity: '12' } : row));
  await run.timeTravel({ step: 'check-row', inputData: rows });
  expect(await run.result()).toMatchObject({
    status: 'success',
    result: { rows: 12, batches: 3, entered: 12, known: 0 },
  });
  await run.timeTravel({ step: 'write-batch' });
  expect(await run.result()).toMatchObject({ status: 'success', result: { entered: 0, known: 12 } });
});

describe('a purchase that three people are asked about', () => {
  const request = {
    item: 'network scanner',
    amountCents: 489_900,
    requester: 'Iris',
    reminders: { everyMs: 60_000, most: 2 },
  };

  test('is ordered when all of them agree', async () => {
    const run = await client.workflow('purchase').start({ inputData: request });
    await reaches(run.runId, 'suspended');
    await run.resume({ label: 'manager', resumeData: { action: 'approve', by: 'Mia' } });
    await reaches(run.runId, 'suspended');
    await run.resume({
      label: 'finance',
      resumeData: { action: 'approve', by: 'Finn', costCentre: '4711' },
    });
    await reaches(run.runId, 'suspended');
    await run.resume({
      label: 'security',
      resumeData: { action: 'approve', by: 'Sam', conditions: ['in its own network'] },
    });
    expect(await run.result()).toMatchObject({
      status: 'success',
      result: {
        outcome: 'ordered',
        orderNumber: `PO-${run.runId}`,
        costCentre: '4711',
        conditions: ['in its own network'],
      },
    });
    // Nobody is reminded any more: the sleepers beside the run were canceled.
    for (const role of ['manager', 'finance', 'security']) {
      await expect.poll(() => statusOf(`${run.runId}.${role}`), patience).toBe('canceled');
    }
  });

  test('ends with the first who does not', async () => {
    const run = await client.workflow('purchase').start({ inputData: request });
    await reaches(run.runId, 'suspended');
    await run.resume({
      label: 'finance',
      resumeData: { action: 'reject', by: 'Finn', reason: 'not in this year' },
    });
    expect(await run.result()).toMatchObject({
      status: 'success',
      result: { outcome: 'rejected', role: 'finance', by: 'Finn', reason: 'not in this year' },
    });
  });
});

test('an expense report that a reviewer has to look at is paid in transfers', async () => {
  const items = [
    { what: 'Hotel', amount: 480, currency: 'GBP' },
    { what: 'Taxi', amount: 31, currency: 'USD' },
    { what: 'Taxi', amount: 31, currency: 'USD' },
    { what: 'Voucher', amount: 0, currency: 'EUR' },
  ];
  const run = await client
    .workflow('expenses')
    .start({ inputData: { employee: 'Ada', items }, initialState: {} });
  await reaches(run.runId, 'suspended');
  await run.resume({
    step: ['review', 'ask-reviewer'],
    resumeData: { approvedCents: 60_000, by: 'Grace' },
  });
  expect(await run.result()).toMatchObject({
    status: 'success',
    result: {
      text: 'Ada gets 60000 cents in 2 transfers',
      progress: { overLimit: 1, doubled: 1, reviewer: 'Grace', transfers: 2 },
    },
  });
});

test('a person is told of an expense that waits, by a rule and a topic', async () => {
  const input = { employee: 'Ada', purpose: 'Scanner', cents: 12_000 };
  const run = await client.workflow('expense').start({ inputData: input });
  await reaches(run.runId, 'suspended');
  const notice = `Run ${run.runId} of workflow expense waits for you at step decide.`;
  await expect.poll(() => take(outputsOf(stackName).ToldUrl ?? '', notice), patience).toBe(true);
  await run.resume({ resumeData: { approved: true, by: 'Ann' } });
  expect(await run.result()).toMatchObject({ status: 'success', result: { approved: true, by: 'Ann' } });
});
