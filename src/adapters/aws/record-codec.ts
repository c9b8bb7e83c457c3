import type { JoinState } from '../../core/join.ts';
import {
  assertReadable,
  type ParentLink,
  type RunHeader,
  type RunInput,
  type RunStatus,
  type StepRecord,
  type StepStatus,
} from '../../core/records.ts';
import type { JoinOpening } from '../../ports/run-store.ts';
import type { Segment } from '../segments/index.ts';
import {
  type AttributeType,
  decodeFields,
  encodeFields,
  type Fields,
  flag,
  number,
  numbers,
  numberValue,
  stored,
  text,
  texts,
  textValue,
  word,
} from './attributes.ts';
import { sweepIndex } from './config.ts';
import { type Item, recordKeyOf, unescapeId } from './keys.ts';

/** The one place that knows which attribute holds which field. */

const runStatus: AttributeType<RunStatus> = word({
  pending: 'pending',
  running: 'running',
  waiting: 'waiting',
  suspended: 'suspended',
  paused: 'paused',
  success: 'success',
  failed: 'failed',
  tripwire: 'tripwire',
  canceled: 'canceled',
});

const stepStatus: AttributeType<StepStatus> = word({
  running: 'run',
  due: 'due',
  child: 'child',
  waiting: 'wait',
  suspended: 'susp',
  success: 'ok',
  failed: 'fail',
  skipped: 'skip',
  canceled: 'can',
});

const parentLink: AttributeType<ParentLink> = {
  expected: 'a map of r, e and t',
  encode: ({ runId, key, turn }) => ({
    M: {
      r: textValue(runId),
      e: numberValue(key.entry),
      ...(key.arm === undefined ? {} : { a: numberValue(key.arm) }),
      t: textValue(turn),
    },
  }),
  decode: ({ M }) => {
    const [r, e, a, t] = [M?.['r'], M?.['e'], M?.['a'], M?.['t']];
    if (r?.S === undefined || e?.N === undefined || t?.S === undefined) return undefined;
    const key = a?.N === undefined ? { entry: Number(e.N) } : { entry: Number(e.N), arm: Number(a.N) };
    return { runId: text.decode(r) ?? '', key, turn: t.S };
  },
};

/** `[epoch, entry]` pairs, flat. */
const epochStarts: AttributeType<RunHeader['from']> = {
  expected: 'an even number of numbers',
  encode: (pairs) => numbers.encode(pairs.flat()),
  decode: (attribute) => {
    const flat = numbers.decode(attribute);
    if (flat === undefined || flat.length % 2 === 1) return undefined;
    return Array.from(
      { length: flat.length / 2 },
      (_, i) => [flat[2 * i] ?? 0, flat[2 * i + 1] ?? 0] as const,
    );
  },
};

/** Attributes of a header; its run id is the partition key. */
export const headerFields: Fields<Omit<RunHeader, 'runId'>> = {
  format: { attribute: 'f', type: number },
  workflowId: { attribute: 'wf', type: text },
  status: { attribute: 'st', type: runStatus },
  epoch: { attribute: 'ep', type: number },
  position: { attribute: 'v', type: text },
  sweepAt: { attribute: sweepIndex.sortKey.name, type: number },
  wakes: { attribute: 'pn', type: number },
  graphHash: { attribute: 'gh', type: text },
  inputHash: { attribute: 'ih', type: text },
  resourceId: { attribute: 'rid', type: text },
  owner: { attribute: 'own', type: text },
  parent: { attribute: 'par', type: parentLink },
  root: { attribute: 'root', type: text },
  from: { attribute: 'from', type: epochStarts },
  createdAt: { attribute: 'ct', type: number },
  startedAt: { attribute: 'sa', type: number },
  updatedAt: { attribute: 'ua', type: number },
  endedAt: { attribute: 'ea', type: number },
  endedBy: { attribute: 'by', type: number },
  error: { attribute: 'err', type: stored },
};

/** Attributes of what a run was started with, in the header or in an item of its own. */
export const inputFields: Fields<RunInput> = {
  input: { attribute: 'in', type: stored },
  shared: { attribute: 'sv', type: stored },
};

/** Attributes of a step's record; its key is the sort key. */
export const stepFields: Fields<Omit<StepRecord, 'key'>> = {
  stepId: { attribute: 'id', type: text },
  turn: { attribute: 't', type: text },
  status: { attribute: 'st', type: stepStatus },
  owner: { attribute: 'own', type: text },
  leaseUntil: { attribute: 'lu', type: number },
  claims: { attribute: 'cl', type: number },
  startedAt: { attribute: 'sa', type: number },
  endedAt: { attribute: 'ea', type: number },
  input: { attribute: 'in', type: stored },
  inputFrom: { attribute: 'inf', type: number },
  output: { attribute: 'out', type: stored },
  error: { attribute: 'err', type: stored },
  bailed: { attribute: 'bail', type: flag },
  aborted: { attribute: 'ab', type: flag },
  again: { attribute: 'nx', type: flag },
  nonRetryable: { attribute: 'nr', type: flag },
  suspendPayload: { attribute: 'sus', type: stored },
  suspendOutput: { attribute: 'so', type: stored },
  suspendedAt: { attribute: 'ss', type: number },
  labels: { attribute: 'lab', type: texts },
  resumeData: { attribute: 'rd', type: stored },
  resumeContext: { attribute: 'rc', type: stored },
  resumedAt: { attribute: 'ra', type: number },
  resumeRequest: { attribute: 'rq', type: text },
  dueAt: { attribute: 'due', type: number },
  delta: { attribute: 'sd', type: stored },
  shared: { attribute: 'sv', type: stored },
  sharedFrom: { attribute: 'sf', type: number },
  fromSegment: { attribute: 'sg', type: number },
  childRunId: { attribute: 'ch', type: text },
};

const joinState: AttributeType<JoinState> = {
  expected: 'the JSON of a join state',
  encode: (state) => ({ S: JSON.stringify(state) }),
  decode: ({ S }) => {
    const state: unknown = S === undefined ? undefined : JSON.parse(S);
    return isJoinState(state) ? state : undefined;
  },
};

function isJoinState(state: unknown): state is JoinState {
  return typeof state === 'object' && state !== null && 'next' in state && 'inFlight' in state;
}

/** Attributes of a segment, beside the hint `cur` on segment 0. */
export const segmentFields: Fields<JoinOpening & Pick<Segment, 'carry' | 'tokens'>> = {
  turn: { attribute: 't', type: text },
  total: { attribute: 'm', type: number },
  concurrency: { attribute: 'c', type: number },
  taken: { attribute: 'tk', type: numbers },
  openedAt: { attribute: 'oa', type: number },
  carry: { attribute: 'ca', type: joinState },
  tokens: { attribute: 'log', type: numbers },
};

/** Attributes of a header, without keys. */
export function encodeHeader(header: RunHeader): Item {
  const { from, ...rest } = header;
  return encodeFields(headerFields, from.length === 0 ? rest : header);
}

/** The header in an item. Throws WORKFLOW_RECORD_CORRUPT for one of a later format. */
export function decodeHeader(item: Item): RunHeader {
  const header = decodeFields<Omit<RunHeader, 'runId'>>(headerFields, item, [
    'format',
    'workflowId',
    'status',
    'epoch',
    'position',
    'wakes',
    'graphHash',
    'inputHash',
    'createdAt',
    'updatedAt',
  ]);
  const runId = unescapeId(item['pk']?.S ?? '');
  assertReadable({ format: header.format, runId });
  return { ...header, runId, from: header.from ?? [] };
}

/** What the run was started with, from its header or its input item; undefined when that has none. */
export function decodeInput(item: Item): RunInput | undefined {
  return inputFields.input.attribute in item ? decodeFields(inputFields, item, ['input']) : undefined;
}

/** Attributes of a step's record, without keys. */
export function encodeRecord(record: Partial<Omit<StepRecord, 'key'>>): Item {
  return encodeFields(stepFields, record);
}

/** The step's record in an item. */
export function decodeRecord(item: Item): StepRecord {
  const record = decodeFields<Omit<StepRecord, 'key'>>(stepFields, item, ['stepId', 'turn', 'status']);
  return { key: recordKeyOf(item['sk']?.S ?? ''), ...record };
}

/** Attributes of a segment, without keys. */
export function encodeSegment(segment: Segment): Item {
  return encodeFields(segmentFields, { ...segment.opening, carry: segment.carry, tokens: segment.tokens });
}

/** The segment in an item. */
export function decodeSegment(item: Item): Segment {
  const { carry, tokens, ...opening } = decodeFields(segmentFields, item, [
    'turn',
    'total',
    'concurrency',
    'openedAt',
    'carry',
    'tokens',
  ]);
  return { opening, carry, tokens };
}
