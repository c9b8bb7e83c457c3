import { createStep } from 'evented-workflows';
import { z } from 'zod';

const number = z.object({ n: z.number() });

/** A step that adds 1. */
export function adding<const Id extends string>(id: Id) {
  return createStep({
    id,
    inputSchema: number,
    outputSchema: number,
    execute: async ({ inputData }) => ({ n: inputData.n + 1 }),
  });
}

/** Options of a workflow from a number to anything. */
export const numbers = { id: 'numbers', inputSchema: number, outputSchema: z.any() } as const;
