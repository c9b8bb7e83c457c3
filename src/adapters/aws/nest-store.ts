import type { StepRecord } from '../../core/records.ts';
import type { ChildWrite, NestWrite, RunStore, Write } from '../../ports/run-store.ts';
import { textValue } from './attributes.ts';
import type { UpdateWrite } from './expression.ts';
import { recordItemKey } from './keys.ts';
import { encodeRecord } from './record-codec.ts';
import {
  attributesOf,
  beginning,
  isStill,
  optional,
  outcomeFields,
  type RecordFields,
  recordWrite,
  status,
} from './step-fields.ts';
import type { Table } from './table.ts';

/**
 * The writes of records that wait for a nested run: see the methods of `RunStore`.
 *
 *     nest ─ child ─ follow ─ success | failed | canceled | paused
 *            │   ▲
 *            │   └─ follow ─ (next generation)
 *            ├─ follow ─ suspended
 *            └─ follow ─ due (next attempt) ─ nest
 */
export function nestStore(table: Table): Pick<RunStore, 'nest' | 'followChild'> {
  return {
    nest: async (write) => await nest(table, write),
    followChild: async (write) => await followChild(table, write),
  };
}

async function nest(table: Table, write: NestWrite): Promise<Write<StepRecord>> {
  const { childRunId, turn, now } = write;
  const update = write.fresh ? freshNest(write) : laterNest(write);
  const isOwn = isStill({ turn, status: 'child', childRunId, ...(write.fresh ? { startedAt: now } : {}) });
  return recordWrite(await table.update(update, isOwn));
}

function freshNest(write: NestWrite): UpdateWrite {
  const { runId, key, turn, childRunId, input, fromSegment } = write;
  return {
    key: recordItemKey(runId, key),
    ...beginning(write, { status: 'child', childRunId, ...optional({ input, fromSegment }) }),
    condition: {
      expression: 'attribute_not_exists(#pk) OR #t < :turn',
      values: { turn: textValue(turn) },
    },
  };
}

function laterNest({ runId, key, turn, childRunId }: NestWrite): UpdateWrite {
  return {
    key: recordItemKey(runId, key),
    set: encodeRecord({ status: 'child', childRunId }),
    remove: attributesOf(['dueAt', 'error', 'childTurn']),
    condition: {
      expression: '#t = :turn AND #st = :due',
      values: { turn: textValue(turn), due: status('due') },
    },
  };
}

async function followChild(table: Table, write: ChildWrite): Promise<Write<StepRecord>> {
  const { runId, key, turn, seen, outcome } = write;
  const { set, remove } = childFields(outcome);
  const next = { turn: 'nextTurn' in outcome ? outcome.nextTurn : turn, status: outcome.status };
  const update: UpdateWrite = {
    key: recordItemKey(runId, key),
    set: encodeRecord({ ...set, ...next }),
    remove: attributesOf(remove),
    condition: {
      expression: '#t = :turn AND #st = :seen',
      values: { turn: textValue(turn), seen: status(seen) },
    },
  };
  const { endedAt, suspendedAt, resumedAt } = set;
  const isOwn = isStill({ ...next, ...optional({ endedAt, suspendedAt, resumedAt }) });
  return recordWrite(await table.update(update, isOwn));
}

/** What following sets and removes. */
function childFields(outcome: ChildWrite['outcome']): {
  readonly set: Partial<RecordFields>;
  readonly remove: readonly (keyof RecordFields)[];
} {
  switch (outcome.status) {
    case 'child': {
      const { now, resumeData } = outcome;
      const given = optional({ resumeData });
      return { set: { resumedAt: now, ...given }, remove: 'resumeData' in given ? [] : ['resumeData'] };
    }
    case 'canceled':
    case 'paused':
      return { set: { endedAt: outcome.now }, remove: [] };
    default:
      return outcomeFields(outcome);
  }
}
