import * as fc from 'fast-check';
import { limits } from '../../../src/core/limits.ts';
import { eventFormat, eventTypes, type WorkflowEvent } from '../../../src/core/event.ts';
import type { JoinState } from '../../../src/core/join.ts';
import {
  type RunHeader,
  type RunInput,
  runStatuses,
  type StepRecord,
  type StoredValue,
  stepStatuses,
} from '../../../src/core/records.ts';
import { formatTurn } from '../../../src/core/turn.ts';
import type { Segment } from '../../../src/adapters/segments/index.ts';

/** Records, segments and events of every shape, for the round trips. */

/** Texts of any UTF-16 units: also halves of surrogate pairs, control characters and the empty text. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 10 })
    .map((units) => String.fromCharCode(...units)),
  fc.constantFrom('%', '#', '%23', '%D800', '\u0001', '\u00010041'),
);

/** Ids of runs and workflows. */
export const id = text.filter((value) => value !== '');

const time = fc.integer({ min: 0, max: 4_102_444_800_000 });
const count = fc.nat();

const turn = fc
  .record({
    epoch: fc.integer({ min: 1, max: limits.epochs }),
    iteration: fc.nat(limits.iterations),
    generation: fc.nat(limits.generations),
    attempt: fc.nat(limits.attempts),
  })
  .map(formatTurn);

/** Values at rest. */
export const stored: fc.Arbitrary<StoredValue> = fc.oneof(
  text.map((inline) => ({ inline })),
  fc.record({ ref: fc.constantFrom('ab'.repeat(32), '01'.repeat(32)), bytes: count }),
);

const key = fc.oneof(
  fc.record({ entry: fc.nat(limits.entries - 1) }),
  fc.record({ entry: fc.nat(limits.entries - 1), arm: fc.nat(limits.arms - 1) }),
  fc.record({ entry: fc.nat(limits.entries - 1), item: fc.nat(limits.joinMembers - 1) }),
);

export const header: fc.Arbitrary<RunHeader> = fc.record(
  {
    format: fc.constant(1),
    runId: id,
    workflowId: id,
    status: fc.constantFrom(...runStatuses),
    epoch: fc.integer({ min: 1, max: limits.epochs }),
    position: text,
    sweepAt: time,
    wakes: count,
    graphHash: text,
    parked: fc.record(
      {
        code: fc.constantFrom('WORKFLOW_GRAPH_CHANGED', 'WORKFLOW_NOT_FOUND'),
        since: time,
        remedy: text,
        place: fc.record({ path: fc.array(count, { maxLength: 2 }), stepId: text }),
      },
      { requiredKeys: ['code', 'since', 'remedy'] },
    ),
    inputHash: text,
    resourceId: text,
    owner: text,
    parent: fc.record({ runId: id, key, turn }),
    root: id,
    from: fc.array(fc.tuple(count, count, count), { maxLength: 4 }),
    history: fc.constantFrom('full', 'stream'),
    perStep: fc.boolean(),
    callback: fc.record(
      { mark: text, owner: text, leaseUntil: time, done: fc.boolean() },
      { requiredKeys: ['mark', 'owner', 'leaseUntil'] },
    ),
    shown: fc.record({ mark: text, value: stored }),
    restarts: fc.record({ at: time, value: stored }),
    createdAt: time,
    startedAt: time,
    updatedAt: time,
    endedAt: time,
    endedBy: fc.integer({ min: -1, max: 99 }),
    error: stored,
  },
  {
    requiredKeys: [
      'format',
      'runId',
      'workflowId',
      'status',
      'epoch',
      'position',
      'wakes',
      'graphHash',
      'inputHash',
      'from',
      'createdAt',
      'updatedAt',
    ],
  },
);

export const input: fc.Arbitrary<RunInput> = fc.record(
  { input: stored, shared: stored },
  { requiredKeys: ['input'] },
);

export const record: fc.Arbitrary<StepRecord> = fc.record(
  {
    key,
    stepId: text,
    turn,
    status: fc.constantFrom(...stepStatuses),
    owner: text,
    leaseUntil: time,
    claims: count,
    startedAt: time,
    endedAt: time,
    input: stored,
    inputFrom: fc.integer({ min: -1, max: 99 }),
    output: stored,
    error: stored,
    bailed: fc.boolean(),
    aborted: fc.boolean(),
    again: fc.boolean(),
    nonRetryable: fc.boolean(),
    tripwire: fc.boolean(),
    suspendPayload: stored,
    suspendOutput: stored,
    suspendedAt: time,
    labels: fc.array(text, { maxLength: 3 }),
    resumeKeys: fc.array(text, { maxLength: 3 }),
    resumeData: stored,
    resumeContext: stored,
    resumedAt: time,
    resumeRequest: text,
    dueAt: time,
    delta: stored,
    shared: stored,
    sharedFrom: fc.integer({ min: -1, max: 99 }),
    fromSegment: count,
    childRunId: id,
    seesCell: fc.boolean(),
    log: id,
    kept: fc.boolean(),
  },
  { requiredKeys: ['key', 'stepId', 'turn', 'status'] },
);

const joinState: fc.Arbitrary<JoinState> = fc.record(
  {
    next: count,
    inFlight: count,
    suspended: count,
    failed: count,
    bailed: count,
    canceled: fc.boolean(),
    closed: fc.constantFrom('success', 'failed', 'bailed', 'canceled'),
    hasDelta: fc.boolean(),
  },
  { requiredKeys: ['next', 'inFlight', 'suspended', 'hasDelta'] },
);

export const segment: fc.Arbitrary<Segment> = fc.record({
  opening: fc.record(
    {
      turn,
      total: count,
      concurrency: count,
      taken: fc.array(fc.nat(99)),
      openedAt: time,
      pageSize: count,
      sharedFrom: fc.integer({ min: -1, max: 99 }),
      keepsItems: fc.boolean(),
      log: id,
    },
    { requiredKeys: ['turn', 'total', 'concurrency', 'openedAt'] },
  ),
  carry: joinState,
  tokens: fc.array(fc.nat(Number.MAX_SAFE_INTEGER), { maxLength: limits.segmentTokens }),
});

const path = fc.array(count, { maxLength: 2 });

export const event: fc.Arbitrary<WorkflowEvent> = fc.record(
  {
    format: fc.constant(eventFormat),
    id: text,
    type: fc.constantFrom(...eventTypes),
    work: fc.boolean(),
    workflowId: id,
    runId: id,
    epoch: fc.integer({ min: 1, max: limits.epochs }),
    path,
    turn,
    stepId: text,
    status: fc.constantFrom('running', 'success', 'failed', 'suspended', 'canceled', 'skipped', 'tripwire'),
    prev: fc.record({ path, status: fc.constantFrom('success', 'failed', 'skipped', 'paused') }),
    parent: fc.record({ runId: id, path }),
    to: count,
    seesCell: fc.boolean(),
    restartedAt: time,
    dueAt: time,
    hop: count,
    time,
  },
  { requiredKeys: ['format', 'id', 'type', 'work', 'workflowId', 'runId', 'epoch', 'path', 'hop', 'time'] },
);
