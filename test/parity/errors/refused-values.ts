import { z } from 'zod';
import { createStep, createWorkflow } from '../../../src/index.ts';
import { any, asking, flow, passing } from '../reference/steps.ts';
import { ids, made, type Refused, start } from './case.ts';
import type { ShownRefusal } from './shown.ts';

const number = z.object({ n: z.number() });
const wrong = 'Invalid input: expected number, received string';
const issues = [{ path: 'n', message: wrong }];

function invalid(headline: string, details: object): ShownRefusal {
  return {
    code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
    message: `${headline}: \n- n: ${wrong}`,
    details: { ...details, issues },
    cause: { issues },
  };
}

/** Refused because of what they bring. */
export const refusedValues: readonly Refused[] = [
  {
    situation: 'the input does not fit',
    workflow: () =>
      made(
        createWorkflow({ id: 'flow', inputSchema: number, outputSchema: any })
          .then(passing('a').step)
          .commit(),
      ),
    call: (calls) => calls.start({ inputData: { n: 'one' } }),
    error: invalid('Invalid input data', { workflowId: 'flow' }),
  },
  {
    situation: 'the initial state does not fit',
    workflow: () =>
      made(
        createWorkflow({ id: 'flow', inputSchema: any, outputSchema: any, stateSchema: number })
          .then(passing('a').step as never)
          .commit(),
      ),
    call: (calls) => calls.start({ inputData: {}, initialState: { n: 'one' } }),
    error: invalid('Invalid initial data', { workflowId: 'flow' }),
  },
  {
    situation: 'the request context does not fit',
    workflow: () =>
      made(
        createWorkflow({ id: 'flow', inputSchema: any, outputSchema: any, requestContextSchema: number })
          .then(passing('a').step as never)
          .commit(),
      ),
    call: (calls) => calls.start({ inputData: {}, requestContext: { n: 'one' } }),
    error: invalid("Request context validation failed for workflow 'flow'", { workflowId: 'flow' }),
  },
  {
    situation: 'the schema itself throws',
    workflow: () =>
      made(
        createWorkflow({
          id: 'flow',
          inputSchema: z.any().transform((): unknown => {
            throw new RangeError('no such unit');
          }),
          outputSchema: any,
        })
          .then(passing('a').step)
          .commit(),
      ),
    call: start,
    error: {
      code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
      message: 'Invalid input data: the schema itself threw: no such unit',
      details: { workflowId: 'flow' },
      cause: { name: 'RangeError', message: 'no such unit' },
    },
    // Whatever a schema throws may tell of the inside of the server.
    overHttp: {
      code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
      message: 'Invalid input data: the schema itself threw: no such unit',
      details: { workflowId: 'flow' },
    },
  },
  {
    situation: 'onStart throws',
    workflow: () =>
      made(
        createWorkflow({
          id: 'flow',
          inputSchema: any,
          outputSchema: any,
          options: {
            onStart: () => {
              throw new TypeError('not today');
            },
          },
        })
          .then(passing('a').step)
          .commit(),
      ),
    call: start,
    error: { message: 'not today' },
    overHttp: {
      code: 'HTTP_INTERNAL_ERROR',
      message: 'The server failed; its log says why.',
      details: {},
    },
  },
  {
    situation: 'the run exists with another input',
    workflow: () => made(flow('flow').then(asking('ask').step).commit()),
    before: (calls) => calls.start({ inputData: { n: 1 } }),
    call: (calls) => calls.start({ inputData: { n: 2 } }),
    error: {
      code: 'WORKFLOW_RUN_CONFLICT',
      message: 'Run "run" exists already, with other input: start under another run id',
      details: { ...ids, status: 'suspended' },
    },
  },
  {
    situation: 'the resume data do not fit',
    workflow: () =>
      made(
        flow('flow')
          .then(
            createStep({
              id: 'ask',
              inputSchema: any,
              outputSchema: any,
              resumeSchema: number,
              execute: async ({ suspend }) => suspend({}),
            }),
          )
          .commit(),
      ),
    before: start,
    call: (calls) => calls.resume({ resumeData: { n: 'one' } }),
    error: invalid('Invalid resume data', { runId: 'run', stepId: 'ask' }),
  },
  {
    situation: 'the input of a time travel does not fit',
    workflow: () =>
      made(
        flow('flow')
          .then(
            createStep({
              id: 'a',
              inputSchema: number,
              outputSchema: any,
              execute: async ({ inputData }) => inputData,
            }),
          )
          .commit(),
      ),
    before: (calls) => calls.start({ inputData: { n: 1 } }),
    call: (calls) => calls.timeTravel({ step: 'a', inputData: { n: 'one' } }),
    error: invalid('Invalid inputData', { runId: 'run' }),
  },
];
