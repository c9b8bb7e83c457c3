import { AsyncLocalStorage } from 'node:async_hooks';
import type {
  ConsumedCapacity,
  DynamoDBClient,
  ServiceInputTypes,
  ServiceOutputTypes,
} from '@aws-sdk/client-dynamodb';
import { meterDynamoDb } from '../../src/adapters/aws/meter.ts';
import { asksForCapacity, type Request, type SeenItems } from '../../src/adapters/aws/table-capacity.ts';
import type { Usage } from '../../src/adapters/aws/usage.ts';

/** One request that was answered. */
interface Compared {
  readonly command: string;
  readonly partitions: readonly string[];
  readonly request: Request;
  /** Units that the meter counts. */
  counted: number;
  /** Units that DynamoDB Local says. */
  billed: number | undefined;
  /** Reads of what is not there, at what DynamoDB bills each of them; DynamoDB Local bills them as nothing. */
  absent: number;
}

/**
 * Compares what the meter counts with what DynamoDB Local says that it has billed, request by request. Those whose condition
 * failed are left out: their answer has no such field.
 */
export class BilledComparison {
  readonly #client: DynamoDBClient;
  readonly #seen: SeenItems = new Map();
  readonly #all: Compared[] = [];
  readonly #open = new Set<Compared>();
  /** Partitions in which several requests were under way at once: it is open which of them found what. */
  readonly #raced = new Set<string>();
  readonly #current = new AsyncLocalStorage<Compared>();

  constructor(client: DynamoDBClient) {
    this.#client = client;
    client.middlewareStack.add(
      (next, { commandName = '' }) =>
        (args) =>
          this.#follow(commandName, args.input as Request, () => next(args)),
      { step: 'initialize', priority: 'high' },
    );
    client.middlewareStack.add(
      (next) => async (args) => {
        const input = { ...args.input, ReturnConsumedCapacity: 'TOTAL' } as ServiceInputTypes;
        const result = await next({ ...args, input });
        this.#note(result.output, args.input as Request);
        return result;
      },
      { step: 'initialize', priority: 'low' },
    );
  }

  /** Has the meter of this comparison count the client's requests, in place of any other. */
  count(): void {
    meterDynamoDb(this.#client, () => ({
      seen: this.#seen,
      add: ({ writeUnits = 0, readUnits = 0 }: Partial<Usage>) => {
        const request = this.#current.getStore();
        if (request !== undefined) request.counted = writeUnits + readUnits;
      },
    }));
  }

  /** The kinds of requests that were compared. */
  get commands(): ReadonlySet<string> {
    return new Set(this.#compared().map(({ command }) => command));
  }

  /** Requests that were billed otherwise than counted. */
  get differences(): readonly Compared[] {
    return this.#compared().filter(({ command, billed, counted, absent }) => {
      const expected = counted - absent;
      // DynamoDB Local bills an update in a transaction by a rule of its own, and more than is documented.
      return command === 'TransactWriteItemsCommand' ? billed < expected : billed !== expected;
    });
  }

  #compared(): (Compared & { billed: number })[] {
    return this.#all.flatMap((one) =>
      one.billed === undefined || one.partitions.some((name) => this.#raced.has(name))
        ? []
        : [{ ...one, billed: one.billed }],
    );
  }

  async #follow<T>(command: string, request: Request, send: () => Promise<T>): Promise<T> {
    const partitions = partitionsOf(request);
    for (const other of this.#open) {
      if (!partitions.some((partition) => other.partitions.includes(partition))) continue;
      for (const partition of [...partitions, ...other.partitions]) this.#raced.add(partition);
    }
    const compared = {
      command,
      partitions,
      request,
      counted: 0,
      billed: undefined,

      absent: 0,
    };
    this.#all.push(compared);
    this.#open.add(compared);
    try {
      return await this.#current.run(compared, send);
    } finally {
      this.#open.delete(compared);
    }
  }

  #note(output: ServiceOutputTypes, request: Request): void {
    const compared = this.#current.getStore();
    if (compared === undefined) return;
    const { ConsumedCapacity: said } = output as { ConsumedCapacity?: ConsumedCapacity | ConsumedCapacity[] };
    compared.billed = [said ?? []].flat().reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
    compared.absent = absentUnits(output, request);
  }
}

/** The partitions that a request names, but for those of indexes. */
function partitionsOf({
  Key,
  Item,
  RequestItems,
  TransactItems,
  ExpressionAttributeValues,
}: Request & Query): string[] {
  const text = JSON.stringify({ Key, Item: { pk: Item?.['pk'] }, RequestItems, TransactItems });
  const named = [...text.matchAll(/"pk":\{"S":("(?:[^"\\]|\\.)*")\}/g)].map(([, name]) => String(name));
  const asked = ExpressionAttributeValues?.[':pk']?.S;
  return asked === undefined ? named : [...named, JSON.stringify(asked)];
}

interface Query {
  readonly ExpressionAttributeValues?: Readonly<Record<string, { readonly S?: string }>>;
}

function absentUnits(output: ServiceOutputTypes, request: Request): number {
  if (asksForCapacity(request)) return 0;
  if ('Items' in output && output.Items !== undefined) {
    return output.Items.length > 0 ? 0 : unit(request.ConsistentRead);
  }
  if (!('Responses' in output)) return 0;
  const found = output.Responses as Readonly<Record<string, readonly unknown[]>>;
  const wanted = Object.entries((request.RequestItems ?? {}) as Wanted);
  return wanted.reduce(
    (sum, [table, { Keys, ConsistentRead }]) =>
      sum + (Keys.length - (found[table]?.length ?? 0)) * unit(ConsistentRead),
    0,
  );
}

type Wanted = Readonly<
  Record<string, { readonly Keys: readonly unknown[]; readonly ConsistentRead?: boolean }>
>;

function unit(consistent: boolean | undefined): number {
  return consistent === true ? 1 : 0.5;
}
