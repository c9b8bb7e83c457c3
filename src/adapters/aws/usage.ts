import type { RunCost } from '../../core/snapshot.ts';
import { prices } from './prices.ts';

/** What was used of the services, in what they are billed by. */
export interface Usage {
  /** EventBridge: entries, by the started 64 KB. */
  readonly entries: number;
  /** SQS: sends, receives and deletions, by the started 64 KB. */
  readonly requests: number;
  /** Lambda. A batch of n messages is 1/n for each. */
  readonly invocations: number;
  /** Lambda: GB of memory times ms. */
  readonly gbMs: number;
  /** DynamoDB, with those of the indexes. */
  readonly writeUnits: number;
  /** DynamoDB. */
  readonly readUnits: number;
  /** S3: puts and lists. */
  readonly objectWrites: number;
  /** S3: gets. */
  readonly objectReads: number;
  /** EventBridge Scheduler: invocations that were asked for. */
  readonly schedules: number;
  /** Bytes of the records, events and objects that were written. Not billed. */
  readonly bytes: number;
}

/** A usage that is being added up. */
export type UsageSum = { -readonly [K in keyof Usage]: number };

/** Nothing used yet. */
export function noUsage(): UsageSum {
  return {
    entries: 0,
    requests: 0,
    invocations: 0,
    gbMs: 0,
    writeUnits: 0,
    readUnits: 0,
    objectWrites: 0,
    objectReads: 0,
    schedules: 0,
    bytes: 0,
  };
}

export const usageNames: readonly (keyof Usage)[] = Object.keys(noUsage()) as (keyof Usage)[];

/** Adds what was used, or takes it away; parts that are absent are 0. */
export function addUsage(sum: UsageSum, used: Partial<Usage>, sign: 1 | -1 = 1): void {
  for (const name of usageNames) sum[name] += sign * (used[name] ?? 0);
}

export function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}

/** Dollars at list prices. */
export function dollarsOf(usage: Usage): number {
  return (
    usage.entries * prices.entry +
    usage.requests * prices.request +
    usage.invocations * prices.invocation +
    (usage.gbMs / 1_000) * prices.gbSecond +
    usage.writeUnits * prices.writeUnit +
    usage.readUnits * prices.readUnit +
    usage.objectWrites * prices.objectWrite +
    usage.objectReads * prices.objectRead +
    usage.schedules * prices.schedule
  );
}

/** Usage as a run shows it. */
export function costOf(usage: Usage): RunCost {
  const { entries, gbMs, bytes, ...same } = usage;
  const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;
  return {
    // To a hundredth of a dollar per million.
    dollars: Math.round(dollarsOf(usage) * 1e8) / 1e8,
    events: rounded(entries),
    requests: rounded(same.requests),
    invocations: rounded(same.invocations),
    gbSeconds: rounded(gbMs / 1_000),
    writeUnits: rounded(same.writeUnits),
    readUnits: rounded(same.readUnits),
    objectWrites: rounded(same.objectWrites),
    objectReads: rounded(same.objectReads),
    schedules: rounded(same.schedules),
    bytes: rounded(bytes),
  };
}
