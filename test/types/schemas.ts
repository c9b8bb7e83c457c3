import { type } from 'arktype';
import { createStep, createWorkflow } from 'evented-workflows';
import * as v from 'valibot';
import { z } from 'zod';
import * as z3 from 'zod/v3';
import { same } from './same.ts';

/** One step of each schema library, in one chain: each takes what the one before gives. */
const fromZod = createStep({
  id: 'zod',
  inputSchema: z.object({ at: z.coerce.date() }),
  outputSchema: z.object({ year: z.number() }),
  execute: async ({ inputData }) => {
    same<{ at: Date }>()(inputData)(true);
    return { year: inputData.at.getFullYear() };
  },
});
const fromZod3 = createStep({
  id: 'zod-3',
  inputSchema: z3.object({ year: z3.number() }),
  outputSchema: z3.object({ year: z3.number(), leap: z3.boolean() }),
  execute: async ({ inputData }) => {
    same<{ year: number }>()(inputData)(true);
    return { ...inputData, leap: inputData.year % 4 === 0 };
  },
});
const fromValibot = createStep({
  id: 'valibot',
  inputSchema: v.object({ year: v.number(), leap: v.optional(v.boolean(), false) }),
  outputSchema: v.object({ text: v.string() }),
  resumeSchema: v.object({ text: v.string() }),
  execute: async ({ inputData, resumeData }) => {
    same<{ year: number; leap: boolean }>()(inputData)(true);
    same<{ text: string } | undefined>()(resumeData)(true);
    return { text: String(inputData.year) };
  },
});
const fromArktype = createStep({
  id: 'arktype',
  inputSchema: type({ text: 'string' }),
  outputSchema: type('number'),
  stateSchema: type({ 'count?': 'number | undefined' }),
  execute: async ({ inputData, state }) => {
    same<{ text: string }>()(inputData)(true);
    same<number | undefined>()(state.count)(true);
    return inputData.text.length;
  },
});

const workflow = createWorkflow({
  id: 'w',
  inputSchema: v.object({ at: v.date() }),
  outputSchema: type('number'),
  stateSchema: z.object({ count: z.number().optional() }),
})
  .then(fromZod)
  .then(fromZod3)
  .then(fromValibot)
  .then(fromArktype)
  .commit();

const run = await workflow.createRun();
const result = await run.start({ inputData: { at: new Date(0) } });
if (result.status === 'success') same<number>()(result.result)(true);
await run.resume({ step: fromValibot, resumeData: { text: 'x' } });
// @ts-expect-error the input is a date
await run.start({ inputData: { at: '2026' } });
createWorkflow({ id: 'w', inputSchema: v.object({ at: v.date() }), outputSchema: type('number') })
  // @ts-expect-error arktype's input is { text }
  .then(fromArktype);
createWorkflow({ id: 'w', inputSchema: type({ at: 'Date' }), outputSchema: type('number') })
  // @ts-expect-error valibot's input is { year }
  .then(fromValibot);
createStep({
  id: 'wrong',
  inputSchema: type('string'),
  outputSchema: v.number(),
  // @ts-expect-error a string is no number
  execute: async ({ inputData }) => inputData,
});
