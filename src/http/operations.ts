import * as z from 'zod';
import { runStatuses } from '../core/records.ts';
import { bodyOf, described, openApiVersion, type Operation } from './operation.ts';
import {
  cursor,
  json,
  location,
  oneRun,
  outcomeWait,
  said,
  stored,
  text,
  validated,
} from './operation-parts.ts';
import { runOperations } from './operations-of-runs.ts';
import { valueOperations } from './operations-of-values.ts';
import { health, runList, storedRun, workflowDescription, workflowList } from './responses.ts';
import { listQuery, startBody, waitQuery } from './schemas.ts';

/** Every operation of the API: what its document is made of. A test compares it with `httpRoutes`. */

const serverOperations: readonly Operation[] = [
  {
    route: 'GET /health',
    id: 'getHealth',
    tag: 'Server',
    summary: 'Whether the server answers',
    description: 'Looks at nothing but the server itself. The local server lets everybody in.',
    answers: { 200: json('It does.', health) },
    problems: [],
    open: true,
    example: {},
  },
  {
    route: 'GET /openapi.json',
    id: 'getOpenApi',
    tag: 'Server',
    summary: 'This document',
    description:
      'OpenAPI 3.1. It is made from the schemas by which the server checks bodies and the tests check answers.',
    answers: { 200: json('The document.', z.looseObject({ openapi: z.literal(openApiVersion) })) },
    problems: [],
    example: {},
  },
  {
    route: 'GET /docs',
    id: 'getDocs',
    tag: 'Server',
    summary: 'This document as a page',
    description: 'One HTML document for people, which loads nothing and runs no scripts.',
    answers: { 200: { description: 'The page.', content: { 'text/html': { type: 'string' } } } },
    problems: [],
    example: {},
  },
];

const timeForms = 'ISO 8601 with an offset, a date (its midnight in UTC), or milliseconds since 1970';

const workflowOperations: readonly Operation[] = [
  {
    route: 'GET /workflows',
    id: 'listWorkflows',
    tag: 'Workflows',
    summary: 'The workflows',
    description: 'All that the server knows, in the order of their registration.',
    answers: { 200: json('The workflows.', workflowList) },
    problems: [],
    example: {},
  },
  {
    route: 'GET /workflows/:workflowId',
    id: 'describeWorkflow',
    tag: 'Workflows',
    summary: 'Graph and JSON Schemas of a workflow',
    description: 'Schemas are there when the library that they are written with can give JSON Schema.',
    answers: { 200: json('The workflow.', workflowDescription) },
    problems: ['WORKFLOW_NOT_FOUND'],
    example: { path: { workflowId: 'orders' } },
  },
  {
    route: 'POST /workflows/:workflowId/runs',
    id: 'startRun',
    tag: 'Workflows',
    summary: 'Starts a run',
    description:
      'Answers when the run is stored, not when it is done. The same `runId` or `Idempotency-Key` with an equal body answers ' +
      '200 with the run as it is, so that a start can be repeated safely; with another body it is 409.',
    query: described(waitQuery, { wait: outcomeWait }),
    headers: {
      'Idempotency-Key': {
        description:
          'The id of the run follows from it, from the workflow and from the caller: 1 to 255 printable ASCII characters. Not together with `runId`.',
        schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x20-\\x7e]+$' },
      },
    },
    body: bodyOf(startBody, {
      runId: 'Id of the run, 1 to 200 characters. A new UUID when absent.',
      inputData: 'Input, validated by the `inputSchema` of the workflow.',
      inputValue:
        'SHA-256 of a value that was put for this run: the input, instead of `inputData`. Needs `runId`.',
      initialState: said.initialState,
      requestContext: 'Request context, validated by the `requestContextSchema` of the workflow.',
      resourceId: 'Your own grouping key, 1 to 200 characters.',
      perStep: said.perStep,
      timeoutMs:
        'Longest time of the run, ms: one that is not over then fails with WORKFLOW_RUN_TIMEOUT. That of the workflow when absent. Not compared with that of a run that is there.',
    }),
    answers: {
      200: json(
        'The run was there already, with an equal body; or another one that goes on instead, where the workflow says so.',
        storedRun,
        { headers: location },
      ),
      201: json('The run is stored.', storedRun, { headers: location }),
    },
    problems: [
      'WORKFLOW_RUN_CONFLICT',
      'WORKFLOW_CONCURRENCY_LIMIT',
      'WORKFLOW_VALUE_NOT_FOUND',
      ...oneRun,
      ...validated,
    ],
    example: {
      path: { workflowId: 'orders' },
      query: { wait: '5' },
      headers: { 'Idempotency-Key': 'order-4711' },
      body: {
        inputData: { csv: 'order,customer,product,quantity,price\n1001,Ada,COFFEE-1KG,6,18.50\n' },
        resourceId: 'shop-7',
      },
    },
  },
];

const listOperation: Operation = {
  route: 'GET /runs',
  id: 'listRuns',
  tag: 'Runs',
  summary: 'Runs, newest first',
  description: 'Where callers are told apart, only those of the caller.',
  query: described(listQuery, {
    workflowId: { description: 'Only runs of this workflow.', schema: text },
    status: { description: 'Only runs with this status.', schema: { type: 'string', enum: runStatuses } },
    resourceId: { description: 'Only runs with this grouping key.', schema: text },
    parked: {
      description:
        'With `true`, only runs that wait for code which is not there; runs nested in others are among them, and `root` names the outermost.',
      schema: { type: 'boolean', default: false },
    },
    createdFrom: { description: `Created at this time or later: ${timeForms}.`, schema: text },
    createdTo: { description: 'Created at this time or earlier, in the same forms.', schema: text },
    limit: {
      description: 'Runs of a page.',
      schema: { type: 'integer', minimum: 1, maximum: 1_000, default: 50 },
    },
    cursor: cursor('the newest; the other parameters have to be those of the page before'),
  }),
  answers: { 200: json('A page of runs.', runList) },
  problems: ['WORKFLOW_CURSOR_INVALID', ...stored],
  example: { query: { workflowId: 'orders', status: 'suspended', limit: '10' } },
};

/** All operations, in the order in which people read them. */
export const operations: readonly Operation[] = [
  ...workflowOperations,
  listOperation,
  ...runOperations,
  ...valueOperations,
  ...serverOperations,
];
