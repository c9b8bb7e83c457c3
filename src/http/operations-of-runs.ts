import { bodyOf, described, type Operation } from './operation.ts';
import {
  boolean,
  changed,
  cursor,
  exampleRun,
  inline,
  json,
  oneRun,
  outcomeWait,
  said,
  text,
  validated,
  wait,
} from './operation-parts.ts';
import { eventPage, historyPage, runResult, workflowState, workflowStateFields } from './responses.ts';
import {
  emptyBody,
  eventsQuery,
  historyQuery,
  keyResumeBody,
  restartBody,
  resultQuery,
  resumeBody,
  runQuery,
  timeTravelBody,
  waitQuery,
} from './schemas.ts';

/** Operations on one run. */

const reads: readonly Operation[] = [
  {
    route: 'GET /runs/:runId',
    id: 'getRun',
    tag: 'Runs',
    summary: 'A run with its steps',
    description: 'As it is stored now.',
    query: described(runQuery, {
      workflowId: { description: 'A run of another workflow is 404.', schema: text },
      fields: {
        description:
          'Names of the fields that are wanted beside the identity and status of the run, with commas between them. All but `requestContext` when absent.',
        schema: text,
      },
      nested: {
        description: 'Whether the steps of nested runs are shown.',
        schema: { ...boolean, default: true },
      },
      inline,
    }),
    answers: { 200: json('The run.', workflowState, { sparse: workflowStateFields }) },
    problems: oneRun,
    example: { path: exampleRun, query: { fields: 'status,steps' } },
  },
  {
    route: 'GET /runs/:runId/result',
    id: 'getResult',
    tag: 'Runs',
    summary: 'A run as a result',
    description: 'As it is at the end of the wait: look at its `status`.',
    query: described(resultQuery, {
      wait: outcomeWait,
      state: { description: 'Adds `state`.', schema: boolean },
      labels: { description: 'Adds `resumeLabels` to a suspended run.', schema: boolean },
      inline,
    }),
    answers: { 200: json('The run.', runResult) },
    problems: oneRun,
    example: { path: exampleRun, query: { wait: '25', labels: 'true' } },
  },
  {
    route: 'GET /runs/:runId/events',
    id: 'getEvents',
    tag: 'Runs',
    summary: 'What happened to a run, and what happens',
    description:
      'A page of events in JSON. With `Accept: text/event-stream`, where the place can stream (the local server can, AWS cannot): ' +
      'server-sent events. An event of the run is a message without a name; `done` is the last message, `problem` has a problem document.',
    query: described(eventsQuery, {
      cursor: cursor('from the beginning'),
      wait: wait('for an event when there is none yet'),
      inline,
    }),
    headers: {
      'Last-Event-ID': {
        description: 'Of a stream: `id` of the last message. Wins over `cursor`.',
        schema: { type: 'string' },
      },
    },
    answers: {
      200: {
        description: 'A page of events, or a stream of them.',
        content: { 'application/json': eventPage, 'text/event-stream': { type: 'string' } },
      },
      204: { description: 'To a stream with `Last-Event-ID`: all was told.' },
    },
    problems: ['WORKFLOW_CURSOR_INVALID', ...oneRun],
    example: { path: exampleRun, query: { wait: '25' } },
  },
  {
    route: 'GET /runs/:runId/history',
    id: 'getHistory',
    tag: 'Runs',
    summary: 'Every state that a run went through',
    description: 'With attempts, iterations and former epochs. A page has about 500 states.',
    query: described(historyQuery, { cursor: cursor('from the beginning'), inline }),
    answers: { 200: json('A page of states.', historyPage) },
    problems: ['WORKFLOW_CURSOR_INVALID', 'WORKFLOW_HISTORY_ABSENT', ...oneRun],
    example: { path: exampleRun },
  },
];

const changes: readonly Operation[] = [
  {
    route: 'POST /runs/:runId/resume',
    id: 'resumeRun',
    tag: 'Runs',
    summary: 'Resumes a suspended step',
    description:
      'Answers when the resumption is stored. Of several callers one wins, the others learn who did. ' +
      'A suspension that is just being stored is awaited for 2 s.',
    query: described(waitQuery, { wait: outcomeWait }),
    body: bodyOf(resumeBody, {
      step: 'Step id, or path of ids. The only suspended step when absent.',
      label: 'A resume label; wins over `step`.',
      forEachIndex: 'Item of a foreach. All of its suspended items when absent.',
      resumeData: 'Validated by the `resumeSchema` of the step.',
      resumeValue: 'SHA-256 of a value that was put for this run: instead of `resumeData`.',
      requestContext: said.requestContext,
      perStep: said.perStep,
    }),
    answers: changed('The resumption is stored.'),
    problems: [
      ...oneRun,
      ...validated,
      'WORKFLOW_VALUE_NOT_FOUND',
      'WORKFLOW_RESUME_LABEL_NOT_FOUND',
      'WORKFLOW_RUN_NOT_SUSPENDED',
      'WORKFLOW_RESUME_AMBIGUOUS',
      'WORKFLOW_RESUME_ALREADY_CLAIMED',
      'WORKFLOW_RUN_ALREADY_FINISHED',
      'WORKFLOW_RUN_PARKED',
    ],
    example: {
      path: exampleRun,
      body: { step: 'ask-approval', resumeData: { approved: true, by: 'Ada' } },
    },
  },
  {
    route: 'POST /resume',
    id: 'resumeByKey',
    tag: 'Runs',
    summary: 'Resumes the step that waits under a key',
    description:
      'In whichever run of the caller that is: the answer names the outermost one. Of several callers one wins. ' +
      'A suspension that is just being stored is awaited for 2 s.',
    query: described(waitQuery, { wait: outcomeWait }),
    headers: {
      'Idempotency-Key': {
        description:
          'With it, the request can be repeated safely: it means the suspension that it found at first, and answers `changed: false` when that is resumed already. 1 to 255 printable ASCII characters.',
        schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x20-\\x7e]+$' },
      },
    },
    body: bodyOf(
      keyResumeBody,
      {
        key: 'What the step gave to `suspend` as a `resumeKey`, 1 to 512 characters.',
        resumeData: 'Validated by the `resumeSchema` of the step.',
        requestContext: said.requestContext,
        perStep: said.perStep,
      },
      true,
    ),
    answers: changed('The resumption is stored.'),
    problems: [
      'WORKFLOW_RESUME_KEY_NOT_FOUND',
      ...oneRun,
      ...validated,
      'WORKFLOW_RUN_NOT_SUSPENDED',
      'WORKFLOW_RESUME_ALREADY_CLAIMED',
      'WORKFLOW_RUN_ALREADY_FINISHED',
    ],
    example: {
      headers: { 'Idempotency-Key': 'payment-event-7' },
      body: { key: 'payment:42', resumeData: { paid: true } },
    },
  },
  {
    route: 'POST /runs/:runId/cancel',
    id: 'cancelRun',
    tag: 'Runs',
    summary: 'Cancels a run',
    description:
      'Its status is final with the answer. A run that is canceled answers again, with `changed: false`.',
    body: bodyOf(emptyBody, {}),
    answers: changed('The run is canceled.'),
    problems: [...oneRun, 'WORKFLOW_RUN_ALREADY_FINISHED'],
    example: { path: exampleRun },
  },
  {
    route: 'POST /runs/:runId/time-travel',
    id: 'timeTravel',
    tag: 'Runs',
    summary: 'Executes a run anew from one of its steps',
    description:
      'What lies before the step stays; it and all behind it are executed anew. Not for a run that is active.',
    query: described(waitQuery, { wait: outcomeWait }),
    body: bodyOf(
      timeTravelBody,
      {
        step: 'Step id, or path of ids through nested workflows.',
        inputData:
          'Output of the entry before; of the first step, the input of the run. As it is stored when absent.',
        inputValue: 'SHA-256 of a value that was put for this run: instead of `inputData`.',
        resumeData: 'Resumes the step with this.',
        initialState: said.initialState,
        context: 'Entries of steps by their ids: they win over what is stored.',
        nestedStepsContext: 'The same for each nested workflow, by its step id.',
        requestContext: said.requestContext,
        perStep: said.perStep,
      },
      true,
    ),
    answers: changed('The new epoch is stored.'),
    problems: [
      ...oneRun,
      ...validated,
      'WORKFLOW_VALUE_NOT_FOUND',
      'WORKFLOW_RUN_ACTIVE',
      'WORKFLOW_CONCURRENCY_LIMIT',
    ],
    example: { path: exampleRun, body: { step: 'assess' } },
  },
  {
    route: 'POST /runs/:runId/restart',
    id: 'restartRun',
    tag: 'Runs',
    summary: 'Executes again what was active in a run',
    description:
      'For a run whose worker is gone: what has finished stays. A run that is over answers as it is.',
    query: described(waitQuery, { wait: outcomeWait }),
    body: bodyOf(restartBody, { requestContext: said.requestContext }),
    answers: changed('The restart is stored.'),
    problems: [...oneRun, ...validated, 'WORKFLOW_RUN_NOT_ACTIVE', 'WORKFLOW_RUN_PARKED'],
    example: { path: exampleRun },
  },
  {
    route: 'DELETE /runs/:runId',
    id: 'deleteRun',
    tag: 'Runs',
    summary: 'Removes a run for good',
    description: 'With those nested in it. One that is active is canceled before.',
    answers: { 204: { description: 'The run is gone.' } },
    problems: oneRun,
    example: { path: exampleRun },
  },
];

/** See the module. */
export const runOperations: readonly Operation[] = [...reads, ...changes];
