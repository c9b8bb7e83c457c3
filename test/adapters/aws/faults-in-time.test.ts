import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DeleteItemCommandInput,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactionConflictException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { keyItem } from '../../../src/adapters/aws/expression.ts';
import { withInvocation } from '../../../src/adapters/aws/invocation.ts';
import { headerKey, inputKey, type Item, recordItemKey } from '../../../src/adapters/aws/keys.ts';
import { encodeHeader, encodeRecord } from '../../../src/adapters/aws/record-codec.ts';
import { graceMs, type Pacing, refusalBackoff } from '../../../src/adapters/aws/retry.ts';
import { dynamoRunStore } from '../../../src/adapters/aws/run-store.ts';
import { Table } from '../../../src/adapters/aws/table.ts';
import type { RunHeader, StepRecord } from '../../../src/core/records.ts';
import { instantPacing } from './pacing.ts';

/** What DynamoDB Local never does: have no capacity, fail after it wrote, answer too late. */
const service = mockClient(DynamoDBClient);

// Other files of this worker use the client as it is.
afterAll(() => service.restore());

beforeEach(() => service.reset());

const now = 1_800_000_000_000;
const runId = 'run';
const key = { entry: 0 };
const turn = '0001.000000.0000.000';
const owner = 'process/1';

const header: RunHeader = {
  format: 1,
  runId,
  workflowId: 'workflow',
  status: 'running',
  epoch: 1,
  position: '',
  wakes: 0,
  graphHash: 'graph',
  inputHash: 'input',
  from: [],
  createdAt: now,
  startedAt: now,
  updatedAt: now,
};
const record: StepRecord = { key, stepId: 'step', turn, status: 'running', owner, claims: 1 };
const headerItem: Item = { ...keyItem(headerKey(runId)), ...encodeHeader(header) };
const recordItem = (stored: StepRecord): Item => ({
  ...keyItem(recordItemKey(runId, key)),
  ...encodeRecord(stored),
});

function storeBy(pacing: Pacing, options: { readonly listing?: boolean } = {}) {
  const client = new DynamoDBClient({ region: 'us-east-1' });
  return dynamoRunStore({ client, tableName: 'runs', pacing, listing: false, retentionMs: 1, ...options });
}

const fault = (name: string, metadata: object = {}) =>
  Object.assign(new Error(name), { name, $metadata: { attempts: 3, ...metadata } });
const throttled = () => fault('ThrottlingException', { httpStatusCode: 400 });
const failed = () => fault('InternalServerError', { httpStatusCode: 500 });
const conditionFailed = (item: Item | undefined, attempts = 1) =>
  new ConditionalCheckFailedException({
    message: 'failed',
    $metadata: { attempts },
    ...(item === undefined ? {} : { Item: item }),
  });
const unavailable = { code: 'WORKFLOW_BACKEND_UNAVAILABLE' };
const commit = {
  runId,
  key,
  turn,
  owner,
  outcome: { status: 'success', now, output: { inline: '1' } },
} as const;
const committed: StepRecord = { ...record, status: 'success', output: { inline: '1' }, endedAt: now };

describe('a service that has no capacity, or an error of its own', () => {
  test.each([
    ['GetItem', GetItemCommand, () => storeBy(instantPacing()).loadHeader(runId)],
    [
      'BatchGetItem',
      BatchGetItemCommand,
      () => storeBy(instantPacing()).loadStep({ runId, keys: [key], input: false, consistent: true }),
    ],
    ['Query', QueryCommand, () => storeBy(instantPacing()).loadRun(runId)],
    ['UpdateItem', UpdateItemCommand, () => storeBy(instantPacing()).commit(commit)],
    ['PutItem', PutItemCommand, () => storeBy(instantPacing()).createRun({ header })],
  ])('is asked again by %s', async (_name, command, call) => {
    service
      .on(command as typeof GetItemCommand)
      .rejectsOnce(throttled())
      .rejectsOnce(failed())
      .resolves({});
    await call();
    expect(service.commandCalls(command as typeof GetItemCommand)).toHaveLength(3);
  });

  test('is asked again in a transaction, by the same token', async () => {
    service.on(GetItemCommand).resolves({ Item: headerItem });
    service
      .on(TransactWriteItemsCommand)
      .rejectsOnce(failed())
      .rejectsOnce(fault('TransactionInProgressException'))
      .rejectsOnce(
        new TransactionCanceledException({
          message: 'canceled',
          $metadata: {},
          CancellationReasons: [{ Code: 'TransactionConflict' }],
        }),
      )
      .resolves({});
    await storeBy(instantPacing()).closeBlock({ runId, record: committed, epoch: 1 });
    const tokens = service
      .commandCalls(TransactWriteItemsCommand)
      .map((call) => call.args[0].input.ClientRequestToken);
    expect(tokens).toHaveLength(4);
    expect(new Set(tokens).size).toBe(1);
    await storeBy(instantPacing()).closeBlock({ runId, record: committed, epoch: 1 });
    const [other] = service.commandCalls(TransactWriteItemsCommand).slice(-1);
    expect(tokens).not.toContain(other?.args[0].input.ClientRequestToken);
  });

  test('is not asked again for what it will refuse again', async () => {
    service.on(GetItemCommand).rejects(fault('AccessDeniedException', { httpStatusCode: 400 }));
    await expect(storeBy(instantPacing()).loadHeader(runId)).rejects.toMatchObject(unavailable);
    expect(service.commandCalls(GetItemCommand)).toHaveLength(1);
  });

  test('is not asked again after a timeout, which took its time already', async () => {
    service.on(GetItemCommand).rejects(fault('TimeoutError'));
    await expect(storeBy(instantPacing()).loadHeader(runId)).rejects.toMatchObject(unavailable);
    expect(service.commandCalls(GetItemCommand)).toHaveLength(1);
  });
});

/** A clock that goes on by the pauses alone. */
function pacingFrom(start: number): Pacing & { now: number } {
  const pacing = {
    now: start,
    random: () => 1,
    clock: {
      now: () => pacing.now,
      timer(delayMs: number, callback: () => void, options?: { readonly keepAlive?: boolean }) {
        if (options?.keepAlive !== true) return () => {};
        pacing.now += delayMs;
        queueMicrotask(callback);
        return () => {};
      },
    },
  };
  return pacing;
}

describe('the deadline of an invocation', () => {
  test('ends the tries with what is left to store an outcome, and leaves the rest to the caller', async () => {
    service.on(UpdateItemCommand).rejects(throttled());
    const pacing = pacingFrom(now);
    const deadline = now + 60 - graceMs;
    const writing = withInvocation({ deadline }, () => storeBy(pacing).commit(commit));
    await expect(writing).rejects.toMatchObject({
      ...unavailable,
      message: expect.stringContaining('no time is left') as string,
    });
    // Pauses of at most 15, 30 and 60 ms: the third would end after it.
    expect(service.commandCalls(UpdateItemCommand)).toHaveLength(3);
    expect(pacing.now).toBeLessThan(deadline + graceMs);
  });

  test('is that of each handling, though they run at the same time', async () => {
    service.on(UpdateItemCommand).rejectsOnce(throttled()).rejectsOnce(throttled()).resolves({});
    const store = storeBy(pacingFrom(now));
    const [late, early] = await Promise.allSettled([
      withInvocation({ deadline: now + 60_000 }, () => store.commit(commit)),
      withInvocation({ deadline: now + 1 - graceMs }, () => store.commit(commit)),
    ]);
    expect(late.status).toBe('fulfilled');
    expect(early.status).toBe('rejected');
  });
});

describe('a write that may carry a lease', () => {
  test('is tried for a quarter of the lease, however long each try takes', async () => {
    const pacing = pacingFrom(now);
    service.on(UpdateItemCommand).callsFake(() => {
      pacing.now += 6_000;
      throw failed();
    });
    const renewal = { runId, key, turn, owner, leaseUntil: now + 60_000 };
    await expect(storeBy(pacing).renew(renewal)).rejects.toMatchObject(unavailable);
    expect(service.commandCalls(UpdateItemCommand)).toHaveLength(3);
  });
});

describe('an own write', () => {
  test('is recognised when its answer was lost in a try before the last one', async () => {
    service
      .on(UpdateItemCommand)
      .rejectsOnce(
        // The client sent it twice, and its first answer was lost.
        new TransactionConflictException({ message: 'conflict', $metadata: { attempts: 2 } }),
      )
      .rejects(conditionFailed(recordItem(committed)));
    expect(await storeBy(instantPacing()).commit(commit)).toEqual({ won: true, image: committed });
  });

  test('is recognised when the service failed after it', async () => {
    service
      .on(UpdateItemCommand)
      .rejectsOnce(failed())
      .rejects(conditionFailed(recordItem(committed)));
    expect(await storeBy(instantPacing()).commit(commit)).toEqual({ won: true, image: committed });
  });

  test('is recognised by what is not there, when it was a deletion', async () => {
    service.on(GetItemCommand).resolves({ Item: headerItem }).on(QueryCommand).resolves({});
    service.on(DeleteItemCommand).rejects(conditionFailed(undefined, 2));
    expect(await storeBy(instantPacing()).removeRun(runId)).toBe(true);
    service.on(DeleteItemCommand).rejects(conditionFailed(undefined));
    expect(await storeBy(instantPacing()).removeRun(runId)).toBe(false);
  });

  test('is none when it was a deletion, and the item is there', async () => {
    // The service shows the item only to who asks for it.
    service.on(DeleteItemCommand).callsFake((input: DeleteItemCommandInput) => {
      throw conditionFailed(
        input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' ? headerItem : undefined,
        2,
      );
    });
    const client = new DynamoDBClient({ region: 'us-east-1' });
    const table = new Table({ client, name: 'runs', pacing: instantPacing() });
    const condition = { expression: 'attribute_exists(#ea)' };
    expect(await table.remove(headerKey(runId), condition)).toBe(false);
  });

  test('is none where the input of another start has the key that every reader tries', async () => {
    const input = { input: { inline: JSON.stringify('x'.repeat(2_000)) } };
    const other: Item = { ...keyItem(inputKey(runId)), ih: { S: 'other' } };
    service
      .on(PutItemCommand)
      .rejectsOnce(throttled())
      .rejectsOnce(conditionFailed(other))
      .resolves({})
      .on(UpdateItemCommand)
      .resolves({ Attributes: headerItem });
    await storeBy(instantPacing()).startRun({ header, input });
    const put = service.commandCalls(PutItemCommand).map((call) => call.args[0].input.Item);
    expect(put).toHaveLength(3);
    expect(put[2]).toMatchObject({
      ...keyItem(inputKey(runId, header.inputHash)),
      ih: { S: header.inputHash },
    });
  });

  test('of a run of another workflow with the same id is none', async () => {
    const other = { ...headerItem, ...encodeHeader({ ...header, workflowId: 'other' }) };
    service.on(PutItemCommand).rejects(conditionFailed(other, 2));
    expect((await storeBy(instantPacing()).createRun({ header })).won).toBe(false);
  });
});

describe('what is too large', () => {
  const tooLarge = { code: 'WORKFLOW_LIMIT_EXCEEDED', details: { limit: 'itemBytes' } };
  const huge = { inline: 'x'.repeat(410_000) };

  test('is not sent', async () => {
    const store = storeBy(instantPacing());
    const large = { ...committed, output: huge };
    await expect(store.closeBlock({ runId, record: large })).rejects.toMatchObject(tooLarge);
    await expect(store.closeBlock({ runId, record: large, epoch: 1 })).rejects.toMatchObject(tooLarge);
    const pages = { runId, entry: 0, epoch: 1, pageSize: 1, pages: [{ inline: '1' }, huge] };
    await expect(store.putPages(pages)).rejects.toMatchObject(tooLarge);
    expect(service.calls()).toEqual([]);
  });

  test('is refused with the same error where only the service knows the size', async () => {
    const message = 'Item size to update has exceeded the maximum allowed size';
    const cause = Object.assign(new Error(message), { name: 'ValidationException', $metadata: {} });
    service.on(UpdateItemCommand).rejects(cause);
    await expect(storeBy(instantPacing()).commit(commit)).rejects.toMatchObject({ ...tooLarge, cause });
    service.on(GetItemCommand).resolves({ Item: headerItem });
    service.on(TransactWriteItemsCommand).rejects(
      new TransactionCanceledException({
        message: 'canceled',
        $metadata: {},
        CancellationReasons: [{ Code: 'ValidationError', Message: message }, { Code: 'None' }],
      }),
    );
    const write = {
      runId,
      key,
      turn,
      nextTurn: turn,
      request: 'r',
      now,
      sweepAt: now,
      runs: [{ runId, epoch: 1 }],
    };
    await expect(storeBy(instantPacing()).resume(write)).rejects.toMatchObject(tooLarge);
  });

  test('is a transaction of more than a hundred records', async () => {
    service.on(GetItemCommand).resolves({ Item: headerItem });
    const runs = Array.from({ length: 100 }, (_, depth) => ({ runId: `run-${depth}`, epoch: 1 }));
    const write = { runId, key, turn, nextTurn: turn, request: 'r', now, sweepAt: now, runs };
    await expect(storeBy(instantPacing()).resume(write)).rejects.toMatchObject({
      code: 'WORKFLOW_LIMIT_EXCEEDED',
      details: { limit: 'transactionItems' },
    });
    expect(service.commandCalls(TransactWriteItemsCommand)).toEqual([]);
  });
});

test('a workflow that cannot be listed has no run that is there all the same', async () => {
  service.on(PutItemCommand).rejects(throttled());
  service.on(UpdateItemCommand).resolves({ Attributes: headerItem });
  const pacing = instantPacing();
  const store = storeBy(pacing, { listing: true });
  await expect(store.createRun({ header })).rejects.toMatchObject(unavailable);
  await expect(store.startRun({ header, input: { input: { inline: '1' } } })).rejects.toMatchObject(
    unavailable,
  );
  const put = service.commandCalls(PutItemCommand).map((call) => call.args[0].input.Item?.['pk']?.S);
  expect(new Set(put)).toEqual(new Set(['#workflows']));
  expect(service.commandCalls(UpdateItemCommand)).toEqual([]);
  expect(put).toHaveLength(2 * refusalBackoff.tries);
});
