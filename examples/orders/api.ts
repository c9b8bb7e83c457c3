import { z } from 'zod';
import type { TreeEntry } from './tree.ts';

/** The calls of the HTTP API that the demo makes. Each fails after 10 s, with what the server answered. */

const graph: z.ZodType<TreeEntry[]> = z.lazy(() => {
  const nested = z.object({ graph }).optional();
  const step = z.object({ id: z.string(), nested });
  return z.array(
    z.object({
      type: z.string(),
      id: z.string().optional(),
      nested,
      arms: z.array(step).optional(),
      step: step.optional(),
    }),
  );
});
const description = z.object({ graph });

const run = z.object({
  runId: z.string(),
  status: z.string(),
  steps: z.record(
    z.string(),
    z.object({
      status: z.string(),
      startedAt: z.number().optional(),
      endedAt: z.number().optional(),
      error: z.object({ message: z.string().optional() }).optional(),
      metadata: z.object({ iterationCount: z.number().optional() }).optional(),
    }),
  ),
  result: z.unknown().optional(),
  error: z.object({ message: z.string() }).optional(),
});

/** See {@link getRun}. */
export type RunAnswer = z.infer<typeof run>;

const started = z.object({ runId: z.string() });

/** The graph of the workflow. */
export async function getGraph(url: string, workflowId: string): Promise<TreeEntry[]> {
  return description.parse(await call(`${url}/workflows/${workflowId}`)).graph;
}

/** Starts a run and gives its id. */
export async function startRun(url: string, workflowId: string, inputData: unknown): Promise<string> {
  return started.parse(await call(`${url}/workflows/${workflowId}/runs`, { inputData })).runId;
}

/** The run as it is stored now. */
export async function getRun(url: string, runId: string): Promise<RunAnswer> {
  return run.parse(await call(`${url}/runs/${runId}`));
}

/** Resumes a suspended step; resolves when that is stored. */
export async function resumeRun(
  url: string,
  runId: string,
  step: string,
  resumeData: unknown,
): Promise<void> {
  await call(`${url}/runs/${runId}/resume`, { step, resumeData });
}

async function call(url: string, body?: unknown): Promise<unknown> {
  const method = body === undefined ? 'GET' : 'POST';
  const request: RequestInit = {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    signal: AbortSignal.timeout(10_000),
  };
  const response = await fetch(url, request).catch((cause: unknown) => {
    throw new Error(`${method} ${url} got no answer: ${reasonOf(cause)}`, { cause });
  });
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${await response.text()}`);
  return await response.json();
}

/** What `fetch` met is in the cause of what it throws. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
