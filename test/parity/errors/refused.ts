import { expect } from 'vitest';
import { createStep } from '../../../src/index.ts';
import { any, asking, flow, passing } from '../reference/steps.ts';
import type { AuthorsWorkflow, Calls } from './calls.ts';
import { ids, made, type Refused, start } from './case.ts';
import type { ShownRefusal } from './shown.ts';

const notSuspended = (status: string): ShownRefusal => ({
  code: 'WORKFLOW_RUN_NOT_SUSPENDED',
  message: 'This workflow run was not suspended',
  details: { ...ids, status },
});

const suspended = { ...ids, status: 'suspended' };

const oneAsks = (): AuthorsWorkflow =>
  made(flow('flow').then(passing('a').step).then(asking('ask').step).commit());

const labelled = createStep({
  id: 'ask',
  inputSchema: any,
  outputSchema: any,
  resumeSchema: any,
  execute: async ({ resumeData, suspend }) => resumeData ?? suspend({}, { resumeLabel: 'known' }),
});

/** Resumptions that find nothing to resume. */
export const refusedResumptions: readonly Refused[] = [
  {
    situation: 'there is no such run',
    workflow: oneAsks,
    before: async (calls) => {
      await start(calls);
      await calls.remove();
    },
    call: (calls) => calls.resume(),
    error: {
      code: 'WORKFLOW_RUN_NOT_FOUND',
      message: 'No snapshot found for this workflow run: run',
      details: { runId: 'run' },
    },
  },
  {
    situation: 'the run has succeeded',
    workflow: () => made(flow('flow').then(passing('a').step).commit()),
    before: start,
    call: (calls) => calls.resume({ step: 'a' }),
    error: notSuspended('success'),
  },
  {
    situation: 'the run was canceled',
    workflow: oneAsks,
    before: async (calls) => {
      await start(calls);
      await calls.cancel();
    },
    call: (calls) => calls.resume(),
    error: notSuspended('canceled'),
  },
  {
    situation: 'another step is suspended',
    workflow: oneAsks,
    before: start,
    call: (calls) => calls.resume({ step: 'a' }),
    error: {
      code: 'WORKFLOW_RUN_NOT_SUSPENDED',
      message: 'This workflow step "a" was not suspended. Available suspended steps: [ask]',
      details: suspended,
    },
  },
  {
    situation: 'another step of a nested workflow is suspended',
    workflow: () =>
      made(
        flow('flow')
          .then(flow('inner').then(passing('a').step).then(asking('ask').step).commit())
          .commit(),
      ),
    before: start,
    call: (calls) => calls.resume({ step: ['inner', 'a'] }),
    error: {
      code: 'WORKFLOW_RUN_NOT_SUSPENDED',
      message: 'This workflow step "inner.a" was not suspended. Available suspended steps: [inner.ask]',
      details: suspended,
    },
  },
  {
    situation: 'several steps are suspended, and none is named',
    workflow: () =>
      made(
        flow('flow')
          .parallel([asking('a').step, asking('b').step])
          .commit(),
      ),
    before: start,
    call: (calls) => calls.resume(),
    error: {
      code: 'WORKFLOW_RESUME_AMBIGUOUS',
      message:
        'Multiple suspended steps found: [a], [b]. Please specify which step to resume using the "step" parameter.',
      details: suspended,
    },
  },
  {
    situation: 'no suspended step has the label',
    workflow: () => made(flow('flow').then(labelled).commit()),
    before: start,
    call: (calls) => calls.resume({ label: 'zzz' }),
    error: {
      code: 'WORKFLOW_RESUME_LABEL_NOT_FOUND',
      message: 'Resume label "zzz" not found. Available labels: [known]',
      details: suspended,
    },
  },
  {
    situation: 'another item of the foreach is suspended',
    workflow: () => made(flow('flow').foreach(asking('ask').step, { concurrency: 2 }).commit()),
    before: (calls) => calls.start({ inputData: [1, 2, 3] }),
    call: (calls) => calls.resume({ step: 'ask', forEachIndex: 2 }),
    error: {
      code: 'WORKFLOW_RUN_NOT_SUSPENDED',
      message: 'Item 2 of step "ask" was not suspended. Suspended items: [0, 1]',
      details: suspended,
    },
  },
];

const hour = 3_600_000;
const unchanged = 'The stored snapshot has not been modified.';

const removed = async (calls: Calls): Promise<void> => {
  await start(calls);
  await calls.remove();
};

const snapshotMissing: ShownRefusal = {
  code: 'WORKFLOW_RUN_NOT_FOUND',
  message: 'Snapshot not found for run run',
  details: { runId: 'run' },
};

const failing = createStep({
  id: 'fails',
  inputSchema: any,
  outputSchema: any,
  execute: async () => Promise.reject(new Error('no')),
});

const failsEarly = (): AuthorsWorkflow =>
  made(flow('flow').then(failing).then(passing('b').step).then(passing('c').step).commit());

/** Time travels, restarts and cancels. */
export const refusedChanges: readonly Refused[] = [
  {
    situation: 'time travel: there is no such run',
    workflow: oneAsks,
    before: removed,
    call: (calls) => calls.timeTravel({ step: 'a' }),
    error: snapshotMissing,
  },
  {
    situation: 'time travel: the run goes on by itself',
    workflow: () => made(flow('flow').then(passing('a').step).sleep(hour, { id: 'nap' }).commit()),
    before: (calls) => calls.begin({ inputData: {} }),
    call: (calls) => calls.timeTravel({ step: 'a' }),
    error: {
      code: 'WORKFLOW_RUN_ACTIVE',
      message: expect.stringMatching(
        /^This workflow run is still running, cannot time travel: run "run" is (running|waiting), wait/,
      ),
      details: { ...ids, status: expect.stringMatching(/^(running|waiting)$/) },
    },
  },
  {
    situation: 'time travel: the workflow does not have the step',
    workflow: failsEarly,
    before: start,
    call: (calls) => calls.timeTravel({ step: ['b', 'x'] }),
    error: {
      code: 'WORKFLOW_ARGUMENT_INVALID',
      message: `Cannot time travel to step 'b.x': the step does not exist in the current execution graph. ${unchanged}`,
      details: { ...ids, stepId: 'b.x' },
    },
  },
  {
    situation: 'time travel: nothing is known of a step before',
    workflow: failsEarly,
    before: start,
    call: (calls) => calls.timeTravel({ step: 'c' }),
    error: {
      code: 'WORKFLOW_ARGUMENT_INVALID',
      message: `Cannot time travel to step 'c': step(s) 'b' precede the target in the current execution graph but were not recorded in the snapshot. ${unchanged}`,
      details: { ...ids, stepId: 'c' },
    },
  },
  {
    situation: 'time travel: no step is named',
    workflow: failsEarly,
    before: start,
    call: (calls) => calls.timeTravel({ step: [] as never }),
    error: {
      code: 'WORKFLOW_ARGUMENT_INVALID',
      message: 'Step is required and must be a valid step or array of steps',
      details: { field: 'step' },
    },
    // A body that the route does not take is refused before any run is looked at.
    overHttp: {
      code: 'WORKFLOW_ARGUMENT_INVALID',
      message: 'The body is malformed. step: Too small: expected array to have >=1 items',
      details: { issues: [{ path: 'step', message: 'Too small: expected array to have >=1 items' }] },
      cause: expect.anything(),
    },
  },
  {
    situation: 'restart: there is no such run',
    workflow: oneAsks,
    before: removed,
    call: (calls) => calls.restart(),
    error: snapshotMissing,
  },
  {
    situation: 'restart: the run is suspended',
    workflow: oneAsks,
    before: start,
    call: (calls) => calls.restart(),
    error: {
      code: 'WORKFLOW_RUN_NOT_ACTIVE',
      message: 'This workflow run was not active: run "run" is suspended, start or resume it instead',
      details: suspended,
    },
  },
  {
    situation: 'cancel: the run has ended otherwise',
    workflow: failsEarly,
    before: start,
    call: (calls) => calls.cancel(),
    error: {
      code: 'WORKFLOW_RUN_ALREADY_FINISHED',
      message: 'Run "run" ended with status failed before it could be canceled',
      details: { runId: 'run', status: 'failed' },
    },
  },
  {
    situation: 'cancel: there is no such run',
    workflow: oneAsks,
    before: removed,
    call: (calls) => calls.cancel(),
    error: {
      code: 'WORKFLOW_RUN_NOT_FOUND',
      message: 'No snapshot found for this workflow run: run',
      details: { runId: 'run' },
    },
  },
];
