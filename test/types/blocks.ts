import { createStep, createWorkflow } from 'evented-workflows';
import { z } from 'zod';
import { same } from './same.ts';

const input = z.object({ n: z.number() });
const text = createStep({
  id: 'text',
  inputSchema: input,
  outputSchema: z.string(),
  execute: async ({ inputData }) => String(inputData.n),
});
const flag = createStep({
  id: 'flag',
  inputSchema: input,
  outputSchema: z.boolean(),
  execute: async ({ inputData }) => inputData.n > 0,
});
const fromText = createStep({
  id: 'from-text',
  inputSchema: z.string(),
  outputSchema: z.string(),
  execute: async ({ inputData }) => inputData,
});
const joined = createStep({
  id: 'joined',
  inputSchema: z.object({ text: z.string(), flag: z.boolean() }),
  outputSchema: z.number(),
  execute: async () => 1,
});
const either = createStep({
  id: 'either',
  inputSchema: z.object({ text: z.string().optional(), flag: z.boolean().optional() }),
  outputSchema: z.number(),
  execute: async () => 1,
});
const counting = createStep({
  id: 'counting',
  inputSchema: z.number(),
  outputSchema: z.number(),
  execute: async ({ inputData }) => inputData + 1,
});
const definition = { id: 'w', inputSchema: input, outputSchema: z.number() } as const;

// A parallel gives every output by its id.
createWorkflow(definition).parallel([text, flag]).then(joined).commit();
createWorkflow(definition)
  .parallel([text, flag])
  .map(async ({ inputData }) => {
    same<{ text: string; flag: boolean }>()(inputData)(true);
    return 1;
  });
// @ts-expect-error an arm that takes another input
createWorkflow(definition).parallel([text, fromText]);
// @ts-expect-error the arm `flag` is missing
createWorkflow(definition).parallel([text]).then(joined);
// @ts-expect-error a step and not an array
createWorkflow(definition).parallel(text);

// A branch gives the outputs of the arms that were taken.
createWorkflow(definition)
  .branch([
    [async ({ inputData }) => inputData.n > 1, text],
    [({ inputData, getInitData }) => inputData.n > getInitData().n, flag],
  ])
  .then(either)
  .commit();
createWorkflow(definition)
  .branch([[async () => true, text]])
  .map(({ inputData }) => {
    same<{ text?: string }>()(inputData)(true);
    return 1;
  });
createWorkflow(definition)
  .branch([
    [async () => true, text],
    [async () => true, flag],
  ])
  // @ts-expect-error an arm may not have been taken
  .then(joined);
createWorkflow(definition).branch([
  // @ts-expect-error the input has no such key
  [async ({ inputData }) => void inputData.other, text],
]);
createWorkflow(definition).branch([
  // @ts-expect-error an arm that takes another input
  [async () => true, fromText],
]);
createWorkflow(definition).branch([
  // @ts-expect-error a condition is a function
  [true, text],
]);
createWorkflow(definition).branch([
  // @ts-expect-error a condition cannot suspend
  [async ({ suspend }) => void suspend, text],
]);

// Earlier steps are known by their ids.
createWorkflow(definition)
  .parallel([text, flag])
  .then(joined)
  .branch([
    [
      async ({ getStepResult }) => {
        same<string | null>()(getStepResult('text'))(true);
        same<boolean | null>()(getStepResult(flag))(true);
        return true;
      },
      createStep({ id: 'last', inputSchema: z.number(), outputSchema: z.number(), execute: async () => 2 }),
    ],
  ]);

// A condition may be data.
createWorkflow(definition)
  .branch([
    [{ predicate: { op: 'gt', path: 'inputData.n', value: 1 } }, text],
    [async ({ inputData }) => inputData.n > 1, flag],
  ])
  .then(either)
  .dowhile(counting, { predicate: { and: [{ op: 'in', path: 'initData.n', value: [1, null] }] } })
  .dountil(counting, { predicate: { not: { op: 'exists', path: 'stepResults.text' } } })
  .commit();
// @ts-expect-error an unknown operation
createWorkflow(definition).branch([[{ predicate: { op: 'like', path: 'inputData', value: 1 } }, text]]);
// @ts-expect-error an unknown root
createWorkflow(definition).branch([[{ predicate: { op: 'eq', path: 'env.HOME', value: 1 } }, text]]);
// @ts-expect-error a boolean has no order
createWorkflow(definition).branch([[{ predicate: { op: 'gt', path: 'inputData.n', value: true } }, text]]);
