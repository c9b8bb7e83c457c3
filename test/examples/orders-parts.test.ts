import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { busyCarrier } from '../../examples/orders/carrier.ts';
import { catalog, priceProblems, stockProblems } from '../../examples/orders/catalog.ts';
import { type Order, readOrders } from '../../examples/orders/csv.ts';
import { countBodyRuns, type LogEntry, logged, readLog } from '../../examples/orders/execution-log.ts';
import { flakyGateway } from '../../examples/orders/gateway.ts';
import { checkExecutions } from '../../examples/orders/proof.ts';
import { revenueBy, settle, valueOf } from '../../examples/orders/totals.ts';
import { logEntry } from './log-entry.ts';

const heading = 'order,customer,product,quantity,price';
const unclosed = 'a quoted field is not closed, or text follows its closing quote';

describe('an orders file', () => {
  it('may have quoted fields, line breaks in them, CRLF and a byte order mark', () => {
    const text = `\uFEFF${heading}\r\n1,"Ann, Ltd",P,2,3.5\r\n\r\n2,"two\r\nlines",P,1,1\r\n3,"say ""hi""",P,1,0.07`;
    expect(readOrders(text)).toEqual({
      lines: 3,
      rejected: [],
      orders: [
        { line: 2, order: '1', customer: 'Ann, Ltd', product: 'P', quantity: 2, priceCents: 350 },
        { line: 4, order: '2', customer: 'two\r\nlines', product: 'P', quantity: 1, priceCents: 100 },
        { line: 6, order: '3', customer: 'say "hi"', product: 'P', quantity: 1, priceCents: 7 },
      ],
    });
  });

  it('may have its columns in another order, and others between them', () => {
    const { orders } = readOrders('Price,note,Order,Customer,Product,Quantity\n1.50,x,7,Ann,P,3\n');
    expect(orders).toEqual([
      { line: 2, order: '7', customer: 'Ann', product: 'P', quantity: 3, priceCents: 150 },
    ]);
  });

  it.each([
    ['1,Ann,P,1', 'expected 5 fields, found 4'],
    ['1,Ann,P,1,1,1', 'expected 5 fields, found 6'],
    ['1,,P,1,1', 'customer is empty'],
    ['1,Ann,P,0,1', 'quantity "0" is not a whole number from 1 to 999999'],
    ['1,Ann,P,1.5,1', 'quantity "1.5" is not a whole number from 1 to 999999'],
    ['1,Ann,P,1,-1', 'price "-1" is not an amount such as 12.50'],
    ['1,Ann,P,1,1.999', 'price "1.999" is not an amount such as 12.50'],
    ['1,A"nn,P,1,1', 'a quote stands inside a field that does not begin with one'],
    ['1,"Ann"x,P,1,1', unclosed],
    ['1,"Ann,P,1,1', 'a quoted field is not closed'],
    ['first,Ann,P,1,1', 'order first was already on line 2'],
  ])('reports %s by its line, and reads the rest', (line, reason) => {
    const { orders, rejected } = readOrders(`${heading}\nfirst,Ann,P,1,1\n\n${line}\nlast,Ann,P,1,1\n`);
    expect(rejected).toEqual([{ line: 4, reason }]);
    expect(orders.map((order) => [order.order, order.line])).toEqual([
      ['first', 2],
      ['last', 5],
    ]);
  });

  it('loses only the line of a quote that is closed lines later', () => {
    const { orders, rejected } = readOrders(
      `${heading}\n1,"Ann,P,1,1\n2,Bob,P,1,1\n3,Cy,P,1,1"\n4,"Di",P,1,1\n`,
    );
    expect(rejected.map(({ line }) => line)).toEqual([2, 4]);
    expect(orders.map(({ order }) => order)).toEqual(['2', '4']);
  });

  it.each([
    ['', 'is empty'],
    ['order,customer,product,quantity\n', 'lacks price'],
    ['"order', 'cannot be read'],
  ])('is refused as a whole when no line can mean anything: %j', (text, message) => {
    expect(() => readOrders(text)).toThrow(message);
  });

  it('may have 10,000 lines, whatever is wrong with them', () => {
    const good = Array.from({ length: 10_000 }, (_, index) => `${index},"Customer ""${index}""",P,1,1.25`);
    expect(readOrders([heading, ...good].join('\r\n'))).toMatchObject({ lines: 10_000, rejected: [] });

    const every = good.map((line, index) => (index % 2 === 0 ? line : `${index},"open,P,1,1`));
    const { orders, rejected } = readOrders([heading, ...every].join('\n'));
    expect(orders).toHaveLength(5_000);
    expect(rejected).toHaveLength(5_000);
    expect(rejected[0]).toEqual({ line: 3, reason: unclosed });
    expect(rejected.at(-1)).toEqual({ line: 10_001, reason: 'a quoted field is not closed' });
  });

  it('gives every line back once, as an order or as rejected', () => {
    const field = fc.stringMatching(/^[a-z0-9]{1,5}$/);
    const line = fc.oneof(
      fc.tuple(field, field).map(([customer, product]) => `${customer},${product},1,2.50`),
      fc.constantFrom('"x', 'a"b,c,1,1', 'a,b,c,d', 'a,b', '"a"b,c,1,1'),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), fc.constantFrom('\n', '\r\n'), (lines, end) => {
        const text = [heading, ...lines.map((rest, index) => `o${index},${rest}`)].join(end);
        const { orders, rejected } = readOrders(text);
        const numbers = [...orders, ...rejected].map((item) => item.line).toSorted((a, b) => a - b);
        expect(numbers).toEqual(lines.map((_, index) => index + 2));
      }),
    );
  });
});

describe('the checks', () => {
  const order = (line: number, product: string, quantity: number, priceCents = 100): Order => ({
    line,
    order: `o${line}`,
    customer: 'Ann',
    product,
    quantity,
    priceCents,
  });
  const products = [{ product: 'P', name: 'Pen', priceCents: 100, weightGrams: 9, stock: 5 }];

  it('give the stock to the lines in their order', () => {
    const orders = [order(2, 'P', 3), order(3, 'P', 3), order(4, 'P', 2), order(5, 'Q', 9)];
    expect(stockProblems(orders, products)).toEqual([{ line: 3, reason: '3 of P ordered, 2 left' }]);
  });

  it('find unknown products and other prices', () => {
    expect(priceProblems([order(2, 'P', 1), order(3, 'Q', 1), order(4, 'P', 1, 99)], products)).toEqual([
      { line: 3, reason: 'product Q is not in the catalog' },
      { line: 4, reason: "price 0.99 is not the catalog's 1.00" },
    ]);
  });

  it('are put together by line', () => {
    const orders = [order(2, 'P', 3), order(4, 'P', 2)];
    const malformed = [{ line: 3, reason: 'm' }];
    expect(settle(orders, malformed, [{ line: 2, reason: 's' }], [{ line: 2, reason: 'p' }])).toEqual({
      accepted: [order(4, 'P', 2)],
      rejected: [
        { line: 2, reason: 's; p' },
        { line: 3, reason: 'm' },
      ],
    });
  });

  it('add up by any name, even one that every object has', () => {
    const orders = [{ ...order(2, 'P', 3), customer: 'constructor' }, order(3, 'P', 4)];
    expect(valueOf(orders)).toBe(700);
    expect(revenueBy(orders, 'customer')).toEqual([
      { name: 'Ann', orders: 1, quantity: 4, cents: 400 },
      { name: 'constructor', orders: 1, quantity: 3, cents: 300 },
    ]);
  });

  it('fit the files of the example', () => {
    const text = readFileSync(new URL('../../examples/orders/data/orders.csv', import.meta.url), 'utf8');
    const { orders, rejected, lines } = readOrders(text);
    expect(lines).toBe(39);
    expect(rejected.map(({ line }) => line)).toEqual([12, 15, 22, 25, 33, 36]);
    expect(priceProblems(orders, catalog).map(({ line }) => line)).toEqual([20, 26]);
    expect(stockProblems(orders, catalog).map(({ line }) => line)).toEqual([30]);
  });
});

describe('the simulated gateway', () => {
  it('fails for the first attempts, and charges a key once', async () => {
    const charge = { idempotencyKey: 'k', amountCents: 5 };
    const gateway = flakyGateway(1);
    await expect(gateway.charge({ ...charge, attempt: 0 })).rejects.toThrow('did not answer (attempt 1)');
    const receipt = await gateway.charge({ ...charge, attempt: 1 });
    expect(await gateway.charge({ ...charge, attempt: 0 })).toBe(receipt);
    expect(await flakyGateway(0).charge({ ...charge, attempt: 0 })).toEqual(receipt);
    expect(await gateway.charge({ ...charge, idempotencyKey: 'other', attempt: 1 })).not.toEqual(receipt);
  });
});

describe('the simulated carrier', () => {
  it('has no van for a heavy parcel at first, and books a key once', async () => {
    const booking = { idempotencyKey: 'k', customer: 'Ann', weightGrams: 10_001 };
    const carrier = busyCarrier();
    await expect(carrier.book({ ...booking, attempt: 0 })).rejects.toThrow(
      'The carrier has no van for 10001 g (attempt 1).',
    );
    const tracking = await carrier.book({ ...booking, attempt: 1 });
    expect(await busyCarrier().book({ ...booking, attempt: 1 })).toBe(tracking);
    const light = { ...booking, idempotencyKey: 'other', weightGrams: 10_000, attempt: 0 };
    expect(await carrier.book(light)).not.toBe(tracking);
  });
});

describe('the execution log', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orders-log-'));
  const path = join(folder, 'log');
  const execution = { runId: 'r', stepId: 's', retryCount: 0, idempotencyKey: 'k' };
  afterEach(() => {
    rmSync(path, { force: true });
  });

  it('has a line for the begin and the end of each body, and hands its result through', async () => {
    expect(readLog(path)).toEqual([]);
    expect(await logged(path, execution, () => Promise.resolve(7))).toBe(7);
    await expect(logged(path, execution, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await logged(path, { ...execution, runId: 'nested', stepId: 't' }, () => Promise.resolve());
    expect(readLog(path).map(({ phase, pid }) => [phase, pid])).toEqual(
      ['begin', 'end', 'begin', 'fail', 'begin', 'end'].map((phase) => [phase, process.pid]),
    );
    expect(countBodyRuns(readLog(path)).get('s')).toEqual({
      begun: 2,
      ended: 1,
      failed: 1,
      cut: 0,
      last: 'fail',
    });
  });

  it('tells what was cut off from items that run at the same time', () => {
    const lines = ['pick/0 begin', 'pick/1 begin', 'pick/0 end', 'pick/1 begin', 'pick/1 fail'];
    const count = (upTo: number) => countBodyRuns(lines.slice(0, upTo).map(logEntry)).get('pick');
    expect(count(3)).toEqual({ begun: 2, ended: 1, failed: 0, cut: 0, last: 'begin' });
    expect(count(5)).toEqual({ begun: 3, ended: 1, failed: 1, cut: 1, last: 'fail' });
  });

  it('may end in the middle of a line', () => {
    writeFileSync(path, `${JSON.stringify({ ...execution, phase: 'begin', pid: 1 })}\n{"phase":`);
    expect(readLog(path)).toHaveLength(1);
  });
});

describe('the proof of the demo', () => {
  const log = (...lines: string[]): LogEntry[] => lines.map(logEntry);
  const atKill = log('read begin', 'read end', 'slow begin');
  const after = log('slow begin', 'slow end', 'pay begin', 'pay fail', 'pay begin', 'pay end');

  it('holds when only the victim began again', () => {
    const { problems, table } = checkExecutions(atKill, [...atKill, ...after], 'slow');
    expect(problems).toEqual([]);
    expect(table.split('\n')).toEqual([
      '                  begun before begun after       ended      failed      killed',
      'read                         1           0           1           0           0',
      'slow                         1           1           1           0           1',
      'pay                          0           2           1           1           0',
    ]);
  });

  it.each([
    ['read was done before the kill, and began again after it.', log('read begin', 'read end')],
    ['slow began 3 times and ended 2 times, instead of 2 and 1.', log('slow begin', 'slow end')],
    ['last is not done: its last line says "begin".', log('last begin')],
    ['last began again although nothing had killed it.', log('last begin', 'last begin', 'last end')],
  ])('says when %s', (problem, more) => {
    expect(checkExecutions(atKill, [...atKill, ...after, ...more], 'slow').problems).toEqual([problem]);
  });

  it('does not hold when the victim was not killed in its middle', () => {
    const early = log('read begin', 'read end');
    expect(checkExecutions(early, [...early, ...after], 'slow').problems).toEqual([
      'slow was not running when the worker was killed.',
      'slow began 1 times and ended 1 times, instead of 2 and 1.',
    ]);
    expect(checkExecutions(early, early, 'slow').problems).toEqual(['slow never ran.']);
  });
});
