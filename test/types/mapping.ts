import { createStep, createWorkflow, mapVariable } from 'evented-workflows';
import { z } from 'zod';
import { same } from './same.ts';

const input = z.object({ n: z.number(), who: z.object({ name: z.string(), nick: z.string().optional() }) });
const order = createStep({
  id: 'order',
  inputSchema: input,
  outputSchema: z.object({
    lines: z.array(z.object({ price: z.number() })),
    customer: z.object({ address: z.object({ city: z.string() }) }).optional(),
    loose: z.unknown(),
  }),
  execute: async () => ({ lines: [], loose: 1 }),
});
const short = createStep({
  id: 'short',
  inputSchema: z.unknown(),
  outputSchema: z.object({ total: z.number(), only: z.string() }),
  execute: async () => ({ total: 1, only: '' }),
});
const long = createStep({
  id: 'long',
  inputSchema: z.unknown(),
  outputSchema: z.object({ total: z.string() }),
  execute: async () => ({ total: '' }),
});
const other = createWorkflow({
  id: 'other',
  inputSchema: z.object({ when: z.date() }),
  outputSchema: z.any(),
});
const start = () =>
  createWorkflow({
    id: 'w',
    inputSchema: input,
    outputSchema: z.any(),
    stateSchema: z.object({ count: z.number() }),
    requestContextSchema: z.object({ tenant: z.string() }),
  });

// Function form.
start()
  .then(order)
  .map(async ({ inputData, getStepResult, getInitData, state, requestContext }) => {
    same<number>()(getInitData().n)(true);
    same<number>()(state.count)(true);
    same<string>()(requestContext.get('tenant'))(true);
    same<typeof inputData | null>()(getStepResult(order))(true);
    return { first: inputData.lines[0]?.price };
  })
  .map(({ inputData }) => {
    same<{ first: number | undefined }>()(inputData)(true);
    return null;
  });
// @ts-expect-error a mapping cannot change the state
start().map(async ({ setState }) => void setState);

// Object form, one rule of each kind.
start()
  .then(order)
  .then(short)
  .map({
    constant: { value: 5, schema: z.number() },
    plain: { value: { list: [1, 2], name: 'x' } },
    computed: { fn: async ({ inputData }) => inputData.total > 1, schema: z.boolean() },
    inferred: { fn: ({ inputData }) => inputData.only },
    tenant: { requestContextPath: 'tenant' },
    greeting: { template: 'Dear ${initData.who.name}' },
    locale: { requestContextPath: 'locale', schema: z.enum(['de', 'en']) },
    whole: { step: short, path: '.' },
    city: { step: order, path: 'customer.address.city' },
    price: { step: order, path: 'lines.0.price' },
    lines: { step: order, path: 'lines.length' },
    loose: { step: order, path: 'loose.anything.goes' },
    first: { step: [short, long], path: 'total' },
    byId: { step: 'order', path: 'lines' },
    name: { initData: true, path: 'who.name' },
    nick: { initData: true, path: 'who.nick' },
    when: { initData: other, path: 'when' },
  })
  .map(({ inputData }) => {
    same<number>()(inputData.constant)(true);
    same<{ list: number[]; name: string }>()(inputData.plain)(true);
    same<boolean>()(inputData.computed)(true);
    same<string>()(inputData.inferred)(true);
    same<string>()(inputData.tenant)(true);
    same<string>()(inputData.greeting)(true);
    same<'de' | 'en'>()(inputData.locale)(true);
    same<{ total: number; only: string }>()(inputData.whole)(true);
    same<string>()(inputData.city)(true);
    same<number>()(inputData.price)(true);
    same<number>()(inputData.lines)(true);
    same<unknown>()(inputData.loose)(true);
    same<string | number>()(inputData.first)(true);
    same<{ price: number }[]>()(inputData.byId)(true);
    same<string>()(inputData.name)(true);
    same<string | undefined>()(inputData.nick)(true);
    same<Date>()(inputData.when)(true);
    return 1;
  });

// A mapping with an id is known like a step.
start()
  .map(async () => 1, { id: 'one' })
  .map({ n: { step: 'one', path: '.' } }, { id: 'object', description: 'Two' })
  .map(({ getStepResult }) => {
    same<number | null>()(getStepResult('one'))(true);
    same<{ n: number } | null>()(getStepResult('object'))(true);
    return 1;
  });

// A rule that is defined apart.
const apart = mapVariable({ step: short, path: 'total' });
start()
  .map({ apart })
  .map(({ inputData }) => {
    same<{ apart: number }>()(inputData)(true);
    return 1;
  });

// Wrong paths.
const chain = () => start().then(order).then(short);
// @ts-expect-error no such key
chain().map({ x: { step: short, path: 'missing' } });
// @ts-expect-error no such key further down
chain().map({ x: { step: order, path: 'customer.address.street' } });
// @ts-expect-error a number has no keys
chain().map({ x: { step: short, path: 'total.cents' } });
// @ts-expect-error nor has it a method here
chain().map({ x: { step: short, path: 'total.toFixed' } });
// @ts-expect-error an array has no such key
chain().map({ x: { step: order, path: 'lines.first' } });
// @ts-expect-error only one of the steps gives it
chain().map({ x: { step: [short, long], path: 'only' } });
// @ts-expect-error the input has no such key
chain().map({ x: { initData: true, path: 'who.age' } });
// @ts-expect-error the input of that workflow has no such key
chain().map({ x: { initData: other, path: 'where' } });
// @ts-expect-error a step by its id, no such key
chain().map({ x: { step: 'order', path: 'missing' } });
// @ts-expect-error a template is a text
chain().map({ x: { template: 1 } });
// @ts-expect-error a path is missing
chain().map({ x: { step: short } });
// @ts-expect-error no rule
chain().map({ x: 1 });
chain()
  .map({ n: { step: short, path: 'only' }, who: { initData: true, path: 'who' } })
  // @ts-expect-error the mapping gives a string as n
  .then(order);
