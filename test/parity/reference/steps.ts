import { vi } from 'vitest';
import { z } from 'zod';
import type { WorkflowDefinition } from '../../../src/core/definition.ts';
import type { Place } from '../../runtime/places.ts';
import { createStep, createWorkflow, Host, type Storage, storageIn } from '../reference-shim/index.ts';

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

export type Execute = Parameters<typeof createStep>[0]['execute'];

/** A step with this body. */
export function step<const Id extends string>(id: Id, execute: Execute, more: object = {}) {
  return createStep({ id, inputSchema: any, outputSchema: any, ...more, execute });
}

interface Startable {
  start(given: never): Promise<unknown>;
}

/** Starts a run of a workflow in a fresh place, and waits until nothing of it goes on by itself. */
export async function startedIn<One extends Startable>(
  place: Place,
  workflow: WorkflowDefinition & { createRun(): Promise<One> },
  given: object = {},
  storage: Storage = storageIn(place),
) {
  new Host({ workflows: { workflow }, storage });
  const run = await workflow.createRun();
  const done = (await run.start({ inputData: {}, ...given } as never)) as Awaited<ReturnType<One['start']>>;
  return { run, done };
}

/** A workflow without entries yet. */
export function flow<const Id extends string>(id: Id) {
  return createWorkflow({ id, inputSchema: any, outputSchema: any });
}
