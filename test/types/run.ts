import {
  createStep,
  createWorkflow,
  RequestContext,
  type Run,
  type Workflow,
  type WorkflowDefinition,
  type WorkflowResult,
  type WorkflowRuns,
} from 'evented-workflows';
import { z } from 'zod';
import { same } from './same.ts';

const ask = createStep({
  id: 'ask',
  inputSchema: z.object({ n: z.number() }),
  outputSchema: z.object({ answer: z.string() }),
  resumeSchema: z.object({ ok: z.boolean(), note: z.string().default('') }),
  suspendSchema: z.object({ question: z.string(), tries: z.number().default(0) }),
  execute: async ({ resumeData, suspendData, suspend }) => {
    same<{ ok: boolean; note: string } | undefined>()(resumeData)(true);
    same<{ question: string; tries: number } | undefined>()(suspendData)(true);
    if (resumeData) return { answer: resumeData.note };
    if (suspendData) return suspend({ question: 'Again?' }, { resumeLabel: ['a', 'b'] });
    // @ts-expect-error a question is a string
    await suspend({ question: 1 });
    // @ts-expect-error the question is missing
    await suspend();
    return await suspend({ question: 'Really?', tries: 1 });
  },
});
const score = createStep({
  id: 'score',
  inputSchema: z.object({ answer: z.string() }),
  outputSchema: z.number(),
  resumeSchema: z.object({ score: z.number() }),
  execute: async ({ inputData, suspend }) =>
    inputData.answer === '' ? suspend('anything') : inputData.answer.length,
});
const plain = createStep({
  id: 'plain',
  inputSchema: z.number(),
  outputSchema: z.number(),
  execute: async ({ inputData }) => inputData,
});
const workflow = createWorkflow({
  id: 'w',
  inputSchema: z.object({ n: z.number().default(1) }),
  outputSchema: z.number(),
  stateSchema: z.object({ count: z.number() }),
  requestContextSchema: z.object({ tenant: z.string() }),
})
  .then(ask)
  .then(score)
  .map(async ({ inputData }) => inputData, { id: 'mapped' })
  .then(plain)
  .commit();

const run = await workflow.createRun({ runId: 'r', resourceId: 'user' });

// Starting.
const result = await run.start({
  inputData: {},
  initialState: { count: 1 },
  requestContext: { tenant: 'a' },
  outputOptions: { includeState: true, includeResumeLabels: true },
});
await run.startAsync({
  inputData: { n: 1 },
  requestContext: new RequestContext<{ tenant: string }>({ tenant: 'a' }),
});
// @ts-expect-error n is a number
await run.start({ inputData: { n: '1' } });
// @ts-expect-error the input is missing
await run.start({});
// @ts-expect-error the input is missing
await run.start();
// @ts-expect-error a count is a number
await run.start({ inputData: {}, initialState: { count: '1' } });
// @ts-expect-error a tenant is a string
await run.start({ inputData: {}, requestContext: { tenant: 1 } });
// @ts-expect-error no such option
await run.start({ inputData: {}, outputOptions: { includeEverything: true } });

// The result, by its status.
same<{ n: number }>()(result.input)(true);
same<number | undefined>()(result.state?.count)(true);
// @ts-expect-error only a success has a result
void result.result;
if (result.status === 'success') {
  same<number>()(result.result)(true);
  // @ts-expect-error a success has no error
  void result.error;
}
if (result.status === 'failed') same<Error>()(result.error)(true);
if (result.status === 'suspended') {
  same<readonly (readonly string[])[]>()(result.suspended)(true);
  same<{ question: string; tries: number } | undefined>()(result.suspendPayload.ask)(true);
  // @ts-expect-error no such step
  void result.suspendPayload.missing;
}
// @ts-expect-error a canceled run has no result
if (result.status === 'canceled') void result.result;

// Entries of steps.
const { ask: asked, mapped, score: scored } = result.steps;
if (asked?.status === 'success') same<{ answer: string }>()(asked.output)(true);
if (asked?.status === 'failed') same<Error>()(asked.error)(true);
same<{ question: string; tries: number } | undefined>()(asked?.suspendPayload)(true);
if (mapped?.status === 'success') same<number>()(mapped.output)(true);
if (scored?.status === 'success') same<number>()(scored.output)(true);
same<unknown>()(result.steps.mapping_w_0?.output)(true);
// @ts-expect-error a step may not have been executed
void result.steps.ask.status;
// @ts-expect-error no such step
void result.steps.missing;

// Resuming.
await run.resume({ resumeData: { ok: true }, step: ask });
await run.resume({ resumeData: { ok: true }, step: [ask] });
await run.resume({ resumeData: { score: 1 }, step: 'score', outputOptions: { includeState: true } });
await run.resume({ resumeData: { ok: true } });
await run.resume({ resumeData: { score: 1 }, label: 'a' });
await run.resume({ resumeData: 'without a schema', step: plain });
await run.resume({ step: 'of-no-known-step', resumeData: 1 });
await run.resume();
// @ts-expect-error what that step takes is { ok }
await run.resume({ resumeData: { score: 1 }, step: ask });
// @ts-expect-error the same by its id
await run.resume({ resumeData: { ok: true }, step: 'score' });
// @ts-expect-error no step takes this
await run.resume({ resumeData: { wrong: true } });
// @ts-expect-error a step is no number
await run.resume({ step: 1 });
// @ts-expect-error labels are strings
await run.resume({ label: 1 });

// Without one chain the steps are not known, and the result is what the schema says.
const loose = createWorkflow({ id: 'loose', inputSchema: z.unknown(), outputSchema: z.string() });
loose.map(async () => 'text').commit();
const looseRun = await loose.createRun();
const looseResult = await looseRun.start();
if (looseResult.status === 'success') same<string>()(looseResult.result)(true);
same<unknown>()(looseResult.steps.anything?.output)(true);

// Stored runs.
const stored = await workflow.getWorkflowRunById('r');
same<string | undefined>()(stored?.workflowName)(true);
const some = await workflow.getWorkflowRunById('r', { fields: ['steps', 'result'] });
void [some?.runId, some?.status, some?.resourceId, some?.steps, some?.result];
// @ts-expect-error it was not asked for
void some?.payload;
const least = await workflow.getWorkflowRunById('r', { fields: [] });
// @ts-expect-error nothing was asked for
void least?.steps;
// @ts-expect-error no field
await workflow.getWorkflowRunById('r', { fields: ['steps', 'logs'] });
const active: WorkflowRuns = await workflow.listActiveWorkflowRuns();
void active;
const { runs, total } = await workflow.listWorkflowRuns({ status: 'success', page: 0, perPage: 10 });
same<number>()(total)(true);
same<Date | undefined>()(runs[0]?.createdAt)(true);
// @ts-expect-error no such status
await workflow.listWorkflowRuns({ status: 'over' });

// What takes any run, any workflow, any result.
run satisfies Run;
looseRun satisfies Run;
result satisfies WorkflowResult;
workflow satisfies WorkflowDefinition;
workflow satisfies Workflow;

// Control over a run.
await run.resume({ step: ask, resumeData: { ok: true }, forEachIndex: 1, perStep: true });
same<{ readonly runId: string }>()(await run.resumeAsync({ step: ask, resumeData: { ok: true } }))(true);
// @ts-expect-error what that step takes is { ok }
await run.resumeAsync({ step: ask, resumeData: { ok: 1 } });
// @ts-expect-error an index is a number
await run.resume({ forEachIndex: '1' });
await run.start({ inputData: {}, perStep: true });
const travelled = await run.timeTravel({
  step: [ask],
  inputData: { n: 1 },
  initialState: { count: 1 },
  context: { ask: { status: 'success', output: { answer: '' } } },
  nestedStepsContext: { inner: { step: { output: 1 } } },
  requestContext: { tenant: 'a' },
  perStep: true,
});
same<typeof result>()(travelled)(true);
// @ts-expect-error a step is needed
await run.timeTravel({ inputData: { n: 1 } });
// @ts-expect-error a count is a number
await run.timeTravel({ step: ask, initialState: { count: '1' } });
same<typeof result>()(await run.restart())(true);
same<typeof result>()(await run.restart({ requestContext: {}, outputOptions: { includeState: true } }))(true);
// @ts-expect-error a request context is an object
await run.restart({ requestContext: 'ada' });
same<AbortController>()(run.abortController)(true);
if (result.status === 'tripwire') same<string>()(result.tripwire.reason)(true);
await workflow.createRun({ history: 'full' });
// @ts-expect-error no such kind
await workflow.createRun({ history: 'all' });
const hidden = await workflow.getWorkflowRunById('r', { withNestedWorkflows: false });
// @ts-expect-error it has to be asked for
void hidden?.requestContext;
const shown = await workflow.getWorkflowRunById('r', { fields: ['requestContext'] });
void shown?.requestContext;
same<void>()(await workflow.deleteWorkflowRunById('r'))(true);
same<void>()(await workflow.restartAllActiveWorkflowRuns())(true);
createWorkflow({
  id: 'w',
  inputSchema: z.number(),
  outputSchema: z.number(),
  metadata: { owner: 'ada' },
  steps: [plain],
  options: {
    onStart: async ({ state }) => void state,
    onFinish: ({ status }) => status,
    onError: async ({ error }) => void error?.message,
    shouldPersistSnapshot: ({ workflowStatus }) => workflowStatus !== 'running',
    pruneSnapshot: ({ snapshot }) => ({ ...snapshot, value: {} }),
    history: 'none',
  },
});
