import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { RunStore } from '../../ports/run-store.ts';
import { headerStore } from './header-store.ts';
import { joinStore } from './join-store.ts';
import type { Pacing } from './retry.ts';
import { runList } from './run-list.ts';
import { runReads } from './run-reads.ts';
import { stepStore } from './step-store.ts';
import { sweepReads } from './sweep-reads.ts';
import { Table } from './table.ts';

/** See {@link dynamoRunStore}. */
export interface DynamoRunStoreOptions {
  readonly client: DynamoDBClient;
  /** Name of the table, which has the keys and indexes of `config.ts`. */
  readonly tableName: string;
  readonly pacing: Pacing;
  /** Whether root runs are entered in the list index (2 write units a run). Without it, lists are empty. */
  readonly listing: boolean;
  /** How long the header of a finished run is kept, ms. */
  readonly retentionMs: number;
  /** Tokens of a join segment; the same for every process that works on the table. @default limits.segmentTokens */
  readonly segmentSize?: number;
}

/**
 * The run store on one DynamoDB table. Each transition is one conditional UpdateItem or PutItem; a failed condition returns
 * the item, so that losing costs no read. Only resume is a transaction.
 */
export function dynamoRunStore(options: DynamoRunStoreOptions): RunStore {
  const { client, tableName, pacing, listing, retentionMs } = options;
  const table = new Table({ client, name: tableName, pacing });
  return {
    ...runReads(table),
    ...runList(table),
    ...sweepReads(table),
    ...headerStore({ table, listing, retentionMs }),
    ...stepStore(table),
    ...joinStore(table, options.segmentSize),
    // DynamoDB answers a write when it is on stable storage.
    durable: async () => {},
  };
}
