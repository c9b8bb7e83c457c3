import { randomUUID } from 'node:crypto';
import type { CancellationReason, TransactWriteItemsCommandInput } from '@aws-sdk/client-dynamodb';
import { WorkflowError } from '../../core/errors.ts';
import { serviceLimits } from './config.ts';
import {
  type CheckWrite,
  conditionParameters,
  keyItem,
  type PutWrite,
  updateParameters,
  type UpdateWrite,
} from './expression.ts';
import { checkItem, isSizeError, itemBytes, itemName, tooLarge } from './item-size.ts';
import { isNamed, type Try, unavailable } from './retry.ts';

/** One write, or one condition, of a transaction. */
export type TransactionWrite = UpdateWrite | PutWrite | CheckWrite;

/** Outcome of a transaction; reasons are in the order of its writes. */
export type Transaction =
  | { readonly won: true }
  | { readonly won: false; readonly reasons: readonly CancellationReason[] };

/** Reasons of a canceled transaction that go away by themselves. */
const passing = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

/**
 * The request of a transaction, with the one token of all times that it is sent: the client's own would be another for each
 * of ours. Throws WORKFLOW_LIMIT_EXCEEDED for more than DynamoDB does at once.
 */
export function transactionInput(
  writes: readonly TransactionWrite[],
  tableName: string,
): TransactWriteItemsCommandInput {
  checkTransaction(writes);
  const common = { TableName: tableName, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;
  return {
    ClientRequestToken: randomUUID(),
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
  };
}

function checkTransaction(writes: readonly TransactionWrite[]): void {
  let bytes = 0;
  for (const write of writes) {
    if (!('put' in write)) continue;
    checkItem(write.put);
    bytes += itemBytes(write.put);
  }
  if (writes.length <= serviceLimits.transactionItems && bytes <= serviceLimits.transactionBytes) return;
  throw new WorkflowError(
    'WORKFLOW_LIMIT_EXCEEDED',
    `A transaction of ${writes.length} records is more than DynamoDB does at once (${serviceLimits.transactionItems}): nest ` +
      'fewer workflows in one another',
    { details: { limit: 'transactionItems', allowed: serviceLimits.transactionItems } },
  );
}

/** What a cancellation says of a transaction; undefined for any other error. */
export function afterCancellation(
  error: unknown,
  writes: readonly TransactionWrite[],
): Try<Transaction> | undefined {
  if (!isNamed(error, 'TransactionCanceledException')) return undefined;
  const reasons = 'CancellationReasons' in error ? (error.CancellationReasons as CancellationReason[]) : [];
  if (reasons.some(({ Code }) => Code === 'ConditionalCheckFailed')) return { done: { won: false, reasons } };
  const oversized = reasons.findIndex(({ Code, Message }) => isSizeError({ name: Code, message: Message }));
  if (oversized !== -1) throw tooLarge(nameOf(writes[oversized]), undefined, error);
  if (reasons.some(({ Code }) => passing.has(Code ?? ''))) return { again: error };
  throw unavailable('Writing a transaction', error);
}

function nameOf(write: TransactionWrite | undefined): string {
  if (write === undefined) return '?';
  if ('put' in write) return itemName(write.put);
  return itemName(keyItem('check' in write ? write.check : write.key));
}
