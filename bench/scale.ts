import { createStep, createWorkflow } from 'evented-workflows';
import { createRuntime, type RuntimeOptions } from 'evented-workflows/runtime';
import { z } from 'zod';
import { median } from './bare.ts';

/**
 * How the cost of an item, an iteration and a step grows with their number. Embedded, with full history, as it is by default.
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

function each(concurrency: number) {
  return createWorkflow({ id: `each-${concurrency}`, inputSchema: z.array(anything), outputSchema: anything })
    .foreach(same, { concurrency })
    .commit();
}

const loop = createWorkflow({ id: 'loop', inputSchema: count.inputSchema, outputSchema: anything })
  .dountil(count, async ({ inputData }) => inputData.n >= inputData.to)
  .commit();

/** What {@link measureScale} found: milliseconds, and the heap while the largest runs went on. */
export interface Scale {
  /** Of one item, by the number of items; concurrency 100. */
  readonly item: ReadonlyMap<number, number>;
  /** Of one iteration, by the number of iterations. */
  readonly iteration: ReadonlyMap<number, number>;
  /** Of a whole foreach of 200 items, 10 at once; the median of several. */
  readonly twoHundredItems: number;
  /** Highest use of the heap beside that at the beginning, in MB. */
  readonly heapGrowth: number;
}

const sizes = [100, 1_000, 10_000] as const;

/** Runs everything on a backend, which is closed in the end. */
export async function measureScale(backend: RuntimeOptions['backend']): Promise<Scale> {
  const runtime = createRuntime({ workflows: [each(10), each(100), loop], backend });
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
  for (let warm = 0; warm < 5; warm += 1) await timed('each-10', array(50));
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
  return { item, iteration, twoHundredItems, heapGrowth: (most - before) / 1e6 };
}
