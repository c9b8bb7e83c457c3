import { expect, test } from 'vitest';
import { errorStatus, isWorkflowError, NonRetryableError, WorkflowError } from '../../src/core/errors.ts';

test('an error has a code, a message, details and its cause', () => {
  const cause = new Error('below');
  const error = new WorkflowError('WORKFLOW_RUN_NOT_FOUND', 'no such run', {
    cause,
    details: { runId: 'r1' },
  });
  expect(error).toMatchObject({
    name: 'WorkflowError',
    code: 'WORKFLOW_RUN_NOT_FOUND',
    message: 'no such run',
    cause,
    details: { runId: 'r1' },
  });
});

test('an error without a cause has none, and one with an undefined cause has that', () => {
  expect(Object.hasOwn(new WorkflowError('WORKFLOW_STEP_FAILED', 'x'), 'cause')).toBe(false);
  expect(Object.hasOwn(new WorkflowError('WORKFLOW_STEP_FAILED', 'x', { cause: undefined }), 'cause')).toBe(
    true,
  );
  expect(new WorkflowError('WORKFLOW_STEP_FAILED', 'x').details).toEqual({});
});

test('is told from other errors, and by its code', () => {
  const error = new WorkflowError('WORKFLOW_RUN_NOT_FOUND', 'no such run');
  expect(isWorkflowError(error)).toBe(true);
  expect(isWorkflowError(error, 'WORKFLOW_STEP_FAILED', 'WORKFLOW_RUN_NOT_FOUND')).toBe(true);
  expect(isWorkflowError(error, 'WORKFLOW_STEP_FAILED')).toBe(false);
  expect(isWorkflowError(new Error('no such run'))).toBe(false);
});

test('every code has an HTTP status of an error', () => {
  for (const [code, status] of Object.entries(errorStatus)) {
    expect(code).toMatch(/^(WORKFLOW|STRUCTURED_OUTPUT)_[A-Z_]+$/);
    expect([400, 401, 403, 404, 409, 413, 422, 500, 503]).toContain(status);
  }
});

test('an error that is not retried says so', () => {
  const error = new NonRetryableError('no use', { cause: 'why' });
  expect(error).toMatchObject({
    name: 'NonRetryableError',
    message: 'no use',
    cause: 'why',
    isNonRetryable: true,
  });
  expect(error).toBeInstanceOf(Error);
});
