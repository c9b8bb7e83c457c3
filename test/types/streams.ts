import { z } from 'zod';
import { createStep, createWorkflow, type Usage, type WorkflowStreamEvent } from 'evented-workflows';
import { same } from './same.ts';

const ask = createStep({
  id: 'ask',
  inputSchema: z.object({ n: z.number() }),
  outputSchema: z.number(),
  resumeSchema: z.object({ answer: z.string() }),
  execute: async ({ inputData, resumeData, suspend, writer }) => {
    await writer.write({ anything: 1 });
    await writer.custom({ type: 'data-note', data: 1 });
    // @ts-expect-error what is written as it is has a type
    await writer.custom({ data: 1 });
    return resumeData === undefined ? suspend() : inputData.n;
  },
});

const made = createWorkflow({
  id: 'made',
  inputSchema: z.object({ n: z.number() }),
  outputSchema: z.number(),
})
  .then(ask)
  .commit();

const run = await made.createRun();
const output = run.stream({ inputData: { n: 1 }, closeOnSuspend: false });
// @ts-expect-error n is a number
run.stream({ inputData: { n: '1' } });
// @ts-expect-error the input is missing
run.stream({ closeOnSuspend: false });

same<Usage>()(await output.usage)(true);
const result = await output.result;
if (result.status === 'success') same<number>()(result.result)(true);

for await (const event of output.fullStream) {
  same<WorkflowStreamEvent>()(event)(true);
  if (event.type === 'workflow-step-result') void event.payload.output;
  if (event.type === 'workflow-step-suspended') void event.payload.suspendPayload;
  if (event.type === 'workflow-step-progress') same<number>()(event.payload.totalCount)(true);
  if (event.type === 'workflow-step-output') same<unknown>()(event.payload.output)(true);
  if (event.type === 'workflow-finish') same<Usage>()(event.payload.output.usage)(true);
  // @ts-expect-error streams do not tell that a step has finished; watchers are told
  if (event.type === 'workflow-step-finish') void event;
}

const resumed = run.resumeStream({ step: ask, resumeData: { answer: 'yes' } });
// @ts-expect-error an answer is a string
run.resumeStream({ step: ask, resumeData: { answer: 1 } });
const again = await resumed.result;
if (again.status === 'success') same<number>()(again.result)(true);

run.timeTravelStream({ step: [ask], inputData: { n: 1 }, perStep: true });
// @ts-expect-error a time travel goes to a step
run.timeTravelStream({ inputData: { n: 1 } });

const unwatch = run.watch((event) => {
  if (event.type === 'workflow-step-finish') same<string>()(event.payload.id)(true);
});
same<() => void>()(unwatch)(true);
same<() => void>()(await run.watchAsync(() => {}))(true);
same<ReadableStream<WorkflowStreamEvent>>()(run.observeStream())(true);

const legacy = run.streamLegacy({ inputData: { n: 1 }, onChunk: ({ type, payload }) => [type, payload] });
for await (const { type } of legacy.stream) same<string>()(type)(true);
const state = await legacy.getWorkflowState();
if (state.status === 'success') same<number>()(state.result)(true);
