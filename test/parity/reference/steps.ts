import { vi } from 'vitest';
import { z } from 'zod';
import { createStep, createWorkflow } from '../reference-shim/index.ts';

/** Steps and workflows that take and give anything, with what counts their calls. */

export const any = z.any();

/** How long to wait for what a place does by itself: some ask over a network. */
export const patience = { timeout: 20_000 };

/** Gives `output`, whatever it gets. */
export function passing(id: string, output: unknown = { by: id }) {
  const execute = vi.fn().mockResolvedValue(output);
  return { execute, step: createStep({ id, inputSchema: any, outputSchema: any, execute }) };
}

/** Suspends until it is resumed, and gives what it is resumed with. */
export function asking(id: string) {
  const execute = vi.fn(async ({ resumeData, suspend }) => resumeData ?? suspend({}));
  return {
    execute,
    step: createStep({ id, inputSchema: any, outputSchema: any, resumeSchema: any, execute }),
  };
}

/** A workflow without entries yet. */
export function flow<const Id extends string>(id: Id) {
  return createWorkflow({ id, inputSchema: any, outputSchema: any });
}
