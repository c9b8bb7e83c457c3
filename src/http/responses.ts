import * as z from 'zod';
import { type ErrorCode, errorStatus } from '../core/errors.ts';
import { historyEntry, runEvent } from './event-schemas.ts';
import { graph, graphStep, serializedGraph, serializedSingle, serializedStep } from './graph-schemas.ts';
import { httpErrorStatus, type ProblemCode } from './problem.ts';
import {
  milliseconds,
  orReference,
  runStatus,
  shownError,
  stepResult,
  time,
  tripwire,
  value,
  valueReference,
  values,
} from './value-schemas.ts';

/**
 * Schemas of every answer, as JSON shows it (`toWire`). They are closed: a field that they do not name is a mistake, here or in
 * the answer. A test compares them with the types that the answers are made of.
 */

const stepPaths = z.record(z.string(), z.array(z.int().min(0)));

/** Where each label resumes. */
const resumeLabels = z
  .record(z.string(), z.strictObject({ stepId: z.string(), foreachIndex: z.int().min(0).exactOptional() }))
  .describe('Where each label resumes; `foreachIndex` is the item of a foreach.');

/** Answer of `GET /health`. */
export const health = z.strictObject({ status: z.literal('ok') });

/** Answer of `GET /workflows`. */
export const workflowList = z.strictObject({
  workflows: z
    .array(z.strictObject({ id: z.string(), description: z.string().exactOptional() }))
    .describe('In the order of their registration.'),
});

const jsonSchema = z.unknown().exactOptional().describe('JSON Schema (draft 2020-12).');

/** Answer of `GET /workflows/:workflowId`. */
export const workflowDescription = z.strictObject({
  id: z.string(),
  description: z.string().exactOptional(),
  graph,
  inputSchema: jsonSchema,
  outputSchema: jsonSchema,
  stateSchema: jsonSchema,
  schedules: z
    .array(
      z.strictObject({
        id: z.string().exactOptional(),
        cron: z.string().describe('As its author wrote it.'),
        timezone: z.string().describe('Name of an IANA time zone.'),
        metadata: z
          .record(z.string(), z.unknown())
          .exactOptional()
          .describe('What its author says about it.'),
      }),
    )
    .exactOptional()
    .describe('When runs start by themselves; absent when none do.'),
  resumeSchemas: z.record(z.string(), z.unknown()).describe('JSON Schema of the resume data, by step id.'),
});

/** A run as a result: what `GET /runs/:runId/result` answers. */
export const runResult = z
  .strictObject({
    status: runStatus,
    runId: z.string(),
    input: value.exactOptional(),
    steps: z
      .object({ input: value.exactOptional() })
      .catchall(orReference(stepResult))
      .describe('By step id; `input` is the input of the run.'),
    stepExecutionPath: z
      .array(z.string())
      .describe('Ids of the top-level single entries that were executed, in order.'),
    result: value.exactOptional(),
    error: orReference(shownError).exactOptional().describe('With status `failed`.'),
    tripwire: orReference(tripwire).exactOptional(),
    suspended: z
      .array(z.array(z.string()))
      .exactOptional()
      .describe('With status `suspended`: a path of step ids for each suspended step.'),
    suspendPayload: values.exactOptional().describe('With status `suspended`: by step id.'),
    state: values.exactOptional().describe('When asked for.'),
    resumeLabels: resumeLabels.exactOptional(),
  })
  .describe('A run as a result.');

/** A run as far as a caller needs it to go on: answer of what changes one. */
export const storedRun = z
  .strictObject({
    runId: z.string(),
    workflowId: z.string(),
    status: runStatus,
    resourceId: z.string().exactOptional(),
    changed: z.boolean().describe('False when the call found the run as it was already wanted.'),
    outcome: runResult
      .exactOptional()
      .describe('With `wait`, when the run was over, suspended or paused by its end.'),
  })
  .describe('A run, as far as a caller needs it to go on.');

const deadline = time.describe(
  'When the run fails unless it is over: only of one with a time limit. Each time travel has its own.',
);

/** Why a run waits for code. */
export const parkedState = z
  .strictObject({
    code: z.enum(['WORKFLOW_GRAPH_CHANGED', 'WORKFLOW_NOT_FOUND']),
    since: z.number().describe('When it was found, ms since 1970.'),
    remedy: z.string().describe('What to do about it.'),
    runId: z.string().exactOptional().describe('Of the nested run that waits, when it is not this one.'),
  })
  .describe(
    'The run waits for code that is not there, and goes on by itself when it is. Its status stays what it was.',
  );

/** Answer of `GET /runs`. */
export const runList = z.strictObject({
  runs: z
    .array(
      z.strictObject({
        runId: z.string(),
        workflowId: z.string(),
        status: runStatus,
        queued: z.literal(true).exactOptional().describe('It waits for others of its workflow.'),
        resourceId: z.string().exactOptional(),
        createdAt: time,
        startedAt: time.exactOptional(),
        updatedAt: time,
        endedAt: time.exactOptional(),
        deadlineAt: deadline.exactOptional(),
        root: z.string().exactOptional().describe('Of a nested run: the outermost one that it is in.'),
        parked: parkedState.exactOptional(),
      }),
    )
    .describe('Newest first.'),
  cursor: z.string().exactOptional().describe('For the next page; the last one has none.'),
});

const amount = z.number();

/** What a run has used. */
const runCost = z
  .strictObject({
    dollars: amount.describe('At list prices.'),
    events: amount.describe('Entries put on the bus, by the started 64 KB.'),
    requests: amount.describe('Of the work queue.'),
    invocations: amount.describe('Of the functions; a batch counts by its parts.'),
    gbSeconds: amount.describe('Memory of the functions times time.'),
    writeUnits: amount.describe('Of the table and its indexes.'),
    readUnits: amount.describe('Of the table.'),
    objectWrites: amount.describe('Objects that were put or listed.'),
    objectReads: amount.describe('Objects that were read.'),
    schedules: amount.describe('Timers beyond what the queue can delay.'),
    bytes: amount.describe('Bytes of the records, events and objects that were written.'),
  })
  .describe('What a run has used, without the runs nested in it. A meter and no bill.');

/** Of a run that waits for a place. */
const queued = z
  .strictObject({
    since: z.number().describe('When it was started, ms since 1970.'),
    ahead: z.number().exactOptional().describe('Runs that are let in before it.'),
  })
  .describe('A run that was started and waits for a place under its concurrency key.');

/** Answer of `GET /runs/:runId`. */
export const workflowState = z
  .strictObject({
    runId: z.string(),
    workflowName: z.string(),
    resourceId: z.string().exactOptional(),
    createdAt: time,
    updatedAt: time,
    status: runStatus,
    initialState: values.exactOptional().describe('The state as it is now, when it has any key.'),
    payload: value.exactOptional(),
    result: value.exactOptional(),
    error: orReference(shownError).exactOptional().describe('With status `failed`.'),
    steps: z
      .record(z.string(), orReference(stepResult))
      .describe('By step id; of a nested workflow `nested.step`.'),
    activeStepsPath: stepPaths.describe('Execution path of each step that is running, by step id.'),
    suspendedPaths: stepPaths,
    waitingPaths: stepPaths,
    resumeLabels,
    requestContext: values.exactOptional(),
    tripwire: orReference(tripwire).exactOptional(),
    serializedStepGraph: serializedGraph,
    stepExecutionPath: z.array(z.string()),
    queued: queued.exactOptional().describe('Only while the run waits for others of its workflow.'),
    deadlineAt: deadline.exactOptional(),
    parked: parkedState.exactOptional(),
    cost: runCost.exactOptional().describe('Where the place counts it: on AWS.'),
  })
  .describe('A stored run with its steps.');

/** The same with `fields`. */
export const workflowStateFields = workflowState
  .partial()
  .describe('The fields of a stored run that the parameter `fields` names.');

/** Answer of `GET /runs/:runId/events`. */
export const eventPage = z.strictObject({
  events: z.array(runEvent).describe('Oldest first.'),
  cursor: z.string().describe('For the next call; opaque.'),
  done: z.boolean().describe('The run is over, and all of its events were given.'),
});

/** Answer of `GET /runs/:runId/history`. */
export const historyPage = z.strictObject({
  entries: z.array(historyEntry).describe('In the order in which they came about.'),
  cursor: z.string().describe('For the next call; opaque.'),
  isLast: z.boolean().describe('There are no more entries now.'),
  done: z.boolean().describe('The run is over, and all of its history was given.'),
});

/** Every code that a problem can have. */
const problemCodes = [
  ...(Object.keys(errorStatus) as ErrorCode[]),
  ...(Object.keys(httpErrorStatus) as (keyof typeof httpErrorStatus)[]),
] satisfies ProblemCode[];

/** Body of every answer with a status of 400 or more. */
export const problemDocument = z
  .strictObject({
    type: z.string().regex(/^urn:problem-type:evented-workflows:[A-Z_]+$/),
    title: z.string().describe('The same for each problem of this code.'),
    status: z.int().min(400).max(599),
    detail: z.string().describe('What happened this time, and what to do about it.'),
    code: z.enum(problemCodes).describe('Stable, for programs.'),
    details: z
      .looseObject({
        runId: z.string().exactOptional(),
        workflowId: z.string().exactOptional(),
        stepId: z.string().exactOptional(),
        status: z.string().exactOptional().describe('Of the run.'),
        winner: z.string().exactOptional().describe('Who won the race that this caller lost.'),
        issues: z.array(z.strictObject({ path: z.string(), message: z.string() })).exactOptional(),
      })
      .exactOptional()
      .describe('What `detail` says, for programs.'),
  })
  .describe('A problem document (RFC 9457).');

/** A link to a value; empty where there is no need of one. */
export const valueLink = z.union([z.strictObject({ url: z.string(), expiresAt: time }), z.strictObject({})]);

/** A link to keep a value by. */
export const uploadLink = z.union([
  z.strictObject({
    url: z.string().describe('Takes one PUT of exactly these bytes.'),
    headers: z.record(z.string(), z.string()).describe('That the request has to have.'),
    expiresAt: time,
  }),
  z.strictObject({}),
]);

/** The schemas that stand under a name of their own in the document, and wherever they are used refer to it. */
export const components = {
  Health: health,
  WorkflowList: workflowList,
  WorkflowDescription: workflowDescription,
  Graph: graph,
  GraphStep: graphStep,
  StoredRun: storedRun,
  RunResult: runResult,
  RunList: runList,
  ParkedState: parkedState,
  RunState: workflowState,
  RunStateFields: workflowStateFields,
  Queued: queued,
  RunCost: runCost,
  SerializedGraph: serializedGraph,
  SerializedSingle: serializedSingle,
  SerializedStep: serializedStep,
  StepResult: stepResult,
  EventPage: eventPage,
  RunEvent: runEvent,
  HistoryPage: historyPage,
  HistoryEntry: historyEntry,
  Problem: problemDocument,
  Error: shownError,
  Tripwire: tripwire,
  Value: value,
  ValueReference: valueReference,
  RunStatus: runStatus,
  Milliseconds: milliseconds,
} as const satisfies Readonly<Record<string, z.ZodType>>;
