import type { SQSRecord } from 'aws-lambda';
import { onTestFinished } from 'vitest';
import { dispatch } from '../../lambdas/dispatch.ts';
import type { Delivery } from '../../lambdas/each-record.ts';
import { requestHandler, type RequestHandlerOptions } from '../../lambdas/requests.ts';
import { memoryPlace, type MemoryPlace } from '../../src/adapters/memory/index.ts';
import type { RequestSource } from '../../src/adapters/aws/config.ts';
import { formatQueueMessage } from '../../src/adapters/aws/index.ts';
import { jsonOf } from '../../src/adapters/aws/fields.ts';
import { eventIn } from '../../src/adapters/aws/queue-message.ts';
import { createStep, createWorkflow } from '../../src/index.ts';
import type { RequestRefused } from '../../src/events/index.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { z } from 'zod';

export const bodies: string[] = [];

function orders() {
  const approve = createStep({
    id: 'approve',
    inputSchema: z.object({ pieces: z.number() }),
    outputSchema: z.object({ pieces: z.number(), by: z.string() }),
    resumeSchema: z.object({ by: z.string() }),
    execute: async ({ inputData, resumeData, runId, suspend }) => {
      if (resumeData === undefined)
        return suspend({}, { resumeLabel: 'secret-label', resumeKey: `${runId}'s key` });
      bodies.push(resumeData.by);
      return resumeData.by === 'again' ? suspend({}) : { ...inputData, by: resumeData.by };
    },
  });
  return createWorkflow({
    id: 'orders',
    inputSchema: z.object({ pieces: z.number() }),
    outputSchema: z.any(),
  })
    .then(approve)
    .commit();
}

/** One run at a time; each waits for a person. */
function single(whenFull: 'reject' | 'queue' | 'return') {
  const ask = createStep({
    id: 'ask',
    inputSchema: z.any(),
    outputSchema: z.any(),
    execute: async ({ resumeData, suspend }) => resumeData ?? suspend({}),
  });
  const concurrency = { limit: 1, whenFull };
  return createWorkflow({ id: whenFull, inputSchema: z.any(), outputSchema: z.any(), concurrency })
    .then(ask)
    .commit();
}

function delivered(body: string): Delivery {
  return { record: { body, attributes: { SentTimestamp: '0' } } as SQSRecord, content: jsonOf(body) };
}

interface Fixture {
  readonly runtime: Runtime;
  readonly refused: RequestRefused[];
  /** Delivers a request and does what follows. */
  deliver(message: object): Promise<void>;
  /** Does what is in the queue. */
  drain(): Promise<void>;
}

export const shop: RequestSource = { source: 'shop' };
let puts = 0;

export function put(type: string, detail: unknown, source = 'shop'): object {
  puts += 1;
  return { id: `event-${puts}`, source, 'detail-type': type, detail, account: '123456789012', resources: [] };
}

export function fixture(
  sources: readonly RequestSource[] = [shop],
  change: (runtime: Runtime) => Partial<RequestHandlerOptions> = () => ({}),
): Fixture {
  const place: MemoryPlace = memoryPlace();
  const runtime = createRuntime({
    workflows: [
      orders(),
      createWorkflow({ id: 'other', inputSchema: z.any(), outputSchema: z.any() })
        .map(async () => 1)
        .commit(),
      ...(['reject', 'queue', 'return'] as const).map(single),
    ],
    backend: place.attach(),
    work: false,
    times: { resumeWaitMs: 0 },
  });
  onTestFinished(() => runtime.close());
  bodies.length = 0;
  const refused: RequestRefused[] = [];
  const refuse = async (refusal: RequestRefused): Promise<void> => void refused.push(refusal);
  const request = requestHandler({ runtime, sources, refuse, now: () => 7, ...change(runtime) });
  const event = (content: unknown): Promise<void> => runtime.handle(eventIn(content));
  const tick = (): Promise<void> => Promise.reject(new Error('no schedule is here'));
  const drain = async (): Promise<void> => {
    for (let next = place.receive(); next !== undefined; next = place.receive()) {
      await dispatch(delivered(formatQueueMessage(next.event)), { event, tick, request });
    }
  };
  return {
    runtime,
    refused,
    drain,
    deliver: async (message) => {
      await dispatch(delivered(JSON.stringify(message)), { event, tick, request });
      await drain();
    },
  };
}
