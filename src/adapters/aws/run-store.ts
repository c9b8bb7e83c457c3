import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { RunStore } from '../../ports/run-store.ts';
import { blockStore } from './block-store.ts';
import { callbackStore } from './callback-store.ts';
import { epochStore } from './epoch-store.ts';
import { headerStore } from './header-store.ts';
import { withHistory } from './history-store.ts';
import { joinStore } from './join-store.ts';
import { nestStore } from './nest-store.ts';
import { parkedStore } from './parked-store.ts';
import type { Pacing } from './retry.ts';
import { runList } from './run-list.ts';
import { RunLog } from './run-log.ts';
import { namedStore } from './named-store.ts';
import { requestStore } from './request-store.ts';
import { runReads } from './run-reads.ts';
import { runRemoval } from './run-removal.ts';
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
  /** Removes the payloads of a run. @default there are none */
  readonly removePayloads?: (runId: string) => Promise<void>;
}

/**
 * The run store on one DynamoDB table. Each transition is one conditional UpdateItem or PutItem; a failed condition returns
 * the item, so that losing costs no read. Only resume is a transaction.
 */
export function dynamoRunStore(options: DynamoRunStoreOptions): RunStore {
  const { client, tableName, pacing, listing, retentionMs, removePayloads = async () => {} } = options;
  const table = new Table({ client, name: tableName, pacing });
  const store = {
    ...runReads(table),
    ...runList(table),
    ...sweepReads(table),
    ...headerStore({ table, listing, retentionMs }),
    ...epochStore(table),
    ...parkedStore(table),
    ...callbackStore(table),
    ...stepStore(table),
    ...nestStore(table),
    ...joinStore(table, options.segmentSize),
    ...blockStore(table, pacing.clock),
    ...requestStore(table),
    ...namedStore(table, retentionMs),
    ...runRemoval(table, removePayloads),
  };
  return withHistory(store, new RunLog(table, pacing.clock));
}
