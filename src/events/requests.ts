import { type ErrorCode, errorStatus } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { scheduledRunIds } from '../core/schedule.ts';
import { detailSchema, type Fields, type JsonSchema } from './json-schema.ts';

/** What other sources may ask for by events, and the answer to what is refused. */

/** Detail-types of requests. Of an event of another source they are a wish and never a fact. */
export const requestTypes = ['workflow.start', 'workflow.resume', 'workflow.cancel'] as const;
/** See {@link requestTypes}. */
export type RequestType = (typeof requestTypes)[number];

/** Detail-type of the answer to a request that is refused. */
export const refusalType = 'workflow.request.refused';

interface RequestDetail {
  /**
   * Tells the request from all others of its source, 1 to 200 characters: a request that is put twice is done once.
   * @default the id that EventBridge gives the event, which is the same for each delivery of it, but not for each put
   */
  readonly requestId?: string;
}

/** Detail of a request `workflow.start`. */
export interface StartRequestDetail extends RequestDetail {
  readonly workflowId: string;
  /** 1 to 200 characters. @default made of the source and the request's id */
  readonly runId?: string;
  /** Validated by the workflow's `inputSchema`. @default undefined */
  readonly inputData?: unknown;
  /** Validated by the workflow's `stateSchema`, when it is given. @default {} */
  readonly initialState?: Readonly<Record<string, unknown>>;
  /** Validated by the workflow's `requestContextSchema`. @default {} */
  readonly requestContext?: Readonly<Record<string, unknown>>;
  /** The author's grouping key. 1 to 200 characters. @default none */
  readonly resourceId?: string;
}

/** Detail of a request `workflow.resume`: of the step that waits under a key, or of one that its run names. */
export interface ResumeRequestDetail extends RequestDetail {
  /** Either this or `key`. */
  readonly runId?: string;
  /** What the step gave to `suspend` as a `resumeKey`, instead of `runId` and of what says which step. 1 to 512 characters. */
  readonly key?: string;
  /** Step id, or path of ids. @default the only suspended step */
  readonly step?: string | readonly string[];
  /** Wins over `step`. @default none */
  readonly label?: string;
  /** Item of a foreach, from 0. @default all of its suspended items */
  readonly forEachIndex?: number;
  /** Validated by the step's `resumeSchema`. @default undefined */
  readonly resumeData?: unknown;
  /** Keys that win over those of the run. @default none */
  readonly requestContext?: Readonly<Record<string, unknown>>;
}

/** Detail of a request `workflow.cancel`. */
export interface CancelRequestDetail extends RequestDetail {
  readonly runId: string;
}

/** Detail of the event that answers a refused request. It has no value of the request. */
export interface RequestRefused {
  readonly type: typeof refusalType;
  /** Nobody works on it. */
  readonly work: false;
  /** Of the request: its `requestId`, else the id that EventBridge gave it. With `source`, what readers deduplicate by. */
  readonly id: string;
  /** Source of the request. */
  readonly source: string;
  /** Detail-type of the request. */
  readonly request: string;
  readonly code: ErrorCode;
  /** Why, and what to do about it; at most 1,000 characters. */
  readonly message: string;
  /** As the request has them. */
  readonly workflowId?: string;
  readonly runId?: string;
  /** When it was refused, ms since 1970; repetitions may differ. */
  readonly time: number;
}

const text: JsonSchema = { type: 'string', minLength: 1, maxLength: limits.idLength };
/** A run's id is written in URLs, which swallow dot segments. */
export const runIdPattern = '^(?!\\.{1,2}$)';
/** Of a run that is to be started: no id of a schedule's runs either. */
export const newRunIdPattern = `${runIdPattern}(?!${scheduledRunIds.slice(1)})`;
const runId: JsonSchema = { ...text, pattern: runIdPattern };
const values: JsonSchema = { type: 'object' };
const anything: JsonSchema = {};

const requestId: JsonSchema = {
  ...text,
  description:
    'Tells the request from all others of its source. Without one, the id that EventBridge gives each event.',
};

function request(type: RequestType, description: string, { required, optional = {} }: Fields): JsonSchema {
  return detailSchema(
    `request:${type}`,
    description,
    { required, optional: { ...optional, requestId } },
    'closed',
  );
}

/** The schema of each request's detail, by its detail-type. An unknown field is refused: it is a misspelled one more often than not. */
export const requestSchemas: Readonly<Record<RequestType, JsonSchema>> = {
  'workflow.start': request('workflow.start', 'Asks for a run of a workflow.', {
    required: { workflowId: text },
    optional: {
      runId: {
        ...runId,
        pattern: newRunIdPattern,
        description: 'Without one, an id is made of the source and the id of the request.',
      },
      inputData: { ...anything, description: "Validated by the workflow's input schema." },
      initialState: { ...values, description: "Validated by the workflow's state schema." },
      requestContext: { ...values, description: "Validated by the workflow's request context schema." },
      resourceId: { ...text, description: "The author's grouping key, by which runs are listed." },
      timeoutMs: {
        type: 'integer',
        minimum: 1,
        maximum: limits.runTimeoutMs,
        description: "Longest time of the run, ms. Without one, the workflow's.",
      },
    },
  }),
  'workflow.resume': request('workflow.resume', 'Asks to resume a suspended step.', {
    required: {},
    optional: {
      runId: { ...runId, description: 'Either this or `key`.' },
      key: {
        ...text,
        maxLength: limits.resumeKeyLength,
        description:
          'Key that the step suspended with, in whichever run of the owner: instead of `runId`, `step`, `label` and `forEachIndex`.',
      },
      step: {
        anyOf: [text, { type: 'array', items: text, minItems: 1 }],
        description: 'Step id, or ids along nested workflows. Without one, the only suspended step.',
      },
      label: { ...text, description: 'Label that the step suspended with. Wins over `step`.' },
      forEachIndex: {
        type: 'integer',
        minimum: 0,
        maximum: limits.joinMembers - 1,
        description: 'Item of a foreach. Without one, all of its suspended items.',
      },
      resumeData: { ...anything, description: "Validated by the step's resume schema." },
      requestContext: { ...values, description: 'Keys that win over those of the run.' },
    },
  }),
  'workflow.cancel': request('workflow.cancel', 'Asks to cancel a run.', { required: { runId } }),
};

/** Longest message of a refusal, in characters. */
export const refusalMessageLength = 1_000;

/** The schema of the answer to a refused request. */
export const refusalSchema: JsonSchema = detailSchema(
  refusalType,
  'A request was refused. It is not tried again.',
  {
    required: {
      type: { const: refusalType },
      work: { const: false },
      id: {
        type: 'string',
        minLength: 1,
        description:
          'Of the request; with `source` the same for each repetition of the answer, and for no other.',
      },
      source: { type: 'string', minLength: 1, description: 'Of the request.' },
      request: { type: 'string', minLength: 1, description: 'Detail-type of the request.' },
      code: { type: 'string', enum: Object.keys(errorStatus) },
      message: {
        type: 'string',
        maxLength: refusalMessageLength,
        description: 'Why, and what to do about it. Has no value of the request.',
      },
      time: { type: 'number', description: 'When it was refused, ms since 1970.' },
    },
    optional: { workflowId: text, runId: text },
  },
  'open',
);
