import { createStep, createWorkflow } from 'evented-workflows';
import { z } from 'zod';
import { same } from './same.ts';

const count = z.object({ n: z.number() });
const counting = createStep({
  id: 'counting',
  inputSchema: count,
  outputSchema: count,
  execute: async ({ inputData }) => ({ n: inputData.n + 1 }),
});
/** Its output has more than its input asks for. */
const labelling = createStep({
  id: 'labelling',
  inputSchema: z.object({ n: z.number(), label: z.string().optional() }),
  outputSchema: z.object({ n: z.number(), label: z.string(), extra: z.boolean() }),
  resumeSchema: z.object({ ok: z.boolean() }),
  execute: async ({ inputData }) => ({ n: inputData.n, label: 'l', extra: true }),
});
const text = createStep({
  id: 'text',
  inputSchema: count,
  outputSchema: z.object({ text: z.string() }),
  execute: async () => ({ text: '' }),
});
/** Its output fits in part: what one iteration may leave out, the next one needs. */
const forgetful = createStep({
  id: 'forgetful',
  inputSchema: count,
  outputSchema: z.object({ n: z.number().optional() }),
  execute: async () => ({}),
});
const stateful = createStep({
  id: 'stateful',
  inputSchema: count,
  outputSchema: count,
  stateSchema: z.object({ other: z.number() }),
  execute: async ({ inputData }) => inputData,
});
const start = () =>
  createWorkflow({
    id: 'w',
    inputSchema: count,
    outputSchema: z.object({ n: z.number(), label: z.string() }),
    stateSchema: z.object({ limit: z.number() }),
    requestContextSchema: z.object({ tenant: z.string() }),
  });

// A loop gives the output of its body, which takes it again.
const looping = start()
  .dowhile(counting, ({ inputData }) => inputData.n < 3)
  .dountil(
    labelling,
    async ({ inputData, iterationCount, getStepResult, getInitData, state, requestContext }) => {
      same<{ n: number; label: string; extra: boolean }>()(inputData)(true);
      same<number>()(iterationCount)(true);
      same<{ n: number } | null>()(getStepResult('counting'))(true);
      same<{ n: number; label: string; extra: boolean } | null>()(getStepResult('labelling'))(true);
      same<typeof inputData | null>()(getStepResult(labelling))(true);
      same<{ n: number }>()(getInitData())(true);
      same<number>()(state.limit)(true);
      same<string>()(requestContext.get('tenant'))(true);
      return iterationCount >= state.limit;
    },
    { id: 'until', description: 'Until it is labelled' },
  )
  .commit();
const result = await (await looping.createRun()).start({ inputData: { n: 1 } });
if (result.steps.labelling?.status === 'success') same<boolean>()(result.steps.labelling.output.extra)(true);
same<number | undefined>()(result.steps.labelling?.metadata?.iterationCount)(true);
// @ts-expect-error a loop's result has the id of its body
void result.steps.until;
await (await looping.createRun()).resume({ step: 'labelling', resumeData: { ok: true } });
// @ts-expect-error what that step takes is { ok }
await (await looping.createRun()).resume({ step: 'labelling', resumeData: { ok: 1 } });

// @ts-expect-error the body's output does not fit its input
start().dowhile(text, () => true);
// @ts-expect-error the same with the other word
start().dountil(text, () => true);
// @ts-expect-error a part of the input may be missing in the output
start().dountil(forgetful, () => true);
start()
  .then(text)
  // @ts-expect-error what comes before is no { n }
  .dowhile(counting, () => true);
// @ts-expect-error the workflow's state has no such key
start().dowhile(stateful, () => true);
// @ts-expect-error a condition is a function
start().dowhile(counting, true);
// @ts-expect-error a condition is required
start().dowhile(counting);
// @ts-expect-error a condition says whether it holds
start().dountil(counting, () => {});
// @ts-expect-error the output has no such key
start().dowhile(counting, ({ inputData }) => inputData.other);
// @ts-expect-error a condition cannot end the run
start().dowhile(counting, ({ bail }) => bail);
// @ts-expect-error an id is a string
start().dowhile(counting, () => true, { id: 1 });

// A sleep passes its input on.
const sleeping = start()
  .then(labelling)
  .sleep(1000)
  .sleep(
    ({ inputData, getStepResult, getInitData, state }) => {
      same<{ n: number; label: string; extra: boolean }>()(inputData)(true);
      same<typeof inputData | null>()(getStepResult('labelling'))(true);
      return inputData.n + getInitData().n + state.limit;
    },
    { id: 'pause', description: 'A pause' },
  )
  .sleepUntil(new Date(0))
  .sleepUntil(async ({ inputData, getStepResult }) => {
    same<typeof inputData | null>()(getStepResult('pause'))(true);
    return new Date(inputData.n);
  })
  .commit();
const slept = await (await sleeping.createRun()).start({ inputData: { n: 1 } });
if (slept.steps.pause?.status === 'success') same<string>()(slept.steps.pause.output.label)(true);
same<unknown>()(slept.steps.sleep_w_0?.output)(true);
// @ts-expect-error a sleep may not have begun
void slept.steps.pause.status;

// @ts-expect-error milliseconds are a number
start().sleep('1s');
// @ts-expect-error a time is required
start().sleep();
// @ts-expect-error a date is no number of milliseconds
start().sleep(() => new Date());
// @ts-expect-error nothing is returned
start().sleep(() => {});
// @ts-expect-error a number is no date
start().sleepUntil(1000);
// @ts-expect-error nor is what a function returns
start().sleepUntil(async () => 1000);
// @ts-expect-error a sleep changes nothing, so the last output is no { n, label }
start().sleep(1).commit();
// @ts-expect-error a sleep cannot suspend
start().sleep(({ suspend }) => suspend);

// Ending or canceling a run from a body.
createStep({
  id: 'ending',
  inputSchema: count,
  outputSchema: z.string(),
  execute: async ({ inputData, bail, abort }) => {
    same<void>()(abort())(true);
    if (inputData.n > 3) return bail();
    if (inputData.n > 2) return bail({ of: 'any type' });
    return 'on';
  },
});
createStep({
  id: 'ending-at-once',
  inputSchema: count,
  outputSchema: z.string(),
  execute: ({ inputData, bail }) => (inputData.n > 3 ? bail(1) : 'on'),
});
createStep({
  id: 'forgotten',
  inputSchema: count,
  outputSchema: z.string(),
  // @ts-expect-error neither a string nor what bail returns
  execute: async ({ bail }) => {
    bail(1);
  },
});
createStep({
  id: 'abort-is-no-result',
  inputSchema: count,
  outputSchema: z.string(),
  // @ts-expect-error abort gives nothing to return
  execute: async ({ abort }) => abort(),
});
