/**
 * A program of a user. `.ci/consumers` compiles it against the published declarations by each compiler and with each schema
 * library that the package promises to work with, and runs it. What is exported has no annotation, so that the declarations
 * of this program can be written only where the package names its types. All that must not compile is in `wrong`.
 */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { type } from 'arktype';
import {
  cloneStep,
  cloneWorkflow,
  createStep,
  createWorkflow,
  mapVariable,
  RequestContext,
  type Run,
  type Step,
  type StepOutput,
  type Workflow,
  type WorkflowDefinition,
  type WorkflowResult,
} from 'evented-workflows';
import { memoryBackend } from 'evented-workflows/memory';
import { createRuntime } from 'evented-workflows/runtime';
import * as v from 'valibot';
// The API of zod 3 where zod 3.25 is installed, and that of zod 4 where zod 4 is.
import { z } from 'zod';
import * as z3 from 'zod/v3';
import * as z4 from 'zod/v4';

// One step of each library. Each fills in a default, asks somebody, and counts in the state.

export const byZod = createStep({
  id: 'zod',
  inputSchema: z.object({ sum: z.number(), by: z.number().default(1) }),
  outputSchema: z.object({ sum: z.number() }),
  resumeSchema: z.object({ name: z.string() }),
  suspendSchema: z.object({ ask: z.string(), at: z.date().default(new Date(0)) }),
  stateSchema: z.object({ seen: z.number() }),
  execute: async ({ inputData, resumeData, suspendData, suspend, state, setState }) => {
    if (resumeData === undefined) return suspend({ ask: `${inputData.sum}?` });
    const asked: string | undefined = suspendData?.ask;
    const at: Date | undefined = suspendData?.at;
    deepEqual([asked, at], [`${inputData.sum}?`, new Date(0)]);
    await setState({ seen: state.seen + resumeData.name.length });
    return { sum: inputData.sum + inputData.by };
  },
});
export const byZod3 = createStep({
  id: 'zod-3',
  inputSchema: z3.object({ sum: z3.number(), by: z3.number().default(1) }),
  outputSchema: z3.object({ sum: z3.number() }),
  resumeSchema: z3.object({ name: z3.string() }),
  suspendSchema: z3.object({ ask: z3.string() }),
  stateSchema: z3.object({ seen: z3.number() }),
  execute: async ({ inputData, resumeData, suspend, state, setState }) => {
    if (resumeData === undefined) return suspend({ ask: `${inputData.sum}?` });
    await setState({ seen: state.seen + resumeData.name.length });
    return { sum: inputData.sum + inputData.by };
  },
});
export const byZod4 = createStep({
  id: 'zod-4',
  inputSchema: z4.object({ sum: z4.number(), by: z4.number().default(1) }),
  outputSchema: z4.object({ sum: z4.number() }),
  resumeSchema: z4.object({ name: z4.string() }),
  suspendSchema: z4.object({ ask: z4.string() }),
  stateSchema: z4.object({ seen: z4.number() }),
  execute: async ({ inputData, resumeData, suspend, state, setState }) => {
    if (resumeData === undefined) return suspend({ ask: `${inputData.sum}?` });
    await setState({ seen: state.seen + resumeData.name.length });
    return { sum: inputData.sum + inputData.by };
  },
});
export const byValibot = createStep({
  id: 'valibot',
  inputSchema: v.object({ sum: v.number(), by: v.optional(v.number(), 1) }),
  outputSchema: v.object({ sum: v.number() }),
  resumeSchema: v.object({ name: v.string() }),
  suspendSchema: v.object({ ask: v.string() }),
  stateSchema: v.object({ seen: v.number() }),
  execute: async ({ inputData, resumeData, suspend, state, setState }) => {
    if (resumeData === undefined) return suspend({ ask: `${inputData.sum}?` });
    await setState({ seen: state.seen + resumeData.name.length });
    return { sum: inputData.sum + inputData.by };
  },
});
export const byArktype = createStep({
  id: 'arktype',
  inputSchema: type({ sum: 'number', by: 'number = 1' }),
  outputSchema: type({ sum: 'number' }),
  resumeSchema: type({ name: 'string' }),
  suspendSchema: type({ ask: 'string' }),
  stateSchema: type({ seen: 'number' }),
  execute: async ({ inputData, resumeData, suspend, state, setState }) => {
    if (resumeData === undefined) return suspend({ ask: `${inputData.sum}?` });
    await setState({ seen: state.seen + resumeData.name.length });
    return { sum: inputData.sum + inputData.by };
  },
});
const asking = ['zod', 'zod-3', 'zod-4', 'valibot', 'arktype'];

export const libraries = createWorkflow({
  id: 'libraries',
  inputSchema: v.object({ sum: v.number() }),
  outputSchema: type({ sum: 'number' }),
  stateSchema: z.object({ seen: z.number().default(0) }),
})
  .then(byZod)
  .then(byZod3)
  .then(byZod4)
  .then(byValibot)
  .then(byArktype)
  .commit();

// Each kind of entry.

const data = z.object({ sum: z.number() });
export const add = createStep({
  id: 'add',
  inputSchema: data,
  outputSchema: data,
  execute: ({ inputData }) => ({ sum: inputData.sum + 1 }),
});
export const name = createStep({
  id: 'name',
  inputSchema: data,
  outputSchema: z.object({ name: z.string(), tags: z.array(z.string()).optional() }),
  requestContextSchema: z.object({ prefix: z.string() }),
  execute: async ({ inputData, requestContext, bail }) => {
    const prefix: string = requestContext.get('prefix');
    if (inputData.sum < 0) return bail({ sum: 0, name: 'negative' });
    return { name: `${prefix}${inputData.sum}`, tags: ['tag'] };
  },
});
export const constructs = createWorkflow({
  id: 'constructs',
  inputSchema: z.object({ sum: z.number().default(0) }),
  outputSchema: z.object({ sum: z.number(), name: z.string() }),
  stateSchema: z.object({ limit: z.number() }),
  requestContextSchema: z.object({ prefix: z.string() }),
})
  .then(add)
  .dountil(
    cloneStep(add, { id: 'again' }),
    async ({ inputData, iterationCount, state }) => inputData.sum >= state.limit || iterationCount > 9,
  )
  .dowhile(cloneStep(add, { id: 'never' }), { predicate: { op: 'lt', path: 'inputData.sum', value: -99 } })
  .sleep(async ({ inputData }) => Math.min(0, -inputData.sum), { id: 'pause' })
  .sleepUntil(new Date(0))
  .parallel([add, name], { id: 'both' })
  .map(async ({ inputData, getStepResult, getInitData }) => {
    const more: number = getStepResult('again')?.sum ?? 0;
    const less: number = getStepResult(add)?.sum ?? 0;
    const begun: number = getInitData().sum;
    return { sum: inputData.add.sum + more + less + begun, text: inputData.name.name };
  })
  .branch([
    [async ({ inputData }) => inputData.sum > 1, cloneStep(add, { id: 'taken' })],
    [{ predicate: { op: 'exists', path: 'inputData.missing' } }, cloneStep(name, { id: 'not-taken' })],
  ])
  .map(
    {
      sum: { step: 'taken', path: 'sum' },
      name: mapVariable({ step: name, path: 'name' }),
      of: { initData: true, path: 'sum' },
      label: { template: 'sum of ${stepResults.taken.sum}' },
      prefix: { requestContextPath: 'prefix' },
      tag: { step: name, path: 'tags.0' },
      twice: { fn: ({ inputData }) => (inputData.taken?.sum ?? 0) * 2 },
      kind: { value: 'kind' },
    },
    { id: 'last' },
  )
  .commit();
export const clone = cloneWorkflow(constructs, { id: 'clone' });

// Types of what comes back, and functions over any run or workflow.

export const start = async (sum?: number) => {
  const run = await constructs.createRun({ resourceId: 'consumer' });
  return run.start({
    inputData: sum === undefined ? {} : { sum },
    initialState: { limit: 5 },
    requestContext: new RequestContext<{ prefix: string }>({ prefix: 'n' }),
    outputOptions: { includeState: true },
  });
};
export const stepsOf = (result: Awaited<ReturnType<typeof start>>) => result.steps;
export const stored = () => constructs.getWorkflowRunById('r', { fields: ['steps', 'result'] });
export const cloneRun = () => clone.createRun();
export const describeRun = (run: Run): string => `${run.workflowId} ${run.workflowRunStatus}`;
export const describeResult = (result: WorkflowResult): string => result.status;
export const describeWorkflow = (workflow: Workflow): string => workflow.id;
export const idOf = (workflow: WorkflowDefinition): string => workflow.id;
const named: StepOutput<typeof name> = { name: 'a' };
name satisfies Step<'name', { sum: number }, { name: string; tags?: string[] | undefined }>;

/** Never called: each line that is marked has to be an error for every compiler. */
export async function wrong(): Promise<void> {
  // The chain.
  const loose = createWorkflow({ id: 'w', inputSchema: data, outputSchema: data });
  // @ts-expect-error an output { name } is no { sum }
  createWorkflow({ id: 'w', inputSchema: data, outputSchema: data }).then(name).then(add);
  // @ts-expect-error no step
  loose.then({ id: 'add' });
  // @ts-expect-error the workflow has to give { sum } and not { name }
  loose.then(name).commit();
  // @ts-expect-error arktype's step asks for { sum }
  createWorkflow({ id: 'w', inputSchema: v.object({ x: v.number() }), outputSchema: data }).then(byArktype);
  const text = z.object({ text: z.string() });
  const texts = createStep({
    id: 'x',
    inputSchema: text,
    outputSchema: text,
    execute: ({ inputData }) => inputData,
  });
  // @ts-expect-error an arm that asks for { text }
  loose.parallel([add, texts]);
  // @ts-expect-error an arm of a branch may not have been taken
  loose.branch([[async () => true, add]]).map(({ inputData }) => inputData.add.sum);
  // @ts-expect-error the condition of a loop sees the output of its body
  loose.dowhile(add, async ({ inputData }) => inputData.total > 1);
  // @ts-expect-error a string is no number
  createStep({ id: 'x', inputSchema: data, outputSchema: v.number(), execute: async () => 'text' });

  // Paths of mappings.
  const mapped = loose.parallel([add, name]);
  // @ts-expect-error the output of `name` has no such key
  mapped.map({ a: { step: name, path: 'title' } });
  // @ts-expect-error the same by its id
  mapped.map({ a: { step: 'name', path: 'name.first' } });
  // @ts-expect-error the input has no such key
  mapped.map({ a: { initData: true, path: 'total' } });
  // @ts-expect-error a constant of the wrong type
  mapped.map({ sum: { value: 'text' } }).commit();

  // Results of steps.
  mapped.map(({ getStepResult }) => {
    // @ts-expect-error a sum is a number
    const byId: string = getStepResult('add')?.sum;
    // @ts-expect-error the output may be missing
    const sure: number = getStepResult(add).sum;
    // @ts-expect-error the output of `name` is { name }
    return [byId, sure, getStepResult(name)?.sum];
  });
  const result = await start();
  // @ts-expect-error only a success has a result
  void result.result;
  // @ts-expect-error no such step
  void result.steps.missing;
  if (result.steps.again?.status === 'success') {
    // @ts-expect-error a sum is a number
    const output: string = result.steps.again.output.sum;
    void output;
  }

  // Starting and resuming.
  const run = await libraries.createRun();
  // @ts-expect-error a sum is a number
  await run.start({ inputData: { sum: 'text' } });
  // @ts-expect-error the input is missing
  await run.start();
  // @ts-expect-error what is seen is a number
  await run.start({ inputData: { sum: 1 }, initialState: { seen: 'text' } });
  // @ts-expect-error zod's step takes { name }
  await run.resume({ step: byZod, resumeData: { title: 'text' } });
  // @ts-expect-error zod 3's step takes { name }
  await run.resume({ step: 'zod-3', resumeData: { name: 1 } });
  // @ts-expect-error zod 4's step takes { name }
  await run.resume({ step: byZod4, resumeData: 'text' });
  // @ts-expect-error valibot's step takes { name }
  await run.resume({ step: 'valibot', resumeData: { name: 1 } });
  // @ts-expect-error arktype's step takes { name }
  await run.resume({ step: [byArktype], resumeData: {} });
  // @ts-expect-error no step takes this
  await run.resume({ resumeData: { title: 'text' } });

  // State and request context.
  // @ts-expect-error the workflow has no state
  loose.then(byZod);
  const other = v.object({ other: v.number() });
  const withOther = createWorkflow({ id: 'w', inputSchema: data, outputSchema: data, stateSchema: other });
  // @ts-expect-error the workflow's state has no key `seen`
  withOther.then(byValibot);
  // @ts-expect-error the state has no key `seen`
  withOther.branch([[async ({ state }) => state.seen > 1, add]]);
  createStep({
    id: 'x',
    inputSchema: data,
    outputSchema: data,
    stateSchema: type({ seen: 'number' }),
    suspendSchema: v.object({ ask: v.string() }),
    requestContextSchema: z.object({ prefix: z.string() }),
    execute: async ({ inputData, setState, suspend, state, requestContext }) => {
      // @ts-expect-error what is seen is a number
      await setState({ seen: 'text' });
      // @ts-expect-error state is changed by setState only
      state.seen = 1;
      // @ts-expect-error the question is missing
      await suspend({});
      // @ts-expect-error the schema knows no such key
      requestContext.get('other');
      return inputData;
    },
  });
}

// What it does.

const runtime = createRuntime({ workflows: [libraries, constructs], backend: memoryBackend() });
const run = await libraries.createRun();
await rejects(run.start(JSON.parse('{ "inputData": { "sum": "text" } }')), {
  code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
});
let asked = await run.start({ inputData: { sum: 0 }, initialState: {} });
for (const step of asking) {
  deepEqual(asked.status === 'suspended' && asked.suspended, [[step]]);
  await rejects(run.resume({ step, resumeData: JSON.parse('{ "name": 1 }') }), {
    code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
  });
  asked = await run.resume({ step, resumeData: { name: step }, outputOptions: { includeState: true } });
}
deepEqual(asked.status === 'success' && asked.result.sum, asking.length);
equal(asked.state?.seen, asking.join('').length);

const result = await start();
// 1 after `add`, 5 after `again`, 6 after `never`, 7 after the arm: 7 + 5 + 7 + 0, and one more by `taken`.
deepEqual(result.status === 'success' && result.result, {
  sum: 20,
  name: 'n6',
  of: 0,
  label: 'sum of 20',
  prefix: 'n',
  tag: 'tag',
  twice: 40,
  kind: 'kind',
});
equal(result.steps.again?.status === 'success' && result.steps.again.output.sum, 5);
const bailed = await start(-20);
deepEqual(bailed.status === 'success' && bailed.result, { sum: 0, name: 'negative' });
equal((await constructs.listWorkflowRuns({ resourceId: 'consumer' })).total, 2);
deepEqual(
  [describeRun(run), describeResult(result), describeWorkflow(constructs), idOf(clone), named.name],
  ['libraries success', 'success', 'constructs', 'clone', 'a'],
);
await runtime.close();
console.log(`program ran on Node ${process.versions.node}`);
