import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
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
  type Condition,
  conditionParameters,
  keyItem,
  updateParameters,
  type UpdateWrite,
} from './expression.ts';
import type { Item, ItemKey } from './keys.ts';
import { checkItem, isSizeError, itemName, tooLarge } from './item-size.ts';
import { inTime } from './in-time.ts';
import {
  conflictBackoff,
  isNamed,
  type Pacing,
  passingOf,
  refusalBackoff,
  retrying,
  trying,
} from './retry.ts';
import { type Charge, chargePut, chargeUpdate } from './spending.ts';
import {
  afterCancellation,
  type Transaction,
  transactionInput,
  type TransactionWrite,
} from './transaction.ts';

/** Outcome of a conditional write: the item after it, or the one that made its condition fail. */
export interface ItemWrite {
  readonly won: boolean;
  readonly item?: Item;
}

/**
 * Whether the item that made a condition fail shows that this very write was done: asked only when it was sent more than
 * once, by the client or here, because then an answer may have been lost after the write.
 */
export type IsOwn = (item: Item) => boolean;

/**
 * A DynamoDB table by items. Every method rejects with WORKFLOW_BACKEND_UNAVAILABLE when the service fails, or has no
 * capacity for longer than the time of the invocation allows, and with WORKFLOW_LIMIT_EXCEEDED for an item that is too large.
 */
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
    const { Item: item } = await this.attempt('Reading a record', (options) =>
      this.client.send(command, options),
    );
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
      const tried = await trying(what, () => this.client.send(command, this.options()));
      if ('again' in tried) return tried;
      items.push(...Object.values(tried.done.Responses ?? {}).flat());
      // Named by the table's name or its ARN, as the service likes; there is one table.
      const left = Object.values(tried.done.UnprocessedKeys ?? {}).flatMap((table) => table.Keys ?? []);
      // Also what would make an answer of more than 16 MB.
      const progressed = left.length < open.length;
      open = left;
      return left.length === 0
        ? { done: items }
        : { again: `${left.length} keys were left unprocessed`, progressed };
    });
  }

  /** One page of a query. */
  async query(
    input: Omit<QueryCommandInput, 'TableName'>,
  ): Promise<{ readonly items: Item[]; readonly next: Item | undefined }> {
    const command = new QueryCommand({ ...input, TableName: this.name });
    const answer = await this.attempt('Querying records', (options) => this.client.send(command, options));
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
    return await charged(charge, () =>
      this.conditional(itemName(keyItem(write.key)), whenThere(isOwn), async () => {
        const { Attributes: item } = await this.client.send(command, this.options());
        return { won: true, ...(item === undefined ? {} : { item }) };
      }),
    );
  }

  /** Puts a whole item. */
  async put(item: Item, condition: Condition, isOwn: IsOwn): Promise<ItemWrite> {
    checkItem(item);
    const charge = chargePut(item);
    const command = new PutItemCommand({
      TableName: this.name,
      Item: { ...item, ...numbersOf(charge.increase) },
      ...conditionParameters(condition),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    return await charged(charge, () =>
      this.conditional(itemName(item), whenThere(isOwn), async () => {
        await this.client.send(command, this.options());
        return { won: true, item };
      }),
    );
  }

  /** Puts an item whatever is there: for items that are the same whoever puts them. */
  async putAnyway(item: Item): Promise<void> {
    checkItem(item);
    const command = new PutItemCommand({ TableName: this.name, Item: item });
    await this.attempt('Writing a record', (options) => this.client.send(command, options));
  }

  /** Puts items whatever is there, in requests of 25: for items that are the same whoever puts them. */
  async putAll(items: readonly Item[]): Promise<void> {
    items.forEach(checkItem);
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
      const tried = await trying(what, () => this.client.send(command, this.options()));
      if ('again' in tried) return tried;
      const left = Object.values(tried.done.UnprocessedItems ?? {}).flat();
      const progressed = left.length < open.length;
      open = left;
      return left.length === 0
        ? { done: undefined }
        : { again: `${left.length} items were left unprocessed`, progressed };
    });
  }

  /** Deletes an item when its condition holds, and says whether it does. An item that is not there is deleted. */
  async remove(key: ItemKey, condition: Condition): Promise<boolean> {
    const command = new DeleteItemCommand({
      TableName: this.name,
      Key: keyItem(key),
      ...conditionParameters(condition),
      // Without it, a failed condition does not tell an item that is there from one that is gone.
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    const { won } = await this.conditional(itemName(keyItem(key)), isGone, async () => {
      await this.client.send(command, this.options());
      return { won: true };
    });
    return won;
  }

  /**
   * All of the writes or none. Its token makes what is sent again harmless, by the client or here: the service answers a
   * request that it has done within the last ten minutes as it did then.
   * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
   */
  async transact(writes: readonly TransactionWrite[]): Promise<Transaction> {
    const command = new TransactWriteItemsCommand(transactionInput(writes, this.name));
    const what = 'Writing a transaction';
    return await retrying<Transaction>(this.pacing, conflictBackoff, what, async () => {
      try {
        await this.client.send(command, this.options());
        return { done: { won: true } };
      } catch (error) {
        return afterCancellation(error, writes) ?? passingOf(error, what);
      }
    });
  }

  private async conditional(
    name: string,
    isOwn: (item: Item | undefined) => boolean,
    send: () => Promise<ItemWrite>,
  ): Promise<ItemWrite> {
    const what = 'Writing a record';
    // An answer that was lost in an earlier try counts in all later ones.
    let wasResent = false;
    return await retrying<ItemWrite>(this.pacing, conflictBackoff, what, async () => {
      try {
        return { done: await send() };
      } catch (error) {
        wasResent ||= attemptsOf(error) > 1;
        if (isNamed(error, 'ConditionalCheckFailedException')) {
          const item = 'Item' in error ? (error.Item as Item | undefined) : undefined;
          const won = wasResent && isOwn(item);
          return { done: { won, ...(item === undefined ? {} : { item }) } };
        }
        wasResent = true;
        if (isSizeError(error)) throw tooLarge(name, undefined, error);
        // A plain write of an item that a transaction is writing is refused with a name of its own, and not retried by the client.
        return isNamed(error, 'TransactionConflictException') ? { again: error } : passingOf(error, what);
      }
    });
  }

  private async attempt<T>(what: string, send: (options: RequestOptions) => Promise<T>): Promise<T> {
    return await retrying(this.pacing, refusalBackoff, what, () => trying(what, () => send(this.options())));
  }

  private options(): RequestOptions {
    return inTime(this.client, this.pacing.clock);
  }
}

/** Makes a write that is charged; one that is lost, or may not have come about, leaves its charge to the next. */
async function charged(charge: Charge, write: () => Promise<ItemWrite>): Promise<ItemWrite> {
  try {
    const outcome = await write();
    if (!outcome.won) charge.undo();
    return outcome;
  } catch (error) {
    charge.undo();
    throw error;
  }
}

/** Numbers as attributes. */
function numbersOf(numbers: Readonly<Record<string, number>>): Item {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, { N: String(value) }]));
}

type RequestOptions = ReturnType<typeof inTime>;

/** How often the client sent a request that failed. */
function attemptsOf(error: unknown): number {
  const { $metadata: metadata } = (error ?? {}) as { readonly $metadata?: { readonly attempts?: number } };
  return metadata?.attempts ?? 1;
}

function whenThere(isOwn: IsOwn): (item: Item | undefined) => boolean {
  return (item) => item !== undefined && isOwn(item);
}

/** Of a deletion: whoever was first, the item is not there any more. */
function isGone(item: Item | undefined): boolean {
  return item === undefined;
}

/** Unique text of a key: the length says where one part ends and the other begins. */
function nameOf({ pk, sk }: ItemKey): string {
  return `${pk.length}:${pk}${sk}`;
}
