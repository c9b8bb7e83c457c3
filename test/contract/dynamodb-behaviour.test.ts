import { createHash } from 'node:crypto';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, describe, expect, test } from 'vitest';
import { tableDefinition } from '../../src/adapters/aws/config.ts';
import { keyItem } from '../../src/adapters/aws/expression.ts';
import { headerKey, inputKey } from '../../src/adapters/aws/keys.ts';
import { encodeToken } from '../../src/core/join.ts';
import { limits } from '../../src/core/limits.ts';
import { formatPosition } from '../../src/core/records.ts';
import { firstTurn, formatTurn } from '../../src/core/turn.ts';
import type { RunStore } from '../../src/ports/index.ts';
import { claimOf, headerOf, now, owner, small, successOf, turn } from './dynamodb-records.ts';
import { localClient, losingAnswers, metered, storeOn, tableForTests } from './dynamodb-place.ts';

/** What the store promises on DynamoDB alone: what writes cost, lost answers, inputs beside the header. */

const tableName = 'behaviour';
tableForTests(tableName);

const client = localClient();
afterAll(() => client.destroy());

let count = 0;
const newRun = (): string => `behaviour-${(count += 1)}`;

/** Units that `call` was billed on a client of its own. */
async function costOf(call: (store: RunStore) => Promise<unknown>): Promise<{ read: number; write: number }> {
  const own = localClient();
  const { read, write } = await measure(own, call);
  own.destroy();
  return { read, write };
}

async function requestsOf(call: (store: RunStore) => Promise<unknown>): Promise<number> {
  const own = localClient();
  const { requests } = await measure(own, call);
  own.destroy();
  return requests;
}

async function measure(own: ReturnType<typeof localClient>, call: (store: RunStore) => Promise<unknown>) {
  const store = storeOn(own, tableName);
  // The first run of a workflow in a process enters the workflow, once.
  await store.startRun({ header: headerOf(newRun()), input: small });
  const meter = metered(own);
  await call(store);
  return meter;
}

// Not a resume: DynamoDB Local bills a transaction twice what AWS does.
describe('a transition costs what the budget says', () => {
  test('a sequential step: two writes, and one read that may be stale', async () => {
    const runId = newRun();
    const store = storeOn(client, tableName);
    await store.startRun({ header: headerOf(runId), input: small });
    await store.claim(claimOf(runId, 0));
    await store.commit(successOf(runId, 0));
    const keys = [{ entry: 0 }];
    const load = { runId, keys, input: false, consistent: false };
    expect(await costOf((own) => own.loadStep(load))).toEqual({ read: 1, write: 0 });
    expect(await costOf((own) => own.claim(claimOf(runId, 1)))).toEqual({ read: 0, write: 1 });
    expect(await costOf((own) => own.commit(successOf(runId, 1)))).toEqual({ read: 0, write: 1 });
  });

  test('the start of a root run: the header and one entry in each index', async () => {
    const run = { header: headerOf(newRun()), input: small };
    expect(await costOf((own) => own.startRun(run))).toEqual({ read: 0, write: 3 });
  });

  test('the end: the header, and both indexes', async () => {
    const runId = newRun();
    await storeOn(client, tableName).startRun({ header: headerOf(runId), input: small });
    const finish = { runId, epoch: 1, status: 'success', endedBy: 0, now } as const;
    const { write } = await costOf((own) => own.finish(finish));
    expect(write).toBeLessThanOrEqual(3);
  });

  test('all items of a foreach: one query where they are few, and one for each partition where they are many', async () => {
    const store = storeOn(client, tableName);
    for (const [total, requests] of [
      [64, 2],
      [65, 3],
      [limits.joinMembers, 17],
    ] as const) {
      const runId = newRun();
      await store.openJoin({ runId, entry: 1, epoch: 1, turn, total, concurrency: 1, openedAt: now });
      await store.claim(claimOf(runId, 1, { key: { entry: 1, item: 0 } }));
      const load = { runId, entry: 1 };
      // DynamoDB Local bills nothing for a query that finds nothing; AWS bills a unit.
      expect(await requestsOf((own) => own.loadItems(load))).toBe(requests);
      expect(await costOf((own) => own.loadItems({ ...load, items: [0] }))).toEqual({ read: 1, write: 0 });
    }
  });

  test('the start of a nested run, and its next epoch after a try that loses', async () => {
    const runId = newRun();
    const start = (turnOfParent: string) => {
      const parent = { runId: 'parent', key: { entry: 2, item: 4 }, turn: turnOfParent };
      return { header: headerOf(runId, { parent, root: 'root' }), input: small, from: 0, begun: 0 };
    };
    const first = start('0001.000000.000');
    expect(await costOf((own) => own.startChild(first))).toEqual({ read: 0, write: 2 });
    const { write } = await costOf((own) => own.startChild(start('0001.000000.001')));
    expect(write).toBeLessThanOrEqual(4);
  });

  test('a member that changes state: one write for all of its keys', async () => {
    const at = { runId: newRun(), entry: 1, epoch: 1 };
    const value = { inline: '"value"' };
    const merge = (position: number) => ({
      ...at,
      position,
      delta: { state: { a: value, b: value }, requestContext: { c: value }, removed: ['d'] },
    });
    expect(await costOf((own) => own.mergeCell(merge(1)))).toEqual({ read: 0, write: 1 });
    expect(await costOf((own) => own.mergeCell(merge(2)))).toEqual({ read: 0, write: 1 });
  });

  test('a settlement in a join: one write, the hundredth of a segment as well', async () => {
    const runId = newRun();
    const at = { runId, entry: 1, epoch: 1 };
    const total = limits.joinMembers;
    const store = storeOn(client, tableName);
    await store.openJoin({ ...at, turn, total, concurrency: 100, openedAt: now });
    const token = (member: number) =>
      encodeToken({ generation: 0, kind: 'success', hasDelta: false, member: total - 1 - member });
    const append = (member: number) => ({ ...at, turn, token: token(member), fromSegment: 0 });
    expect(await costOf((own) => own.appendToken(append(0)))).toEqual({ read: 0, write: 1 });
    for (let member = 1; member < 99; member += 1) await store.appendToken(append(member));
    expect(await costOf((own) => own.appendToken(append(99)))).toEqual({ read: 0, write: 1 });
  });
});

describe('a write whose answer is lost is a win', () => {
  /** A store whose next request of each kind is done, and answered by a timeout. */
  function flaky(...commands: string[]) {
    const own = localClient();
    losingAnswers(own, commands);
    return storeOn(own, tableName);
  }

  test('a start, of a run that was created or not', async () => {
    const runId = newRun();
    const run = { header: headerOf(runId), input: small };
    expect(await flaky('UpdateItemCommand').startRun(run)).toMatchObject({ won: true });
    expect(
      await flaky('UpdateItemCommand').startRun({ ...run, header: headerOf(runId, { startedAt: now + 1 }) }),
    ).toMatchObject({
      won: false,
      image: { startedAt: now },
    });
    const pending = { header: headerOf(newRun(), { status: 'pending', inputHash: '' }) };
    await flaky().createRun({ header: headerOf(newRun()) });
    expect(await flaky('PutItemCommand', 'PutItemCommand').createRun(pending)).toMatchObject({ won: true });
  });

  test('a claim, a takeover, a renewal, an outcome', async () => {
    const runId = newRun();
    const at = { runId, key: { entry: 0 }, turn };
    const takeOver = { ...at, seenOwner: owner, owner: 'other/1', leaseUntil: now + 9 };
    expect(await flaky('UpdateItemCommand').claim(claimOf(runId, 0))).toMatchObject({ won: true });
    expect(await flaky('UpdateItemCommand').takeOver(takeOver)).toMatchObject({
      won: true,
      image: { claims: 2 },
    });
    const renewal = { ...at, owner: 'other/1', leaseUntil: now + 99 };
    expect(await flaky('UpdateItemCommand').renew(renewal)).toMatchObject({ won: true });
    const commit = { ...successOf(runId, 0), owner: 'other/1' };
    expect(await flaky('UpdateItemCommand').commit(commit)).toMatchObject({ won: true });
    expect(await flaky('UpdateItemCommand').commit({ ...commit, owner })).toMatchObject({ won: false });
  });

  test('a status, an end, a cancel', async () => {
    const [one, other] = [newRun(), newRun()];
    for (const runId of [one, other]) {
      await storeOn(client, tableName).startRun({ header: headerOf(runId), input: small });
    }
    const status = {
      runId: one,
      epoch: 1,
      status: 'waiting',
      position: formatPosition(0, 0, 1),
      now,
    } as const;
    const finish = { runId: one, epoch: 1, status: 'success', endedBy: 0, now } as const;
    expect(await flaky('UpdateItemCommand').setStatus(status)).toMatchObject({ won: true });
    expect(await flaky('UpdateItemCommand').finish(finish)).toMatchObject({ won: true });
    expect(await flaky('UpdateItemCommand').cancel({ runId: one, now, sweepAt: now })).toMatchObject({
      won: false,
      image: { status: 'success' },
    });
    const cancel = { runId: other, now, sweepAt: now };
    expect(await flaky('UpdateItemCommand').cancel(cancel)).toMatchObject({ won: true });
  });

  test('a resume', async () => {
    const runId = newRun();
    const store = storeOn(client, tableName);
    await store.startRun({ header: headerOf(runId), input: small });
    await store.claim(claimOf(runId, 0));
    await store.commit({ runId, key: { entry: 0 }, turn, owner, outcome: { status: 'suspended', now } });
    const nextTurn = formatTurn({ ...firstTurn(1), generation: 1 });
    const resume = {
      runId,
      key: { entry: 0 },
      turn,
      nextTurn,
      request: 'r',
      now,
      sweepAt: now,
      runs: [{ runId, epoch: 1 }],
    };
    const result = await flaky('TransactWriteItemsCommand').resume(resume);
    expect(result).toMatchObject({ won: true, image: { status: 'due', turn: nextTurn } });
    expect(await store.loadHeader(runId)).toMatchObject({ wakes: 1 });
  });

  test('an opening, a settlement that is in once, the close of a block', async () => {
    const runId = newRun();
    const at = { runId, entry: 0, epoch: 1 };
    const opening = { ...at, turn, total: 2, concurrency: 2, openedAt: now };
    expect(await flaky('PutItemCommand').openJoin(opening)).toMatchObject({ won: true });
    const append = { ...at, turn, token: 0, fromSegment: 0 };
    expect(await flaky('UpdateItemCommand').appendToken(append)).toMatchObject({ position: 0 });
    expect((await storeOn(client, tableName).loadJoin(at))?.tokens).toEqual([0]);
    const record = { key: { entry: 0 }, stepId: 'parallel', turn, status: 'success', endedAt: now } as const;
    expect(await flaky('PutItemCommand').closeBlock({ runId, record })).toMatchObject({ won: true });
  });
});

describe('an input that is too large for the header', () => {
  const large = (seed: string) => ({ input: { inline: JSON.stringify(seed.repeat(1_000)) } });
  const read = (store: RunStore, runId: string) =>
    store.loadStep({ runId, keys: [], input: true, consistent: true });

  test('is beside the header, and the header stays small', async () => {
    const runId = newRun();
    const store = storeOn(client, tableName);
    await store.startRun({ header: headerOf(runId), input: large('a') });
    expect((await read(store, runId)).input).toEqual(large('a'));
    expect((await store.loadRun(runId))?.input).toEqual(large('a'));
    const { Item: item } = await client.send(
      new GetItemCommand({ TableName: tableName, Key: keyItem(headerKey(runId)) }),
    );
    expect(item).not.toHaveProperty('in');
  });

  test('of each epoch is that of the run, wherever the one before was', async () => {
    const runId = newRun();
    const store = storeOn(client, tableName);
    await store.startRun({ header: headerOf(runId, { status: 'suspended' }), input: small });
    const inputs = [large('a'), small, large('b'), large('a'), { ...small, shared: { inline: '1' } }, small];
    for (const [number, input] of inputs.entries()) {
      const epoch = number + 1;
      const travel = { parameters: small.input, graphHash: 'g', perStep: false, now, sweepAt: now };
      const start = [epoch + 1, 0, 1] as const;
      const inputHash = createHash('sha256').update(JSON.stringify(input)).digest('hex');
      await store.travel({ runId, epoch, wakes: number, start, ...travel, input, inputHash });
      expect((await read(store, runId)).input).toEqual(input);
      expect((await store.loadRun(runId))?.input).toEqual(input);
      const position = formatPosition(0, 0, 1);
      await store.setStatus({ runId, epoch: epoch + 1, status: 'suspended', position, now });
    }
  });

  test('of a start that lost overwrites nothing', async () => {
    const store = storeOn(client, tableName);
    for (let round = 0; round < 20; round += 1) {
      const runId = newRun();
      const seeds = ['a', 'b', 'c', 'd'];
      const writes = await Promise.all(
        seeds.map((seed) =>
          store.startRun({ header: headerOf(runId, { inputHash: seed }), input: large(seed) }),
        ),
      );
      const winner = writes.findIndex((write) => write.won);
      expect(writes.filter((write) => write.won)).toHaveLength(1);
      const expected = large(seeds[winner] ?? '');
      expect((await read(store, runId)).input).toEqual(expected);
      expect((await store.loadRun(runId))?.input).toEqual(expected);
    }
  });

  test('of a start that died before it wrote the header blocks nobody', async () => {
    const runId = newRun();
    const abandoned = { ...keyItem(inputKey(runId)), in: { S: '"old"' }, ih: { S: 'old' } };
    await client.send(new PutItemCommand({ TableName: tableName, Item: abandoned }));
    const store = storeOn(client, tableName);
    expect((await read(store, runId)).header).toBeUndefined();
    const pending = await store.createRun({ header: headerOf(runId, { status: 'pending', inputHash: '' }) });
    expect(pending.won).toBe(true);
    expect((await read(store, runId)).input).toBeUndefined();
    expect((await store.loadRun(runId))?.input).toBeUndefined();
    const header = headerOf(runId, { inputHash: 'new' });
    expect(await store.startRun({ header, input: large('n') })).toMatchObject({ won: true });
    expect((await read(store, runId)).input).toEqual(large('n'));
    expect((await store.loadRun(runId))?.input).toEqual(large('n'));
  });
});

test('only the header of a run that is over has a time to live', async () => {
  const store = storeOn(client, tableName);
  const ttlOf = async (runId: string): Promise<string | undefined> => {
    const command = new GetItemCommand({ TableName: tableName, Key: keyItem(headerKey(runId)) });
    return (await client.send(command)).Item?.[tableDefinition.timeToLive]?.N;
  };
  const [ended, canceled] = [newRun(), newRun()];
  for (const runId of [ended, canceled]) {
    await store.startRun({ header: headerOf(runId), input: small });
    const position = formatPosition(0, 0, 1);
    await store.setStatus({ runId, epoch: 1, status: 'suspended', position, now, sweepAt: null });
    expect(await ttlOf(runId)).toBeUndefined();
  }
  await store.finish({ runId: ended, epoch: 1, status: 'success', endedBy: 0, now });
  await store.cancel({ runId: canceled, now, sweepAt: now });
  const day = 86_400;
  expect(await ttlOf(ended)).toBe(String(now / 1000 + day));
  const travel = { parameters: small.input, graphHash: 'g', perStep: false, now, sweepAt: now };
  await store.travel({ runId: ended, epoch: 1, wakes: 0, start: [2, 0, 1], ...travel });
  expect(await ttlOf(ended)).toBeUndefined();
  expect(await ttlOf(canceled)).toBe(String(now / 1000 + day));
});

test('without the listing, a run has no entry in the list', async () => {
  const store = storeOn(client, tableName, { listing: false });
  const runId = newRun();
  await store.startRun({ header: headerOf(runId, { workflowId: 'unlisted' }), input: small });
  expect(await store.listRuns({ workflowId: 'unlisted', limit: 10 })).toEqual({ headers: [] });
});
