import { createStep, createWorkflow } from 'evented-workflows';
import { z } from 'zod';
import { same } from './same.ts';

/**
 * Fifty entries of all kinds: the compiler has to stay quick, whichever they are. `.ci/consumers` limits how many types it
 * may make of them.
 */
const data = z.object({ n: z.number(), list: z.array(z.object({ name: z.string() })) });
const step = <const Id extends string>(id: Id) =>
  createStep({
    id,
    inputSchema: data,
    outputSchema: data,
    resumeSchema: z.object({ ok: z.boolean() }),
    execute: async ({ inputData }) => inputData,
  });
const nested = <const Id extends string>(id: Id) =>
  createWorkflow({ id, inputSchema: data, outputSchema: data }).then(step('in')).then(step('side')).commit();

const workflow = createWorkflow({ id: 'long', inputSchema: data, outputSchema: data })
  .then(step('s0'))
  .parallel([step('a0'), step('b0')])
  .map({ n: { step: 'a0', path: 'n' }, list: { step: 'b0', path: 'list' } }, { id: 'm0' })
  .branch([
    [async ({ inputData }) => inputData.n > 1, step('c0')],
    [async () => true, nested('d0')],
  ])
  .map(async ({ inputData }) => inputData.c0 ?? { n: 1, list: [] })
  .dountil(step('l0'), async ({ inputData }) => inputData.n > 1)
  .then(nested('w0'))
  .map(async ({ inputData }) => [inputData])
  .foreach(step('f0'), { concurrency: 2 })
  .map({ n: { step: 'l0', path: 'n' }, list: { initData: true, path: 'list' } })
  .then(step('s10'))
  .parallel([step('a10'), step('b10')])
  .map({ n: { step: 'a10', path: 'n' }, list: { step: 'b10', path: 'list' } }, { id: 'm10' })
  .branch([
    [async ({ inputData }) => inputData.n > 1, step('c10')],
    [async () => true, nested('d10')],
  ])
  .map(async ({ inputData }) => inputData.c10 ?? { n: 1, list: [] })
  .dountil(step('l10'), async ({ inputData }) => inputData.n > 1)
  .then(nested('w10'))
  .map(async ({ inputData }) => [inputData])
  .foreach(step('f10'), { concurrency: 2 })
  .map({ n: { step: 'l10', path: 'n' }, list: { initData: true, path: 'list' } })
  .then(step('s20'))
  .parallel([step('a20'), step('b20')])
  .map({ n: { step: 'a20', path: 'n' }, list: { step: 'b20', path: 'list' } }, { id: 'm20' })
  .branch([
    [async ({ inputData }) => inputData.n > 1, step('c20')],
    [async () => true, nested('d20')],
  ])
  .map(async ({ inputData }) => inputData.c20 ?? { n: 1, list: [] })
  .dountil(step('l20'), async ({ inputData }) => inputData.n > 1)
  .then(nested('w20'))
  .map(async ({ inputData }) => [inputData])
  .foreach(step('f20'), { concurrency: 2 })
  .map({ n: { step: 'l20', path: 'n' }, list: { initData: true, path: 'list' } })
  .then(step('s30'))
  .parallel([step('a30'), step('b30')])
  .map({ n: { step: 'a30', path: 'n' }, list: { step: 'b30', path: 'list' } }, { id: 'm30' })
  .branch([
    [async ({ inputData }) => inputData.n > 1, step('c30')],
    [async () => true, nested('d30')],
  ])
  .map(async ({ inputData }) => inputData.c30 ?? { n: 1, list: [] })
  .dountil(step('l30'), async ({ inputData }) => inputData.n > 1)
  .then(nested('w30'))
  .map(async ({ inputData }) => [inputData])
  .foreach(step('f30'), { concurrency: 2 })
  .map({ n: { step: 'l30', path: 'n' }, list: { initData: true, path: 'list' } })
  .then(step('s40'))
  .parallel([step('a40'), step('b40')])
  .map({ n: { step: 'a40', path: 'n' }, list: { step: 'b40', path: 'list' } }, { id: 'm40' })
  .branch([
    [async ({ inputData }) => inputData.n > 1, step('c40')],
    [async () => true, nested('d40')],
  ])
  .map(async ({ inputData }) => inputData.c40 ?? { n: 1, list: [] })
  .dountil(step('l40'), async ({ inputData }) => inputData.n > 1)
  .then(nested('w40'))
  .map(async ({ inputData }) => [inputData])
  .foreach(step('f40'), { concurrency: 2 })
  .map({ n: { step: 'l40', path: 'n' }, list: { initData: true, path: 'list' } })
  .commit();

const run = await workflow.createRun();
const result = await run.start({ inputData: { n: 1, list: [] } });
if (result.status === 'success') same<number>()(result.result.n)(true);
if (result.steps.m40?.status === 'success') same<number>()(result.steps.m40.output.n)(true);
if (result.steps.f40?.status === 'success') same<number | undefined>()(result.steps.f40.output[0]?.n)(true);
await run.resume({ step: 'w30', resumeData: { ok: true } });
// @ts-expect-error there are fifty
void result.steps.s50;
