import { z } from 'zod';
import { createStep, createWorkflow } from '../../../src/index.ts';
import { any, flow, passing } from '../reference/steps.ts';
import { type Failed, failingStep, made } from './case.ts';

const number = z.object({ n: z.number() });
const wrong = 'Invalid input: expected number, received string';
const issues = [{ path: 'n', message: wrong }];

function invalid(code: string, headline: string, details: object = { stepId: 'fails' }): object {
  return {
    name: 'WorkflowError',
    code,
    message: `${headline}: \n- n: ${wrong}`,
    details: { ...details, issues },
    cause: { issues },
  };
}

/** What does not fit a schema of a step. */
export const unfitValues: readonly Failed[] = [
  {
    situation: 'the input of a step does not fit',
    workflow: () =>
      made(
        flow('flow')
          .then(failingStep(async () => 0, { inputSchema: number }))
          .commit(),
      ),
    inputData: { n: 'one' },
    error: invalid('WORKFLOW_STEP_INPUT_VALIDATION_FAILED', 'Step input validation failed'),
  },
  {
    situation: 'the request context of a step does not fit',
    workflow: () =>
      made(
        flow('flow')
          .then(
            failingStep(
              async ({ requestContext }) => {
                requestContext.set('n', 'one');
                return {};
              },
              { id: 'sets' },
            ),
          )
          .then(failingStep(async () => 0, { requestContextSchema: number }))
          .commit(),
      ),
    error: invalid(
      'WORKFLOW_SCHEMA_VALIDATION_FAILED',
      "Step request context validation failed for step 'fails'",
    ),
  },
  {
    situation: 'what setState is given does not fit',
    workflow: () =>
      made(
        createWorkflow({ id: 'flow', inputSchema: any, outputSchema: any, stateSchema: any })
          .then(
            failingStep(
              async ({ setState }) => {
                await setState({ n: 'one' } as never);
              },
              { stateSchema: number },
            ) as never,
          )
          .commit(),
      ),
    error: invalid('WORKFLOW_STEP_DATA_VALIDATION_FAILED', 'Step state data validation failed'),
  },
  {
    situation: 'what suspend is given does not fit',
    workflow: () =>
      made(
        flow('flow')
          .then(failingStep(async ({ suspend }) => suspend({ n: 'one' } as never), { suspendSchema: number }))
          .commit(),
      ),
    error: invalid('WORKFLOW_STEP_DATA_VALIDATION_FAILED', 'Step suspend data validation failed'),
  },
  {
    situation: 'an output cannot be stored',
    workflow: () =>
      made(
        flow('flow')
          .then(failingStep(async () => ({ list: [() => 1] })))
          .commit(),
      ),
    error: {
      name: 'WorkflowError',
      code: 'WORKFLOW_VALUE_NOT_STORABLE',
      message:
        'output of step "fails".list[0] is a function, which cannot be stored: store data only, and rebuild functions from it',
      details: { kind: 'a function', path: 'output of step "fails".list[0]' },
    },
  },
];

const ofAuthor = Object.assign(new RangeError('of the author', { cause: 'deep' }), { hint: 7 });
const ofAuthorJson = { name: 'RangeError', message: 'of the author', cause: 'deep', hint: 7 };

const throwsOfAuthor = async (): Promise<never> => {
  throw ofAuthor;
};

const first = passing('first', { x: 1 }).step;

/** What fails between bodies. */
export const failedEntries: readonly Failed[] = [
  {
    situation: 'the condition of a loop throws',
    workflow: () =>
      made(
        flow('flow')
          .dountil(
            failingStep(async () => 0),
            throwsOfAuthor,
          )
          .commit(),
      ),
    error: ofAuthorJson,
    type: RangeError,
  },
  {
    situation: 'the function of a sleep throws',
    workflow: () => made(flow('flow').sleep(throwsOfAuthor, { id: 'fails' }).commit()),
    error: ofAuthorJson,
    type: RangeError,
  },
  {
    situation: 'the function of a mapping throws',
    workflow: () => made(flow('flow').map(throwsOfAuthor, { id: 'fails' }).commit()),
    error: ofAuthorJson,
    type: RangeError,
  },
  {
    situation: 'the concurrency of a foreach throws',
    workflow: () =>
      made(
        flow('flow')
          .foreach(
            failingStep(async () => 0),
            {
              concurrency: () => {
                throw ofAuthor;
              },
            },
          )
          .commit(),
      ),
    inputData: [1],
    error: ofAuthorJson,
    type: RangeError,
  },
  {
    situation: 'a path of a mapping leads through what is no object',
    workflow: () =>
      made(
        flow('flow')
          .then(first)
          .map({ out: { step: first, path: 'x.y.z' } }, { id: 'fails' })
          .commit(),
      ),
    error: {
      name: 'WorkflowError',
      code: 'WORKFLOW_MAPPING_PATH_INVALID',
      message: 'Invalid path x.y.z in step first',
      details: { path: 'x.y.z', source: 'step first' },
    },
  },
  {
    situation: 'a path of a mapping leads through an input that is no object',
    workflow: () => {
      const outer = flow('flow');
      return made(outer.map({ out: { initData: outer, path: 'x.y' } }, { id: 'fails' }).commit());
    },
    inputData: { x: 1 },
    error: {
      name: 'WorkflowError',
      code: 'WORKFLOW_MAPPING_PATH_INVALID',
      message: 'Invalid path x.y in initData',
      details: { path: 'x.y', source: 'initData' },
    },
  },
  {
    situation: 'a template names a step that has no result',
    workflow: () =>
      made(
        flow('flow')
          // oxlint-disable-next-line no-template-curly-in-string -- it is a template of a mapping
          .map({ out: { template: '${stepResults.never.x}' } }, { id: 'fails' })
          .commit(),
      ),
    error: {
      name: 'WorkflowError',
      code: 'WORKFLOW_MAPPING_PATH_INVALID',
      message: 'A template names step never, which has no result: it was not executed, or was no success',
      details: { path: 'x', source: 'step never' },
    },
  },
  {
    situation: 'a foreach is given nothing',
    workflow: () =>
      made(
        flow('flow')
          .then(passing('none', null).step)
          .foreach(failingStep(async () => 0))
          .commit(),
      ),
    error: {
      name: 'WorkflowError',
      code: 'WORKFLOW_STEP_INPUT_VALIDATION_FAILED',
      message: 'The foreach over "fails" was given null: the entry before it has to give an array',
      details: { stepId: 'fails' },
      cause: { name: 'TypeError', message: 'null is not iterable' },
    },
  },
  {
    situation: 'a step takes longer than it may',
    workflow: () =>
      made(
        flow('flow')
          .then(
            failingStep(
              async ({ abortSignal }) =>
                new Promise((_, reject) => {
                  abortSignal.addEventListener('abort', () => reject(new Error('of the body')));
                }),
              { timeoutMs: 20 },
            ),
          )
          .commit(),
      ),
    error: {
      name: 'WorkflowError',
      code: 'WORKFLOW_STEP_TIMEOUT',
      message:
        'Step "fails" was stopped at its timeoutMs of 20 ms: raise timeoutMs, or let the step do less at once',
      details: { stepId: 'fails', runId: 'run', limitMs: 20, limitedBy: 'step' },
    },
  },
  {
    situation: 'the runtime does not have an agent',
    workflow: () => made(flow('flow').agent('writer', {}, { id: 'fails' }).commit()),
    inputData: { prompt: 'Who?' },
    error: {
      name: 'WorkflowError',
      code: 'WORKFLOW_AGENT_NOT_FOUND',
      message:
        "Agent 'writer' not found for workflow step 'fails'. Give it to the runtime: createRuntime({ agents: { ... } })",
      details: { stepId: 'fails', workflowId: 'flow' },
    },
  },
  {
    situation: 'the runtime does not have a tool',
    workflow: () => made(flow('flow').tool('shout', {}, { id: 'fails' }).commit()),
    error: {
      name: 'WorkflowError',
      code: 'WORKFLOW_TOOL_NOT_FOUND',
      message:
        "Tool 'shout' not found for workflow step 'fails'. Give it to the runtime: createRuntime({ tools: { ... } })",
      details: { stepId: 'fails', workflowId: 'flow' },
    },
  },
  {
    situation: 'an agent gives no object',
    workflow: () =>
      made(
        flow('flow')
          .then(
            createStep({ id: 'fails', stream: () => ({ text: 'no object' }) } as never, {
              structuredOutput: { schema: number },
            }) as never,
          )
          .commit(),
      ),
    inputData: { prompt: 'Who?' },
    error: {
      name: 'WorkflowError',
      code: 'STRUCTURED_OUTPUT_OBJECT_UNDEFINED',
      message:
        'The agent of step "fails" gave no object: its structuredOutput names a schema, which its model did not fill',
      details: { stepId: 'fails' },
    },
  },
];
