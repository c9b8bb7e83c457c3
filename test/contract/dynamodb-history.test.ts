import { GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, describe, expect, test } from 'vitest';
import { keyItem } from '../../src/adapters/aws/expression.ts';
import { logCounterSort, logPartition, logSlotSort } from '../../src/adapters/aws/keys.ts';
import { dynamoRunStore } from '../../src/adapters/aws/run-store.ts';
import type { LogEntry } from '../../src/core/history.ts';
import { decodeToken, encodeToken } from '../../src/core/join.ts';
import type { RunHeader } from '../../src/core/records.ts';
import { firstTurn, formatTurn } from '../../src/core/turn.ts';
import type { ClaimWrite, RunStore } from '../../src/ports/index.ts';
import { localClient, storeOn, tableForTests } from './dynamodb-place.ts';

/** What the log promises on DynamoDB alone, where a state and its entry are two writes. */

const tableName = 'history';
tableForTests(tableName);

const client = localClient();
afterAll(() => client.destroy());

const now = Date.UTC(2026, 0, 1);
const turn = formatTurn(firstTurn(1));
const nextTurn = formatTurn({ ...firstTurn(1), generation: 1 });
const key = { entry: 0 };
let count = 0;
const newRun = (): string => `run-${(count += 1)}`;

function headerOf(runId: string): RunHeader {
  return {
    format: 1,
    runId,
    workflowId: 'workflow',
    status: 'running',
    epoch: 1,
    position: '',
    sweepAt: now + 120_000,
    wakes: 0,
    graphHash: 'graph',
    inputHash: 'input',
    from: [],
    history: 'full',
    createdAt: now,
    startedAt: now,
    updatedAt: now,
  };
}

const input = { input: { inline: '1' } };

function claimOf(runId: string, more: Partial<ClaimWrite> = {}): ClaimWrite {
  const lease = { owner: 'process-a/1', leaseUntil: now + 60_000 };
  return { runId, key, turn, fresh: true, stepId: 'step', ...lease, now, inputFrom: -1, log: runId, ...more };
}

/** A store whose clock stands at `time` and whose pauses take no time; `time.now` moves with each pause. */
function storeAt(time: { now: number }, own = client): RunStore {
  const clock = {
    now: () => time.now,
    timer: (ms: number, callback: () => void) => {
      setImmediate(() => {
        time.now += ms;
        callback();
      });
      return () => {};
    },
  };
  const pacing = { clock, random: () => 0 };
  return dynamoRunStore({ client: own, tableName, pacing, listing: true, retentionMs: 86_400_000 });
}

/** A store whose process dies when it would write to a log. */
function dying(): RunStore {
  const own = localClient({ maxAttempts: 1 });
  own.middlewareStack.add(
    (next) => async (args) => {
      const at = (args.input as { Key?: { pk?: { S?: string } } }).Key?.pk?.S;
      if (at?.endsWith('#e') === true) throw Object.assign(new Error('gone'), { name: 'NetworkingError' });
      return next(args);
    },
    { step: 'initialize' },
  );
  return storeOn(own, tableName);
}

async function logOf(store: RunStore, log: string): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for (let after = -1; ; ) {
    const page = await store.readLog({ log, after, limit: 3 });
    if (page.entries.length === 0) return entries;
    entries.push(...page.entries);
    after = page.next;
  }
}

/** What a log tells, in words. */
async function toldBy(store: RunStore, log: string): Promise<string[]> {
  return (await logOf(store, log)).map((entry) => {
    if (entry.kind === 'run') return `run ${entry.header.status}`;
    if (entry.kind === 'step') return entry.record.status;
    return entry.kind === 'chunk' ? entry.id : entry.kind;
  });
}

const died = { code: 'WORKFLOW_BACKEND_UNAVAILABLE' };

describe('a state whose writer died before it logged it', () => {
  const store = storeOn(client, tableName);

  test('is logged by whoever loses to it', async () => {
    const runId = newRun();
    await store.startRun({ header: headerOf(runId), input });
    const executesWith = { inline: '"in"' };
    await expect(dying().claim(claimOf(runId, { executesWith }))).rejects.toMatchObject(died);
    expect(await toldBy(store, runId)).toEqual(['run running']);
    const other = claimOf(runId, { owner: 'process-b/1', executesWith });
    expect(await store.claim(other)).toMatchObject({ won: false, image: { owner: 'process-a/1' } });
    expect((await logOf(store, runId)).at(-1)).toMatchObject({
      kind: 'step',
      record: { owner: 'process-a/1' },
      input: executesWith,
    });
    await store.claim(other);
    expect(await toldBy(store, runId)).toEqual(['run running', 'running']);
  });

  test('is logged with the input of the run, where it began the run', async () => {
    const runId = newRun();
    await expect(dying().startRun({ header: headerOf(runId), input })).rejects.toMatchObject(died);
    await store.startRun({ header: { ...headerOf(runId), startedAt: now + 1 }, input });
    expect(await logOf(store, runId)).toEqual([{ kind: 'run', header: headerOf(runId), input }]);
  });

  test('is logged by whoever resumes it', async () => {
    const runId = newRun();
    await store.startRun({ header: headerOf(runId), input });
    await store.claim(claimOf(runId));
    const outcome = { status: 'suspended', now } as const;
    const commit = { runId, key, turn, owner: 'process-a/1', outcome };
    await expect(dying().commit(commit)).rejects.toMatchObject(died);
    const resume = {
      runId,
      key,
      turn,
      nextTurn,
      request: 'r',
      now,
      sweepAt: now,
      runs: [{ runId, epoch: 1 }],
    };
    expect(await store.resume(resume)).toMatchObject({ won: true });
    expect(await toldBy(store, runId)).toEqual(['run running', 'running', 'suspended', 'run running', 'due']);
    await store.resume(resume);
    expect(await toldBy(store, runId)).toHaveLength(5);
  });

  test('is logged by whoever finds the token of a settlement, and the opening of its block', async () => {
    const runId = newRun();
    const at = { runId, entry: 1, epoch: 1 };
    const opening = { ...at, turn, total: 2, concurrency: 2, openedAt: now, log: runId };
    await expect(dying().openJoin(opening)).rejects.toMatchObject(died);
    await store.openJoin(opening);
    const append = { ...at, turn, token: 0, fromSegment: 0 };
    await expect(dying().appendToken(append)).rejects.toMatchObject(died);
    for (let time = 0; time < 2; time += 1) await store.appendToken(append);
    expect(await toldBy(store, runId)).toEqual(['opened', 'settled']);
  });

  test('is logged by whoever reads that the run is over', async () => {
    const finish = { epoch: 1, status: 'success', endedBy: 0, now } as const;
    const reads = [
      (reader: RunStore, runId: string) => reader.loadHeader(runId),
      (reader: RunStore, runId: string) => reader.loadRun(runId),
      (reader: RunStore, runId: string) =>
        reader.loadStep({ runId, keys: [], input: false, consistent: true }),
    ];
    for (const read of reads) {
      const runId = newRun();
      await store.startRun({ header: headerOf(runId), input });
      await expect(dying().finish({ runId, ...finish })).rejects.toMatchObject(died);
      const reader = storeOn(client, tableName);
      for (let time = 0; time < 2; time += 1) await read(reader, runId);
      expect(await toldBy(reader, runId)).toEqual(['run running', 'run success']);
    }
  });
});

describe('settlements of a block whose members settle at once', () => {
  const block = { turn, total: 3, concurrency: 3, openedAt: now };
  const output = (member: number) => ({ inline: `${member * 10}` });

  /** Item `member` succeeds, and is written by a store of its own. */
  async function succeeds(runId: string, member: number, store: RunStore = storeOn(client, tableName)) {
    const at = { entry: 1, item: member };
    const ready = storeOn(client, tableName);
    await ready.claim(claimOf(runId, { key: at, inputFrom: 0 }));
    const outcome = { status: 'success', output: output(member), now } as const;
    await ready.commit({ runId, key: at, turn, owner: 'process-a/1', outcome });
    const token = encodeToken({ generation: 0, kind: 'success', hasDelta: false, member });
    const append = { runId, entry: 1, epoch: 1, turn, token, fromSegment: 0, output: output(member) };
    return store.appendToken(append);
  }

  async function settledOf(runId: string): Promise<unknown[]> {
    const entries = await logOf(storeOn(client, tableName), runId);
    return entries.flatMap((entry) =>
      entry.kind === 'settled'
        ? [[entry.position, decodeToken(entry.token).member, entry.output, entry.after]]
        : [],
    );
  }

  function after(inFlight: number): object {
    return {
      next: 3,
      inFlight,
      suspended: 0,
      hasDelta: false,
      ...(inFlight > 0 ? {} : { closed: 'success' }),
    };
  }

  test('are logged in their order, by a later one where the writers of earlier ones died', async () => {
    const runId = newRun();
    await storeOn(client, tableName).openJoin({ runId, entry: 1, epoch: 1, ...block, log: runId });
    await expect(succeeds(runId, 2, dying())).rejects.toMatchObject(died);
    await expect(succeeds(runId, 0, dying())).rejects.toMatchObject(died);
    expect(await settledOf(runId)).toEqual([]);
    await succeeds(runId, 1);
    const all = [
      [0, 2, output(2), after(2)],
      [1, 0, output(0), after(1)],
      [2, 1, output(1), after(0)],
    ];
    expect(await settledOf(runId)).toEqual(all);
    // Those that were slow find it done.
    for (const member of [2, 0, 1]) await succeeds(runId, member);
    expect(await settledOf(runId)).toEqual(all);
  });

  test('are so when all are written at once, and leave nothing beside the count of slots', async () => {
    const runId = newRun();
    await storeOn(client, tableName).openJoin({ runId, entry: 1, epoch: 1, ...block, log: runId });
    await Promise.all([0, 1, 2].map((member) => succeeds(runId, member)));
    const positions = (await settledOf(runId)).map((settled) => (settled as number[])[0]);
    expect([...new Set(positions)]).toEqual([0, 1, 2]);
    const command = { TableName: tableName, Key: keyItem({ pk: logPartition(runId), sk: logCounterSort }) };
    const { Item: counter } = await client.send(new GetItemCommand(command));
    expect(Object.keys(counter ?? {}).toSorted()).toEqual(['c', 'pk', 'sk', 'wt']);
  });

  test('are logged for a block that a former version opened', async () => {
    const runId = newRun();
    await expect(dying().openJoin({ runId, entry: 1, epoch: 1, ...block, log: runId })).rejects.toMatchObject(
      died,
    );
    for (const member of [0, 1, 2]) await succeeds(runId, member);
    expect((await settledOf(runId)).map((settled) => (settled as number[])[0])).toEqual([0, 1, 2]);
  });
});

describe('a slot that stays empty', () => {
  const chunk = (id: string) =>
    ({
      kind: 'chunk',
      id,
      runId: 'run',
      key,
      stepId: 'step',
      custom: false,
      chunk: { inline: '1' },
      time: now,
    }) as const;

  async function append(store: RunStore, log: string, id: string): Promise<void> {
    await store.appendChunks({ log, chunks: [chunk(id)] });
    await store.durable();
  }

  /** Takes a number as a writer does that dies, or is slow. */
  async function take(log: string): Promise<number> {
    const { Attributes: counter } = await client.send(
      new UpdateItemCommand({
        TableName: tableName,
        Key: keyItem({ pk: logPartition(log), sk: logCounterSort }),
        UpdateExpression: 'ADD c :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
        ReturnValues: 'ALL_NEW',
      }),
    );
    return Number(counter?.['c']?.N) - 1;
  }

  test('is waited for, and passed by all readers once it is three seconds old', async () => {
    const log = newRun();
    const time = { now };
    const store = storeAt(time);
    await append(store, log, 'a');
    await take(log);
    await take(log);
    await append(store, log, 'b');
    expect(await toldBy(store, log)).toEqual(['a', 'b']);
    expect(time.now - now).toBeGreaterThanOrEqual(3_000);
    const waited = time.now;
    expect(await toldBy(storeAt(time), log)).toEqual(['a', 'b']);
    expect(time.now).toBe(waited);
  });

  test('is passed by a reader whose clock is behind, too', async () => {
    const log = newRun();
    await append(storeAt({ now: now + 3_600_000 }), log, 'a');
    await take(log);
    await append(storeAt({ now: now + 3_600_000 }), log, 'b');
    expect(await toldBy(storeAt({ now }), log)).toEqual(['a', 'b']);
  });

  test('is filled by its writer while a reader waits', async () => {
    const log = newRun();
    const time = { now };
    const slot = await take(log);
    await append(storeAt(time), log, 'b');
    const reading = toldBy(storeAt(time), log);
    await client.send(
      new PutItemCommand({
        TableName: tableName,
        Item: {
          ...keyItem({ pk: logPartition(log), sk: logSlotSort(slot) }),
          b: { S: JSON.stringify([chunk('a')]) },
          wt: { N: String(now) },
        },
      }),
    );
    expect(await reading).toEqual(['a', 'b']);
  });

  test('makes a writer who comes too late take another one', async () => {
    const log = newRun();
    const time = { now };
    const own = localClient();
    let isFirst = true;
    own.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (isFirst && commandName === 'PutItemCommand') {
            isFirst = false;
            await append(storeAt(time), log, 'b');
            time.now += 10_000;
            expect(await toldBy(storeAt(time), log)).toEqual(['b']);
          }
          return next(args);
        },
      { step: 'initialize' },
    );
    await append(storeAt(time, own), log, 'a');
    own.destroy();
    expect(await toldBy(storeAt(time), log)).toEqual(['b', 'a']);
  });
});

test('chunks that a step writes one by one are few slots', async () => {
  const log = newRun();
  const store = storeAt({ now });
  const chunks = Array.from({ length: 250 }, (_, number) => `${number}`);
  for (const id of chunks) {
    const one = {
      kind: 'chunk',
      id,
      runId: log,
      key,
      stepId: 's',
      custom: false,
      chunk: input.input,
    } as const;
    await store.appendChunks({ log, chunks: [{ ...one, time: now }] });
  }
  await store.durable();
  expect(await toldBy(store, log)).toEqual(chunks);
  const page = await store.readLog({ log, after: -1, limit: 1_000 });
  expect(Math.floor(page.next / 1_000)).toBeLessThanOrEqual(250 / 10);
});
