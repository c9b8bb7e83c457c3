import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { StepRecord } from '../../core/records.ts';
import type {
  ClaimWrite,
  CommitWrite,
  PlaceWrite,
  RenewWrite,
  ResumeResult,
  ResumeWrite,
  RunStore,
  SleepWrite,
  TakeOverWrite,
  TurnKey,
  WakeWrite,
  Write,
} from '../../ports/run-store.ts';
import { numberValue, textValue } from './attributes.ts';
import { sweepIndex } from './config.ts';
import { keyItem, type UpdateWrite } from './expression.ts';
import { headerKey, recordItemKey } from './keys.ts';
import { decodeHeader, decodeRecord, encodeRecord, headerFields, stepFields } from './record-codec.ts';
import {
  attributesOf,
  beginning,
  isStill,
  optional,
  outcomeFields,
  recordWrite,
  status,
} from './step-fields.ts';
import type { IsOwn, Table } from './table.ts';

const perStep = headerFields.perStep.attribute;

/** This turn, running, claimed by the writer. */
const held = '#t = :turn AND #st = :running AND #own = :owner';

/**
 * The writes of steps' records: see the methods of `RunStore`.
 *
 *     fresh claim ─ running ─ commit ─ success | failed
 *                   │  ▲  │
 *          renew ───┘  │  ├─ commit ─ due (next attempt) ───────┐
 *          take over ──┘  └─ commit ─ suspended ─ resume ─ due ─┴─ claim ─ running ...
 *
 *     sleep ─ waiting ─ wake ─ success
 */
export function stepStore(
  table: Table,
): Pick<
  RunStore,
  'claim' | 'takeOver' | 'renew' | 'voidLease' | 'commit' | 'sleep' | 'wake' | 'resume' | 'closeBlock'
> {
  return {
    claim: async (write) =>
      recordWrite(await table.update(write.fresh ? freshClaim(write) : laterClaim(write), never)),
    takeOver: async (write) => await takeOver(table, write),
    renew: async (write) => await renew(table, write),
    voidLease: async ({ seenOwner: owner, ...at }) => await renew(table, { ...at, owner, leaseUntil: 0 }),
    commit: async (write) => await commit(table, write),
    sleep: async (write) => await sleep(table, write),
    wake: async (write) => await wake(table, write),
    resume: async (write) => await resume(table, write),
    closeBlock: async (write) => await closeBlock(table, write),
  };
}

function leaseOf({ owner, leaseUntil }: ClaimWrite) {
  return { status: 'running', owner, leaseUntil, claims: 1 } as const;
}

function freshClaim(write: ClaimWrite): UpdateWrite {
  return {
    key: recordItemKey(write.runId, write.key),
    ...beginning(write, leaseOf(write)),
    condition: {
      expression: `attribute_not_exists(#pk) OR #t < :turn OR (${held})`,
      values: claimValues(write, write.owner),
    },
  };
}

function laterClaim(write: ClaimWrite): UpdateWrite {
  return {
    key: recordItemKey(write.runId, write.key),
    set: encodeRecord({ ...leaseOf(write), ...optional({ seesCell: write.seesCell }) }),
    remove: attributesOf(['dueAt']),
    condition: {
      expression: '#t = :turn AND (#st = :due OR (#st = :running AND #own = :owner))',
      values: { ...claimValues(write, write.owner), due: status('due') },
    },
  };
}

async function takeOver(table: Table, write: TakeOverWrite): Promise<Write<StepRecord>> {
  const { owner, leaseUntil, seenOwner } = write;
  const update = {
    key: recordItemKey(write.runId, write.key),
    set: encodeRecord({ owner, leaseUntil }),
    increase: { [stepFields.claims.attribute]: 1 },
    condition: { expression: held, values: claimValues(write, seenOwner) },
  };
  return recordWrite(await table.update(update, isStill({ turn: write.turn, status: 'running', owner })));
}

async function renew(table: Table, write: RenewWrite): Promise<Write<StepRecord>> {
  const update = {
    key: recordItemKey(write.runId, write.key),
    set: encodeRecord({ leaseUntil: write.leaseUntil }),
    condition: { expression: held, values: claimValues(write, write.owner) },
  };
  return recordWrite(await table.update(update, never));
}

async function commit(table: Table, write: CommitWrite): Promise<Write<StepRecord>> {
  const { owner, outcome } = write;
  const { set, remove } = outcomeFields(outcome);
  const turn = outcome.status === 'due' ? outcome.nextTurn : write.turn;
  const update = {
    key: recordItemKey(write.runId, write.key),
    set: encodeRecord({ ...set, turn, status: outcome.status }),
    remove: attributesOf(['leaseUntil', ...remove]),
    condition: { expression: held, values: claimValues(write, owner) },
  };
  return recordWrite(await table.update(update, isStill({ turn, status: outcome.status, owner })));
}

async function sleep(table: Table, write: SleepWrite): Promise<Write<StepRecord>> {
  const { runId, key, stepId, turn, now, dueAt, inputFrom, sharedFrom, log, graph } = write;
  const fields = {
    stepId,
    turn,
    status: 'waiting',
    startedAt: now,
    dueAt,
    inputFrom,
    ...optional({ sharedFrom, log, graph }),
  } as const;
  const item = { ...keyItem(recordItemKey(runId, key)), ...encodeRecord(fields) };
  const condition = {
    expression: 'attribute_not_exists(#pk) OR #t < :turn',
    values: { turn: textValue(turn) },
  };
  return recordWrite(
    await table.put(item, condition, isStill({ turn, status: 'waiting', startedAt: now, dueAt })),
  );
}

async function wake(table: Table, write: WakeWrite): Promise<Write<StepRecord>> {
  const { runId, key, turn, now, output } = write;
  const update = {
    key: recordItemKey(runId, key),
    set: encodeRecord({ status: 'success', output, endedAt: now }),
    remove: attributesOf(['dueAt']),
    condition: {
      expression: '#t = :turn AND #st = :waiting AND #due <= :now',
      values: { turn: textValue(turn), waiting: status('waiting'), now: numberValue(now) },
    },
  };
  return recordWrite(await table.update(update, isStill({ turn, status: 'success', endedAt: now, output })));
}

async function closeBlock(table: Table, { runId, record, epoch }: PlaceWrite): Promise<Write<StepRecord>> {
  const { turn, status: outcome, endedAt } = record;
  const item = { ...keyItem(recordItemKey(runId, record.key)), ...encodeRecord(record) };
  const condition = {
    expression: 'attribute_not_exists(#pk) OR #t < :turn',
    values: { turn: textValue(turn) },
  };
  if (epoch === undefined) {
    return recordWrite(await table.put(item, condition, isStill({ turn, status: outcome, endedAt })));
  }
  const inEpoch = { expression: '#ep = :epoch', values: { epoch: numberValue(epoch) } };
  const writes = [
    { put: item, condition },
    { check: headerKey(runId), condition: inEpoch },
  ] as const;
  const transaction = await table.transact(writes);
  if (transaction.won) return recordWrite({ won: true, item });
  const [reason] = transaction.reasons;
  const image = reason?.Item ?? (await table.get(recordItemKey(runId, record.key), true));
  return recordWrite({ won: false, ...optional({ item: image }) });
}

/** The record and every run of the path in one transaction: a resume that no sweep can see could be lost for ever. */
async function resume(table: Table, write: ResumeWrite): Promise<ResumeResult> {
  const { runId, key, turn, nextTurn, resumeData, resumeContext, request, now, sweepAt } = write;
  const given = optional({ resumeData, resumeContext });
  const record: UpdateWrite = {
    key: recordItemKey(runId, key),
    set: encodeRecord({ turn: nextTurn, status: 'due', resumeRequest: request, resumedAt: now, ...given }),
    remove: attributesOf(
      (['resumeData', 'resumeContext', 'dueAt'] as const).filter((name) => !(name in given)),
    ),
    condition: {
      expression: '#t = :turn AND #st = :suspended',
      values: { turn: textValue(turn), suspended: status('suspended') },
    },
  };
  const runs = write.runs.map(
    (run): UpdateWrite => ({
      key: headerKey(run.runId),
      set: {
        [sweepIndex.sortKey.name]: numberValue(sweepAt),
        [headerFields.updatedAt.attribute]: numberValue(now),
        ...(write.perStep === true ? { [perStep]: { BOOL: true } } : {}),
      },
      ...(write.perStep === true ? {} : { remove: [perStep] }),
      increase: { [headerFields.wakes.attribute]: 1 },
      condition: {
        expression: 'attribute_not_exists(#ea) AND #ep = :epoch AND #st <> :paused',
        values: { epoch: numberValue(run.epoch), paused: textValue('paused') },
      },
    }),
  );
  const transaction = await table.transact([record, ...runs]);
  if (transaction.won) {
    const item = await table.get(record.key, true);
    if (item !== undefined) return { won: true, image: decodeRecord(item) };
    return { won: false, lost: 'record' };
  }
  const { reasons } = transaction;
  const [recordReason, ...runReasons] = reasons;
  const failed = runReasons.findIndex(({ Code }) => Code === 'ConditionalCheckFailed');
  const item = recordReason?.Item ?? (await table.get(record.key, true));
  const image = item === undefined ? undefined : decodeRecord(item);
  if (image !== undefined && isResumedBy(image, write)) return { won: true, image };
  if (recordReason?.Code === 'ConditionalCheckFailed' || failed === -1) {
    return { won: false, lost: 'record', ...optional({ image }) };
  }
  const header = runReasons[failed]?.Item;
  return {
    won: false,
    lost: 'run',
    runId: write.runs[failed]?.runId ?? runId,
    ...(header === undefined ? {} : { image: decodeHeader(header) }),
  };
}

/** Whether this very request resumed the record before: its answer was lost, or it is repeated. */
function isResumedBy(image: StepRecord, { request, nextTurn }: ResumeWrite): boolean {
  return image.resumeRequest === request && image.turn >= nextTurn;
}

function claimValues({ turn }: TurnKey, owner: string): Record<string, AttributeValue> {
  return { turn: textValue(turn), running: status('running'), owner: textValue(owner) };
}

/** For writes whose condition lets the writer's own earlier write pass. */
const never: IsOwn = () => false;
