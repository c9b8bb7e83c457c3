import { createStep, createWorkflow } from 'evented-workflows';
import { z } from 'zod';
import { same } from './same.ts';

const workflow = (state: z.ZodObject<{ count: z.ZodNumber; name: z.ZodOptional<z.ZodString> }>) =>
  createWorkflow({ id: 'w', inputSchema: z.string(), outputSchema: z.string(), stateSchema: state });
const state = z.object({ count: z.number(), name: z.string().optional() });
const io = { inputSchema: z.string(), outputSchema: z.string() };

const counting = createStep({
  id: 'counting',
  ...io,
  stateSchema: z.object({ count: z.number() }),
  execute: async ({ inputData, state: { count }, setState }) => {
    same<number>()(count)(true);
    await setState({ count: count + 1 });
    return inputData;
  },
});
const naming = createStep({
  id: 'naming',
  ...io,
  stateSchema: z.object({ name: z.string().optional() }),
  execute: async ({ inputData }) => inputData,
});
const stateless = createStep({ id: 'stateless', ...io, execute: async ({ inputData }) => inputData });
const foreign = createStep({
  id: 'foreign',
  ...io,
  stateSchema: z.object({ other: z.number().optional() }),
  execute: async ({ inputData }) => inputData,
});
const otherType = createStep({
  id: 'other-type',
  ...io,
  stateSchema: z.object({ count: z.string() }),
  execute: async ({ inputData }) => inputData,
});

// A subset of the keys.
workflow(state).then(counting).then(naming).then(stateless).commit();
workflow(state).parallel([counting, naming]);
workflow(state).branch([[async ({ state: { count } }) => count > 1, counting]]);

// @ts-expect-error the workflow's state has no key `other`
workflow(state).then(foreign);
// @ts-expect-error the workflow's count is a number
workflow(state).then(otherType);
// @ts-expect-error the same in a parallel
workflow(state).parallel([counting, foreign]);
// @ts-expect-error the same in a branch
workflow(state).branch([[async () => true, foreign]]);
// @ts-expect-error a workflow without state
createWorkflow({ id: 'w', ...io }).then(counting);
// @ts-expect-error the state has no key `other`
workflow(state).branch([[async ({ state: { other } }) => void other, stateless]]);

createStep({
  id: 'wrong',
  ...io,
  stateSchema: z.object({ count: z.number() }),
  execute: async ({ inputData, setState, state: before }) => {
    // @ts-expect-error a count is a number
    await setState({ count: 'one' });
    // @ts-expect-error the count is missing
    await setState({});
    // @ts-expect-error state is changed by setState only
    before.count = 2;
    return inputData;
  },
});
