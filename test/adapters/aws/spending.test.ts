import { jsonOf } from '../../../src/adapters/aws/fields.ts';
import { describe, expect, test } from 'vitest';
import { withInvocation } from '../../../src/adapters/aws/invocation.ts';
import {
  chargePut,
  chargesOn,
  chargeUpdate,
  deliveryOf,
  loadOf,
  Spending,
} from '../../../src/adapters/aws/spending.ts';
import { costOf, dollarsOf, noUsage } from '../../../src/adapters/aws/usage.ts';

const meterAt = (
  time: { now: number },
  more: Partial<ConstructorParameters<typeof Spending>[0]> = {},
): Spending => new Spending({ now: () => time.now, gigabytes: 0.5, ...more });
const inside = <T>(meter: Spending, body: () => T): T => withInvocation({ deadline: 0, meter }, body);
const record = { pk: 'run', sk: 'B#00001' };

describe('a charge on a record', () => {
  test('holds what was used, the write itself and the time', () => {
    const time = { now: 1_000 };
    const meter = meterAt(time, { before: { requests: 3, invocations: 1 } });
    time.now += 60;
    meter.add({ readUnits: 1 });
    const { increase } = inside(meter, () => chargeUpdate({ key: record, set: { st: { S: 'run' } } }));
    expect(increase).toMatchObject({ mq: 3, mi: 1, mr: 1, mw: 1, mg: 30 });
    // What the write is billed comes, and nothing is open.
    meter.add({ writeUnits: 1, bytes: Number(increase['mb']) });
    expect(inside(meter, () => loadOf({}).carried)).toEqual({});
  });

  test('of a write that did not come about is made again', () => {
    const meter = meterAt({ now: 0 });
    meter.add({ readUnits: 2 });
    const charge = inside(meter, () => chargeUpdate({ key: record }));
    charge.undo();
    const again = inside(meter, () => chargeUpdate({ key: record }));
    expect(again.increase).toEqual(charge.increase);
  });

  test('of an arm expects the append to its join, and the event of its end', () => {
    const ended = { ea: { N: '1' } };
    const chargeOf = (key: typeof record, stepEnds = true): Record<string, number> => ({
      ...inside(meterAt({ now: 0 }, { stepEnds }), () => chargeUpdate({ key, set: ended })).increase,
    });
    expect(chargeOf({ pk: 'run', sk: 'B#00001#02' })).toMatchObject({ mw: 2, me: 1 });
    expect(chargeOf({ pk: 'run', sk: 'B#00001#02' }, false)).not.toHaveProperty('me');
    expect(chargeOf({ pk: 'run#k00001#00', sk: '00070' })).toMatchObject({ mw: 2 });
    expect(chargeOf(record)).toMatchObject({ mw: 1 });
  });

  test('is made on headers and records only, and in a handling only', () => {
    const join = { pk: 'run#j00001', sk: '0001#00000' };
    const meter = meterAt({ now: 0 }, { before: { requests: 1 } });
    expect(inside(meter, () => chargeUpdate({ key: join })).increase).toEqual({});
    expect(chargeUpdate({ key: record }).increase).toEqual({});
    expect(loadOf({ entries: 1 }).carried).toEqual({});
  });

  test('on the record of a foreach holds those of its items', () => {
    const meter = meterAt({ now: 0 });
    const items = [{ mw: { N: '3' }, me: { N: '1' } }, undefined, { mw: { N: '2.5' } }];
    const charges = chargesOn(items);
    expect(charges).toEqual({ ...noUsage(), writeUnits: 5.5, entries: 1 });
    meter.noteItems(record, charges ?? noUsage());
    const put = inside(meter, () => chargePut({ pk: { S: 'run' }, sk: { S: 'B#00001' } }));
    expect(put.increase).toMatchObject({ mw: 6.5, me: 1 });
    expect(chargesOn([{ st: { S: 'run' } }])).toBeUndefined();
  });
});

describe('a delivery', () => {
  const deliveryIn = (text: string, messages: number): ReturnType<typeof deliveryOf> =>
    deliveryOf(jsonOf(text), Buffer.byteLength(text), messages);
  const body = (more: object): string => JSON.stringify({ detail: { spent: { mw: 1, me: -2 } }, ...more });

  test('by the bus is sent, received and deleted; by a timer it was counted when it was sent', () => {
    expect(deliveryIn(body({ account: '1' }), 1).before).toEqual({ requests: 3, invocations: 1 });
    expect(deliveryIn(body({}), 1).before).toEqual({ requests: 2, invocations: 1 });
    expect(deliveryIn(body({ account: '1' }), 10).before).toEqual({ requests: 1.2, invocations: 0.1 });
  });

  test('brings what its event carries, of which nothing is trusted', () => {
    expect(deliveryIn(body({}), 1).carried).toEqual({ writeUnits: 1, entries: -2 });
    expect(
      deliveryIn(JSON.stringify({ detail: { spent: { mw: 'x', me: null, of: 1 } } }), 1).carried,
    ).toEqual({});
    for (const wrong of ['', 'no JSON', 'null', '[]', '{"detail":null}', '{"detail":{"spent":3}}']) {
      expect(deliveryIn(wrong, 1).carried).toEqual({});
    }
  });

  test('that is not sent leaves what it would have carried to the next', () => {
    const meter = meterAt({ now: 0 }, { before: { requests: 3 } });
    const load = inside(meter, () => loadOf({ entries: 1 }));
    expect(load.carried).toEqual({ mq: 3, me: 1 });
    load.undo();
    expect(inside(meter, () => loadOf({ schedules: 1 })).carried).toEqual({ mq: 3, ms: 1 });
  });

  test('is not counted again by what it carries', () => {
    const meter = meterAt({ now: 0 }, { before: { requests: 3 }, carried: { writeUnits: 4 } });
    expect(meter.total).toMatchObject({ requests: 3, writeUnits: 0 });
    expect(inside(meter, () => loadOf({ entries: 1 }).carried)).toEqual({ mq: 3, mw: 4, me: 1 });
  });
});

test('dollars are those of the list', () => {
  const used = {
    ...noUsage(),
    entries: 2,
    requests: 3,
    invocations: 1,
    gbMs: 30,
    writeUnits: 2,
    readUnits: 1,
  };
  expect(dollarsOf(used) * 1e6).toBeCloseTo(5.175, 3);
  expect(costOf({ ...used, bytes: 10.4 })).toEqual({
    dollars: 0.00000518,
    events: 2,
    requests: 3,
    invocations: 1,
    gbSeconds: 0.03,
    writeUnits: 2,
    readUnits: 1,
    objectWrites: 0,
    objectReads: 0,
    schedules: 0,
    bytes: 10.4,
  });
});
