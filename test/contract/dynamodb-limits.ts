import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import { serviceLimits } from '../../src/adapters/aws/config.ts';
import { itemBytes } from '../../src/adapters/aws/item-size.ts';
import type { Item } from '../../src/adapters/aws/keys.ts';
import { sumOf } from '../../src/adapters/aws/usage.ts';

/** What clients sent, and what of it AWS would have refused; the emulators take much that AWS does not. */
export interface Watch {
  /** By the names of the commands. */
  readonly requests: Map<string, number>;
  /** Bytes of the largest item that was written or updated, by what is before the first digit of its sort key. */
  readonly largest: Map<string, number>;
  readonly violations: string[];
  total(): number;
}

export function watch(): Watch {
  const requests = new Map<string, number>();
  return {
    requests,
    largest: new Map(),
    violations: [],
    total: () => sumOf([...requests.values()]),
  };
}

/** Bytes of the names and of an expression that an update may have (DynamoDB quotas). */
const expressionBytes = 4_096;

/** Bytes of one BatchGetItem answer, and of one BatchWriteItem request (DynamoDB API reference). */
const batchBytes = 16 * 1_048_576;

/** Watches the requests and answers of a client. */
export function watchTable(client: DynamoDBClient, seen: Watch): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const name = String(commandName);
        seen.requests.set(name, (seen.requests.get(name) ?? 0) + 1);
        const input = args.input as unknown as Loose;
        const result = await next(args);
        check(name, input, result.output as unknown as Loose, seen);
        return result;
      },
    { step: 'initialize' },
  );
}

/** What of requests and answers is looked at. */
interface Loose {
  readonly Key?: Item;
  readonly Item?: Item;
  readonly Attributes?: Item;
  readonly Items?: readonly Item[];
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly RequestItems?: Readonly<
    Record<
      string,
      { readonly Keys?: readonly unknown[] } & readonly { readonly PutRequest?: { readonly Item: Item } }[]
    >
  >;
  readonly Responses?: Readonly<Record<string, readonly Item[]>>;
  readonly TransactItems?: readonly { readonly Put?: { readonly Item?: Item | undefined } | undefined }[];
}

/** Notes what of a request and its answer AWS would have refused. */
export function check(name: string, input: Loose, output: Loose, seen: Watch): void {
  const most = (what: string, found: number, allowed: number): void => {
    if (found > allowed) seen.violations.push(`${name}: ${what} is ${found}, of at most ${allowed}`);
  };
  for (const expression of [input.UpdateExpression, input.ConditionExpression]) {
    most('bytes of an expression', Buffer.byteLength(expression ?? ''), expressionBytes);
  }
  for (const table of Object.values(input.RequestItems ?? {})) {
    most('keys of a batch', table.Keys?.length ?? 0, serviceLimits.batchGetKeys);
    if (Array.isArray(table)) most('writes of a batch', table.length, serviceLimits.batchWriteItems);
  }
  most('records of a transaction', input.TransactItems?.length ?? 0, serviceLimits.transactionItems);
  // Of the items that a transaction updates nothing is known but their keys.
  const puts = (input.TransactItems ?? []).map(({ Put }) => Put?.Item);
  most('bytes of a transaction', bytesOf(puts), serviceLimits.transactionBytes);
  const written = [
    input.Item,
    output.Attributes,
    ...puts,
    ...Object.values(input.RequestItems ?? {}).flatMap((table) =>
      Array.isArray(table)
        ? (table as { PutRequest?: { Item: Item } }[]).map(({ PutRequest: put }) => put?.Item)
        : [],
    ),
  ];
  for (const item of written) {
    if (item === undefined) continue;
    const size = itemBytes(item);
    most('bytes of an item', size, serviceLimits.itemBytes);
    const kind = kindOf(item);
    seen.largest.set(kind, Math.max(size, seen.largest.get(kind) ?? 0));
  }
  most('bytes of a request', bytesOf(written), batchBytes);
  const read = [...Object.values(output.Responses ?? {}).flat(), ...(output.Items ?? [])];
  most('bytes of an answer', bytesOf(read), batchBytes);
}

function bytesOf(items: readonly (Item | undefined)[]): number {
  return sumOf(items.map((item) => (item === undefined ? 0 : itemBytes(item))));
}

/** What an item is: `header`, `record`, `item`, `join`, `page`, `log`, `other`. */
function kindOf(item: Item): string {
  const [pk = '', sk = ''] = [item['pk']?.S, item['sk']?.S];
  if (sk === 'A') return 'header';
  if (sk.startsWith('B#')) return 'record';
  const part = /#([jkpe])\d*/.exec(pk)?.[1];
  return { j: 'join', k: 'item', p: 'page', e: 'log' }[part ?? ''] ?? 'other';
}

/** Bytes of an object's key (S3 user guide, object key names). */
const keyBytes = 1_024;

/** The same for the client of the objects. */
export function watchObjects(client: S3Client, seen: Watch): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const name = String(commandName);
        seen.requests.set(name, (seen.requests.get(name) ?? 0) + 1);
        const { Key: key = '' } = args.input as { readonly Key?: string };
        if (Buffer.byteLength(key) > keyBytes) seen.violations.push(`${name}: the key is ${key}`);
        return next(args);
      },
    { step: 'initialize' },
  );
}
