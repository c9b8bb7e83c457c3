import { describe, expect, test } from 'vitest';
import type { StepContext, StepDefinition, WorkflowDefinition } from '../../src/core/definition.ts';
import type { Runtime } from '../../src/runtime/index.ts';
import { nest, step, workflow } from './fixtures.ts';
import { momentsOf, play, withoutTimes } from './mortal.ts';

/** Bodies that ran to their end in the life that is played. */
let bodies: string[] = [];

/** Notes that it ran, and keeps in the state that it did. */
function noted(id: string, execute: (context: StepContext) => unknown = ({ inputData }) => inputData) {
  return step(id, async (context) => {
    const output = await execute(context);
    await context.setState({ [`${id} ${String(context.inputData)}`]: true });
    bodies.push(id);
    return output;
  });
}

function asking(id: string): StepDefinition {
  return step(id, async ({ inputData, resumeData, suspend, setState }) => {
    await setState({ [`${id} ${String(inputData)}`]: resumeData ?? 'asked' });
    if (resumeData === undefined) return suspend({ about: inputData }, { resumeLabel: id });
    bodies.push(id);
    return resumeData;
  });
}

const each = step('each', ({ suspend }) => suspend());

type Call = (runtime: Runtime) => Promise<unknown>;

const starting =
  (inputData: unknown): Call =>
  (runtime) =>
    runtime.start({ workflowId: 'w', runId: 'r', inputData });

interface Case {
  readonly name: string;
  readonly made: WorkflowDefinition;
  readonly calls: readonly Call[];
  readonly result: Readonly<Record<string, unknown>>;
  readonly runs: Readonly<Record<string, string>>;
  /** How often each body runs when nobody dies. */
  readonly ran: Readonly<Record<string, number>>;
}

const cases: readonly Case[] = [
  {
    name: 'a foreach with a window, and one that counts in the state',
    made: workflow('w', [
      { foreach: noted('twice', ({ inputData }) => Number(inputData) * 2), concurrency: 2 },
      {
        foreach: step('count', async ({ state, setState }) => {
          bodies.push('count');
          const count = Number(state['count'] ?? 0) + 1;
          await setState({ count });
          return count;
        }),
      },
    ]),
    calls: [starting([1, 2, 3])],
    result: {
      status: 'success',
      result: [1, 2, 3],
      state: { 'twice 1': true, 'twice 2': true, 'twice 3': true, count: 3 },
      steps: { twice: { output: [2, 4, 6] } },
    },
    runs: { r: 'success' },
    ran: { twice: 3, count: 3 },
  },
  {
    name: 'a nested workflow in a foreach',
    made: workflow('w', [
      { foreach: nest(workflow('inner', [noted('one'), noted('two')])), concurrency: 2 },
      noted('after'),
    ]),
    calls: [starting(['a', 'b'])],
    result: {
      status: 'success',
      result: ['a', 'b'],
      state: { 'one a': true, 'two a': true, 'one b': true, 'two b': true, 'after a,b': true },
    },
    runs: { r: 'success', 'r/0.0': 'success', 'r/0.1': 'success' },
    ran: { one: 2, two: 2, after: 1 },
  },
  {
    name: 'a suspension in a nested workflow beside an arm',
    made: workflow('w', [
      { parallel: [nest(workflow('inner', [noted('first'), asking('ask')])), noted('side')] },
      noted('after', ({ inputData }) => (inputData as { inner: unknown }).inner),
    ]),
    calls: [
      starting(1),
      (runtime) => runtime.resume({ runId: 'r', step: ['inner', 'ask'], resumeData: 'yes' }),
    ],
    result: {
      status: 'success',
      result: 'yes',
      state: { 'first 1': true, 'ask 1': 'yes', 'side 1': true, 'after [object Object]': true },
      steps: { inner: { output: 'yes', suspendPayload: { about: 1 }, resumePayload: 'yes' } },
    },
    runs: { r: 'success', 'r/0.0': 'success' },
    ran: { first: 1, ask: 1, side: 1, after: 1 },
  },
  {
    name: 'a time travel into an arm that is nested',
    made: workflow('w', [
      noted('before'),
      { parallel: [noted('left'), nest(workflow('inner', [noted('x'), noted('y')]))] },
      noted('after'),
    ]),
    calls: [starting(1), (runtime) => runtime.timeTravel({ runId: 'r', step: ['inner', 'y'] })],
    result: {
      status: 'success',
      result: { left: 1, inner: 1 },
      stepExecutionPath: ['before', 'after', 'after'],
    },
    runs: { r: 'success', 'r/1.1': 'success' },
    ran: { before: 1, left: 1, x: 1, y: 2, after: 2 },
  },
  {
    name: 'a cancel of a run with nested runs that wait',
    made: workflow('w', [
      {
        parallel: [
          nest(workflow('leaf', [asking('ask')])),
          nest(workflow('outer', [{ foreach: nest(workflow('inner', [each])), concurrency: 2 }])),
        ],
      },
    ]),
    calls: [starting([1, 2]), (runtime) => runtime.cancel({ runId: 'r' })],
    result: { status: 'canceled' },
    runs: {
      r: 'canceled',
      'r/0.0': 'canceled',
      'r/0.1': 'canceled',
      'r/0.1/0.0': 'canceled',
      'r/0.1/0.1': 'canceled',
    },
    ran: {},
  },
];

describe.each(cases)('$name', async ({ made, calls, result, runs, ran }) => {
  bodies = [];
  const undisturbed = await play(made, calls, { crashAt: 0, after: false });
  const once = bodies;

  test('nobody dies: every body runs exactly once', () => {
    expect(undisturbed.result).toMatchObject(result);
    expect(undisturbed.runs).toEqual(runs);
    const counts = Object.groupBy(once, (id) => id);
    expect(Object.fromEntries(Object.entries(counts).map(([id, list]) => [id, list?.length]))).toEqual(ran);
  });

  test.for(momentsOf(undisturbed.calls))(
    'a process dies at $crashAt: $name (after it: $after), and another goes on to the same',
    async (moment) => {
      bodies = [];
      const life = await play(made, calls, moment);
      expect(life.crashed).toBe(true);
      expect(withoutTimes(life.result)).toEqual(withoutTimes(undisturbed.result));
      expect(life.runs).toEqual(undisturbed.runs);
      expect(life.unswept ?? life.runs).toEqual(undisturbed.runs);
      // At most the body that was in the process's hands may have run once more.
      expect(bodies.length - once.length).toBeLessThanOrEqual(1);
    },
  );
});
