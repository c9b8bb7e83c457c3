/**
 * A third program of a user, see program.ts: a workflow is called over HTTP, typed by its definition alone.
 */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { type } from 'arktype';
import { createStep, createWorkflow } from 'evented-workflows';
import {
  type Client,
  createClient,
  isValueRef,
  isWorkflowApiError,
  type RunEvent,
  type RunHandle,
  type Wire,
  WorkflowApiError,
} from 'evented-workflows/client';
import { createHttpApp } from 'evented-workflows/http';
import { memoryBackend } from 'evented-workflows/memory';
import { createRuntime } from 'evented-workflows/runtime';
import * as v from 'valibot';
import { z } from 'zod';
import * as z3 from 'zod/v3';

export const approve = createStep({
  id: 'approve',
  inputSchema: v.object({ pieces: v.number() }),
  outputSchema: z.object({ by: z.string(), at: z.date() }),
  resumeSchema: z3.object({ by: z3.string(), note: z3.string().default('') }),
  suspendSchema: type({ question: 'string' }),
  execute: async ({ inputData, resumeData, suspend, writer }) => {
    if (resumeData === undefined) return suspend({ question: `${inputData.pieces} pieces?` });
    await writer.write({ note: resumeData.note });
    return { by: resumeData.by, at: new Date(0) };
  },
});
export const orders = createWorkflow({
  id: 'orders',
  inputSchema: type({ pieces: 'number' }),
  outputSchema: z.object({ by: z.string(), at: z.date() }),
  stateSchema: v.object({ seen: v.optional(v.number(), 0) }),
})
  .then(approve)
  .commit();
export const reviews = createWorkflow({
  id: 'reviews',
  inputSchema: v.array(v.object({ pieces: v.number() })),
  outputSchema: z.array(z.object({ by: z.string(), at: z.date() })),
  stateSchema: v.object({ seen: v.optional(v.number(), 0) }),
})
  .foreach(orders, { concurrency: 2 })
  .commit();
const workflows = { orders, reviews };

const runtime = createRuntime({ workflows: [orders, reviews], backend: memoryBackend() });
const app = createHttpApp({ runtime });
const options = { url: 'http://orders.test', fetch: (request: Request) => app.fetch(request) };

export const client = createClient<typeof workflows>(options);
export const byTuple = createClient<readonly [typeof orders, typeof reviews]>(options);
export const untyped = createClient(options);
export const begin = () =>
  client.workflow('orders').start({ inputData: { pieces: 3 }, initialState: {}, wait: 5 });
export const outcome = async () => (await begin()).result({ includeState: true });
export const ask = (run: RunHandle) => run.resume({ resumeData: { by: 'Ada' } });
export const list = (any: Client) => any.runs({ workflowId: 'orders' });
export const arrived = (at: Wire<Date>): Wire<Map<string, Error>> => [[at, { name: 'Error', message: at }]];

/** Never called: each line that is marked has to be an error for every compiler. */
export async function wrong(): Promise<void> {
  // @ts-expect-error there is no such workflow
  client.workflow('missing');
  // @ts-expect-error not one of the tuple
  byTuple.workflow('missing');
  // @ts-expect-error the input is missing
  await client.workflow('orders').start();
  // @ts-expect-error the pieces are a number
  await client.workflow('orders').start({ inputData: { pieces: '3' } });
  // @ts-expect-error an array is wanted
  await client.workflow('reviews').start({ inputData: { pieces: 3 } });
  const run = await begin();
  // @ts-expect-error the step takes { by }
  await run.resume({ step: 'approve', resumeData: { name: 'Ada' } });
  // @ts-expect-error no such step
  await run.resume({ step: 'missing' });
  // @ts-expect-error a time travel goes to a step
  await run.timeTravel({});
  const result = await run.result();
  // @ts-expect-error only a success has a result
  void result.result;
  // @ts-expect-error a date arrives as text
  if (result.status === 'success') void (result.result.at satisfies Date);
  // @ts-expect-error the step asks by { question }
  if (result.status === 'suspended') void result.suspendPayload.approve?.answer;
}

// What it does.

const run = await begin();
const asked = run.outcome;
deepEqual(asked?.status === 'suspended' && asked.suspendPayload.approve?.question, '3 pieces?');
await rejects(run.resume({ step: 'approve', resumeData: JSON.parse('{ "by": 1 }') }), (error) => {
  equal(isWorkflowApiError(error, 'WORKFLOW_SCHEMA_VALIDATION_FAILED'), true);
  return error instanceof WorkflowApiError && error.status === 422;
});
await run.resume({ step: 'approve', resumeData: { by: 'Ada', note: 'quick' }, wait: 5 });
const done = await run.result();
const at: string | false = done.status === 'success' && done.result.at;
equal(at, '1970-01-01T00:00:00.000Z');

const events: RunEvent[] = [];
for await (const event of run.events()) events.push(event);
const finishes = events.filter((event) => event.type === 'workflow-finish').length;
deepEqual([events.at(0)?.type, events.at(-1)?.type, finishes], ['workflow-start', 'workflow-finish', 2]);
equal(
  events.some((event) => isValueRef(event.payload)),
  false,
);

const several = await byTuple
  .workflow('reviews')
  .start({ inputData: [{ pieces: 1 }, { pieces: 2 }], wait: 5 });
equal(several.outcome?.status, 'suspended');
const answered = await several.resume({ step: 'orders', resumeData: { by: 'Bob' }, wait: 5 });
const all = answered.outcome;
deepEqual(all?.status === 'success' && all.result.map(({ by }) => by), ['Bob', 'Bob']);
equal((await list(untyped)).runs.length, 1);
await run.delete();
await rejects(run.get(), { code: 'WORKFLOW_RUN_NOT_FOUND' });
await runtime.close();
console.log(`remote ran on Node ${process.versions.node}`);
