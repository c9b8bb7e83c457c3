import { createStep, createWorkflow } from 'evented-workflows';
import { z } from 'zod';
import { same } from './same.ts';

/** The compiler has to stay quick while a chain grows: this file takes it far less than a second. */
const data = z.object({ n: z.number(), list: z.array(z.object({ name: z.string() })) });
const step = <const Id extends string>(id: Id) =>
  createStep({
    id,
    inputSchema: data,
    outputSchema: data,
    resumeSchema: z.object({ ok: z.boolean() }),
    execute: async ({ inputData }) => inputData,
  });
const first = step('s0');

const workflow = createWorkflow({
  id: 'long',
  inputSchema: data,
  outputSchema: z.object({ name: z.string() }),
})
  .then(step('s0'))
  .then(step('s1'))
  .then(step('s2'))
  .then(step('s3'))
  .then(step('s4'))
  .then(step('s5'))
  .then(step('s6'))
  .then(step('s7'))
  .then(step('s8'))
  .then(step('s9'))
  .then(step('s10'))
  .then(step('s11'))
  .then(step('s12'))
  .then(step('s13'))
  .then(step('s14'))
  .then(step('s15'))
  .then(step('s16'))
  .then(step('s17'))
  .then(step('s18'))
  .then(step('s19'))
  .then(step('s20'))
  .then(step('s21'))
  .then(step('s22'))
  .then(step('s23'))
  .then(step('s24'))
  .then(step('s25'))
  .then(step('s26'))
  .then(step('s27'))
  .then(step('s28'))
  .then(step('s29'))
  .then(step('s30'))
  .then(step('s31'))
  .then(step('s32'))
  .then(step('s33'))
  .then(step('s34'))
  .then(step('s35'))
  .then(step('s36'))
  .then(step('s37'))
  .then(step('s38'))
  .then(step('s39'))
  .then(step('s40'))
  .then(step('s41'))
  .then(step('s42'))
  .then(step('s43'))
  .then(step('s44'))
  .then(step('s45'))
  .then(step('s46'))
  .then(step('s47'))
  .then(step('s48'))
  .then(step('s49'))
  .map({ name: { step: 's25', path: 'list.0.name' }, n: { step: first, path: 'n' } })
  .commit();

const run = await workflow.createRun();
const result = await run.start({ inputData: { n: 1, list: [] } });
if (result.steps.s49?.status === 'success') same<number>()(result.steps.s49.output.n)(true);
await run.resume({ step: 's30', resumeData: { ok: true } });
// @ts-expect-error there are fifty
void result.steps.s50;
