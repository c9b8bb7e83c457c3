import { createStep, createWorkflow } from 'evented-workflows';
import { createRuntime, type RuntimeOptions } from 'evented-workflows/runtime';
import { z } from 'zod';

/**
 * How the cost of an item, an iteration and a step grows with their number, and how long the small things take that people
 * wait for. Embedded, with full history, as it is by default.
 */

const anything = z.unknown();

const same = createStep({
  id: 'same',
  inputSchema: anything,
  outputSchema: anything,
  execute: async ({ inputData }) => inputData,
});

const count = createStep({
  id: 'count',
  inputSchema: z.object({ n: z.number(), to: z.number() }),
  outputSchema: z.object({ n: z.number(), to: z.number() }),
  execute: async ({ inputData }) => ({ n: inputData.n + 1, to: inputData.to }),
});

const ask = createStep({
  id: 'ask',
  inputSchema: anything,
  outputSchema: anything,
  resumeSchema: anything,
  execute: async ({ resumeData, suspend }) =>
    resumeData === undefined ? suspend({ ask: true }) : resumeData,
});

function each(concurrency: number) {
  return createWorkflow({ id: `each-${concurrency}`, inputSchema: z.array(anything), outputSchema: anything })
    .foreach(same, { concurrency })
    .commit();
}

const loop = createWorkflow({ id: 'loop', inputSchema: count.inputSchema, outputSchema: anything })
  .dountil(count, async ({ inputData }) => inputData.n >= inputData.to)
  .commit();

const asking = createWorkflow({ id: 'asking', inputSchema: anything, outputSchema: anything })
  .then(ask)
  .commit();

/** What {@link measureScale} found: milliseconds, and the heap while the largest runs went on. */
export interface Scale {
  /** Of one item, by the number of items; concurrency 100. */
  readonly item: ReadonlyMap<number, number>;
  /** Of one iteration, by the number of iterations. */
  readonly iteration: ReadonlyMap<number, number>;
  /** Of a whole foreach of 200 items, 10 at once; the median of several. */
  readonly twoHundredItems: number;
  /** From a start until the run shows as suspended, and from its resumption until its end; the median of several. */
  readonly suspendAndResume: number;
  /** Highest use of the heap beside that at the beginning, in MB. */
  readonly heapGrowth: number;
}

const sizes = [100, 1_000, 10_000] as const;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Runs everything on a backend, which is closed in the end. */
export async function measureScale(backend: RuntimeOptions['backend']): Promise<Scale> {
  const runtime = createRuntime({ workflows: [each(10), each(100), loop, asking], backend });
  const timed = async (workflowId: string, inputData: unknown): Promise<number> => {
    const began = performance.now();
    const { runId } = await runtime.start({ workflowId, inputData });
    const status = await runtime.settled({ runId });
    if (status !== 'success') console.log(`  run ${runId} of ${workflowId} ended with ${status}`);
    return performance.now() - began;
  };
  const array = (length: number): number[] => Array.from({ length }, (_, index) => index);
  const repeated = async (times: number, once: () => Promise<number>): Promise<number> => {
    const values: number[] = [];
    for (let run = 0; run < times; run += 1) values.push(await once());
    return median(values);
  };
  const resumed = async (): Promise<number> => {
    const began = performance.now();
    const { runId } = await runtime.start({ workflowId: 'asking', inputData: 1 });
    await runtime.settled({ runId });
    await runtime.resume({ runId, resumeData: 1 });
    await runtime.settled({ runId });
    return performance.now() - began;
  };
  for (let warm = 0; warm < 5; warm += 1) await timed('each-10', array(50));
  const suspendAndResume = await repeated(20, resumed);
  const twoHundredItems = await repeated(9, () => timed('each-10', array(200)));
  const before = process.memoryUsage().heapUsed;
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().heapUsed);
  }, 50);
  const item = new Map<number, number>();
  const iteration = new Map<number, number>();
  for (const size of sizes) {
    const times = size === 10_000 ? 1 : 5;
    item.set(size, (await repeated(times, () => timed('each-100', array(size)))) / size);
    iteration.set(size, (await repeated(times, () => timed('loop', { n: 0, to: size }))) / size);
  }
  clearInterval(watch);
  await runtime.close();
  return { item, iteration, twoHundredItems, suspendAndResume, heapGrowth: (most - before) / 1e6 };
}
