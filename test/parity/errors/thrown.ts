import { NonRetryableError } from '../../../src/index.ts';
import { flow, passing } from '../reference/steps.ts';
import type { AuthorsWorkflow } from './calls.ts';
import { type Failed, failingStep, made } from './case.ts';

/** Throws what `make` gives. */
function throwing(make: () => unknown, more: object = {}): () => AuthorsWorkflow {
  const body = async (): Promise<never> => {
    throw make();
  };
  return () => made(flow('flow').then(failingStep(body, more)).commit());
}

class CardDeclined extends Error {
  override readonly name = 'CardDeclined';
  readonly reason = 'limit';
  readonly at = new Date(0);
}

/** An error of a class of the author, with causes of several kinds. */
function declined(): Error {
  const bank = Object.assign(new TypeError('of the bank', { cause: { code: 'E51', tries: [1, 2] } }), {
    statusCode: 402,
  });
  return new CardDeclined('too much', { cause: bank });
}

const declinedJson = {
  name: 'CardDeclined',
  message: 'too much',
  reason: 'limit',
  at: '1970-01-01T00:00:00.000Z',
  cause: {
    name: 'TypeError',
    message: 'of the bank',
    statusCode: 402,
    cause: { code: 'E51', tries: [1, 2] },
  },
};

/** What a body throws. */
export const thrownErrors: readonly Failed[] = [
  { situation: 'an error with properties and causes', workflow: throwing(declined), error: declinedJson },
  {
    situation: 'an error of a built-in class',
    workflow: throwing(() => new RangeError('too far')),
    error: { name: 'RangeError', message: 'too far' },
    type: RangeError,
  },
  {
    situation: 'an error of several errors',
    workflow: throwing(() => new AggregateError([new TypeError('one'), new Error('two')], 'both')),
    error: {
      name: 'AggregateError',
      message: 'both',
      errors: [
        { name: 'TypeError', message: 'one' },
        { name: 'Error', message: 'two' },
      ],
    },
    type: AggregateError as never,
  },
  {
    situation: 'an error that forbids retries',
    workflow: throwing(() => new NonRetryableError('for good'), { retries: 2 }),
    error: { name: 'NonRetryableError', message: 'for good', isNonRetryable: true },
  },
  {
    situation: 'a text',
    workflow: throwing(() => 'just text'),
    error: {
      name: 'WorkflowError',
      code: 'WORKFLOW_STEP_FAILED',
      message: 'just text',
      details: {},
      cause: 'just text',
    },
  },
  {
    situation: 'an object',
    workflow: throwing(() => ({ message: 'of an object', hint: 7 })),
    error: {
      name: 'WorkflowError',
      code: 'WORKFLOW_STEP_FAILED',
      message: 'of an object',
      details: {},
      hint: 7,
    },
  },
  {
    situation: 'an object with a code of its own',
    workflow: throwing(() => ({ message: 'of an object', code: 'EPIPE' })),
    error: { name: 'Error', message: 'of an object', code: 'EPIPE' },
  },
  {
    situation: 'an object without a message',
    workflow: throwing(() => ({ hint: 7 })),
    error: {
      name: 'WorkflowError',
      code: 'WORKFLOW_STEP_FAILED',
      message: '{"hint":7}',
      details: {},
      hint: 7,
    },
  },
  {
    situation: 'nothing',
    workflow: throwing(() => undefined),
    error: {
      name: 'WorkflowError',
      code: 'WORKFLOW_STEP_FAILED',
      message: 'Unknown step execution error: undefined',
      details: {},
    },
  },
  {
    situation: 'an error, after all retries',
    workflow: () =>
      made(
        flow('flow')
          .then(
            failingStep(
              async ({ retryCount }) => {
                throw Object.assign(new Error(`try ${retryCount}`), { retryCount });
              },
              { retries: 2 },
            ),
          )
          .commit(),
      ),
    error: { name: 'Error', message: 'try 2', retryCount: 2 },
  },
  {
    situation: 'an error, in a nested workflow',
    workflow: () =>
      made(
        flow('flow')
          .then(
            flow('inner')
              .then(failingStep(async () => Promise.reject(declined())))
              .commit(),
          )
          .commit(),
      ),
    stepId: 'inner',
    error: declinedJson,
  },
  {
    situation: 'an error, in an item',
    workflow: () =>
      made(
        flow('flow')
          .foreach(failingStep(async () => Promise.reject(declined())))
          .commit(),
      ),
    inputData: [1],
    error: declinedJson,
  },
  {
    situation: 'an error, in an arm beside one that fails too',
    workflow: () =>
      made(
        flow('flow')
          .parallel([
            passing('a').step,
            failingStep(async () => Promise.reject(declined())),
            failingStep(async () => Promise.reject(new Error('later')), { id: 'other' }),
          ])
          .commit(),
      ),
    error: declinedJson,
  },
];
