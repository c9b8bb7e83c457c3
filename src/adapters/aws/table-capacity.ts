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
  readonly IndexName?: string;
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly RequestItems?: BatchGetItemCommandInput['RequestItems'] | BatchWriteItemCommandInput['RequestItems'];
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
  readonly ConsumedCapacity?: ConsumedCapacity | readonly ConsumedCapacity[];
  readonly CancellationReasons?: readonly CancellationReason[];
}

interface Exchange {
  readonly request: Request;
  readonly answer: Answer;
  readonly seen: SeenItems;
}

/**
 * Whether what a request is billed cannot be told from it and its answer: of a transaction, which answers with no item, and of
 * a query that returns parts of items. They ask DynamoDB for it.
 */
export function asksForCapacity(command: string, request: Request): boolean {
  return command === 'TransactWriteItemsCommand' || request.ProjectionExpression !== undefined;
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
  TransactWriteItemsCommand: ({ request, answer, seen }) => {
    for (const { Update, Put } of request.TransactItems ?? []) seen.delete(nameOfKey(Update?.Key ?? Put?.Item));
    const asked = consumed(answer);
    return asked === undefined ? transaction(request, []) : { writeUnits: asked };
  },
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
  const isCanceled = error.name === 'TransactionCanceledException';
  return isCanceled ? transaction(request, reasons) : {};
}

/** Two units for each started KB of what conditions met: an item that none names is taken to have no more than one. */
function transaction(request: Request, reasons: readonly CancellationReason[]): Capacity {
  const writes = request.TransactItems ?? [];
  const units = writes.map(({ Put }, at) => 2 * writeUnitsOf(bytesOf(reasons[at]?.Item ?? Put?.Item)));
  return { writeUnits: units.reduce((sum, one) => sum + one, 0) };
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
  const asked = asksForCapacity('QueryCommand', request) ? consumed(answer) : undefined;
  const bytes = items.reduce((sum, item) => sum + itemBytes(item), 0);
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
  const writes = Object.values((request.RequestItems ?? {}) as NonNullable<BatchWriteItemCommandInput['RequestItems']>).flat();
  const parts = writes
    .map(({ PutRequest: put, DeleteRequest: deletion }) => ({ key: put?.Item ?? deletion?.Key, after: put?.Item }))
    .filter(({ key }) => !open.has(nameOfKey(key)))
    .map(({ key, after }) => change(seen, key, after));
  return {
    writeUnits: parts.reduce((sum, { writeUnits = 0 }) => sum + writeUnits, 0),
    bytes: parts.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
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

/** What the service says that it has billed; undefined when it was not asked, and by emulators that do not say it. */
function consumed({ ConsumedCapacity: said }: Answer): number | undefined {
  if (said === undefined) return undefined;
  const all = Array.isArray(said) ? (said as readonly ConsumedCapacity[]) : [said as ConsumedCapacity];
  return all.reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
}

/** Unique text of an item's key. */
export function nameOfKey(key: Record<string, AttributeValue | undefined> | undefined): string {
  return `${key?.['pk']?.S ?? ''}\n${key?.['sk']?.S ?? ''}`;
}
