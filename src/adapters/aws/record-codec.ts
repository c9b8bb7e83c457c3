import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { JoinState } from '../../core/join.ts';
import {
  assertReadable,
  type CallbackState,
  type EpochStart,
  type HistoryKind,
  type ParentLink,
  type Parked,
  type RecordKey,
  type RunHeader,
  type RunInput,
  type RunStatus,
  type ShownSnapshot,
  type StepRecord,
  type StepStatus,
  type StoredRestarts,
} from '../../core/records.ts';
import type { JoinHead, JoinOpening } from '../../ports/run-store.ts';
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
  paused: 'pause',
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
      ...(key.item === undefined ? {} : { n: numberValue(key.item) }),
      t: textValue(turn),
    },
  }),
  decode: ({ M }) => {
    const [r, e, a, n, t] = [M?.['r'], M?.['e'], M?.['a'], M?.['n'], M?.['t']];
    if (r?.S === undefined || e?.N === undefined || t?.S === undefined) return undefined;
    const key: RecordKey = {
      entry: Number(e.N),
      ...(a?.N === undefined ? {} : { arm: Number(a.N) }),
      ...(n?.N === undefined ? {} : { item: Number(n.N) }),
    };
    return { runId: text.decode(r) ?? '', key, turn: t.S };
  },
};

/** {@link EpochStart}s, flat. */
const epochStarts: AttributeType<RunHeader['from']> = {
  expected: 'a list of three numbers for each epoch',
  encode: (starts) => numbers.encode(starts.flat()),
  decode: (attribute) => {
    const flat = numbers.decode(attribute);
    if (flat === undefined || flat.length % 3 > 0) return undefined;
    return Array.from(
      { length: flat.length / 3 },
      (_, i): EpochStart => [flat[3 * i] ?? 0, flat[3 * i + 1] ?? 0, flat[3 * i + 2] ?? 0],
    );
  },
};

/** The values that {@link epochStarts} appends for one more epoch. */
export function epochStartValues(start: EpochStart): AttributeValue[] {
  return start.map(numberValue);
}

const historyKind: AttributeType<HistoryKind> = word({ full: 'f', stream: 's' });

const callbackState: AttributeType<CallbackState> = {
  expected: 'a map of m, o and l',
  encode: ({ mark, owner, leaseUntil, done }) => ({
    M: {
      m: textValue(mark),
      o: textValue(owner),
      l: numberValue(leaseUntil),
      ...(done === undefined ? {} : { d: { BOOL: done } }),
    },
  }),
  decode: ({ M }) => {
    const [m, o, l, d] = [M?.['m'], M?.['o'], M?.['l'], M?.['d']];
    if (m?.S === undefined || o?.S === undefined || l?.N === undefined) return undefined;
    return {
      mark: text.decode(m) ?? '',
      owner: text.decode(o) ?? '',
      leaseUntil: Number(l.N),
      ...(d?.BOOL === undefined ? {} : { done: d.BOOL }),
    };
  },
};

const shownSnapshot: AttributeType<ShownSnapshot> = {
  expected: 'a map of m and v',
  encode: ({ mark, value }) => ({ M: { m: textValue(mark), v: stored.encode(value) } }),
  decode: ({ M }) => {
    const [m, v] = [M?.['m'], M?.['v']];
    const value = v === undefined ? undefined : stored.decode(v);
    return m?.S === undefined || value === undefined ? undefined : { mark: text.decode(m) ?? '', value };
  },
};

const storedRestarts: AttributeType<StoredRestarts> = {
  expected: 'a map of a and v',
  encode: ({ at, value }) => ({ M: { a: numberValue(at), v: stored.encode(value) } }),
  decode: ({ M }) => {
    const [a, v] = [M?.['a'], M?.['v']];
    const value = v === undefined ? undefined : stored.decode(v);
    return a?.N === undefined || value === undefined ? undefined : { at: Number(a.N), value };
  },
};

const parkedCode: AttributeType<Parked['code']> = word({
  WORKFLOW_GRAPH_CHANGED: 'g',
  WORKFLOW_NOT_FOUND: 'n',
});

const parked: AttributeType<Parked> = {
  expected: 'a map of c, s and r',
  encode: ({ code, since, remedy, place }) => ({
    M: {
      c: parkedCode.encode(code),
      s: numberValue(since),
      r: textValue(remedy),
      ...(place === undefined ? {} : { p: numbers.encode(place.path), i: textValue(place.stepId) }),
    },
  }),
  decode: ({ M }) => {
    const [c, s, r, p, i] = [M?.['c'], M?.['s'], M?.['r'], M?.['p'], M?.['i']];
    const code = c === undefined ? undefined : parkedCode.decode(c);
    if (code === undefined || s?.N === undefined || r?.S === undefined) return undefined;
    const path = p === undefined ? undefined : numbers.decode(p);
    return {
      code,
      since: Number(s.N),
      remedy: text.decode(r) ?? '',
      ...(path === undefined || i === undefined ? {} : { place: { path, stepId: text.decode(i) ?? '' } }),
    };
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
  parked: { attribute: 'park', type: parked },
  inputHash: { attribute: 'ih', type: text },
  resourceId: { attribute: 'rid', type: text },
  owner: { attribute: 'own', type: text },
  parent: { attribute: 'par', type: parentLink },
  root: { attribute: 'root', type: text },
  from: { attribute: 'from', type: epochStarts },
  history: { attribute: 'hi', type: historyKind },
  perStep: { attribute: 'ps', type: flag },
  deadlineAt: { attribute: 'da', type: number },
  timeoutMs: { attribute: 'tm', type: number },
  limit: { attribute: 'lm', type: text },
  callback: { attribute: 'cb', type: callbackState },
  shown: { attribute: 'sn', type: shownSnapshot },
  restarts: { attribute: 're', type: storedRestarts },
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
  tripwire: { attribute: 'tw', type: flag },
  suspendPayload: { attribute: 'sus', type: stored },
  suspendOutput: { attribute: 'so', type: stored },
  suspendedAt: { attribute: 'ss', type: number },
  labels: { attribute: 'lab', type: texts },
  resumeKeys: { attribute: 'rk', type: texts },
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
  childTurn: { attribute: 'cn', type: text },
  seesCell: { attribute: 'sc', type: flag },
  log: { attribute: 'lg', type: text },
  graph: { attribute: 'g', type: text },
  kept: { attribute: 'kp', type: flag },
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

/** Number of the newest segment, on segment 0 only. A hint. */
export const newestHint = 'cur';

/** Attributes of a segment, beside {@link newestHint}. */
export const segmentFields: Fields<JoinOpening & Pick<Segment, 'carry' | 'tokens'>> = {
  turn: { attribute: 't', type: text },
  total: { attribute: 'm', type: number },
  concurrency: { attribute: 'c', type: number },
  taken: { attribute: 'tk', type: numbers },
  perStep: { attribute: 'per', type: flag },
  openedAt: { attribute: 'oa', type: number },
  pageSize: { attribute: 'pg', type: number },
  sharedFrom: { attribute: 'sf', type: number },
  keepsItems: { attribute: 'ki', type: flag },
  log: { attribute: 'lg', type: text },
  graph: { attribute: 'g', type: text },
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
  return { key: recordKeyOf({ pk: item['pk']?.S ?? '', sk: item['sk']?.S ?? '' }), ...record };
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

/** Where the log of a block goes on: the hint on its first segment. */
export function decodeHead(item: Item): JoinHead {
  return { opening: decodeSegment(item).opening, newestSegment: Number(item[newestHint]?.N ?? 0) };
}
