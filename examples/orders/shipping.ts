import { createStep, createWorkflow } from 'evented-workflows';
import { z } from 'zod';
import { type Around, nothingAround } from './around.ts';
import { busyCarrier, type Carrier } from './carrier.ts';

/** A line of an order that was taken off its shelf. */
export const pickedLine = z.object({
  order: z.string(),
  customer: z.string(),
  product: z.string(),
  quantity: z.number().int(),
  weightGrams: z.number().int(),
});

const parcel = z.object({
  customer: z.string(),
  orders: z.array(z.string()),
  weightGrams: z.number().int(),
});
const bookedParcel = parcel.extend({ tracking: z.string(), attempts: z.number().int() });

/** What shipping ends with. */
export const shipment = z.object({
  parcels: z.array(bookedParcel),
  weightGrams: z.number().int(),
});

/** How many parcels are booked at once. */
const bookAtOnce = 3;

/** What the workflow works with. */
export interface ShippingOptions {
  /** @default a simulated carrier that has no van for a heavy parcel at first */
  readonly carrier?: Carrier;
  /** Pause before each further attempt to book, ms. @default 0 */
  readonly retryDelay?: number;
  /** @default only runs the body */
  readonly around?: Around;
}

/**
 * Packs picked lines into one parcel for each customer, and books a carrier for each parcel. A workflow of its own, which
 * can be run by itself; the orders workflow takes it in as a step.
 */
export function shippingWorkflow(options: ShippingOptions = {}) {
  const { carrier = busyCarrier(), retryDelay = 0, around = nothingAround } = options;

  const pack = createStep({
    id: 'pack',
    description: 'One parcel for each customer',
    inputSchema: z.array(pickedLine),
    outputSchema: z.array(parcel),
    execute: (context) =>
      around(context, async () =>
        [...Map.groupBy(context.inputData, ({ customer }) => customer)].map(([customer, lines]) => ({
          customer,
          orders: lines.map(({ order }) => order),
          weightGrams: lines.reduce((sum, line) => sum + line.weightGrams, 0),
        })),
      ),
  });

  const bookParcel = createStep({
    id: 'book-parcel',
    description: 'Books the carrier for one parcel; it may need several attempts',
    inputSchema: parcel,
    outputSchema: bookedParcel,
    retries: 2,
    execute: (context) =>
      around(context, async () => {
        const { inputData, idempotencyKey, retryCount } = context;
        const { customer, weightGrams } = inputData;
        const tracking = await carrier.book({ idempotencyKey, customer, weightGrams, attempt: retryCount });
        return { ...inputData, tracking, attempts: retryCount + 1 };
      }),
  });

  const listParcels = createStep({
    id: 'list-parcels',
    description: 'The list that goes with the van',
    inputSchema: z.array(bookedParcel),
    outputSchema: shipment,
    execute: (context) =>
      around(context, async () => ({
        parcels: context.inputData,
        weightGrams: context.inputData.reduce((sum, { weightGrams }) => sum + weightGrams, 0),
      })),
  });

  return createWorkflow({
    id: 'shipping',
    description: 'From picked lines to booked parcels',
    inputSchema: z.array(pickedLine),
    outputSchema: shipment,
    retryConfig: { delay: retryDelay },
  })
    .then(pack)
    .foreach(bookParcel, { concurrency: bookAtOnce })
    .then(listParcels)
    .commit();
}
