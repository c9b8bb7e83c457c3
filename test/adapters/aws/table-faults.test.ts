import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactionCanceledException,
  TransactionConflictException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { instantPacing } from './pacing.ts';
import { serviceLimits } from '../../../src/adapters/aws/config.ts';
import { keyItem } from '../../../src/adapters/aws/expression.ts';
import { headerKey, type Item, recordItemKey } from '../../../src/adapters/aws/keys.ts';
import { encodeHeader, encodeRecord } from '../../../src/adapters/aws/record-codec.ts';
import { conflictBackoff, refusalBackoff } from '../../../src/adapters/aws/retry.ts';
import { dynamoRunStore } from '../../../src/adapters/aws/run-store.ts';
import type { RunHeader, StepRecord } from '../../../src/core/records.ts';

/** What DynamoDB Local never does: refuse for lack of capacity, collide, lose an answer. */
const service = mockClient(DynamoDBClient);

// Other files of this worker use the client as it is.
afterAll(() => service.restore());
const pacing = instantPacing();

beforeEach(() => {
  service.reset();
  pacing.pauses.length = 0;
});

function store() {
  const client = new DynamoDBClient({ region: 'us-east-1' });
  return dynamoRunStore({ client, tableName: 'runs', pacing, listing: false, retentionMs: 1 });
}

const now = 1_800_000_000_000;
const runId = 'run';
const key = { entry: 0 };
const turn = '0001.000000.0000.000';
const nextTurn = '0001.000000.0001.000';
const owner = 'process/1';

const header: RunHeader = {
  format: 1,
  runId,
  workflowId: 'workflow',
  status: 'running',
  epoch: 1,
  position: '',
  sweepAt: now,
  wakes: 0,
  graphHash: 'graph',
  inputHash: 'input',
  from: [],
  createdAt: now,
  startedAt: now,
  updatedAt: now,
};
const record: StepRecord = { key, stepId: 'step', turn, status: 'running', owner, claims: 1 };

const itemOf = (stored: RunHeader): Item => ({ ...keyItem(headerKey(runId)), ...encodeHeader(stored) });
const recordItem = (stored: StepRecord): Item => ({
  ...keyItem(recordItemKey(runId, key)),
  ...encodeRecord(stored),
});

/** A condition that failed, after the client had sent the request `attempts` times. */
function conditionFailed(item: Item | undefined, attempts: number) {
  return new ConditionalCheckFailedException({
    message: 'The conditional request failed',
    $metadata: { attempts },
    ...(item === undefined ? {} : { Item: item }),
  });
}

const conflict = () => new TransactionConflictException({ message: 'conflict', $metadata: {} });
const canceled = (...codes: { Code: string; Item?: Item }[]) =>
  new TransactionCanceledException({ message: 'canceled', $metadata: {}, CancellationReasons: codes });
const outage = Object.assign(new Error('no capacity'), { name: 'ProvisionedThroughputExceededException' });

describe('keys that a batch leaves unprocessed', () => {
  const keys = Array.from({ length: 3 }, (_, entry) => ({ entry }));
  const read = { runId, keys, input: false, consistent: true };
  const request = (...wanted: { entry: number }[]) => wanted.map((at) => keyItem(recordItemKey(runId, at)));

  test('are read again, and nothing else is', async () => {
    service
      .on(BatchGetItemCommand)
      .resolvesOnce({
        Responses: { runs: [recordItem(record)] },
        UnprocessedKeys: { runs: { Keys: request({ entry: 1 }, { entry: 2 }) } },
      })
      .resolvesOnce({ Responses: {}, UnprocessedKeys: { runs: { Keys: request({ entry: 2 }) } } })
      .resolves({
        Responses: { runs: [{ ...recordItem(record), ...keyItem(recordItemKey(runId, { entry: 2 })) }] },
      });
    const load = await store().loadStep(read);
    expect(load.records).toEqual([record, undefined, { ...record, key: { entry: 2 } }]);
    const asked = service
      .commandCalls(BatchGetItemCommand)
      .map((call) => call.args[0].input.RequestItems?.['runs']);
    expect(asked.map((batch) => batch?.Keys?.length)).toEqual([4, 2, 1]);
    expect(asked.map((batch) => batch?.ConsistentRead)).toEqual([true, true, true]);
    // Each time some were read, so none of the tries was in vain.
    expect(pacing.pauses).toEqual([refusalBackoff.baseMs, refusalBackoff.baseMs]);
  });

  test('reject when they stay so', async () => {
    service
      .on(BatchGetItemCommand)
      .resolves({ Responses: {}, UnprocessedKeys: { runs: { Keys: request({ entry: 0 }) } } });
    await expect(store().loadStep(read)).rejects.toMatchObject({ code: 'WORKFLOW_BACKEND_UNAVAILABLE' });
    expect(service.commandCalls(BatchGetItemCommand)).toHaveLength(refusalBackoff.tries);
  });
});

test('a step is read in one request that may be stale', async () => {
  service.on(BatchGetItemCommand).resolves({ Responses: { runs: [itemOf(header), recordItem(record)] } });
  const load = await store().loadStep({ runId, keys: [key, key], input: false, consistent: false });
  expect(load).toEqual({ header, records: [record, record] });
  const [first, ...more] = service.commandCalls(BatchGetItemCommand);
  expect(more).toEqual([]);
  const batch = first?.args[0].input.RequestItems?.['runs'];
  expect(batch?.ConsistentRead).toBe(false);
  // DynamoDB refuses a batch that names a key twice.
  expect(batch?.Keys).toHaveLength(2);
});

test('no batch names more keys than DynamoDB takes', async () => {
  service.on(BatchGetItemCommand).resolves({ Responses: {} });
  const keys = Array.from({ length: 250 }, (_, entry) => ({ entry }));
  await store().loadStep({ runId, keys, input: false, consistent: true });
  const sizes = service
    .commandCalls(BatchGetItemCommand)
    .map((call) => call.args[0].input.RequestItems?.['runs']?.Keys?.length ?? 0);
  expect(sizes).toEqual([serviceLimits.batchGetKeys, serviceLimits.batchGetKeys, 51]);
});

describe('a write that meets a transaction', () => {
  const renewal = { runId, key, turn, owner, leaseUntil: now };

  test('is tried again', async () => {
    service
      .on(UpdateItemCommand)
      .rejectsOnce(conflict())
      .rejectsOnce(conflict())
      .resolves({ Attributes: recordItem(record) });
    expect(await store().renew(renewal)).toEqual({ won: true, image: record });
    expect(pacing.pauses).toEqual([conflictBackoff.baseMs, 2 * conflictBackoff.baseMs]);
  });

  test('rejects when it meets one each time', async () => {
    service.on(UpdateItemCommand).rejects(conflict());
    await expect(store().renew(renewal)).rejects.toMatchObject({ code: 'WORKFLOW_BACKEND_UNAVAILABLE' });
    expect(service.commandCalls(UpdateItemCommand)).toHaveLength(conflictBackoff.tries);
    expect(Math.max(...pacing.pauses)).toBe(conflictBackoff.capMs);
  });
});

describe('a batch of pages', () => {
  const pages = Array.from({ length: 60 }, (_, page) => ({ inline: `[${page}]` }));
  const write = { runId, entry: 1, epoch: 1, pageSize: 10, pages };

  test('has 25 of them, and sends again what was left unprocessed', async () => {
    const left: unknown[] = [];
    service.on(BatchWriteItemCommand).callsFake((input: { RequestItems: Record<string, unknown[]> }) => {
      const requests = input.RequestItems['runs'] ?? [];
      left.push(requests.length);
      return left.length === 2 ? { UnprocessedItems: { runs: requests.slice(0, 4) } } : {};
    });
    await store().putPages(write);
    expect(left).toEqual([25, 25, 4, 10]);
    expect(pacing.pauses).toEqual([refusalBackoff.baseMs]);
  });

  test('rejects when some are left unprocessed each time', async () => {
    service
      .on(BatchWriteItemCommand)
      .callsFake((input: { RequestItems: object }) => ({ UnprocessedItems: input.RequestItems }));
    await expect(store().putPages(write)).rejects.toMatchObject({ code: 'WORKFLOW_BACKEND_UNAVAILABLE' });
    expect(service.commandCalls(BatchWriteItemCommand)).toHaveLength(refusalBackoff.tries);
  });
});

describe('a resume', () => {
  const resume = {
    runId,
    key,
    turn,
    nextTurn,
    request: 'request',
    now,
    sweepAt: now,
    runs: [
      { runId, epoch: 1 },
      { runId: 'parent', epoch: 1 },
    ],
  };
  const resumed: StepRecord = {
    ...record,
    turn: nextTurn,
    status: 'due',
    resumeRequest: 'request',
    resumedAt: now,
  };

  /** What the store reads: the header, which says that the run has no history, and the record. */
  function stored(item: Item): void {
    service.on(GetItemCommand, { Key: keyItem(recordItemKey(runId, key)) }).resolves({ Item: item });
  }

  beforeEach(() => {
    service.on(GetItemCommand, { Key: keyItem(headerKey(runId)) }).resolves({ Item: itemOf(header) });
  });

  test.each(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'])(
    'whose transaction is canceled by %s is tried again',
    async (code) => {
      service
        .on(TransactWriteItemsCommand)
        .rejectsOnce(canceled({ Code: 'None' }, { Code: code }, { Code: 'None' }))
        .resolves({});
      stored(recordItem(resumed));
      expect(await store().resume(resume)).toEqual({ won: true, image: resumed });
      expect(pacing.pauses).toEqual([conflictBackoff.baseMs]);
    },
  );

  test('whose answer was lost is recognised by its request, even when the run has ended since', async () => {
    const running: StepRecord = { ...resumed, status: 'running' };
    service
      .on(TransactWriteItemsCommand)
      .rejects(
        canceled(
          { Code: 'ConditionalCheckFailed', Item: recordItem(running) },
          { Code: 'ConditionalCheckFailed' },
        ),
      );
    expect(await store().resume(resume)).toEqual({ won: true, image: running });
  });

  test('that lost to the end of an ancestor says which', async () => {
    const over: RunHeader = { ...header, runId: 'parent', status: 'canceled', endedAt: now, endedBy: -1 };
    const parentItem = { ...itemOf(over), ...keyItem(headerKey('parent')) };
    service
      .on(TransactWriteItemsCommand)
      .rejects(
        canceled({ Code: 'None' }, { Code: 'None' }, { Code: 'ConditionalCheckFailed', Item: parentItem }),
      );
    stored(recordItem({ ...record, status: 'suspended' }));
    expect(await store().resume(resume)).toEqual({ won: false, lost: 'run', runId: 'parent', image: over });
  });

  test('that fails for another reason rejects with it', async () => {
    const cause = canceled({ Code: 'ValidationError' });
    service.on(TransactWriteItemsCommand).rejects(cause);
    await expect(store().resume(resume)).rejects.toMatchObject({
      code: 'WORKFLOW_BACKEND_UNAVAILABLE',
      cause,
    });
  });
});

describe('a failed condition', () => {
  const start = { header, input: { input: { inline: '1' } } };
  const commit = {
    runId,
    key,
    turn,
    owner,
    outcome: { status: 'success', now, output: { inline: '1' } },
  } as const;
  const committed: StepRecord = { ...record, status: 'success', output: { inline: '1' }, endedAt: now };

  test('is a loss when the request was sent once, however alike the records are', async () => {
    service.on(UpdateItemCommand).rejects(conditionFailed(itemOf(header), 1));
    expect(await store().startRun(start)).toEqual({ won: false, image: header });
    service.on(UpdateItemCommand).rejects(conditionFailed(recordItem(committed), 1));
    expect(await store().commit(commit)).toEqual({ won: false, image: committed });
  });

  test('is a win when the request was sent again and the record is what it writes', async () => {
    service.on(UpdateItemCommand).rejects(conditionFailed(itemOf(header), 2));
    expect(await store().startRun(start)).toEqual({ won: true, image: header });
    service.on(UpdateItemCommand).rejects(conditionFailed(recordItem(committed), 3));
    expect(await store().commit(commit)).toEqual({ won: true, image: committed });
    const taken: StepRecord = { ...record, claims: 2 };
    service.on(UpdateItemCommand).rejects(conditionFailed(recordItem(taken), 2));
    const takeOver = { runId, key, turn, seenOwner: 'other/1', owner, leaseUntil: now };
    expect(await store().takeOver(takeOver)).toEqual({ won: true, image: taken });
  });

  test('is a loss when the request was sent again and the record is what another wrote', async () => {
    const other: RunHeader = { ...header, inputHash: 'other' };
    service.on(UpdateItemCommand).rejects(conditionFailed(itemOf(other), 2));
    expect(await store().startRun(start)).toEqual({ won: false, image: other });
    const stolen: StepRecord = { ...committed, owner: 'other/1' };
    service.on(UpdateItemCommand).rejects(conditionFailed(recordItem(stolen), 2));
    expect(await store().commit(commit)).toEqual({ won: false, image: stolen });
  });

  describe('of a sleep', () => {
    const { owner: _, claims: __, ...plain } = record;
    const sleep = { runId, key, turn, stepId: 'step', now, dueAt: now + 5_000, inputFrom: -1 };
    const asleep: StepRecord = {
      ...plain,
      status: 'waiting',
      startedAt: now,
      dueAt: now + 5_000,
      inputFrom: -1,
    };

    test('is a win when the request was sent again and this very sleep is there', async () => {
      service.on(PutItemCommand).rejects(conditionFailed(recordItem(asleep), 2));
      expect(await store().sleep(sleep)).toEqual({ won: true, image: asleep });
    });

    test.each<[string, StepRecord, number]>([
      ['the request was sent once', asleep, 1],
      ['another began it', { ...asleep, startedAt: now + 1 }, 2],
      ['it ends at another time', { ...asleep, dueAt: now + 5_001 }, 2],
      ['it is of a later turn', { ...asleep, turn: nextTurn }, 2],
      ['it is over', { ...asleep, status: 'success', endedAt: now }, 2],
    ])('is a loss when %s', async (_case, image, attempts) => {
      service.on(PutItemCommand).rejects(conditionFailed(recordItem(image), attempts));
      expect(await store().sleep(sleep)).toEqual({ won: false, image });
    });
  });

  describe('of a wake', () => {
    const output = { inline: '{"a":1}' };
    const wake = { runId, key, turn, now, output };
    const awake: StepRecord = { key, stepId: 'step', turn, status: 'success', output, endedAt: now };

    test('is a win when the request was sent again and this very end is there', async () => {
      service.on(UpdateItemCommand).rejects(conditionFailed(recordItem(awake), 2));
      expect(await store().wake(wake)).toEqual({ won: true, image: awake });
    });

    test.each<[string, StepRecord, number]>([
      ['the request was sent once', awake, 1],
      ['another ended it', { ...awake, endedAt: now + 1 }, 2],
      ['it passed on something else', { ...awake, output: { inline: '{"a":2}' } }, 2],
      ['it is of a later turn', { ...awake, turn: nextTurn }, 2],
      ['it failed', { ...awake, status: 'failed' }, 2],
    ])('is a loss when %s', async (_case, image, attempts) => {
      service.on(UpdateItemCommand).rejects(conditionFailed(recordItem(image), attempts));
      expect(await store().wake(wake)).toEqual({ won: false, image });
    });
  });

  test('without a record is a loss to nothing', async () => {
    service.on(UpdateItemCommand).rejects(conditionFailed(undefined, 2));
    expect(await store().commit(commit)).toEqual({ won: false });
  });
});

test('an outage rejects every method with its reason, and the client has tried again', async () => {
  service
    .on(UpdateItemCommand)
    .rejects(outage)
    .on(PutItemCommand)
    .rejects(outage)
    .on(GetItemCommand)
    .rejects(outage);
  const { store: runs, unavailable } = {
    store: store(),
    unavailable: { code: 'WORKFLOW_BACKEND_UNAVAILABLE', cause: outage },
  };
  await expect(runs.loadHeader(runId)).rejects.toMatchObject(unavailable);
  await expect(runs.createRun({ header })).rejects.toMatchObject(unavailable);
  await expect(runs.cancel({ runId, now, sweepAt: now })).rejects.toMatchObject(unavailable);
  await expect(
    runs.appendToken({ runId, entry: 0, epoch: 1, turn, token: 1, fromSegment: 0 }),
  ).rejects.toMatchObject(unavailable);
});
