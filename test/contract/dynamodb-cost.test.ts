import { describe, expect, test } from 'vitest';
import { memoryBackend } from '../../src/adapters/memory/index.ts';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import type { Backend } from '../../src/ports/index.ts';
import { createRuntime } from '../../src/runtime/index.ts';
import { add, nest, step, workflow } from '../runtime/fixtures.ts';
import { localClient, metered, storeOn, tableForTests } from './dynamodb-place.ts';

/**
 * What whole runs are billed, counted on a store of its own with the queue in memory: every request of the engine counts,
 * also those that no test of a single transition thinks of. docs/deploy.md has these numbers.
 */

const tableName = 'bill';
tableForTests(tableName);

interface Cost {
  readonly write: number;
  readonly read: number;
}

let runs = 0;

/** Units of one run of the first workflow, with all that its end sets off. */
async function costOf(
  workflows: readonly WorkflowDefinition[],
  inputData: unknown,
  history: 'full' | 'none' = 'none',
): Promise<Cost> {
  const client = localClient();
  const meter = metered(client);
  const place = memoryBackend();
  const backend: Backend = { ...place, store: storeOn(client, tableName) };
  const runtime = createRuntime({ workflows, backend, history });
  const runId = `cost-${(runs += 1)}`;
  const over = new Promise<void>((resolve) => {
    place.observe((event) => {
      if (event.runId === runId && event.type === 'workflow.end') resolve();
    });
  });
  await runtime.start({ workflowId: workflows[0]?.id ?? '', runId, inputData });
  await over;
  while (place.queued().length > 0) await place.settled();
  await runtime.close();
  const { write, read } = meter;
  client.destroy();
  return { write, read };
}

/** Units of each of the `more.length - less.length` that one run has more of than the other. */
async function costOfEach(
  make: (count: number) => readonly [readonly WorkflowDefinition[], unknown],
  history: 'full' | 'none' = 'none',
): Promise<Cost> {
  const [few, many] = [2, 42];
  const less = await costOf(...make(few), history);
  const more = await costOf(...make(many), history);
  const each = (name: keyof Cost): number =>
    Math.round((100 * (more[name] - less[name])) / (many - few)) / 100;
  return { write: each('write'), read: each('read') };
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, number) => number);
const tiny = workflow('tiny', [add('double', 1)]);

const steps = (count: number) =>
  [
    [
      workflow(
        'steps',
        numbers(count).map((number) => add(`step-${number}`, 1)),
      ),
    ],
    0,
  ] as const;
const items = (count: number) =>
  [[workflow('items', [{ foreach: add('item', 1), concurrency: 10 }])], numbers(count)] as const;
const nestedItems = (count: number) =>
  [[workflow('nested-items', [{ foreach: nest(tiny), concurrency: 10 }]), tiny], numbers(count)] as const;
const nestedSteps = (count: number) => {
  const entries = numbers(count).map((number) => nest(workflow(`inner-${number}`, [add('double', 1)])));
  const inner = entries.flatMap((entry) => (entry.workflow === undefined ? [] : [entry.workflow]));
  return [[workflow('nested-steps', entries), ...inner], 0] as const;
};
const settingItems = (count: number) =>
  [
    [
      workflow('setting', [
        {
          foreach: step('item', async ({ inputData, setState }) => {
            await setState({ last: inputData });
            return inputData;
          }),
          concurrency: 1,
        },
      ]),
    ],
    numbers(count),
  ] as const;

/** The second number is what reads may cost: those that are repeated because they came too early vary. */
const within = async (cost: Promise<Cost>, write: number, read: number): Promise<void> => {
  const each = await cost;
  expect(each.write).toBeLessThanOrEqual(write);
  expect(each.read).toBeLessThanOrEqual(read);
};

describe('without history', () => {
  test('a sequential step', () => within(costOfEach(steps), 2, 1.1));
  test('an item of a foreach', () => within(costOfEach(items), 3.1, 2.5));
  test('an item of a foreach that sets state', () => within(costOfEach(settingItems), 4.1, 3.5));
  test('a nested run of one step', () => within(costOfEach(nestedSteps), 8.1, 11.5));
  test('a nested run of one step as an item of a foreach', () => within(costOfEach(nestedItems), 9.2, 12.5));
});

describe('with history', () => {
  test('a sequential step', () => within(costOfEach(steps, 'full'), 6.1, 1.1));
  test('an item of a foreach', () => within(costOfEach(items, 'full'), 9.2, 2.5));
  test('a nested run of one step', () => within(costOfEach(nestedSteps, 'full'), 20, 14));
});
