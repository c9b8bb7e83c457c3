import { createHash } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import {
  activeStatuses,
  type EpochStart,
  openStatuses,
  type RunHeader,
  type RunStatus,
  type StoredValue,
  travelStatuses,
} from '../../core/records.ts';
import type { ChildStartWrite, RestartWrite, RunStore, TravelWrite, Write } from '../../ports/run-store.ts';
import { encodeFields, numberValue, stored, text, texts, textValue } from './attributes.ts';
import { sweepIndex, tableDefinition } from './config.ts';
import { keyItem, type UpdateWrite } from './expression.ts';
import { equals, headerWrite, inputOf, otherHeaderAttributes, sweepAttributes } from './header-store.ts';
import { headerKey, type Item, travelItemKey } from './keys.ts';
import { decodeHeader, encodeHeader, epochStartValues, headerFields } from './record-codec.ts';
import { otherInputAttributes, placeInput } from './run-input.ts';
import type { Table } from './table.ts';

/** On the header: `<epoch>.<hash>` for each epoch that was prepared from parameters. */
const travels = 'tt';

/** Of what a time travel was asked for. */
const parametersAttribute = 'v';

const sweep = sweepIndex.sortKey.name;
const { wakes, from, startedAt, perStep, deadlineAt } = headerFields;

/** The writes that begin an epoch of a run, or open it again: see the methods of `RunStore`. */
export function epochStore(table: Table): Pick<RunStore, 'startChild' | 'travel' | 'restart' | 'loadTravel'> {
  return {
    startChild: async (write) => await startChild(table, write),
    travel: async (write) => await travel(table, write),
    restart: async (write) => await restart(table, write),

    async loadTravel({ runId, epoch }) {
      const header = await table.get(headerKey(runId), true);
      const prefix = `${epoch}.`;
      const hash = travelsOf(header ?? {})
        .find((name) => name.startsWith(prefix))
        ?.slice(prefix.length);
      if (hash === undefined) return undefined;
      const item = await table.get(travelItemKey(runId, epoch, hash), true);
      const value = item?.[parametersAttribute];
      return value === undefined ? undefined : stored.decode(value);
    },
  };
}

function travelsOf(item: Item): readonly string[] {
  const names = item[travels];
  return names === undefined ? [] : (texts.decode(names) ?? []);
}

/**
 * Puts what an epoch is prepared from before the header says so, under a hash of it: of several who begin this epoch, none
 * overwrites the parameters of another, and the header names those of the winner. Resolves with that name.
 */
async function placeParameters(
  table: Table,
  { runId, epoch, now }: { readonly runId: string; readonly epoch: number; readonly now: number },
  parameters: StoredValue,
): Promise<string> {
  // 96 bits: a header keeps one for each epoch, and only those of one epoch must differ.
  const hash = createHash('sha256').update(JSON.stringify(parameters)).digest('base64url').slice(0, 16);
  await table.putAnyway({
    ...keyItem(travelItemKey(runId, epoch, hash)),
    [parametersAttribute]: stored.encode(parameters),
    [startedAt.attribute]: numberValue(now),
  });
  return `${epoch}.${hash}`;
}

/**
 * A put for the first epoch, which is nearly always the one: no read, and one write. Where there is an epoch before, the
 * image of the put that lost says which.
 */
async function startChild(table: Table, write: ChildStartWrite): Promise<Write<RunHeader>> {
  const { header, begun, parameters, from: first } = write;
  const { runId, epoch } = header;
  const now = header.startedAt ?? header.updatedAt;
  const name = parameters && (await placeParameters(table, { runId, epoch, now }, parameters));
  const input = await placeInput(table, inputOf(write));
  const start: RunHeader = first === 0 ? header : { ...header, from: [[epoch, first, begun]] };
  const item = {
    ...keyItem(headerKey(runId)),
    ...encodeHeader(start),
    ...sweepAttributes(header),
    ...input,
    ...(name === undefined ? {} : { [travels]: texts.encode([name]) }),
  };
  const isOwn = equals({ startedAt: header.startedAt, inputHash: header.inputHash, epoch });
  const put = await table.put(item, { expression: 'attribute_not_exists(#pk)' }, isOwn);
  let result = headerWrite(put);
  // Lost to an earlier turn of the parent. Another one with this turn may do the same, and then it is its epoch that stands.
  while (!result.won && result.image !== undefined && isEarlier(result.image, header)) {
    result = await nextChildEpoch(table, write, result.image, input);
  }
  return result;
}

function isEarlier({ parent }: RunHeader, header: RunHeader): boolean {
  return parent !== undefined && parent.turn < (header.parent?.turn ?? '');
}

async function nextChildEpoch(
  table: Table,
  { header, from: first, begun, parameters }: ChildStartWrite,
  seen: RunHeader,
  input: Item,
): Promise<Write<RunHeader>> {
  const { runId } = header;
  const epoch = seen.epoch + 1;
  const now = header.startedAt ?? header.updatedAt;
  const name = parameters && (await placeParameters(table, { runId, epoch, now }, parameters));
  const { from: _, epoch: __, wakes: ___, createdAt: ____, ...rest } = header;
  const update: UpdateWrite = {
    key: headerKey(runId),
    set: { ...encodeFields(headerFields, { ...rest, epoch }), ...sweepAttributes(header), ...input },
    increase: { [wakes.attribute]: 1 },
    append: epochOf([epoch, first, begun], name),
    remove: [...otherHeaderAttributes(header), ...otherInputAttributes(input), tableDefinition.timeToLive],
    condition: {
      expression: '#ep = :epoch AND #par.#t < :turn',
      values: { epoch: numberValue(seen.epoch), turn: textValue(header.parent?.turn ?? '') },
    },
  };
  const isOwn = equals({ startedAt: header.startedAt, inputHash: header.inputHash, epoch });
  return headerWrite(await table.update(update, isOwn));
}

/** What a header gets for one more epoch. */
function epochOf(start: EpochStart, name: string | undefined): NonNullable<UpdateWrite['append']> {
  return {
    [from.attribute]: epochStartValues(start),
    ...(name === undefined ? {} : { [travels]: [textValue(name)] }),
  };
}

async function travel(table: Table, write: TravelWrite): Promise<Write<RunHeader>> {
  const { runId, now, parameters, inputHash: hash = '' } = write;
  const epoch = write.epoch + 1;
  const name = await placeParameters(table, { runId, epoch, now }, parameters);
  const input = await placeInput(table, { runId, hash, at: now, input: write.input });
  const update = travelUpdate(write, name, input);
  const isThis = equals({ epoch, updatedAt: now, graphHash: write.graphHash });
  const isOwn = (item: Item): boolean => isThis(item) && travelsOf(item).includes(name);
  return headerWrite(await table.update(update, isOwn));
}

function travelUpdate(write: TravelWrite, name: string, input: Item): UpdateWrite {
  const { runId, now, sweepAt, deadlineAt: deadline, graphHash, inputHash, start, limit } = write;
  const epoch = write.epoch + 1;
  const statuses = statusValues(travelStatuses);
  const fields = { status: 'running', epoch, position: '', graphHash, updatedAt: now, sweepAt } as const;
  return {
    key: headerKey(runId),
    set: {
      ...encodeFields(headerFields, {
        ...fields,
        ...(inputHash === undefined ? {} : { inputHash }),
        ...(limit === undefined ? {} : { limit }),
      }),
      ...input,
      ...(write.perStep ? { [perStep.attribute]: { BOOL: true } } : {}),
      ...(deadline === undefined ? {} : { [deadlineAt.attribute]: numberValue(deadline) }),
    },
    setOnce: { [startedAt.attribute]: numberValue(now) },
    increase: { [wakes.attribute]: 1 },
    append: epochOf(start, name),
    remove: [
      headerFields.endedAt.attribute,
      headerFields.endedBy.attribute,
      headerFields.error.attribute,
      headerFields.parked.attribute,
      // A run that goes on must not expire.
      tableDefinition.timeToLive,
      ...(write.perStep ? [] : [perStep.attribute]),
      ...(deadline === undefined ? [deadlineAt.attribute] : []),
      ...(write.input === undefined ? [] : otherInputAttributes(input)),
    ],
    condition: {
      expression: `#ep = :epoch AND #pn = :wakes AND (#st IN (${placeholders(statuses)}) OR attribute_exists(#${headerFields.parked.attribute}))`,
      values: { epoch: numberValue(write.epoch), wakes: numberValue(write.wakes), ...statuses },
    },
  };
}

async function restart(table: Table, write: RestartWrite): Promise<Write<RunHeader>> {
  const { runId, now, sweepAt, restarts, wakes: seen } = write;
  const statuses = statusValues(write.suspended === true ? openStatuses : activeStatuses);
  const update: UpdateWrite = {
    key: headerKey(runId),
    set: {
      ...encodeFields(headerFields, { updatedAt: now, ...(restarts === undefined ? {} : { restarts }) }),
      [sweep]: numberValue(sweepAt),
    },
    increase: { [wakes.attribute]: 1 },
    condition: {
      expression: `#st IN (${placeholders(statuses)})${seen === undefined ? '' : ' AND #pn = :wakes'}`,
      values: { ...statuses, ...(seen === undefined ? {} : { wakes: numberValue(seen) }) },
    },
  };
  // Once more opens it once more, which is harmless; only one that names what it saw would take its own write for another's.
  const isOwn = (item: Item): boolean => seen !== undefined && isRestartedBy(decodeHeader(item), write);
  return headerWrite(await table.update(update, isOwn));
}

function isRestartedBy(header: RunHeader, { wakes: seen = 0, now, restarts }: RestartWrite): boolean {
  const isNext = header.wakes === seen + 1 && header.updatedAt === now;
  return isNext && JSON.stringify(header.restarts) === JSON.stringify(restarts);
}

function statusValues(statuses: Iterable<RunStatus>): Readonly<Record<string, AttributeValue>> {
  return Object.fromEntries([...statuses].map((status, at) => [`s${at}`, text.encode(status)]));
}

function placeholders(values: Readonly<Record<string, unknown>>): string {
  return Object.keys(values)
    .map((value) => `:${value}`)
    .join(', ');
}
