import { createStep, createWorkflow } from 'evented-workflows';
import { z } from 'zod';
import { type Around, nothingAround } from './around.ts';
import type { Carrier } from './carrier.ts';
import { catalog as defaultCatalog, type Catalog, priceProblems, stockProblems } from './catalog.ts';
import { readOrders } from './csv.ts';
import { flakyGateway, type PaymentGateway } from './gateway.ts';
import { pickedLine, shipment, shippingWorkflow } from './shipping.ts';
import { revenueBy, settle, valueOf } from './totals.ts';

/** Orders above this value wait for a person, in cents. */
export const approveAboveCents = 100_000;

/** How many lines are picked at once. */
const pickAtOnce = 5;

const order = z.object({
  line: z.number().int(),
  order: z.string(),
  customer: z.string(),
  product: z.string(),
  quantity: z.number().int(),
  priceCents: z.number().int(),
});
const rejection = z.object({ line: z.number().int(), reason: z.string() });
const file = z.object({ orders: z.array(order), rejected: z.array(rejection), lines: z.number().int() });
const checked = z.object({
  file,
  stock: z.array(rejection),
  prices: z.array(rejection),
});
const assessment = z.object({
  accepted: z.array(order),
  rejected: z.array(rejection),
  totalCents: z.number().int(),
});
const decision = z.object({ approved: z.boolean(), by: z.string(), note: z.string().optional() });
const decided = z.object({ assessment, decision });
const receipt = z.object({ id: z.string(), amountCents: z.number().int() });
const revenue = z.object({
  name: z.string(),
  orders: z.number().int(),
  quantity: z.number().int(),
  cents: z.number().int(),
});

/** What the run has counted so far. */
const counts = z.object({
  /** Lines with content, without the heading. */
  lines: z.number().int().optional(),
  malformed: z.number().int().optional(),
  outOfStock: z.number().int().optional(),
  wrongPrice: z.number().int().optional(),
  paymentAttempts: z.number().int().optional(),
});

/** What a run is given. The text and not a path: the worker may be on a machine that does not have the file. */
const ordersInput = z.object({ csv: z.string() });

/** What a run ends with. */
export const ordersResult = z.object({
  outcome: z.enum(['paid', 'declined', 'nothing to pay']),
  decision,
  totalCents: z.number().int(),
  receipt: receipt.optional(),
  shipment: shipment.optional(),
  accepted: z.number().int(),
  byCustomer: z.array(revenue),
  byProduct: z.array(revenue),
  rejected: z.array(rejection),
  counts,
});

/** See {@link ordersResult}. */
export type OrdersResult = z.infer<typeof ordersResult>;

/** What the workflow works with. */
export interface OrdersOptions {
  /** @default `data/catalog.json` */
  readonly catalog?: Catalog;
  /** @default a simulated gateway whose first two attempts fail */
  readonly gateway?: PaymentGateway;
  /** @default a simulated carrier that has no van for a heavy parcel at first */
  readonly carrier?: Carrier;
  /** Pause before each further attempt to pay or to book, ms. @default 0 */
  readonly retryDelay?: number;
  /** @default only runs the body */
  readonly around?: Around;
}

/**
 * Reads orders, checks stock and prices in parallel, lets a person decide about large totals, takes the payment, picks
 * line by line what was paid, ships it, and says what came of each line.
 */
export function ordersWorkflow(options: OrdersOptions = {}) {
  const { catalog = defaultCatalog, gateway = flakyGateway(), retryDelay = 0 } = options;
  const { carrier, around = nothingAround } = options;
  const weights = new Map(catalog.map(({ product, weightGrams }) => [product, weightGrams]));

  const readFile = createStep({
    id: 'read-orders',
    description: 'Parses the file; malformed lines are set aside with their reason',
    inputSchema: ordersInput,
    outputSchema: file,
    stateSchema: counts,
    execute: (context) =>
      around(context, async () => {
        const { orders, rejected, lines } = readOrders(context.inputData.csv);
        await context.setState({ lines, malformed: rejected.length });
        return { orders: [...orders], rejected: [...rejected], lines };
      }),
  });

  const checkStock = createStep({
    id: 'check-stock',
    description: 'Looks up how many of each product are left',
    inputSchema: file,
    outputSchema: z.array(rejection),
    stateSchema: counts,
    execute: (context) =>
      around(context, async () => {
        const problems = stockProblems(context.inputData.orders, catalog);
        await context.setState({ outOfStock: problems.length });
        return problems;
      }),
  });

  const checkPrices = createStep({
    id: 'check-prices',
    description: 'Compares each price with the catalog',
    inputSchema: file,
    outputSchema: z.array(rejection),
    stateSchema: counts,
    execute: (context) =>
      around(context, async () => {
        const problems = priceProblems(context.inputData.orders, catalog);
        await context.setState({ wrongPrice: problems.length });
        return problems;
      }),
  });

  const assess = createStep({
    id: 'assess',
    description: 'Leaves out what a check refused, and adds up the rest',
    inputSchema: checked,
    outputSchema: assessment,
    execute: (context) =>
      around(context, async () => {
        const { file: read, stock, prices } = context.inputData;
        const { accepted, rejected } = settle(read.orders, read.rejected, stock, prices);
        return { accepted, rejected, totalCents: valueOf(accepted) };
      }),
  });

  const autoApprove = createStep({
    id: 'auto-approve',
    description: 'Small totals need no person',
    inputSchema: assessment,
    outputSchema: decision,
    execute: (context) => around(context, async () => ({ approved: true, by: 'the rule for small totals' })),
  });

  const askApproval = createStep({
    id: 'ask-approval',
    description: 'Waits until a person has approved or rejected a large total',
    inputSchema: assessment,
    outputSchema: decision,
    resumeSchema: decision,
    suspendSchema: z.object({ question: z.string(), totalCents: z.number().int(), orders: z.number().int() }),
    execute: (context) =>
      around(context, async () => {
        if (context.resumeData) return context.resumeData;
        const { accepted, totalCents } = context.inputData;
        return await context.suspend({
          question: 'Approve this total?',
          totalCents,
          orders: accepted.length,
        });
      }),
  });

  const takePayment = createStep({
    id: 'take-payment',
    description: 'Charges the total; the gateway may need several attempts',
    inputSchema: decided,
    outputSchema: receipt,
    stateSchema: counts,
    retries: 3,
    execute: (context) =>
      around(context, async () => {
        const paid = await gateway.charge({
          idempotencyKey: context.idempotencyKey,
          amountCents: context.inputData.assessment.totalCents,
          attempt: context.retryCount,
        });
        await context.setState({ paymentAttempts: context.retryCount + 1 });
        return paid;
      }),
  });

  const decline = createStep({
    id: 'decline',
    description: 'Puts on record that nothing is charged',
    inputSchema: decided,
    outputSchema: z.object({ reason: z.string() }),
    execute: (context) =>
      around(context, async () => {
        const { by, note } = context.inputData.decision;
        return { reason: note === undefined ? `rejected by ${by}` : `rejected by ${by}: ${note}` };
      }),
  });

  const pickLine = createStep({
    id: 'pick-line',
    description: 'Takes the pieces of one line off their shelf',
    inputSchema: order,
    outputSchema: pickedLine,
    execute: (context) =>
      around(context, async () => {
        const { order: number, customer, product, quantity } = context.inputData;
        const weightGrams = (weights.get(product) ?? 0) * quantity;
        return { order: number, customer, product, quantity, weightGrams };
      }),
  });

  const shipping = shippingWorkflow({ around, retryDelay, ...(carrier === undefined ? {} : { carrier }) });

  const summarize = createStep({
    id: 'summarize',
    description: 'Says what came of the file',
    inputSchema: decided.extend({ receipt: receipt.optional(), shipment: shipment.optional() }),
    outputSchema: ordersResult,
    stateSchema: counts,
    execute: (context) =>
      around(context, async (): Promise<OrdersResult> => {
        const { assessment: totals, decision: verdict, receipt: paid, shipment: sent } = context.inputData;
        // A rejected total brings no revenue, whatever its lines are worth.
        const accepted = verdict.approved ? totals.accepted : [];
        return {
          outcome: paid ? 'paid' : verdict.approved ? 'nothing to pay' : 'declined',
          decision: verdict,
          totalCents: totals.totalCents,
          ...(paid ? { receipt: paid } : {}),
          ...(sent ? { shipment: sent } : {}),
          accepted: accepted.length,
          byCustomer: revenueBy(accepted, 'customer'),
          byProduct: revenueBy(accepted, 'product'),
          rejected: totals.rejected,
          counts: context.state,
        };
      }),
  });

  return createWorkflow({
    id: 'orders',
    description: 'From a file of orders to a payment',
    inputSchema: ordersInput,
    outputSchema: ordersResult,
    stateSchema: counts,
    retryConfig: { delay: retryDelay },
  })
    .then(readFile)
    .parallel([checkStock, checkPrices])
    .map({
      file: { step: readFile, path: '.' },
      stock: { step: checkStock, path: '.' },
      prices: { step: checkPrices, path: '.' },
    })
    .then(assess)
    .branch([
      [async ({ inputData }) => inputData.totalCents <= approveAboveCents, autoApprove],
      [async ({ inputData }) => inputData.totalCents > approveAboveCents, askApproval],
    ])
    .map({
      assessment: { step: assess, path: '.' },
      decision: { step: [autoApprove, askApproval], path: '.' },
    })
    .branch([
      [
        async ({ inputData }) => inputData.decision.approved && inputData.assessment.totalCents > 0,
        takePayment,
      ],
      [async ({ inputData }) => !inputData.decision.approved, decline],
    ])
    .map(async ({ getStepResult }) =>
      getStepResult(takePayment) === null ? [] : (getStepResult(assess)?.accepted ?? []),
    )
    .foreach(pickLine, { concurrency: pickAtOnce })
    .branch([[async ({ inputData }) => inputData.length > 0, shipping]])
    .map({
      assessment: { step: assess, path: '.' },
      decision: { step: [autoApprove, askApproval], path: '.' },
      // Absent where nothing was charged: `.map` refuses a step without a result, `getStepResult` answers null.
      receipt: {
        fn: async ({ getStepResult }) => getStepResult(takePayment) ?? undefined,
        schema: receipt.optional(),
      },
      shipment: {
        fn: async ({ getStepResult }) => getStepResult(shipping) ?? undefined,
        schema: shipment.optional(),
      },
    })
    .then(summarize)
    .commit();
}

/** What a server of the example serves. */
export const workflows = [ordersWorkflow()];
