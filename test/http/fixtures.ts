import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { memoryBackend } from '../../src/adapters/memory/index.ts';
import { WorkflowError } from '../../src/core/errors.ts';
import type { HttpApp, HttpAppOptions, Problem } from '../../src/http/index.ts';
import { createStep, createWorkflow } from '../../src/index.ts';
import { createRuntime, type Runtime, type RuntimeOptions } from '../../src/runtime/index.ts';
import { createHttpApp } from './conforming.ts';

const price = createStep({
  id: 'price',
  inputSchema: z.object({ pieces: z.number().int() }),
  outputSchema: z.object({ cents: z.number() }),
  execute: async ({ inputData }) => ({ cents: inputData.pieces * 250 }),
});

const approve = createStep({
  id: 'approve',
  description: 'Waits for a person',
  inputSchema: z.object({ cents: z.number() }),
  outputSchema: z.object({ cents: z.number(), by: z.string() }),
  resumeSchema: z.object({ by: z.string() }),
  execute: async ({ inputData, resumeData, suspend }) =>
    resumeData === undefined
      ? await suspend({ cents: inputData.cents }, { resumeLabel: 'approval' })
      : { cents: inputData.cents, by: resumeData.by },
});

const paths = createStep({
  id: 'echo',
  inputSchema: z.unknown(),
  outputSchema: z.unknown(),
  execute: async ({ inputData, requestContext }) => ({ inputData, context: requestContext.toJSON() }),
});

/** Prices pieces, and waits for a person. */
export const ordersWorkflow = createWorkflow({
  id: 'orders',
  description: 'Prices an order and has it approved',
  inputSchema: z.object({ pieces: z.number().int() }),
  outputSchema: z.object({ cents: z.number(), by: z.string() }),
})
  .then(price)
  .then(approve)
  .commit();

/** Gives back what it got. */
const echoWorkflow = createWorkflow({
  id: 'echo',
  inputSchema: z.unknown(),
  outputSchema: z.unknown(),
})
  .then(paths)
  .commit();

/** An app over the real runtime in memory; both end with the test. */
export function realApp(
  options: Partial<HttpAppOptions & Pick<RuntimeOptions, 'workflows' | 'history'>> = {},
): { app: HttpApp; runtime: Runtime } {
  const { workflows = [ordersWorkflow, echoWorkflow], history = 'full' } = options;
  const runtime = createRuntime({ workflows, history, backend: memoryBackend() });
  onTestFinished(() => runtime.close());
  return { app: createHttpApp({ runtime, ...options }), runtime };
}

/** A runtime that does what a test says, and refuses all else. */
export function fakeRuntime(parts: Partial<Runtime>): Runtime {
  const refuse = async (): Promise<never> => {
    throw new WorkflowError('WORKFLOW_RUNTIME_CLOSED', 'This test does not use that method');
  };
  return {
    workflows: [],
    describe: () => {
      throw new WorkflowError('WORKFLOW_NOT_FOUND', 'This runtime has no workflows');
    },
    create: refuse,
    start: refuse,
    resume: refuse,
    resumeByKey: refuse,
    cancel: refuse,
    timeTravel: refuse,
    audit: refuse,
    restart: refuse,
    remove: refuse,
    snapshot: refuse,
    history: refuse,
    keepValue: refuse,
    keptValue: refuse,
    shareValue: refuse,
    linkValue: refuse,
    get: refuse,
    result: refuse,
    settled: refuse,
    list: refuse,
    events: refuse,
    handle: refuse,
    startScheduled: refuse,
    sweep: refuse,
    close: async () => {},
    ...parts,
  };
}

/** A POST with a JSON body. */
export function post(body?: unknown, headers: Readonly<Record<string, string>> = {}): RequestInit {
  if (body === undefined) return { method: 'POST', headers };
  return {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  };
}

/** The body of an answer, as an object. */
export async function objectOf(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

/** The problem document of an answer, after the checks that hold for each. */
export async function problemIn(response: Response): Promise<Problem> {
  const document = (await response.json()) as Problem;
  if (
    response.headers.get('content-type') !== 'application/problem+json' ||
    document.status !== response.status
  ) {
    throw new TypeError(`No problem document: ${JSON.stringify(document)}`);
  }
  return document;
}
