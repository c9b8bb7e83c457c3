import { cloneWorkflow, createStep, createWorkflow } from 'evented-workflows';
import type { RuntimeOptions } from 'evented-workflows/runtime';
import { z } from 'zod';

/** What is measured: whole runs, of which a part is divided by the number of its units. */

type Workflows = RuntimeOptions['workflows'];

/** One workload. */
export interface Workload {
  readonly name: string;
  /** What the cost is divided by: how many of what. */
  readonly units: number;
  readonly unit: string;
  /** Plain steps beside these, which are not a part of what a unit costs. @default 0 */
  readonly besides?: number;
  readonly workflows: Workflows;
  readonly inputData: unknown;
  /** The step that is resumed once. */
  readonly resume?: string;
  /** What the same takes elsewhere. */
  readonly elsewhere: Elsewhere;
}

/** What a workload is to the services that it is compared with. */
export interface Elsewhere {
  /** States that Step Functions enters, the first one not counted as a transition of its own. */
  readonly transitions: number;
  /** Operations of a durable function: its start, steps, waits, callbacks and the contexts of parallels, maps and children. */
  readonly operations: number;
  /** Steps whose function is executed. */
  readonly executions: number;
  /** Times that a durable function is invoked: once, and once for each time that it waited. */
  readonly invocations: number;
  /** Bytes that a durable function stores: the results of steps. */
  readonly bytes: number;
}

const anything = z.any();
const small = '{"n":1}'.length;

function step(id: string, execute: (input: unknown) => unknown = (input) => input) {
  return createStep({
    id,
    inputSchema: anything,
    outputSchema: anything,
    execute: async ({ inputData }) => execute(inputData),
  });
}

function flow(id: string) {
  return createWorkflow({ id, inputSchema: anything, outputSchema: anything });
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

/** Steps one after the other. */
export function sequence(count: number, name = `sequential ${count}`, bytes = 0): Workload {
  let built = flow('sequence');
  const output = bytes === 0 ? undefined : 'x'.repeat(bytes);
  for (const n of numbers(count)) built = built.then(step(`step-${n}`, () => output ?? { n }));
  return {
    name,
    units: count,
    unit: 'step',
    workflows: [built.commit()],
    inputData: { n: 1 },
    elsewhere: {
      transitions: count,
      operations: 1 + count,
      executions: count,
      invocations: 1,
      bytes: count * (bytes === 0 ? small : bytes),
    },
  };
}

function parallel(count: number): Workload {
  const arms = numbers(count).map((n) => step(`arm-${n}`));
  return {
    name: `parallel ${count}`,
    units: count,
    unit: 'arm',
    workflows: [flow('parallel').parallel(arms).commit()],
    inputData: { n: 1 },
    elsewhere: {
      transitions: 1 + count,
      // An arm is a context of its own.
      operations: 2 + 2 * count,
      executions: count,
      invocations: 1,
      bytes: count * small,
    },
  };
}

function foreach(count: number, concurrency: number): Workload {
  return {
    name: `foreach ${count} at ${concurrency}`,
    units: count,
    unit: 'item',
    workflows: [flow('foreach').foreach(step('item'), { concurrency }).commit()],
    inputData: numbers(count),
    elsewhere: {
      transitions: 1 + count,
      operations: 2 + 2 * count,
      executions: count,
      invocations: 1,
      bytes: count * small,
    },
  };
}

function loop(count: number): Workload {
  const body = step('body', (input) => Number(input) + 1);
  return {
    name: `loop ${count}`,
    units: count,
    unit: 'iteration',
    workflows: [
      flow('loop')
        .dountil(body, async ({ inputData }) => Number(inputData) >= count)
        .commit(),
    ],
    inputData: 0,
    elsewhere: {
      // Each iteration is a task and a choice.
      transitions: 2 * count,
      operations: 1 + count,
      executions: count,
      invocations: 1,
      bytes: count * small,
    },
  };
}

function suspension(): Workload {
  const ask = createStep({
    id: 'ask',
    inputSchema: anything,
    outputSchema: anything,
    resumeSchema: anything,
    execute: async ({ resumeData, suspend }): Promise<unknown> => {
      if (resumeData !== undefined) return resumeData as unknown;
      return await suspend({ question: 'yes or no' });
    },
  });
  return {
    name: 'suspend and resume',
    units: 1,
    unit: 'suspension',
    // What the step costs that suspends: its first claim and commit.
    besides: 1,
    workflows: [flow('suspension').then(ask).commit()],
    inputData: { n: 1 },
    resume: 'ask',
    elsewhere: { transitions: 1, operations: 2, executions: 2, invocations: 2, bytes: small },
  };
}

function sleep(): Workload {
  return {
    name: 'sleep',
    units: 1,
    unit: 'sleep',
    besides: 2,
    workflows: [flow('sleep').then(step('before')).sleep(1).then(step('after')).commit()],
    inputData: { n: 1 },
    elsewhere: { transitions: 3, operations: 4, executions: 2, invocations: 2, bytes: 2 * small },
  };
}

function nested(count: number): Workload {
  const inner = flow('inner').then(step('inside')).commit();
  let built = flow('nested');
  for (const n of numbers(count)) built = built.then(cloneWorkflow(inner, { id: `inner-${n}` }));
  return {
    name: `nested ${count}`,
    units: count,
    unit: 'nested run',
    workflows: [built.commit()],
    inputData: { n: 1 },
    elsewhere: {
      // The state that starts the nested execution, and the state in it.
      transitions: 2 * count,
      operations: 1 + 2 * count,
      executions: count,
      invocations: 1,
      bytes: count * small,
    },
  };
}

/** The workloads of the document, in its order. */
export function workloads(): Workload[] {
  return [
    sequence(10),
    parallel(20),
    foreach(200, 10),
    loop(100),
    suspension(),
    sleep(),
    sequence(20, '20 steps of 20 KB', 20_000),
    nested(10),
  ];
}
