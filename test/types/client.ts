import { createStep, createWorkflow, type RunStatus } from 'evented-workflows';
import { createClient, type RunHandle, type Wire, type WireError } from 'evented-workflows/client';
import { z } from 'zod';
import { same } from './same.ts';

// What arrives of a value.
declare function arrived<Type>(): Wire<Type>;
same<string>()(arrived<Date>())(true);
same<string>()(arrived<bigint>())(true);
same<string>()(arrived<Uint8Array>())(true);
same<string>()(arrived<URL>())(true);
same<string>()(arrived<RegExp>())(true);
same<unknown>()(arrived<unknown>())(true);
same<'a' | 1 | null>()(arrived<'a' | 1 | null | undefined>())(true);
same<[string, { at: string }][]>()(arrived<Map<string, { at: Date }>>())(true);
same<string[]>()(arrived<Set<Date>>())(true);
same<[string, number | null]>()(arrived<[Date, number | undefined]>())(true);
same<readonly string[]>()(arrived<readonly Date[]>())(true);
same<WireError>()(arrived<TypeError>())(true);
same<{ name: string; message: string; more: number }>()(
  arrived<{ name: string; message: string; more: number }>(),
)(true);
same<{ readonly a: string; b?: number; c?: string }>()(
  arrived<{
    readonly a: Date;
    b?: number;
    c: Date | undefined;
    d: () => void;
    e: undefined;
    [Symbol.iterator]: 1;
  }>(),
)(true);
same<{ [key: string]: string }>()(arrived<Record<string, Date>>())(true);
interface Tree {
  readonly at: Date;
  readonly children: readonly Tree[];
}
same<string | undefined>()(arrived<Tree>().children[0]?.children[0]?.at)(true);

const ask = createStep({
  id: 'ask',
  inputSchema: z.object({ at: z.date() }),
  outputSchema: z.object({ answered: z.date() }),
  resumeSchema: z.object({ ok: z.boolean(), note: z.string().default('') }),
  suspendSchema: z.object({ question: z.string() }),
  execute: async ({ suspend }) => suspend({ question: 'Really?' }),
});
const score = createStep({
  id: 'score',
  inputSchema: z.object({ answered: z.date() }),
  outputSchema: z.object({ score: z.bigint() }),
  resumeSchema: z.object({ score: z.number() }),
  execute: async () => ({ score: 1n }),
});
const asked = createWorkflow({
  id: 'asked',
  inputSchema: z.object({ n: z.number(), note: z.string().optional() }),
  outputSchema: z.object({ score: z.bigint() }),
  stateSchema: z.object({ since: z.date() }),
  requestContextSchema: z.object({ tenant: z.string() }),
})
  .map(async () => ({ at: new Date() }), { id: 'now' })
  .then(ask)
  .then(score)
  .commit();
const free = createWorkflow({ id: 'free', inputSchema: z.unknown(), outputSchema: z.string() });
free.map(async () => 'text').commit();

const workflows = { asked, free, notAWorkflow: 1, norThis: () => 'x' };
const client = createClient<typeof workflows>({ url: 'http://127.0.0.1' });
same<'asked'>()(client.workflow('asked').workflowId)(true);
// @ts-expect-error there is no such workflow
client.workflow('missing');
// @ts-expect-error there is no such workflow
await client.describe('missing');
createClient<[typeof asked]>({ url: '' }).workflow('asked');
// @ts-expect-error not one of this tuple
createClient<readonly [typeof asked]>({ url: '' }).workflow('free');

// Starting.
const orders = client.workflow('asked');
const run = await orders.start({
  inputData: { n: 1 },
  initialState: { since: '2030-01-01T00:00:00Z' },
  wait: 5,
});
await orders.start({ inputValue: 'hash', requestContext: { tenant: 'a' }, runId: 'r' });
// @ts-expect-error a value is kept for a run that has an id
await orders.start({ inputValue: 'hash', idempotencyKey: 'k' });
same<RunStatus>()(run.status)(true);
// @ts-expect-error the input is missing
await orders.start({ runId: 'r' });
// @ts-expect-error the input is missing
await orders.start();
// @ts-expect-error n is a number
await orders.start({ inputData: { n: '1' } });
// @ts-expect-error a tenant is a string
await orders.start({ inputData: { n: 1 }, requestContext: { tenant: 1 } });
// @ts-expect-error a date is sent as text
await orders.start({ inputData: { n: 1 }, initialState: { since: new Date() } });
await client.workflow('free').start();

// The result, by its status: a bigint and a date arrive as text.
const result = await run.result({ includeState: true });
if (result.status === 'success') same<string>()(result.result.score)(true);
if (result.status === 'failed') same<WireError>()(result.error)(true);
if (result.status === 'suspended') {
  same<readonly (readonly string[])[]>()(result.suspended)(true);
  same<string | undefined>()(result.suspendPayload.ask?.question)(true);
  // @ts-expect-error no such step
  void result.suspendPayload.missing;
}
same<string | undefined>()(result.state?.since)(true);
same<number>()(result.input.n)(true);
if (result.steps.ask?.status === 'success') same<string>()(result.steps.ask.output.answered)(true);
if (result.steps.score?.status === 'failed') same<WireError>()(result.steps.score.error)(true);
// @ts-expect-error only a success has a result
void result.result;
// @ts-expect-error no such step
void result.steps.missing;
same<typeof result | undefined>()(run.outcome)(true);

// Resuming, by what the named step takes.
await run.resume({ step: 'ask', resumeData: { ok: true, note: '' } });
await run.resume({ step: ['ask'], resumeData: { ok: true, note: '' } });
await run.resume({ step: 'score', resumeData: { score: 1 } });
await run.resume({ resumeData: { score: 1 }, label: 'a' });
await run.resume({ step: 'now', resumeData: 'of a step without a schema' });
await run.resume({ step: ['ask', 'nested'], resumeData: 1 });
await run.resume({ step: 'ask.nested', resumeData: 1, forEachIndex: 1, perStep: true });
await run.resume();
// @ts-expect-error what that step takes is { ok }
await run.resume({ step: 'ask', resumeData: { score: 1 } });
// @ts-expect-error no such step
await run.resume({ step: 'missing' });
// @ts-expect-error no step takes this
await run.resume({ resumeData: { wrong: true } });

// Going back, by the ids of steps.
await run.timeTravel({
  step: 'score',
  inputData: { answered: 'x' },
  context: { ask: { status: 'success' } },
});
await run.timeTravel({ step: 'mapping_asked_0' });
// @ts-expect-error no such step
await run.timeTravel({ step: 'missing' });
// @ts-expect-error a step is needed
await run.timeTravel({});
await run.restart({ requestContext: { tenant: 'a' } });
same<void>()(await run.delete())(true);

// Stored runs.
const stored = await run.get();
same<string>()(stored.createdAt)(true);
same<string | undefined>()(stored.result?.score)(true);
const some = await run.get({ fields: ['steps'], nested: false });
void [some.runId, some.status, some.steps];
// @ts-expect-error it was not asked for
void some.payload;
// @ts-expect-error no field
await run.get({ fields: ['logs'] });
for await (const event of run.events()) same<number>()(event.time)(true);

// Of any workflow, nothing is known.
const any = createClient({ url: '' });
const anyRun = await any.workflow('whatever').start({ inputData: 1, initialState: { a: 1 } });
await anyRun.resume({ step: ['a', 'b'], resumeData: 1 });
await anyRun.timeTravel({ step: 'any' });
const anyResult = await anyRun.result();
if (anyResult.status === 'success') same<unknown>()(anyResult.result)(true);
same<unknown>()((await any.run('r').get()).payload)(true);
run satisfies RunHandle;
