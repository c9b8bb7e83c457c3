import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { WorkflowError } from '../../core/errors.ts';
import { formatKey, type RecordKey } from '../../core/records.ts';
import type { JoinKey } from '../../ports/run-store.ts';
import { headerSort, listShards, sweepShards } from './config.ts';

/**
 * Keys of the one table. A run's header, input and records share the partition `<run>`, ordered so that one query gives
 * them in graph order; each block's join has a partition of its own, because it takes the appends of all its members.
 *
 *     <run>          A               header
 *     <run>          A#in            input (A#in#<hash> where another start took that key)
 *     <run>          B#00003         record of entry 3
 *     <run>          B#00003#01      record of arm 1 of entry 3
 *     <run>#j00003   0001#00000      segment 0 of the join of entry 3 in epoch 1
 *     #workflows     <workflow>      a workflow that has runs
 */

/** An item of DynamoDB, as the client takes and gives it. */
export type Item = Record<string, AttributeValue>;

/** Primary key of an item. */
export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

/** Sort key of the input of a run, where it is too large for the header. */
export const inputSort = 'A#in';

/** Bounds of the query that reads a run: header, input and records, but nothing else of the partition. */
export const runRange = { from: 'A', to: 'B~' } as const;

/** Partition that lists the workflows which have runs; no run id escapes to it. */
export const workflowsPartition = '#workflows';

/** Characters that a key uses itself, and halves of surrogate pairs, which have no UTF-8. */
const special = /[%#]|\p{Cs}/gu;

/** A run or workflow id as part of a key: `%` and `#` as `%25` and `%23`, a lone surrogate as `%Dxxx`. Injective. */
export function escapeId(id: string): string {
  return id.replace(special, (unit) => `%${unit.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The inverse of {@link escapeId}. */
export function unescapeId(escaped: string): string {
  return escaped.replace(/%(D[0-9A-F]{3}|2[35])/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** Key of a run's header. */
export function headerKey(runId: string): ItemKey {
  return { pk: escapeId(runId), sk: headerSort };
}

/** Key of a run's input; with `hash`, that of a start which found the first key taken by another input. */
export function inputKey(runId: string, hash?: string): ItemKey {
  return { pk: escapeId(runId), sk: hash === undefined ? inputSort : `${inputSort}#${hash}` };
}

/** Key of the record of an entry or arm. */
export function recordItemKey(runId: string, key: RecordKey): ItemKey {
  return { pk: escapeId(runId), sk: `B#${formatKey(key)}` };
}

/** Which record a sort key means. Throws WORKFLOW_RECORD_CORRUPT for any other sort key. */
export function recordKeyOf(sk: string): RecordKey {
  const match = /^B#(\d{5})(?:#(\d{2}))?$/.exec(sk);
  if (match === null) {
    throw new WorkflowError(
      'WORKFLOW_RECORD_CORRUPT',
      `"${sk}" is no key of a step's record (B#iiiii or B#iiiii#jj)`,
    );
  }
  const entry = Number(match[1]);
  return match[2] === undefined ? { entry } : { entry, arm: Number(match[2]) };
}

/** Key of a segment of a block's join. */
export function segmentItemKey(at: JoinKey, segment: number): ItemKey {
  return { pk: `${escapeId(at.runId)}#j${pad(at.entry, 5)}`, sk: `${pad(at.epoch, 4)}#${pad(segment, 5)}` };
}

/** Partition of the sweep index that a run belongs to. */
export function sweepPartition(runId: string): string {
  return `h${fnv1a(runId) % sweepShards}`;
}

/** All partitions of the sweep index. */
export function sweepPartitions(): string[] {
  return Array.from({ length: sweepShards }, (_, shard) => `h${shard}`);
}

/** Partition of the list index that a run of a workflow belongs to. */
export function listPartition(workflowId: string, runId: string): string {
  return `${escapeId(workflowId)}#${fnv1a(runId) % listShards}`;
}

/** All partitions of the list index for a workflow. */
export function listPartitions(workflowId: string): string[] {
  return Array.from({ length: listShards }, (_, shard) => `${escapeId(workflowId)}#${shard}`);
}

/** Sort key of a run in the list index: unique, and ordered by time of creation. */
export function listSort(createdAt: number, runId: string): string {
  return `${listTime(createdAt)}#${escapeId(runId)}`;
}

/** The part of {@link listSort} that orders by time, ms since 1970. 15 digits last for 31,000 years. */
export function listTime(createdAt: number): string {
  return pad(createdAt, 15);
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

/** FNV-1a over UTF-16 units: spreads ids over partitions, and never changes. http://www.isthe.com/chongo/tech/comp/fnv/ */
function fnv1a(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  return value >>> 0;
}
