import { DeleteItemCommand, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, describe, expect, test } from 'vitest';
import { tableDefinition } from '../../src/adapters/aws/config.ts';
import { keyItem } from '../../src/adapters/aws/expression.ts';
import { removeExpiredRun } from '../../src/adapters/aws/index.ts';
import { headerKey, namedItemKey } from '../../src/adapters/aws/keys.ts';
import type { RunStore } from '../../src/ports/index.ts';
import { claimOf, headerOf, now, small, successOf, turn } from './dynamodb-records.ts';
import { localClient, storeOn, tableForTests } from './dynamodb-place.ts';

const tableName = 'removal';
tableForTests(tableName);

const client = localClient();
afterAll(() => client.destroy());

let count = 0;
const newRun = (): string => `removal-${(count += 1)}`;
const delta = { state: { a: { inline: '1' } }, requestContext: {}, removed: [] };

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

  /** What a foreach of 130 items leaves behind that is still open, whose first and last item began. */
  async function foreachOf(store: RunStore, runId: string): Promise<void> {
    const at = { runId, entry: 2, epoch: 1 };
    await store.putPages({ ...at, pageSize: 100, pages: [{ inline: '[0]' }, { inline: '[1]' }] });
    await store.openJoin({ ...at, turn, total: 130, concurrency: 130, openedAt: now, pageSize: 100 });
    for (const item of [0, 129]) await store.claim({ ...claimOf(runId, 2), key: { entry: 2, item } });
    await store.mergeCell({ ...at, position: 0, delta });
  }

  /** A run of everything that is stored, over; then its header expires as DynamoDB lets it. */
  async function expired(runId: string) {
    const store = storeOn(client, tableName, { now });
    const input = { input: { inline: JSON.stringify('i'.repeat(1_000)) } };
    await store.startRun({ header: headerOf(runId, { history: 'full' }), input });
    await store.claim(claimOf(runId, 0));
    await store.commit(successOf(runId, 0));
    await store.openJoin({ runId, entry: 1, epoch: 1, turn, total: 2, concurrency: 2, openedAt: now });
    await store.claim({ ...claimOf(runId, 1), key: { entry: 1, arm: 0 } });
    await foreachOf(store, runId);
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
    expect(await all(runId)).toEqual(['A#in', 'B#00000', 'B#00001#00', 'X#00002#0001']);
    const parts = ['#j00001', '#j00002', '#k00002#00', '#k00002#02', '#p00002', '#e'];
    for (const part of parts) expect(await all(`${runId}${part}`)).not.toEqual([]);
    expect(await removeExpiredRun({ client, tableName }, image)).toBeGreaterThanOrEqual(4 + parts.length);
    expect(await all(runId)).toEqual([]);
    for (const part of parts) expect(await all(`${runId}${part}`)).toEqual([]);
    expect(await all(neighbour)).toEqual(['A']);
    expect(await removeExpiredRun({ client, tableName }, image)).toBe(0);
  });

  test('is removed without what another run with this id has written since', async () => {
    const runId = newRun();
    const image = await expired(runId);
    const store = storeOn(client, tableName, { now: later });
    const input = { input: { inline: JSON.stringify('i'.repeat(1_000)) } };
    await store.startRun({ header: headerOf(runId, { createdAt: later, startedAt: later }), input });
    await store.claim(claimOf(runId, 2, { now: later }));
    const since = storeOn(client, tableName, { now: later });
    const at = { runId, entry: 2, epoch: 1 };
    await since.putPages({ ...at, pageSize: 7, pages: [{ inline: '[2]' }] });
    await since.mergeCell({ ...at, position: 1, delta });
    await since.openJoin({ ...at, epoch: 2, turn, total: 130, concurrency: 130, openedAt: later });
    await since.claim(claimOf(runId, 2, { key: { entry: 2, item: 1 }, now: later }));
    await removeExpiredRun({ client, tableName }, image);
    expect(await all(runId)).toEqual(['A', 'A#in', 'B#00002', 'X#00002#0001']);
    expect(await all(`${runId}#p00002`)).toEqual(['0001#7#00000']);
    expect(await all(`${runId}#j00002`)).toEqual(['0002#00000']);
    expect(await all(`${runId}#k00002#00`)).toEqual(['00001']);
  });

  test('is not removed for an image that is no header of a run that is over', async () => {
    const runId = newRun();
    const image = await expired(runId);
    for (const name of ['ttl', 'ea', 'pk']) {
      const { [name]: _, ...rest } = image;
      expect(await removeExpiredRun({ client, tableName }, rest)).toBe(0);
    }
    expect(await removeExpiredRun({ client, tableName }, { ...image, sk: { S: 'B#00000' } })).toBe(0);
    expect(await all(runId)).toHaveLength(4);
  });
});

test('a text under a name expires as long after its last use as a run after its end, and stays while it is used', async () => {
  const store = storeOn(client, tableName);
  const name = newRun();
  const expiry = async (): Promise<string | undefined> => {
    const key = keyItem(namedItemKey(name));
    const { Item: item } = await client.send(new GetItemCommand({ TableName: tableName, Key: key }));
    return item?.[tableDefinition.timeToLive]?.N;
  };
  await store.writeNamed({ name, text: 'used' });
  expect(await expiry()).toBeUndefined();
  await store.writeNamed({ name, seen: 'used', text: 'unused', unusedSince: now });
  expect(await expiry()).toBe(String(now / 1_000 + 86_400));
  await store.writeNamed({ name, seen: 'unused', text: 'used' });
  expect(await expiry()).toBeUndefined();
});
