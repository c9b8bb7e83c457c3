import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  type CancellationReason,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { serviceLimits } from './config.ts';
import {
  attributeNames,
  type CheckWrite,
  type Condition,
  conditionParameters,
  keyItem,
  type PutWrite,
  updateParameters,
  type UpdateWrite,
} from './expression.ts';
import type { Item, ItemKey } from './keys.ts';
import {
  conflictBackoff,
  isNamed,
  type Pacing,
  refusalBackoff,
  retrying,
  type Try,
  unavailable,
} from './retry.ts';
import { chargePut, chargeUpdate } from './spending.ts';

/** Outcome of a conditional write: the item after it, or the one that made its condition fail. */
export interface ItemWrite {
  readonly won: boolean;
  readonly item?: Item;
}

/** Outcome of a transaction; reasons are in the order of its writes. */
export type Transaction =
  | { readonly won: true }
  | { readonly won: false; readonly reasons: readonly CancellationReason[] };

/**
 * Whether the item that made a condition fail shows that this very write was done: asked only when the client had to send
 * it more than once, because then an answer may have been lost after the write.
 */
export type IsOwn = (item: Item) => boolean;

/** Reasons of a canceled transaction that go away by themselves. */
const passing = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

/** A DynamoDB table by items. Every method rejects with WORKFLOW_BACKEND_UNAVAILABLE when the service fails. */
export class Table {
  private readonly client: DynamoDBClient;
  private readonly name: string;
  private readonly pacing: Pacing;

  constructor(options: { readonly client: DynamoDBClient; readonly name: string; readonly pacing: Pacing }) {
    this.client = options.client;
    this.name = options.name;
    this.pacing = options.pacing;
  }

  async get(key: ItemKey, consistent: boolean): Promise<Item | undefined> {
    const command = new GetItemCommand({
      TableName: this.name,
      Key: keyItem(key),
      ConsistentRead: consistent,
    });
    const { Item: item } = await this.attempt('Reading a record', () => this.client.send(command));
    return item;
  }

  /** Items in the order of `keys`, in one request for each hundred; keys may repeat. */
  async getAll(keys: readonly ItemKey[], consistent: boolean): Promise<(Item | undefined)[]> {
    const names = [...new Set(keys.map(nameOf))];
    const wanted = new Map(keys.map((key) => [nameOf(key), keyItem(key)]));
    const found = new Map<string, Item>();
    for (let i = 0; i < names.length; i += serviceLimits.batchGetKeys) {
      const batch = names.slice(i, i + serviceLimits.batchGetKeys).flatMap((name) => wanted.get(name) ?? []);
      for (const item of await this.getBatch(batch, consistent)) {
        found.set(nameOf({ pk: item['pk']?.S ?? '', sk: item['sk']?.S ?? '' }), item);
      }
    }
    return keys.map((key) => found.get(nameOf(key)));
  }

  private async getBatch(keys: readonly Item[], consistent: boolean): Promise<Item[]> {
    const items: Item[] = [];
    let open: Item[] = [...keys];
    const what = 'Reading records';
    return await retrying(this.pacing, refusalBackoff, what, async () => {
      const command = new BatchGetItemCommand({
        RequestItems: { [this.name]: { Keys: open, ConsistentRead: consistent } },
      });
      const answer = await this.attempt(what, () => this.client.send(command));
      items.push(...Object.values(answer.Responses ?? {}).flat());
      // Named by the table's name or its ARN, as the service likes; there is one table.
      open = Object.values(answer.UnprocessedKeys ?? {}).flatMap((table) => table.Keys ?? []);
      return open.length === 0 ? { done: items } : { again: `${open.length} keys were left unprocessed` };
    });
  }

  /** One page of a query. */
  async query(
    input: Omit<QueryCommandInput, 'TableName'>,
  ): Promise<{ readonly items: Item[]; readonly next: Item | undefined }> {
    const command = new QueryCommand({ ...input, TableName: this.name });
    const answer = await this.attempt('Querying records', () => this.client.send(command));
    return { items: answer.Items ?? [], next: answer.LastEvaluatedKey };
  }

  /** All items of a partition whose sort keys lie in a range, in order, by a consistent query. */
  async range(pk: string, from: string, to: string): Promise<Item[]> {
    const items: Item[] = [];
    for await (const page of this.rangePages(pk, { from, to })) items.push(...page);
    return items;
  }

  /**
   * The same in pages of up to 1 MB, for what need not be held as a whole. `attributes`: only these, which costs the same;
   * `limit`: items of each page; `backwards`: the last item first.
   */
  async *rangePages(
    pk: string,
    range: {
      readonly from: string;
      readonly to: string;
      readonly attributes?: readonly string[];
      readonly limit?: number;
      readonly backwards?: boolean;
    },
  ): AsyncGenerator<Item[]> {
    const { from, to, attributes, limit, backwards = false } = range;
    const condition = '#pk = :pk AND #sk BETWEEN :from AND :to';
    const projection = attributes?.map((name) => `#${name}`).join(', ');
    let next: Item | undefined;
    do {
      const page = await this.query({
        KeyConditionExpression: condition,
        ExpressionAttributeNames: attributeNames(condition, projection ?? ''),
        ExpressionAttributeValues: { ':pk': { S: pk }, ':from': { S: from }, ':to': { S: to } },
        ConsistentRead: true,
        ...(projection === undefined ? {} : { ProjectionExpression: projection }),
        ...(limit === undefined ? {} : { Limit: limit }),
        ...(backwards ? { ScanIndexForward: false } : {}),
        ...(next === undefined ? {} : { ExclusiveStartKey: next }),
      });
      yield page.items;
      next = page.next;
    } while (next !== undefined);
  }

  /** Updates an item; without one, its condition decides whether it is created. */
  async update(write: UpdateWrite, isOwn: IsOwn): Promise<ItemWrite> {
    const charge = chargeUpdate(write);
    const command = new UpdateItemCommand({
      ...updateParameters({ ...write, increase: { ...write.increase, ...charge.increase } }),
      TableName: this.name,
      ReturnValues: 'ALL_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    const outcome = await this.conditional(isOwn, async () => {
      const { Attributes: item } = await this.client.send(command);
      return { won: true, ...(item === undefined ? {} : { item }) };
    });
    if (!outcome.won) charge.undo();
    return outcome;
  }

  /** Puts a whole item. */
  async put(item: Item, condition: Condition, isOwn: IsOwn): Promise<ItemWrite> {
    const charge = chargePut(item);
    const command = new PutItemCommand({
      TableName: this.name,
      Item: { ...item, ...numbersOf(charge.increase) },
      ...conditionParameters(condition),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    const outcome = await this.conditional(isOwn, async () => {
      await this.client.send(command);
      return { won: true, item };
    });
    if (!outcome.won) charge.undo();
    return outcome;
  }

  /** Puts an item whatever is there: for items that are the same whoever puts them. */
  async putAnyway(item: Item): Promise<void> {
    const command = new PutItemCommand({ TableName: this.name, Item: item });
    await this.attempt('Writing a record', () => this.client.send(command));
  }

  /** Puts items whatever is there, in requests of 25: for items that are the same whoever puts them. */
  async putAll(items: readonly Item[]): Promise<void> {
    await this.writeAll(items.map((item) => ({ PutRequest: { Item: item } })));
  }

  /** Deletes items whatever they are, in requests of 25; one that is not there costs a write unit, too. */
  async removeAll(keys: readonly ItemKey[]): Promise<void> {
    await this.writeAll(keys.map((key) => ({ DeleteRequest: { Key: keyItem(key) } })));
  }

  private async writeAll(requests: readonly WriteRequest[]): Promise<void> {
    for (let i = 0; i < requests.length; i += serviceLimits.batchWriteItems) {
      await this.writeBatch(requests.slice(i, i + serviceLimits.batchWriteItems));
    }
  }

  private async writeBatch(requests: readonly WriteRequest[]): Promise<void> {
    let open: WriteRequest[] = [...requests];
    const what = 'Writing records';
    await retrying(this.pacing, refusalBackoff, what, async () => {
      const command = new BatchWriteItemCommand({ RequestItems: { [this.name]: open } });
      const answer = await this.attempt(what, () => this.client.send(command));
      open = Object.values(answer.UnprocessedItems ?? {}).flat();
      return open.length === 0
        ? { done: undefined }
        : { again: `${open.length} items were left unprocessed` };
    });
  }

  /** Deletes an item when its condition holds, and says whether it does. An item that is not there is deleted. */
  async remove(key: ItemKey, condition: Condition): Promise<boolean> {
    const command = new DeleteItemCommand({
      TableName: this.name,
      Key: keyItem(key),
      ...conditionParameters(condition),
    });
    const { won } = await this.conditional(
      () => false,
      async () => {
        await this.client.send(command);
        return { won: true };
      },
    );
    return won;
  }

  /** All of the writes or none. The client's own token makes what it sends again harmless. */
  async transact(writes: readonly (UpdateWrite | PutWrite | CheckWrite)[]): Promise<Transaction> {
    const common = { TableName: this.name, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;
    const command = new TransactWriteItemsCommand({
      TransactItems: writes.map((write) => {
        if ('put' in write) {
          return { Put: { ...common, Item: write.put, ...conditionParameters(write.condition) } };
        }
        if ('check' in write) {
          const Key = keyItem(write.check);
          return { ConditionCheck: { ...common, Key, ...conditionParameters(write.condition) } };
        }
        return { Update: { ...common, ...updateParameters(write) } };
      }),
    });
    const what = 'Writing a transaction';
    return await retrying<Transaction>(this.pacing, conflictBackoff, what, async () => {
      try {
        await this.client.send(command);
        return { done: { won: true } };
      } catch (error) {
        if (!isNamed(error, 'TransactionCanceledException')) throw unavailable(what, error);
        const reasons =
          'CancellationReasons' in error ? (error.CancellationReasons as CancellationReason[]) : [];
        if (reasons.some(({ Code }) => Code === 'ConditionalCheckFailed'))
          return { done: { won: false, reasons } };
        if (reasons.some(({ Code }) => passing.has(Code ?? ''))) return { again: error };
        throw unavailable(what, error);
      }
    });
  }

  private async conditional(isOwn: IsOwn, send: () => Promise<ItemWrite>): Promise<ItemWrite> {
    const what = 'Writing a record';
    return await retrying<ItemWrite>(this.pacing, conflictBackoff, what, async () => {
      try {
        return { done: await send() };
      } catch (error) {
        return lost(error, isOwn) ?? refused(error, what);
      }
    });
  }

  private async attempt<T>(what: string, send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      throw unavailable(what, error);
    }
  }
}

/** Numbers as attributes. */
function numbersOf(numbers: Readonly<Record<string, number>>): Item {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, { N: String(value) }]));
}

/** The outcome behind a failed condition; undefined for any other error. */
function lost(error: unknown, isOwn: IsOwn): Try<ItemWrite> | undefined {
  if (!isNamed(error, 'ConditionalCheckFailedException')) return undefined;
  const item = 'Item' in error ? (error.Item as Item | undefined) : undefined;
  if (item === undefined) return { done: { won: false } };
  return { done: { won: wasResent(error) && isOwn(item), item } };
}

/** A plain write of an item that a transaction is writing is refused with a name of its own, and not retried by the client. */
function refused(error: unknown, what: string): Try<never> {
  if (isNamed(error, 'TransactionConflictException')) return { again: error };
  throw unavailable(what, error);
}

/** Whether the client sent the request more than once. */
function wasResent(error: Error): boolean {
  const metadata = '$metadata' in error ? (error.$metadata as { readonly attempts?: number }) : {};
  return (metadata.attempts ?? 1) > 1;
}

/** Unique text of a key: the length says where one part ends and the other begins. */
function nameOf({ pk, sk }: ItemKey): string {
  return `${pk.length}:${pk}${sk}`;
}
