import { eventFormat, type EventType } from '../core/event.ts';
import { stepStatuses } from '../core/records.ts';
import { detailSchema, type Fields, type JsonSchema, objectSchema } from './json-schema.ts';

/** Schemas of the engine's own events, which are facts. None of them carries a value of a run: no input, result or state. */

const count: JsonSchema = { type: 'integer', minimum: 0 };
const time: JsonSchema = { type: 'number', description: 'ms since 1970' };
const id: JsonSchema = { type: 'string', minLength: 1 };

const path: JsonSchema = {
  type: 'array',
  items: count,
  maxItems: 2,
  description: '`[i]` for entry i of the graph, `[i, j]` for arm or item j of it; empty for the whole run.',
};
const turn: JsonSchema = {
  type: 'string',
  description: 'Which execution of the place: epoch.iteration.resumption.attempt, comparable as text.',
};
const stepId: JsonSchema = { type: 'string', description: 'The step, block or mapping at `path`.' };
const stepStatus: JsonSchema = { type: 'string', enum: stepStatuses };

const parent: JsonSchema = {
  ...objectSchema({ required: { runId: id, path } }),
  description:
    'Of a nested run: the place that waits for it. Absent for runs that were started by themselves.',
};
const work: JsonSchema = {
  type: 'boolean',
  description: 'Whether the event also goes to the work queue. Of no concern to other readers.',
};

const base: Readonly<Record<string, JsonSchema>> = {
  format: { type: 'integer', minimum: 1, maximum: eventFormat, description: 'Version of the event format.' },
  id: {
    ...id,
    description:
      'The same for each repetition of the same fact, and for no other: what readers deduplicate by.',
  },
  work,
  workflowId: id,
  runId: id,
  epoch: { type: 'integer', minimum: 1, description: '1, and one more for each time travel.' },
  path,
  hop: { ...count, description: 'Number of events that led here, one after the other.' },
  time: { ...time, description: 'When the fact was published first, ms since 1970.' },
};

/** What the way to a worker adds on AWS. */
const delivered: Readonly<Record<string, JsonSchema>> = {
  lane: { ...id, description: 'The queue of its own that the step has. Of no concern to other readers.' },
  spent: {
    type: 'object',
    description: 'What was used for the run and is in no record of it yet. Of no concern to other readers.',
  },
};

function lifecycle(type: EventType, description: string, { required, optional = {} }: Fields): JsonSchema {
  const fields = { ...base, type: { const: type } satisfies JsonSchema, ...required };
  const more = required['work']?.const === false ? optional : { ...optional, ...delivered };
  return detailSchema(type, description, { required: fields, optional: more }, 'open');
}

function status(...statuses: readonly string[]): JsonSchema {
  return { type: 'string', enum: statuses };
}

const wholeRun: JsonSchema = { ...path, maxItems: 0 };

/** The schema of each event of the engine's, by its detail-type. */
export const lifecycleSchemas: Readonly<Record<EventType, JsonSchema>> = {
  'workflow.start': lifecycle('workflow.start', 'A run was started, or begins anew after a time travel.', {
    required: { path: wholeRun, status: status('running') },
    optional: { parent },
  }),
  'workflow.step.run': lifecycle(
    'workflow.step.run',
    'A step, block, sleep or nested run is to be executed.',
    {
      required: { work: { const: true }, turn, stepId },
      optional: {
        prev: {
          ...objectSchema({ required: { path, status: stepStatus } }),
          description:
            'What ended just before: all that is told of it when the ends of steps are switched off.',
        },
        to: {
          ...count,
          description: 'Of several items of a foreach: the last of them; `path` names the first.',
        },
        seesCell: {
          type: 'boolean',
          description: 'Members of its block have changed state or request context.',
        },
        restartedAt: {
          ...time,
          description: 'The restart whose request context it has to see, ms since 1970.',
        },
      },
    },
  ),
  'workflow.step.end': lifecycle(
    'workflow.step.end',
    'A step, arm, item or block has the status that it ends with.',
    {
      required: { work: { const: false }, turn, stepId, status: stepStatus },
    },
  ),
  'workflow.suspend': lifecycle(
    'workflow.suspend',
    'Nothing of the run goes on before somebody resumes it.',
    {
      required: { status: status('suspended', 'paused'), stepId },
      optional: { parent },
    },
  ),
  'workflow.resume': lifecycle('workflow.resume', 'A suspended step was resumed.', {
    required: { turn, stepId, status: status('running') },
    optional: { parent },
  }),
  'workflow.end': lifecycle('workflow.end', 'The run ended with a result.', {
    required: { path: wholeRun, status: status('success') },
    optional: { parent },
  }),
  'workflow.fail': lifecycle(
    'workflow.fail',
    'The run failed; `tripwire`: an agent in it refused to go on.',
    {
      required: { path: wholeRun, status: status('failed', 'tripwire') },
      optional: { parent },
    },
  ),
  'workflow.cancel': lifecycle('workflow.cancel', 'The run was canceled.', {
    required: { work: { const: true }, path: wholeRun, status: status('canceled') },
    optional: { parent },
  }),
  'workflow.timeout': lifecycle(
    'workflow.timeout',
    'The time of a run may be over. Timers send it to a worker: it is never on the bus.',
    {
      required: {
        work: { const: true },
        path: wholeRun,
        dueAt: { ...time, description: 'The deadline, ms since 1970.' },
      },
    },
  ),
};
