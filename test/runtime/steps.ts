import { z } from 'zod';
import { createStep, createWorkflow } from '../../src/index.ts';

/** Steps and workflows that take and give anything, for tests of what happens between them. */

export const any = z.any();

/** Gives back what it gets. */
export function echo(id: string) {
  return createStep({ id, inputSchema: any, outputSchema: any, execute: async ({ inputData }) => inputData });
}

/** A step with this body. */
export function body(
  id: string,
  execute: Parameters<typeof createStep>[0]['execute'],
  more: { retries?: number; resumeSchema?: typeof any } = {},
) {
  return createStep({ id, inputSchema: any, outputSchema: any, ...more, execute });
}

/** A workflow without entries yet. */
export function flow(id: string) {
  return createWorkflow({ id, inputSchema: any, outputSchema: any });
}
