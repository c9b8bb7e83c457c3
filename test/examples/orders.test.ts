import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { memoryBackend } from 'evented-workflows/memory';
import { createRuntime, type Runtime } from 'evented-workflows/runtime';
import { afterEach, describe, expect, it, test } from 'vitest';
import { flakyGateway, type PaymentGateway } from '../../examples/orders/gateway.ts';
import { nothingAround } from '../../examples/orders/around.ts';
import type { Carrier } from '../../examples/orders/carrier.ts';
import { report } from '../../examples/orders/report.ts';
import { shippingWorkflow } from '../../examples/orders/shipping.ts';
import { renderTree, treeRows } from '../../examples/orders/tree.ts';
import { type OrdersOptions, ordersResult, ordersWorkflow } from '../../examples/orders/workflow.ts';

const heading = 'order,customer,product,quantity,price';
const small = `${heading}\n1,Ann,KETTLE,1,54.50\n2,Bob,SCALE,x,29.90\n`;
const large = readFileSync(new URL('../../examples/orders/data/orders.csv', import.meta.url), 'utf8');
const runId = 'run-1';

const open: Runtime[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((runtime) => runtime.close()));
});

/** Executions of each body, and a runtime in memory whose run has gone as far as it can on its own. */
async function start(csv: string, options: OrdersOptions = {}) {
  const bodies: string[] = [];
  const { around = nothingAround } = options;
  const workflow = ordersWorkflow({
    ...options,
    around: (execution, body) => {
      bodies.push(execution.stepId);
      return around(execution, body);
    },
  });
  const runtime = createRuntime({ workflows: [workflow], backend: memoryBackend() });
  open.push(runtime);
  await runtime.start({ workflowId: 'orders', runId, inputData: { csv } });
  await runtime.settled({ runId });
  return { runtime, bodies, graph: runtime.describe('orders').graph };
}

async function resultOf(runtime: Runtime) {
  const run = await runtime.result({ runId });
  expect(run.status).toBe('success');
  return ordersResult.parse(run.result);
}

async function decide(runtime: Runtime, resumeData: unknown): Promise<void> {
  await runtime.resume({ runId, step: 'ask-approval', resumeData });
  await runtime.settled({ runId });
}

describe('the orders workflow', () => {
  it('approves a small total by a rule, pays it, and reports the malformed line', async () => {
    const { runtime } = await start(small);
    const result = await resultOf(runtime);
    expect(result).toMatchObject({
      outcome: 'paid',
      totalCents: 5450,
      accepted: 1,
      decision: { approved: true, by: 'the rule for small totals' },
      receipt: { amountCents: 5450 },
      shipment: { parcels: [{ customer: 'Ann', orders: ['1'], weightGrams: 1450 }], weightGrams: 1450 },
      byCustomer: [{ name: 'Ann', orders: 1, quantity: 1, cents: 5450 }],
      byProduct: [{ name: 'KETTLE', orders: 1, quantity: 1, cents: 5450 }],
      rejected: [{ line: 3, reason: 'quantity "x" is not a whole number from 1 to 999999' }],
    });
  });

  it('waits for a person about a large total, and pays it when it is approved', async () => {
    const { runtime, bodies } = await start(large);
    expect(await runtime.result({ runId })).toMatchObject({
      status: 'suspended',
      suspended: [['ask-approval']],
      suspendPayload: { 'ask-approval': { question: 'Approve this total?', totalCents: 235830, orders: 30 } },
    });
    expect(bodies).not.toContain('take-payment');

    await decide(runtime, { approved: true, by: 'Eva' });
    const result = await resultOf(runtime);
    expect(result).toMatchObject({ outcome: 'paid', totalCents: 235830, accepted: 30 });
    expect(result.decision).toEqual({ approved: true, by: 'Eva' });
    expect(result.rejected.map(({ line }) => line)).toEqual([12, 15, 20, 22, 25, 26, 30, 33, 36]);
  });

  it('pays nothing when the total is rejected, and says who did', async () => {
    const { runtime, bodies } = await start(large);
    await decide(runtime, { approved: false, by: 'Eva', note: 'over budget' });
    const result = await resultOf(runtime);
    expect(result).toMatchObject({ outcome: 'declined', totalCents: 235830, accepted: 0, byCustomer: [] });
    expect(result.receipt).toBeUndefined();
    expect(result.shipment).toBeUndefined();
    expect(bodies).toContain('decline');
    for (const id of ['take-payment', 'pick-line', 'pack']) expect(bodies).not.toContain(id);
    expect(report(result)).toContain('rejected by Eva (over budget)');
  });

  it('refuses an answer that is no decision, and goes on waiting', async () => {
    const { runtime } = await start(large);
    await expect(decide(runtime, { approved: 'maybe' })).rejects.toMatchObject({
      code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
    });
    expect(await runtime.result({ runId })).toMatchObject({ status: 'suspended' });
  });

  it('charges with one key until the gateway answers', async () => {
    const keys = new Set<string>();
    const flaky = flakyGateway(2);
    const gateway: PaymentGateway = {
      charge: (charge) => {
        keys.add(charge.idempotencyKey);
        return flaky.charge(charge);
      },
    };
    const { runtime, bodies } = await start(small, { gateway });
    expect((await resultOf(runtime)).counts.paymentAttempts).toBe(3);
    expect(bodies.filter((id) => id === 'take-payment')).toHaveLength(3);
    expect(keys.size).toBe(1);
  });

  it('fails when the gateway answers none of four attempts', async () => {
    const { runtime, bodies } = await start(small, { gateway: flakyGateway(4) });
    const run = await runtime.result({ runId });
    expect(run.status).toBe('failed');
    expect(run.error?.message).toBe('The payment gateway did not answer (attempt 4).');
    expect(bodies.filter((id) => id === 'take-payment')).toHaveLength(4);
  });

  it('picks every paid line, some at once, and sends each customer one parcel', async () => {
    let picking = 0;
    let most = 0;
    const { runtime, bodies } = await start(large, {
      around: async ({ stepId }, body) => {
        if (stepId !== 'pick-line') return await body();
        picking += 1;
        most = Math.max(most, picking);
        // Lets the items that are launched together begin before this one ends.
        await new Promise((resolve) => setImmediate(resolve));
        picking -= 1;
        return await body();
      },
    });
    await decide(runtime, { approved: true, by: 'Eva' });
    const { shipment, byCustomer } = await resultOf(runtime);
    expect(bodies.filter((id) => id === 'pick-line')).toHaveLength(30);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(5);
    const parcels = shipment?.parcels ?? [];
    expect(parcels.map(({ customer }) => customer).toSorted()).toEqual(
      byCustomer.map(({ name }) => name).toSorted(),
    );
    expect(parcels.flatMap(({ orders }) => orders)).toHaveLength(30);
    expect(parcels.find(({ customer }) => customer === 'Amara Diallo')).toMatchObject({
      orders: ['1013', '1035'],
      weightGrams: 3_480,
    });
    expect(shipment?.weightGrams).toBe(89_240);
  });

  it('tries again to book only the parcel for which there was no van', async () => {
    const keys = new Map<string, Set<string>>();
    const carrier: Carrier = {
      book: ({ customer, idempotencyKey, attempt }) => {
        keys.set(customer, (keys.get(customer) ?? new Set()).add(idempotencyKey));
        if (customer === 'Bob' && attempt < 2) return Promise.reject(new Error('no van'));
        return Promise.resolve(`trk of ${customer}`);
      },
    };
    const csv = `${heading}\n1,Ann,SCALE,1,29.90\n2,Bob,SCALE,1,29.90\n3,Ann,KETTLE,1,54.50\n`;
    const { runtime, bodies } = await start(csv, { carrier });
    expect((await resultOf(runtime)).shipment?.parcels).toEqual([
      { customer: 'Ann', orders: ['1', '3'], weightGrams: 2_070, tracking: 'trk of Ann', attempts: 1 },
      { customer: 'Bob', orders: ['2'], weightGrams: 620, tracking: 'trk of Bob', attempts: 3 },
    ]);
    expect(bodies.filter((id) => id === 'book-parcel')).toHaveLength(4);
    expect([...keys.values()].map((of) => of.size)).toEqual([1, 1]);
    expect(new Set([...keys.values()].flatMap((of) => [...of])).size).toBe(2);
  });

  it('fails with the words of the carrier when it finds no van in three attempts', async () => {
    const carrier: Carrier = { book: ({ attempt }) => Promise.reject(new Error(`no van ${attempt}`)) };
    const { runtime, bodies } = await start(small, { carrier });
    const run = await runtime.result({ runId });
    expect(run.status).toBe('failed');
    expect(run.error?.message).toBe('no van 2');
    expect(bodies.filter((id) => id === 'take-payment')).toHaveLength(3);
    expect(bodies).not.toContain('summarize');
  });

  it('counts what it met in its state, also in parallel steps', async () => {
    const { runtime } = await start(large);
    await decide(runtime, { approved: true, by: 'Eva' });
    const counts = { lines: 39, malformed: 6, outOfStock: 1, wrongPrice: 2, paymentAttempts: 3 };
    expect((await resultOf(runtime)).counts).toEqual(counts);
    expect(await runtime.result({ runId, includeState: true })).toMatchObject({ state: counts });
  });

  it('pays nothing when no line is left', async () => {
    const { runtime } = await start(`${heading}\n1,Ann,TEAPOT,1,1\n`);
    expect(await resultOf(runtime)).toMatchObject({ outcome: 'nothing to pay', accepted: 0, totalCents: 0 });
  });

  it('fails on a file without the columns, and says which are missing', async () => {
    const { runtime } = await start('a,b\n1,2\n');
    const run = await runtime.result({ runId });
    expect(run.status).toBe('failed');
    expect(run.error?.message).toContain('lacks order, customer, product, quantity, price');
  });

  it('takes 10,000 lines to the end', async () => {
    const lines = Array.from({ length: 10_000 }, (_, index) =>
      index < 60 ? `${index},Ann,TEA-100G,1,6.90` : `${index},Ann,TEA-100G,one,6.90`,
    );
    const { runtime } = await start([heading, ...lines].join('\n'));
    const result = await resultOf(runtime);
    expect(result).toMatchObject({
      outcome: 'paid',
      accepted: 60,
      totalCents: 41_400,
      counts: { lines: 10_000 },
    });
    expect(result.rejected).toHaveLength(9_940);
  });

  it('runs each body once where nothing fails', async () => {
    const { bodies } = await start(small, { gateway: flakyGateway(0) });
    expect(bodies.toSorted()).toEqual(
      [
        'read-orders',
        'check-stock',
        'check-prices',
        'assess',
        'auto-approve',
        'take-payment',
        'pick-line',
        'pack',
        'book-parcel',
        'list-parcels',
        'summarize',
      ].toSorted(),
    );
  });

  it('can be shown as a tree from its graph and its stored run', async () => {
    const { runtime, graph } = await start(large);
    const run = await runtime.get({ runId });
    if (run === null) throw new Error('The run is not stored.');
    const lines = renderTree(treeRows({ graph, run, now: 0 })).map((line) =>
      line.replace(/ +\d+\.\d s$/, ''),
    );
    expect(lines.map((line) => line.replaceAll(/ {2,}/g, '  '))).toEqual([
      '├─ ✓ read-orders  ok',
      '├─ ✓ parallel  ok',
      '│  ├─ ✓ check-stock  ok',
      '│  └─ ✓ check-prices  ok',
      '├─ ✓ mapping_orders_0  ok',
      '├─ ✓ assess  ok',
      '├─ ‖ branch  suspended',
      '│  ├─ · auto-approve  not taken',
      '│  └─ ‖ ask-approval  suspended  waits for a person',
      '├─ ○ mapping_orders_1  pending',
      '├─ ○ branch  pending',
      '│  ├─ ○ take-payment  pending',
      '│  └─ ○ decline  pending',
      '├─ ○ mapping_orders_2  pending',
      '├─ ○ foreach  pending',
      '│  └─ ○ pick-line  pending',
      '├─ ○ branch  pending',
      '│  └─ ○ shipping  pending',
      '├─ ○ mapping_orders_3  pending',
      '└─ ○ summarize  pending',
    ]);

    await decide(runtime, { approved: true, by: 'Eva' });
    const over = await runtime.get({ runId });
    if (over === null) throw new Error('The run is not stored.');
    const names = renderTree(treeRows({ graph, run: over, now: 0 })).map((line) =>
      line.slice(0, 27).trimEnd(),
    );
    expect(names.slice(14, -2)).toEqual([
      '├─ ✓ foreach',
      '│  └─ ✓ pick-line',
      '├─ ✓ branch',
      '│  └─ ✓ shipping',
      '│     ├─ ✓ pack',
      '│     ├─ ✓ foreach',
      '│     │  └─ ✓ book-parcel',
      '│     └─ ✓ list-parcels',
    ]);
  });
});

test('the shipping workflow can be run by itself', async () => {
  const line = { order: '1', customer: 'Ann', product: 'SCALE', quantity: 1, weightGrams: 620 };
  const run = await shippingWorkflow().createRun();
  expect(await run.start({ inputData: [line, { ...line, order: '2', weightGrams: 10_000 }] })).toMatchObject({
    status: 'success',
    result: { parcels: [{ customer: 'Ann', orders: ['1', '2'], attempts: 2 }], weightGrams: 10_620 },
  });
});

describe('the command', () => {
  const command = fileURLToPath(new URL('../../examples/orders/run.ts', import.meta.url));
  const run = (...args: string[]) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const call = ['--conditions=evented-workflows-source', command, ...args];
      const child = execFile(process.execPath, call, (_error, out, err) => {
        resolve({ code: child.exitCode ?? -1, out, err });
      });
      child.stdin?.end();
    });

  it('prints a report with every malformed line', async () => {
    const { code, out, err } = await run('--approve');
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toContain('Outcome        paid');
    expect(out).toContain('Shipment       13 parcels, 89.24 kg, 5 of them booked at a later attempt');
    expect(out).toContain('Lines          39 read, 30 accepted, 9 rejected');
    expect(out).toContain('line 15: expected 5 fields, found 4');
    expect(out.split('\n').every((line) => line.length <= 80)).toBe(true);
  });

  it('prints a clear result of a rejection', async () => {
    const { code, out } = await run('--reject');
    expect(code).toBe(0);
    expect(out).toContain('Outcome        declined');
  });

  it.each([
    ['no-such-file.csv', 'Cannot read the orders from no-such-file.csv: there is no such file.'],
    ['examples', 'Cannot read the orders from examples: it is a directory.'],
    ['--frobnicate', 'Usage: '],
  ])('says what is wrong with %s', async (argument, message) => {
    const { code, out, err } = await run(argument);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(message);
    expect(err).not.toMatch(/^ +at /m);
  });

  it('asks for an option where there is no terminal', async () => {
    const { code, err } = await run();
    expect(code).toBe(3);
    expect(err).toContain(
      '30 orders come to 2358.30. Somebody has to approve that: pass --approve or --reject',
    );
  });
});
