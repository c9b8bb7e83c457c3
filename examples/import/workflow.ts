import { createStep, createWorkflow } from 'evented-workflows';
import { z } from 'zod';
import type { Ledger } from './ledger.ts';
import { checkRow, delivery, rawRow, readRows } from './rows.ts';

/** How many rows are checked at once. */
const checkAtOnce = 3;
/** Deliveries that are written together. */
const batchSize = 4;

const written = z.object({ entered: z.number().int(), known: z.number().int() });

/** What an import ends with. */
export const importSummary = z.object({
  rows: z.number().int(),
  batches: z.number().int(),
  /** Deliveries that the ledger did not have, and those that it had already. */
  entered: z.number().int(),
  known: z.number().int(),
});

/** See {@link importSummary}. */
export type ImportSummary = z.infer<typeof importSummary>;

/** What the workflow works with. */
export interface ImportOptions {
  readonly ledger: Ledger;
  /** Called before a row is checked, with the step's abort signal; the command holds a run here. @default nothing */
  readonly onCheck?: (line: number, signal: AbortSignal) => Promise<void>;
}

/** Reads a file of deliveries, checks each row, and enters the deliveries into a ledger, some at a time. */
export function importWorkflow({ ledger, onCheck = async () => {} }: ImportOptions) {
  const parse = createStep({
    id: 'parse',
    description: 'Splits the file into rows',
    inputSchema: z.object({ csv: z.string() }),
    outputSchema: z.array(rawRow),
    execute: async ({ inputData }) => readRows(inputData.csv),
  });

  const check = createStep({
    id: 'check-row',
    description: 'Makes a delivery of a row; the first one that is none fails the run',
    inputSchema: rawRow,
    outputSchema: delivery,
    execute: async ({ inputData, abortSignal }) => {
      await onCheck(inputData.line, abortSignal);
      return checkRow(inputData);
    },
  });

  const writeBatch = createStep({
    id: 'write-batch',
    description: 'Enters some deliveries, all of them or none',
    inputSchema: z.array(delivery),
    outputSchema: written,
    retries: 2,
    execute: async ({ inputData, idempotencyKey }) => await ledger.write(idempotencyKey, inputData),
  });

  const summarize = createStep({
    id: 'summarize',
    description: 'Adds up what was written',
    inputSchema: z.object({ deliveries: z.array(delivery), batches: z.array(written) }),
    outputSchema: importSummary,
    execute: async ({ inputData: { deliveries, batches } }) => ({
      rows: deliveries.length,
      batches: batches.length,
      entered: batches.reduce((sum, { entered }) => sum + entered, 0),
      known: batches.reduce((sum, { known }) => sum + known, 0),
    }),
  });

  return (
    createWorkflow({
      id: 'import',
      description: 'From a file of deliveries to entries of a ledger',
      inputSchema: z.object({ csv: z.string() }),
      outputSchema: importSummary,
    })
      .then(parse)
      .foreach(check, { concurrency: checkAtOnce })
      .map(async ({ inputData }) => inBatches(inputData), { id: 'batches' })
      .foreach(writeBatch)
      // By their ids: the result of a foreach is that of all its items, and the type of a step is that of one.
      .map(
        { deliveries: { step: 'check-row', path: '.' }, batches: { step: 'write-batch', path: '.' } },
        { id: 'all' },
      )
      .then(summarize)
      .commit()
  );
}

function inBatches<Item>(items: readonly Item[]): Item[][] {
  const count = Math.ceil(items.length / batchSize);
  return Array.from({ length: count }, (_, index) => items.slice(index * batchSize, (index + 1) * batchSize));
}
