import { expect, test } from 'vitest';
import { runBasics, runDetails, usualRunDetails, withFields } from '../../src/core/run-fields.ts';
import type { WorkflowState } from '../../src/core/snapshot.ts';

const state: WorkflowState = {
  runId: 'r',
  workflowName: 'w',
  createdAt: new Date(1),
  updatedAt: new Date(2),
  status: 'success',
  result: 3,
  requestContext: { secret: 4 },
  steps: {},
  activeStepsPath: {},
  suspendedPaths: {},
  waitingPaths: {},
  resumeLabels: {},
  serializedStepGraph: [],
  stepExecutionPath: [],
};

test('a run is shown with the details asked for, and always with what says which one it is', () => {
  const { runId, workflowName, createdAt, updatedAt, status } = state;
  const basics = { runId, workflowName, createdAt, updatedAt, status };
  expect(withFields(state, new Set(['result']))).toEqual({ ...basics, result: 3 });
  expect(withFields(state, new Set())).toEqual(basics);
  expect(withFields(state, new Set(runDetails))).toEqual(state);
});

test('who asks for nothing gets all but the request context', () => {
  expect(withFields(state, usualRunDetails)).toEqual({ ...state, requestContext: undefined });
  expect([...usualRunDetails, 'requestContext'].toSorted()).toEqual([...runDetails].toSorted());
  expect(runBasics.filter((name) => runDetails.includes(name))).toEqual([]);
});
