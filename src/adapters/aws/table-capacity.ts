import type {
  AttributeValue,
  BatchGetItemCommandInput,
  BatchGetItemCommandOutput,
  BatchWriteItemCommandInput,
  BatchWriteItemCommandOutput,
  CancellationReason,
  ConsumedCapacity,
  TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import { assumedBefore, changeUnits, readUnitsOf, writeUnitsOf } from './capacity.ts';
import { itemBytes } from './item-size.ts';
import type { Item } from './keys.ts';
import { sumOf } from './usage.ts';

/** What one request is billed. */
export interface Capacity {
  readonly writeUnits?: number;
  readonly readUnits?: number;
  /** Bytes of the items that were written. */
  readonly bytes?: number;
}

/** Items as they were last seen, by {@link nameOfKey}: what a write finds, where its answer does not tell. */
export type SeenItems = Map<string, Item | undefined>;

/** The parameters of the requests that the store makes. */
export interface Request {
  readonly Key?: Item;
  readonly Item?: Item;
  readonly ConsistentRead?: boolean;
  readonly ProjectionExpression?: string;
  readonly FilterExpression?: string;
  readonly IndexName?: string;
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly RequestItems?:
    | BatchGetItemCommandInput['RequestItems']
    | BatchWriteItemCommandInput['RequestItems'];
  readonly TransactItems?: readonly TransactWriteItem[];
}

/** The parts of the answers that say what was read and written. */
interface Answer {
  readonly Item?: Item;
  readonly Items?: readonly Item[];
  readonly Attributes?: Item;
  readonly Responses?: BatchGetItemCommandOutput['Responses'];
  readonly UnprocessedKeys?: BatchGetItemCommandOutput['UnprocessedKeys'];
  readonly UnprocessedItems?: BatchWriteItemCommandOutput['UnprocessedItems'];
  readonly ConsumedCapacity?: ConsumedCapacity;
  readonly CancellationReasons?: readonly CancellationReason[];
}

interface Exchange {
  readonly request: Request;
  readonly answer: Answer;
  readonly seen: SeenItems;
}

/** Whether an answer does not show all that was read and is billed, but parts or some of it: DynamoDB is asked for that. */
export function asksForCapacity({ ProjectionExpression: parts, FilterExpression: some }: Request): boolean {
  return parts !== undefined || some !== undefined;
}

const rules: Readonly<Record<string, (exchange: Exchange) => Capacity>> = {
  GetItemCommand: ({ request, answer, seen }) => {
    see(seen, request.Key, answer.Item);
    return { readUnits: readUnitsOf(bytesOf(answer.Item), request.ConsistentRead === true) };
  },
  BatchGetItemCommand: batchGet,
  QueryCommand: query,
  PutItemCommand: ({ request, seen }) => change(seen, request.Item, request.Item),
  DeleteItemCommand: ({ request, seen }) => change(seen, request.Key, undefined),
  UpdateItemCommand: update,
  BatchWriteItemCommand: batchWrite,
  TransactWriteItemsCommand: transaction,
};

/** What DynamoDB bills for a request that it has answered, and for one whose conditions failed. */
export function capacityOf(command: string, request: Request, answer: object, seen: SeenItems): Capacity {
  return rules[command]?.({ request, answer, seen }) ?? {};
}

/** What it bills for a request whose condition failed; nothing for one that failed otherwise. */
export function failureCapacity(request: Request, error: unknown, seen: SeenItems): Capacity {
  if (!(error instanceof Error)) return {};
  const { Item: item, CancellationReasons: reasons = [] } = error as Answer & Error;
  if (error.name === 'ConditionalCheckFailedException') {
    if (item !== undefined) see(seen, request.Key ?? request.Item, item);
    return { writeUnits: writeUnitsOf(bytesOf(item)) };
  }
  if (error.name !== 'TransactionCanceledException') return {};
  // What the conditions met; of an item that no reason shows, what was seen of it.
  const units = (request.TransactItems ?? []).map((write, at) => {
    const met = reasons[at]?.Item ?? seen.get(nameOfKey(keyOfWrite(write)));
    return 2 * writeUnitsOf(bytesOf(met));
  });
  return { writeUnits: sumOf(units) };
}

/**
 * Each item is written twice, to prepare and to commit; an index follows once, after that.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-capacity-handling
 */
function transaction({ request, seen }: Exchange): Capacity {
  const parts = (request.TransactItems ?? []).map(
    (write): Required<Pick<Capacity, 'writeUnits' | 'bytes'>> => {
      const name = nameOfKey(keyOfWrite(write));
      const before = seen.get(name);
      if (write.ConditionCheck !== undefined)
        return { writeUnits: 2 * writeUnitsOf(bytesOf(before)), bytes: 0 };
      const after = write.Put?.Item ?? updated(before, write.Update ?? {});
      seen.set(name, after);
      const bytes = Math.max(bytesOf(before), itemBytes(after));
      return { writeUnits: changeUnits(before, after) + writeUnitsOf(bytes), bytes: itemBytes(after) };
    },
  );
  return {
    writeUnits: sumOf(parts.map(({ writeUnits }) => writeUnits)),
    bytes: sumOf(parts.map(({ bytes }) => bytes)),
  };
}

function keyOfWrite({ Update, Put, ConditionCheck }: TransactWriteItem): Item | undefined {
  return Update?.Key ?? Put?.Item ?? ConditionCheck?.Key;
}

/** What an update makes of an item, as far as its size and its places in the indexes go: a number that is raised stays. */
function updated(before: Item | undefined, write: Partial<NonNullable<TransactWriteItem['Update']>>): Item {
  const { Key: key, UpdateExpression: expression = '', ExpressionAttributeValues: values = {} } = write;
  const [sets = '', removes = ''] = expression.split('REMOVE ');
  const after: Item = { ...key, ...before };
  for (const [, name = '', value = ''] of sets.matchAll(/#(\w+) = (:\w+)(?=,|\s|$)/g)) {
    const given = values[value];
    if (given !== undefined) after[name] = given;
  }
  for (const [, name = ''] of removes.matchAll(/#(\w+)/g)) delete after[name];
  return after;
}

function batchGet({ request, answer, seen }: Exchange): Capacity {
  let readUnits = 0;
  for (const [table, wanted] of Object.entries((request.RequestItems ?? {}) as Keys)) {
    const found = answer.Responses?.[table] ?? [];
    const open = answer.UnprocessedKeys?.[table]?.Keys?.length ?? 0;
    const missing = wanted.Keys.length - found.length - open;
    const consistent = wanted.ConsistentRead === true;
    for (const key of wanted.Keys) seen.set(nameOfKey(key), undefined);
    for (const item of found) {
      see(seen, item, item);
      readUnits += readUnitsOf(itemBytes(item), consistent);
    }
    readUnits += missing * readUnitsOf(0, consistent);
  }
  return { readUnits };
}

type Keys = Record<string, { readonly Keys: Item[]; readonly ConsistentRead?: boolean }>;

/** A query is billed for the sum of what it went through. */
function query({ request, answer, seen }: Exchange): Capacity {
  const items = answer.Items ?? [];
  const areWhole = request.ProjectionExpression === undefined && request.IndexName === undefined;
  if (areWhole) for (const item of items) see(seen, item, item);
  // Emulators may not say it.
  const asked = asksForCapacity(request) ? answer.ConsumedCapacity?.CapacityUnits : undefined;
  const bytes = sumOf(items.map(itemBytes));
  return { readUnits: asked ?? readUnitsOf(bytes, request.ConsistentRead === true) };
}

/** The item after an update is its answer; that before it was seen, or is assumed. */
function update({ request, answer: { Attributes: after = {} }, seen }: Exchange): Capacity {
  const { Key: key = {}, UpdateExpression: expression = '', ConditionExpression: condition = '' } = request;
  const name = nameOfKey(key);
  const written = new Set(expression.match(/(?<=#)\w+/g));
  const created = condition.includes('attribute_not_exists(#pk)');
  const before = seen.has(name) ? seen.get(name) : assumedBefore(after, written, created);
  seen.set(name, after);
  return { writeUnits: changeUnits(before, after), bytes: itemBytes(after) };
}

function batchWrite({ request, answer, seen }: Exchange): Capacity {
  const open = new Set(
    Object.values(answer.UnprocessedItems ?? {})
      .flat()
      .map(({ PutRequest, DeleteRequest }) => nameOfKey(PutRequest?.Item ?? DeleteRequest?.Key)),
  );
  const writes = Object.values(
    (request.RequestItems ?? {}) as NonNullable<BatchWriteItemCommandInput['RequestItems']>,
  ).flat();
  const parts = writes
    .map(({ PutRequest: put, DeleteRequest: deletion }) => ({
      key: put?.Item ?? deletion?.Key,
      after: put?.Item,
    }))
    .filter(({ key }) => !open.has(nameOfKey(key)))
    .map(({ key, after }) => change(seen, key, after));
  return {
    writeUnits: sumOf(parts.map(({ writeUnits = 0 }) => writeUnits)),
    bytes: sumOf(parts.map(({ bytes = 0 }) => bytes)),
  };
}

/** A put or a deletion: an item that nobody has seen is taken as not there. */
function change(seen: SeenItems, key: Item | undefined, after: Item | undefined): Capacity {
  const name = nameOfKey(key);
  const writeUnits = changeUnits(seen.get(name), after);
  seen.set(name, after);
  return { writeUnits, bytes: bytesOf(after) };
}

function see(seen: SeenItems, key: Item | undefined, item: Item | undefined): void {
  seen.set(nameOfKey(key), item);
}

function bytesOf(item: Item | undefined): number {
  return item === undefined ? 0 : itemBytes(item);
}

/** Unique text of an item's key. */
export function nameOfKey(key: Record<string, AttributeValue | undefined> | undefined): string {
  return `${key?.['pk']?.S ?? ''}\n${key?.['sk']?.S ?? ''}`;
}
