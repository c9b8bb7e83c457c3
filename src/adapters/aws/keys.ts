import { createHash } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { WorkflowError } from '../../core/errors.ts';
import { formatKey, type RecordKey } from '../../core/records.ts';
import type { JoinKey, PageKey } from '../../ports/run-store.ts';
import { headerSort, listShards, namedPartition, sweepShards } from './config.ts';

/**
 * Keys of the one table. A run's header, input and records share the partition `<run>`, ordered so that one query gives
 * them in graph order; each block's join has a partition of its own, because it takes the appends of all its members. So
 * have items, pages and the log, of which there can be many.
 *
 *     <run>             A                 header
 *     <run>             A#in              input (A#in#<hash> where another start took that key)
 *     <run>             B#00003           record of entry 3
 *     <run>             B#00003#01        record of arm 1 of entry 3
 *     <run>             T#0002#<hash>     what the time travel that began epoch 2 was asked for
 *     <run>             R#<hash>          what a request that can come twice was found to mean
 *     <run>             X#00003#0001      cell of the block at entry 3 in epoch 1
 *     <run>#j00003      0001#00000        segment 0 of the join of entry 3 in epoch 1
 *     <run>#k00003#01   00070             record of item 70 of entry 3
 *     <run>#p00003      0001#128#00002    page 2 of the array of entry 3 in epoch 1, 128 elements a page
 *     <root>#e          000000000007      slot 7 of the log of a run with history, and of those nested in it
 *     <root>#e          c                 how many slots were given out, and how far blocks are that are open
 *     #workflows        <workflow>        a workflow that has runs
 *     #parked           <created>#<run>   a run that waits for code
 *     #named#<name>     N                 a text that belongs to no run
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

/** Partition that lists the runs which wait for code; no run id escapes to it. */
export const parkedPartition = '#parked';

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

/** Key of the record of an entry, arm or item. */
export function recordItemKey(runId: string, key: RecordKey): ItemKey {
  if (key.item === undefined) return { pk: escapeId(runId), sk: `B#${formatKey(key)}` };
  return { pk: itemPartition(runId, key.entry, shardOf(key.item)), sk: pad(key.item, 5) };
}

/** Which record a key means. Throws WORKFLOW_RECORD_CORRUPT for the key of anything else. */
export function recordKeyOf({ pk, sk }: ItemKey): RecordKey {
  const block = /#k(\d{5})#\d{2}$/.exec(pk);
  if (block !== null && /^\d{5}$/.test(sk)) return { entry: Number(block[1]), item: Number(sk) };
  const match = /^B#(\d{5})(?:#(\d{2}))?$/.exec(sk);
  if (match === null) {
    throw new WorkflowError(
      'WORKFLOW_RECORD_CORRUPT',
      `"${sk}" of ${pk} is no key of a step's record (B#iiiii, B#iiiii#jj, or an item's)`,
    );
  }
  const entry = Number(match[1]);
  return match[2] === undefined ? { entry } : { entry, arm: Number(match[2]) };
}

/** Items in a row that share a partition: a foreach of so many is one partition, and closes with one query. */
const shardItems = 64;

/** Partitions of the items of one foreach: 16,000 writes a second, at 1,000 for each. */
const itemShards = 16;

/**
 * Where an item is, as a function of its number alone: whoever writes or reads one need not know how many there are. Items
 * are launched in the order of their numbers, so a window of a thousand is spread over all partitions, while a small
 * foreach is not spread at all.
 */
function shardOf(item: number): number {
  return Math.floor(item / shardItems) % itemShards;
}

function itemPartition(runId: string, entry: number, shard: number): string {
  return `${escapeId(runId)}#k${pad(entry, 5)}#${pad(shard, 2)}`;
}

/** Partitions that can hold items of a foreach of `total` elements; without a total, all. */
export function itemPartitions(runId: string, entry: number, total = Number.POSITIVE_INFINITY): string[] {
  const length = Math.min(itemShards, Math.ceil(total / shardItems));
  return Array.from({ length }, (_, shard) => itemPartition(runId, entry, shard));
}

/** Partition of the joins of a block, of all epochs. */
export function joinPartition(runId: string, entry: number): string {
  return `${escapeId(runId)}#j${pad(entry, 5)}`;
}

/** Key of a segment of a block's join. */
export function segmentItemKey(at: JoinKey, segment: number): ItemKey {
  return { pk: joinPartition(at.runId, at.entry), sk: `${pad(at.epoch, 4)}#${pad(segment, 5)}` };
}

/** The epoch of a segment. */
export function segmentEpoch(sk: string): number {
  return Number(sk.slice(0, 4));
}

/** Partition of the pages of a foreach, of all epochs. */
export function pagePartition(runId: string, entry: number): string {
  return `${escapeId(runId)}#p${pad(entry, 5)}`;
}

/** Key of a page. */
export function pageItemKey({ runId, entry, epoch, pageSize, page }: PageKey): ItemKey {
  return { pk: pagePartition(runId, entry), sk: `${pad(epoch, 4)}#${pageSize}#${pad(page, 5)}` };
}

/** Key of the cell of a block. Behind the records: {@link runRange} leaves it out. */
export function cellItemKey({ runId, entry, epoch }: JoinKey): ItemKey {
  return { pk: escapeId(runId), sk: `X#${pad(entry, 5)}#${pad(epoch, 4)}` };
}

/** Key of a text that belongs to no run. */
export function namedItemKey(name: string): ItemKey {
  return { pk: `${namedPartition}${escapeId(name)}`, sk: 'N' };
}

/** Key of what a time travel was asked for; `hash` is that of its content. Behind the records, as a cell. */
export function travelItemKey(runId: string, epoch: number, hash: string): ItemKey {
  return { pk: escapeId(runId), sk: `T#${pad(epoch, 4)}#${hash}` };
}

/** Key of what a request was found to mean. Behind the records, as a cell. */
export function decisionItemKey(runId: string, request: string): ItemKey {
  const hash = createHash('sha256').update(request).digest('base64url');
  return { pk: escapeId(runId), sk: `R#${hash}` };
}

/** Partition of the log of a root run. */
export function logPartition(log: string): string {
  return `${escapeId(log)}#e`;
}

/** Sort key of the counter of a log: behind all of its slots. */
export const logCounterSort = 'c';

/** Attribute of the counter of a log with the position of the last settlement of a block that has a slot. */
export function logBlockAttribute({ runId, entry, epoch }: JoinKey): string {
  return `j${createHash('sha256').update(`${runId}/${entry}/${epoch}`).digest('base64url').slice(0, 16)}`;
}

/** Bounds of the slots of a log after `slot`. */
export function logRange(slot: number): { readonly from: string; readonly to: string } {
  return { from: logSlotSort(slot + 1), to: '9'.repeat(slotDigits) };
}

/** Enough for 31,000 years at one slot a millisecond. */
const slotDigits = 12;

/** Sort key of a slot of a log. */
export function logSlotSort(slot: number): string {
  return pad(slot, slotDigits);
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

/** Key of a run in the list of those that wait for code: in the order of the other lists. */
export function parkedItemKey({ createdAt, runId }: { createdAt: number; runId: string }): ItemKey {
  return { pk: parkedPartition, sk: listSort(createdAt, runId) };
}

/** The run of a {@link parkedItemKey}. */
export function parkedRunOf(sk: string): string {
  return unescapeId(sk.slice(sk.indexOf('#') + 1));
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
