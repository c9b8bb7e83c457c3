import * as z from 'zod';
import { settlementKinds } from '../core/join.ts';
import { runStatuses, stepStatuses } from '../core/records.ts';
import type { Usage } from '../core/usage.ts';
import {
  iterations,
  milliseconds,
  orReference,
  runStatus,
  shownError,
  stepFields,
  stepResultStatus,
  tripwire,
  value,
} from './value-schemas.ts';

/** Schemas of lifecycle events, one for each type. */

const names = {
  id: z.string().describe('The step; of a nested workflow `nested.step`.'),
  stepName: z.string(),
};
const called = {
  ...names,
  stepCallId: z.string().exactOptional().describe('The same for all events of one iteration of a step.'),
  metadata: iterations.exactOptional(),
};
const { payload, startedAt, resumePayload, resumedAt, suspendPayload, suspendOutput, suspendedAt } =
  stepFields;

function event<Type extends string, Payload extends z.ZodType>(type: Type, content: Payload) {
  return z.strictObject({
    id: z.string().describe('Stable: whoever reads an event twice knows it by this.'),
    type: z.literal(type),
    runId: z.string(),
    from: z.enum(['WORKFLOW', 'USER']).describe('`USER`: a step wrote it.'),
    time: milliseconds,
    // A payload above the cap comes as a whole by reference, whatever its type.
    payload: orReference(content),
  });
}

const usage = z.strictObject({
  inputTokens: z.number(),
  outputTokens: z.number(),
  totalTokens: z.number(),
  cachedInputTokens: z.number(),
  cacheCreationInputTokens: z.number(),
  reasoningTokens: z.number(),
} satisfies Record<keyof Usage, z.ZodNumber>);

/** One lifecycle event of a run. */
export const runEvent = z
  .discriminatedUnion('type', [
    event('workflow-start', z.strictObject({ workflowId: z.string() })),
    event(
      'workflow-step-start',
      z.strictObject({
        ...called,
        status: z.literal('running'),
        payload,
        startedAt,
        resumePayload,
        resumedAt,
      }),
    ),
    event(
      'workflow-step-waiting',
      z.strictObject({ ...names, status: z.literal('waiting'), payload, startedAt }),
    ),
    event(
      'workflow-step-suspended',
      z.strictObject({
        ...called,
        status: z.literal('suspended'),
        payload,
        startedAt,
        suspendPayload,
        suspendOutput,
        suspendedAt,
        resumePayload,
        resumedAt,
      }),
    ),
    event(
      'workflow-step-result',
      z.strictObject({
        ...stepFields,
        ...called,
        status: z.enum([...stepResultStatus.options, 'bailed']),
      }),
    ),
    event(
      'workflow-step-progress',
      z.strictObject({
        ...names,
        completedCount: z.int().min(0),
        totalCount: z.int().min(0),
        currentIndex: z.int().min(0),
        iterationStatus: z.enum(['success', 'failed', 'suspended']),
        iterationOutput: value.exactOptional(),
      }),
    ),
    event(
      'workflow-step-output',
      z.strictObject({ output: value.exactOptional(), runId: z.string(), stepName: z.string() }),
    ),
    event('workflow-canceled', z.strictObject({})),
    event('workflow-paused', z.strictObject({})),
    event(
      'workflow-finish',
      z.strictObject({
        workflowStatus: z.enum(runStatuses),
        metadata: orReference(
          z.strictObject({ error: shownError.exactOptional(), errorMessage: z.string().exactOptional() }),
        ),
        output: z.strictObject({ usage }),
        tripwire: orReference(tripwire).exactOptional(),
      }),
    ),
    // What a step gave to `writer.custom`, as it is.
    event('custom', value),
  ])
  .describe('Something that happened to a run or to one of its steps.');

const about = {
  id: z.string().describe('Unique in the history.'),
  runId: z.string().describe('The run, or the one nested in it, that the entry is about.'),
  within: z.string().describe('Step ids that lead to the nested run, with dots; empty for the run itself.'),
  time: milliseconds.exactOptional(),
};
const epoch = z.int().min(1).describe('1, and one more for each time travel.');
const place = { stepId: z.string(), path: z.array(z.int().min(0)) };

/** One entry of a history. */
export const historyEntry = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('run'),
      ...about,
      status: runStatus,
      epoch,
      workflowId: z.string(),
      input: value.exactOptional(),
      error: value.exactOptional(),
    }),
    z.strictObject({
      type: z.literal('step'),
      ...about,
      ...place,
      status: z
        .enum(stepStatuses)
        .describe('`due`: what follows is decided, and has not begun. `child`: a nested run is executed.'),
      epoch,
      iteration: z.int().min(0),
      resumptions: z.int().min(0),
      attempt: z.int().min(0),
      payload: value.exactOptional(),
      output: value.exactOptional(),
      error: value.exactOptional(),
      suspendPayload: value.exactOptional(),
      resumePayload: value.exactOptional(),
      dueAt: milliseconds.exactOptional(),
      owner: z.string().exactOptional().describe('Who executes it.'),
      nestedRunId: z.string().exactOptional(),
      kept: z.literal(true).exactOptional().describe('A time travel kept it; it was not executed.'),
    }),
    z.strictObject({
      type: z.literal('block'),
      ...about,
      ...place,
      epoch,
      total: z.int().min(0),
      concurrency: z.int().min(0),
      taken: z.array(z.int().min(0)).exactOptional().describe('Arms that take part, when not all do.'),
    }),
    z.strictObject({
      type: z.literal('member'),
      ...about,
      ...place,
      epoch,
      settled: z.enum(settlementKinds),
      position: z.int().min(0),
    }),
    z.strictObject({
      type: z.literal('output'),
      ...about,
      ...place,
      custom: z.boolean(),
      output: value.exactOptional(),
    }),
  ])
  .describe('A state that a run, a step or a block went through, or what a step wrote.');
