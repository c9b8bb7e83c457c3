import type { RunHeader, RunStatus, StoredValue } from '../../core/records.ts';
import type {
  CancelWrite,
  FinishWrite,
  NewRun,
  RunStore,
  StatusWrite,
  SweepWrite,
  Write,
} from '../../ports/run-store.ts';
import { encodeFields, numberValue, textValue } from './attributes.ts';
import { listIndex, sweepIndex, tableDefinition } from './config.ts';
import { keyItem, type UpdateWrite } from './expression.ts';
import {
  escapeId,
  headerKey,
  type Item,
  listPartition,
  listSort,
  sweepPartition,
  workflowsPartition,
} from './keys.ts';
import { decodeHeader, encodeHeader, headerFields } from './record-codec.ts';
import { type InputWrite, placeInput } from './run-input.ts';
import type { IsOwn, ItemWrite, Table } from './table.ts';

/** See {@link headerStore}. */
export interface HeaderStoreOptions {
  readonly table: Table;
  /** Whether root runs are entered in the list index. */
  readonly listing: boolean;
  /** How long the header of a finished run is kept, ms. */
  readonly retentionMs: number;
}

const sweep = sweepIndex.sortKey.name;
export const notOver = 'attribute_not_exists(#ea)';

/** The writes of the run's header: see the methods of `RunStore`. */
export function headerStore(
  options: HeaderStoreOptions,
): Pick<RunStore, 'createRun' | 'startRun' | 'setStatus' | 'finish' | 'cancel' | 'setSweep'> {
  const { table, retentionMs } = options;
  const list = listed(options);
  return {
    async createRun({ header }) {
      const item = {
        ...keyItem(headerKey(header.runId)),
        ...encodeHeader(header),
        ...sweepAttributes(header),
        ...list.attributes(header),
      };
      const condition = { expression: 'attribute_not_exists(#pk)' };
      const { createdAt, status, owner, workflowId } = header;
      await list.register(header);
      return headerWrite(await table.put(item, condition, equals({ createdAt, status, owner, workflowId })));
    },

    async startRun(run) {
      const { header } = run;
      const input = await placeInput(table, inputOf(run));
      const update = startUpdate(run, input, list.attributes(header));
      await list.register(header);
      return headerWrite(await table.update(update, isOwnStart(header)));
    },

    async setStatus(write) {
      const { epoch, status, position, now } = write;
      const isOwn = equals({ epoch, status, position, updatedAt: now });
      return headerWrite(await table.update(statusUpdate(write), isOwn));
    },

    async finish(write) {
      const { epoch, status, endedBy, now } = write;
      const isOwn = equals({ epoch, status, endedBy, endedAt: now });
      return headerWrite(await table.update(finishUpdate(write, retentionMs), isOwn));
    },

    async cancel(write) {
      const isOwn = equals({ status: 'canceled', endedBy: -1, endedAt: write.now });
      return headerWrite(await table.update(cancelUpdate(write, retentionMs), isOwn));
    },

    async setSweep(write) {
      // The condition lets one's own earlier write pass.
      return headerWrite(await table.update(sweepUpdate(write), () => false));
    },
  };
}

function statusUpdate({ runId, epoch, status, position, now, sweepAt }: StatusWrite): UpdateWrite {
  return {
    key: headerKey(runId),
    set: {
      ...encodeFields(headerFields, { status, position, updatedAt: now }),
      ...(typeof sweepAt === 'number' ? { [sweep]: numberValue(sweepAt) } : {}),
    },
    remove: sweepAt === null ? [sweep] : [],
    condition: {
      expression: `#ep = :epoch AND ${notOver} AND #v < :position`,
      values: { epoch: numberValue(epoch), position: textValue(position) },
    },
  };
}

/** Moves nothing but the sweep: a run that somebody woke or moved meanwhile is not what the sweeper looked at. */
function sweepUpdate({ runId, wakes, position, sweepAt }: SweepWrite): UpdateWrite {
  return {
    key: headerKey(runId),
    set: sweepAt === null ? {} : { [sweep]: numberValue(sweepAt) },
    remove: sweepAt === null ? [sweep] : [],
    condition: {
      expression: '#pn = :wakes AND #v = :position',
      values: { wakes: numberValue(wakes), position: textValue(position) },
    },
  };
}

function finishUpdate(write: FinishWrite, retentionMs: number): UpdateWrite {
  const { runId, epoch, status, endedBy, error, now, sweepAt, graphHash } = write;
  const { attribute: graph, type } = headerFields.graphHash;
  const graphMatches = graphHash === undefined ? '' : ` AND #${graph} = :graph`;
  return {
    key: headerKey(runId),
    set: endAttributes({ status, endedBy, now, sweepAt, error }, retentionMs),
    remove: [headerFields.parked.attribute, ...(sweepAt === undefined ? [sweep] : [])],
    condition: {
      expression: `#ep = :epoch AND ${notOver}${graphMatches}`,
      values: {
        epoch: numberValue(epoch),
        ...(graphHash === undefined ? {} : { graph: type.encode(graphHash) }),
      },
    },
  };
}

function cancelUpdate({ runId, owner, epoch, now, sweepAt }: CancelWrite, retentionMs: number): UpdateWrite {
  const ownerMatches = owner === undefined ? '' : ' AND #own = :owner';
  const epochMatches = epoch === undefined ? '' : ' AND #ep = :epoch';
  return {
    key: headerKey(runId),
    set: endAttributes({ status: 'canceled', endedBy: -1, now, sweepAt }, retentionMs),
    remove: [headerFields.parked.attribute],
    condition: {
      expression: `attribute_exists(#pk) AND ${notOver}${ownerMatches}${epochMatches}`,
      values: {
        ...(owner === undefined ? {} : { owner: textValue(owner) }),
        ...(epoch === undefined ? {} : { epoch: numberValue(epoch) }),
      },
    },
  };
}

/** Key attributes of the indexes go with the header's own, so that no write of it can leave them behind. */
export function sweepAttributes({ runId }: RunHeader): Item {
  return { [sweepIndex.partitionKey.name]: { S: sweepPartition(runId) } };
}

/** Entering of runs in the list index, and of their workflows in the list of workflows. */
function listed({ table, listing }: HeaderStoreOptions): {
  attributes(header: RunHeader): Item;
  register(header: RunHeader): Promise<void>;
} {
  const registered = new Set<string>();
  const isListed = (header: RunHeader): boolean => listing && header.parent === undefined;
  return {
    attributes(header) {
      if (!isListed(header)) return {};
      return {
        [listIndex.partitionKey.name]: { S: listPartition(header.workflowId, header.runId) },
        [listIndex.sortKey.name]: { S: listSort(header.createdAt, header.runId) },
      };
    },
    // Once for each workflow in the life of a process: a list of all runs has to know their partitions. Before the header, so
    // that no run is there which the list can never show.
    async register(header) {
      if (!isListed(header) || registered.has(header.workflowId)) return;
      await table.putAnyway(keyItem({ pk: workflowsPartition, sk: escapeId(header.workflowId) }));
      registered.add(header.workflowId);
    },
  };
}

/** The input of a start. */
export function inputOf({ header, input }: NewRun): InputWrite {
  return {
    runId: header.runId,
    hash: header.inputHash,
    at: header.startedAt ?? header.updatedAt,
    input,
  };
}

/** Attributes of a header that a new one does not have; `kept` stay as they are. */
export function otherHeaderAttributes(header: RunHeader, kept: readonly (keyof RunHeader)[] = []): string[] {
  return (Object.keys(headerFields) as (keyof typeof headerFields)[])
    .filter((name) => header[name] === undefined && !kept.includes(name))
    .map((name) => headerFields[name].attribute);
}

/** Puts the header, or turns a pending one into it, whose resourceId stays when the start gives none. */
function startUpdate({ header }: NewRun, input: Item, list: Item): UpdateWrite {
  const created = headerFields.createdAt.attribute;
  const attributes = Object.entries(encodeHeader(header));
  const owner = header.owner === undefined ? 'attribute_not_exists(#own)' : '#own = :owner';
  return {
    key: headerKey(header.runId),
    set: {
      ...Object.fromEntries(attributes.filter(([name]) => name !== created)),
      ...sweepAttributes(header),
      ...input,
    },
    setOnce: { [created]: numberValue(header.createdAt), ...list },
    remove: otherHeaderAttributes(header, ['resourceId']),
    condition: {
      expression: `attribute_not_exists(#pk) OR (#st = :pending AND #wf = :workflow AND ${owner})`,
      values: {
        pending: { S: 'pending' satisfies RunStatus },
        workflow: textValue(header.workflowId),
        ...(header.owner === undefined ? {} : { owner: textValue(header.owner) }),
      },
    },
  };
}

interface End {
  readonly status: RunStatus;
  readonly endedBy: number;
  readonly now: number;
  readonly sweepAt: number | undefined;
  readonly error?: StoredValue | undefined;
}

function endAttributes({ status, endedBy, now, sweepAt, error }: End, retentionMs: number): Item {
  return {
    ...encodeFields(headerFields, { status, endedBy, endedAt: now, updatedAt: now }),
    ...(error === undefined ? {} : { [headerFields.error.attribute]: headerFields.error.type.encode(error) }),
    ...(sweepAt === undefined ? {} : { [sweep]: numberValue(sweepAt) }),
    [tableDefinition.timeToLive]: numberValue(Math.ceil((now + retentionMs) / 1000)),
  };
}

/** A start that was sent twice finds the header as it wrote it; a start by somebody else at the same millisecond is as good. */
function isOwnStart({ inputHash, owner, workflowId, startedAt }: RunHeader): IsOwn {
  return equals({ inputHash, owner, workflowId, startedAt });
}

export function equals(fields: Partial<Record<keyof RunHeader, unknown>>): IsOwn {
  return (item) => {
    const header = decodeHeader(item);
    return Object.entries(fields).every(([name, value]) => header[name as keyof RunHeader] === value);
  };
}

/** The answer of the port to a write of a header. */
export function headerWrite({ won, item }: ItemWrite): Write<RunHeader> {
  if (item === undefined) return { won: false };
  return { won, image: decodeHeader(item) };
}
