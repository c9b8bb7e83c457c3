import { DeleteItemCommand, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, describe, expect, test } from 'vitest';
import { tableDefinition } from '../../src/adapters/aws/config.ts';
import { keyItem } from '../../src/adapters/aws/expression.ts';
import { removeExpiredRun } from '../../src/adapters/aws/index.ts';
import { headerKey, inputKey } from '../../src/adapters/aws/keys.ts';
import { encodeToken } from '../../src/core/join.ts';
import { limits } from '../../src/core/limits.ts';
import { formatPosition, type RunHeader } from '../../src/core/records.ts';
import { firstTurn, formatTurn } from '../../src/core/turn.ts';
import type { ClaimWrite, CommitWrite, RunStore } from '../../src/ports/index.ts';
import { localClient, losingAnswers, metered, storeOn, tableForTests } from './dynamodb-place.ts';

/** What the store promises on DynamoDB alone: what writes cost, lost answers, inputs beside the header. */

const tableName = 'behaviour';
tableForTests(tableName);

const client = localClient();
afterAll(() => client.destroy());

const now = Date.UTC(2026, 0, 1);
const turn = formatTurn(firstTurn(1));
const owner = '5b0c3d3e-53f8-4d6a-8c55-0d5f1d3f8a11/1';
let count = 0;
const newRun = (): string => `run-${(count += 1)}`;

function headerOf(runId: string, more: Partial<RunHeader> = {}): RunHeader {
  return {
    format: 1,
    runId,
    workflowId: 'workflow',
    status: 'running',
    epoch: 1,
    position: '',
    sweepAt: now + 120_000,
    wakes: 0,
    graphHash: 'ab'.repeat(32),
    inputHash: 'cd'.repeat(32),
    from: [],
    createdAt: now,
    startedAt: now,
    updatedAt: now,
    ...more,
  };
}

const small = { input: { inline: '{"order":4711}' } };

function claimOf(runId: string, entry: number, more: Partial<ClaimWrite> = {}): ClaimWrite {
  return {
    runId,
    key: { entry },
    turn,
    fresh: true,
    stepId: 'charge-credit-card',
    owner,
    leaseUntil: now + 60_000,
    now,
    inputFrom: entry - 1,
    ...more,
  };
}

function successOf(runId: string, entry: number, bytes = 600): CommitWrite {
  const output = { inline: `"${'x'.repeat(bytes - 2)}"` };
  return { runId, key: { entry }, turn, owner, outcome: { status: 'success', now: now + 5, output } };
}

/** Units that `call` was billed on a client of its own. */
async function costOf(call: (store: RunStore) => Promise<unknown>): Promise<{ read: number; write: number }> {
  const own = localClient();
  const { read, write } = await measure(own, call);
  own.destroy();
  return { read, write };
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
      runs: [runId],
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
  expect(await ttlOf(canceled)).toBe(String(now / 1000 + day));
});

describe('what the expired header of a run leaves behind', () => {
  const later = now + 40 * 86_400_000;
  const all = async (pk: string): Promise<string[]> => {
    const command = new QueryCommand({
      TableName: tableName,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: pk } },
    });
    return ((await client.send(command)).Items ?? []).map((item) => item['sk']?.S ?? '');
  };

  /** A run of everything that is stored, over; then its header expires as DynamoDB lets it. */
  async function expired(runId: string) {
    const store = storeOn(client, tableName);
    const input = { input: { inline: JSON.stringify('i'.repeat(1_000)) } };
    await store.startRun({ header: headerOf(runId), input });
    await store.claim(claimOf(runId, 0));
    await store.commit(successOf(runId, 0));
    await store.openJoin({ runId, entry: 1, epoch: 1, turn, total: 2, concurrency: 2, openedAt: now });
    await store.claim({ ...claimOf(runId, 1), key: { entry: 1, arm: 0 } });
    await store.finish({ runId, epoch: 1, status: 'failed', endedBy: 1, now });
    const command = new DeleteItemCommand({
      TableName: tableName,
      Key: keyItem(headerKey(runId)),
      ReturnValues: 'ALL_OLD',
    });
    return (await client.send(command)).Attributes ?? {};
  }

  test('is removed, and nothing else', async () => {
    const [runId, neighbour] = [newRun(), newRun()];
    await storeOn(client, tableName).startRun({ header: headerOf(neighbour), input: small });
    const image = await expired(runId);
    expect(await all(runId)).toEqual(['A#in', 'B#00000', 'B#00001#00']);
    expect(await removeExpiredRun({ client, tableName }, image)).toBe(4);
    expect(await all(runId)).toEqual([]);
    expect(await all(`${runId}#j00001`)).toEqual([]);
    expect(await all(neighbour)).toEqual(['A']);
    expect(await removeExpiredRun({ client, tableName }, image)).toBe(0);
  });

  test('is removed without what another run with this id has written since', async () => {
    const runId = newRun();
    const image = await expired(runId);
    const store = storeOn(client, tableName);
    const input = { input: { inline: JSON.stringify('i'.repeat(1_000)) } };
    await store.startRun({ header: headerOf(runId, { createdAt: later, startedAt: later }), input });
    await store.claim(claimOf(runId, 2, { now: later }));
    await removeExpiredRun({ client, tableName }, image);
    expect(await all(runId)).toEqual(['A', 'A#in', 'B#00002']);
  });

  test('is not removed for an image that is no header of a run that is over', async () => {
    const runId = newRun();
    const image = await expired(runId);
    for (const name of ['ttl', 'ea', 'pk']) {
      const { [name]: _, ...rest } = image;
      expect(await removeExpiredRun({ client, tableName }, rest)).toBe(0);
    }
    expect(await removeExpiredRun({ client, tableName }, { ...image, sk: { S: 'B#00000' } })).toBe(0);
    expect(await all(runId)).toHaveLength(3);
  });
});

test('without the listing, a run has no entry in the list', async () => {
  const store = storeOn(client, tableName, { listing: false });
  const runId = newRun();
  await store.startRun({ header: headerOf(runId, { workflowId: 'unlisted' }), input: small });
  expect(await store.listRuns({ workflowId: 'unlisted', limit: 10 })).toEqual({ headers: [] });
});
