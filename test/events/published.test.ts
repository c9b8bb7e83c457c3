import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { requestHandler } from '../../lambdas/requests.ts';
import { type MemoryPlace, memoryPlace } from '../../src/adapters/memory/index.ts';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import type { WorkflowEvent } from '../../src/core/event.ts';
import { eventSchemas, eventTypes, type JsonSchema, type RequestRefused } from '../../src/events/index.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { Random } from '../../src/testing/simulator/random.ts';
import { ManualClock } from '../runtime/faults.ts';
import { add, nest, step, workflow } from '../runtime/fixtures.ts';
import { asking } from '../runtime/hand.ts';
import { drain } from '../runtime/mortal.ts';
import { buildWorkload, randomSpec } from '../simulation/workloads/index.ts';

/** A reader may meet fields of later versions; this version publishes what is documented, and no more. */
function closed(schema: JsonSchema): z.ZodType {
  return z.fromJSONSchema({ ...schema, additionalProperties: false } as never);
}

const schemas = new Map<string, z.ZodType>(
  Object.entries(eventSchemas).map(([type, schema]) => [type, closed(schema)]),
);

function problemsOf(event: { readonly type: string }): string[] {
  const parsed = schemas.get(event.type)?.safeParse(event);
  if (parsed?.success === true) return [];
  return [
    `${JSON.stringify(event)}: ${parsed === undefined ? 'has no schema' : z.prettifyError(parsed.error)}`,
  ];
}

interface Observed {
  readonly events: WorkflowEvent[];
  readonly place: MemoryPlace;
  readonly runtime: Runtime;
  rest(): Promise<void>;
}

function observe(workflows: readonly WorkflowDefinition[]): Observed {
  const clock = new ManualClock();
  const place = memoryPlace({ clock });
  const events: WorkflowEvent[] = [];
  place.observe((event) => events.push(event));
  const runtime = createRuntime({
    workflows,
    backend: place.attach(),
    work: false,
    logger: { warn: () => {} },
    times: { resumeWaitMs: 0 },
  });
  return { events, place, runtime, rest: () => drain(place, clock, (event) => runtime.handle(event)) };
}

const failing = step('fail', () => {
  throw new Error('no');
});
const flaky = step('flaky', ({ inputData, retryCount }) => {
  if (retryCount === 0) throw new Error('again');
  return inputData;
});
const counting = step('count', async ({ inputData, state, setState }) => {
  await setState({ ...state, [String(inputData)]: 1 });
  return inputData;
});

/** What is done with a run of each workflow, so that together they publish all there is. */
const lives: readonly (readonly [
  string,
  WorkflowDefinition,
  unknown,
  (observed: Observed) => Promise<unknown>,
])[] = [
  [
    'steps, a block, a loop and a sleep',
    workflow('w', [
      add('one', 1),
      { parallel: [add('left', 1), counting] },
      step('join', ({ inputData }) => (inputData as { left: number }).left),
      { dountil: [add('up', 1), ({ inputData }) => Number(inputData) > 5] },
      { sleep: 60_000, id: 'nap' },
      add('last', 1),
    ]),
    1,
    async () => {},
  ],
  [
    'a wide foreach',
    workflow('w', [{ foreach: counting, concurrency: 150 }]),
    Array.from({ length: 150 }, (_, at) => at),
    async () => {},
  ],
  [
    'a retry with a delay',
    workflow('w', [{ ...flaky, retries: 2, retryDelayMs: 5_000 } as never]),
    1,
    async () => {},
  ],
  ['a failure', workflow('w', [failing]), 1, async () => {}],
  [
    'a suspension, a restart and a resumption',
    workflow('w', [asking('ask'), add('one', 1)]),
    1,
    async ({ runtime, rest }) => {
      await runtime.resume({ runId: 'r', resumeData: 1 });
      await runtime.restart({ runId: 'r', requestContext: { by: 'Ada' } });
      await rest();
    },
  ],
  [
    'suspended members of blocks',
    workflow('w', [
      { parallel: [asking('a'), add('b', 1)] },
      step('list', () => [1, 2]),
      { foreach: asking('c'), concurrency: 2 },
    ]),
    1,
    async ({ runtime, rest }) => {
      await runtime.resume({ runId: 'r', resumeData: 1 });
      await rest();
      await runtime.resume({ runId: 'r', resumeData: 1 });
      await rest();
    },
  ],
  [
    'a cancel, and a time travel',
    workflow('w', [add('one', 1), asking('ask')]),
    1,
    async ({ runtime, rest }) => {
      await runtime.cancel({ runId: 'r' });
      await rest();
      await runtime.timeTravel({ runId: 'r', step: 'one', inputData: 2 });
      await rest();
    },
  ],
  [
    'steps one at a time',
    workflow('w', [add('one', 1), add('two', 1)]),
    1,
    async ({ runtime, rest }) => {
      await runtime.start({ workflowId: 'w', runId: 'paused', inputData: 1, perStep: true });
      await rest();
    },
  ],
  ['a run whose time is over', workflow('w', [asking('ask')], { timeoutMs: 60_000 }), 1, async () => {}],
  [
    'nested runs that wait, end, fail and are canceled',
    workflow('w', [nest(workflow('waits', [asking('ask')])), nest(workflow('fails', [failing]))]),
    1,
    async ({ runtime, rest }) => {
      await runtime.start({ workflowId: 'w', runId: 'canceled', inputData: 1 });
      await rest();
      await runtime.cancel({ runId: 'canceled' });
      await runtime.resume({ runId: 'r', resumeData: 1 });
      await rest();
    },
  ],
];

describe('each event that is published is as it is documented', () => {
  const seen: WorkflowEvent[] = [];

  test.each(lives)('by %s', async (_, made, inputData, life) => {
    const observed = observe([made]);
    await observed.runtime.start({ workflowId: 'w', runId: 'r', inputData });
    // Only timers send it.
    const timed = observed.place.queued().filter(({ event }) => event.type === 'workflow.timeout');
    observed.events.push(...timed.map(({ event }) => event));
    await observed.rest();
    await life(observed);
    expect(observed.events.flatMap(problemsOf)).toEqual([]);
    seen.push(...observed.events);
  });

  test('by any workflow', async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const workload = buildWorkload(randomSpec(new Random(seed), { trouble: 1 }));
      const observed = observe(workload.workflows);
      const { workflowId, inputData } = workload;
      await observed.runtime.start({ workflowId, runId: 'r', inputData });
      await observed.rest();
      for (let time = 0; time < 10; time += 1) {
        const run = await observed.runtime.result({ runId: 'r' });
        if (run.status !== 'suspended') break;
        const [path = []] = run.suspended ?? [];
        await observed.runtime.resume({ runId: 'r', step: path, resumeData: workload.resume({ path }) });
        await observed.rest();
      }
      expect(observed.events.flatMap(problemsOf)).toEqual([]);
      seen.push(...observed.events);
    }
  });

  test('and each documented event and field was among them', () => {
    for (const type of eventTypes) {
      const fields = new Set(
        seen.filter((event) => event.type === type).flatMap((event) => Object.keys(event)),
      );
      expect([type, [...fields].toSorted()]).toEqual([
        type,
        Object.keys(eventSchemas[type].properties ?? {})
          // The adapter of EventBridge adds them.
          .filter((field) => field !== 'lane' && field !== 'spent')
          .toSorted(),
      ]);
    }
    // Only a reader that is told more than a schema says could tell these apart from a schema that takes all.
    expect(problemsOf({ ...(seen[0] as WorkflowEvent), type: 'workflow.explode' } as never)).toHaveLength(1);
    expect(problemsOf({ ...(seen[0] as WorkflowEvent), output: 1 } as never)).toHaveLength(1);
  });
});

test('the answer to a refused request is as it is documented', async () => {
  const { runtime } = observe([workflow('w', [add('one', 1)])]);
  const refused: RequestRefused[] = [];
  const handle = requestHandler({
    runtime,
    sources: [{ source: 'shop' }],
    refuse: async (refusal) => void refused.push(refusal),
    now: () => 1,
  });
  const envelope = { id: 'event', source: 'shop' };
  await handle({
    ...envelope,
    'detail-type': 'workflow.start',
    detail: { workflowId: 'nothing', runId: 'r' },
  });
  await handle({ ...envelope, 'detail-type': 'workflow.cancel', detail: 7 });
  expect(refused).toHaveLength(2);
  expect(refused.flatMap(problemsOf)).toEqual([]);
});
