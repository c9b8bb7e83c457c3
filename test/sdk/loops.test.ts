import { createStep, createWorkflow, type StepDefinition, WorkflowError } from 'evented-workflows';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { graphText } from '../../src/core/graph.ts';
import { limits } from '../../src/core/limits.ts';
import { adding, numbers } from './steps.ts';

const a = adding('a');
const small = ({ inputData }: { inputData: { n: number } }) => inputData.n < 3;

/** The methods under test, with the types that keep an author from calling them wrongly taken away. */
interface Untyped {
  then(...given: unknown[]): Untyped;
  map(...given: unknown[]): Untyped;
  dowhile(...given: unknown[]): Untyped;
  dountil(...given: unknown[]): Untyped;
  sleep(...given: unknown[]): Untyped;
  sleepUntil(...given: unknown[]): Untyped;
  commit(): Untyped;
}
const untyped = (strictIds = false): Untyped =>
  createWorkflow({ ...numbers, options: { strictIds } }) as unknown as Untyped;

function refusal(call: () => unknown): WorkflowError {
  try {
    call();
  } catch (error) {
    if (error instanceof WorkflowError) return error;
  }
  return expect.unreachable('a WorkflowError should have been thrown');
}

describe('a loop', () => {
  test('is an entry with its body and its condition', () => {
    const asking = createStep({
      id: 'asking',
      description: 'Asks',
      inputSchema: z.any(),
      outputSchema: z.any(),
      resumeSchema: z.any(),
      execute: async () => 1,
    });
    const not = () => false;
    const workflow = createWorkflow(numbers)
      .dowhile(a, small)
      .dountil(asking, not, { id: 'until', description: 'Until it is answered' })
      .commit();
    expect(workflow.flow).toEqual([
      { type: 'loop', loopType: 'dowhile', step: a, condition: small },
      { type: 'loop', loopType: 'dountil', step: asking, condition: not },
    ]);
    expect(workflow.graph).toEqual([
      {
        type: 'loop',
        loopType: 'dowhile',
        step: { id: 'a', canSuspend: false },
        condition: small.toString(),
      },
      {
        type: 'loop',
        loopType: 'dountil',
        step: { id: 'asking', description: 'Asks', canSuspend: true },
        condition: not.toString(),
        id: 'until',
        description: 'Until it is answered',
      },
    ]);
    expect(graphText(workflow.graph)).toBe('[["loop","a"],["loop","asking"]]');
  });

  test('may have a body that is used elsewhere, but not the id of another', () => {
    const warning =
      'Two different steps have the id "a", so the later result overwrites the earlier one: give each its own id';
    expect(untyped(true).then(a).dowhile(a, small).dountil(a, small)).toHaveProperty('warnings', []);
    expect(refusal(() => untyped(true).then(a).dowhile(adding('a'), small)).message).toContain(warning);
    expect(untyped().then(a).dowhile(adding('a'), small)).toHaveProperty('warnings', [warning]);
  });

  test.each<[string, () => unknown, string]>([
    [
      'no body',
      () => untyped().dowhile(undefined, small),
      '.dowhile() was given undefined: it expects a step',
    ],
    ['a body that is no step', () => untyped().dountil('a', small), '.dountil() was given the string "a"'],
    [
      'no condition',
      () => untyped().dowhile(a),
      '.dowhile() was given undefined as its condition: give a function',
    ],
    ['a condition that is none', () => untyped().dountil(a, true), 'given the boolean true as its condition'],
    [
      'options that are none',
      () => untyped().dowhile(a, small, 'l'),
      'was given the string "l" as its options',
    ],
    [
      'an empty id',
      () => untyped().dountil(a, small, { id: ' ' }),
      '.dountil() has the string " " as its id',
    ],
  ])('does not have %s', (_, call, message) => {
    expect(refusal(call)).toMatchObject({
      code: 'WORKFLOW_DEFINITION_INVALID',
      message: expect.stringContaining(message),
    });
  });
});

describe('a sleep', () => {
  test('is an entry with its time', () => {
    const date = new Date('2030-01-02T03:04:05.678Z');
    const soon = async () => 1;
    const then = () => date;
    const workflow = createWorkflow(numbers)
      .sleep(1500, { id: 'pause', description: 'A pause' })
      .sleep(soon)
      .sleepUntil(date, { description: 'A day' })
      .sleepUntil(then, { id: 'day' })
      .commit();
    expect(workflow.flow).toEqual([
      { type: 'sleep', id: 'pause', time: { type: 'sleep', duration: 1500 } },
      { type: 'sleep', id: 'sleep_numbers_0', time: { type: 'sleep', duration: soon } },
      { type: 'sleep', id: 'sleep_numbers_1', time: { type: 'sleepUntil', date } },
      { type: 'sleep', id: 'day', time: { type: 'sleepUntil', date: then } },
    ]);
    expect(workflow.graph).toEqual([
      { type: 'sleep', id: 'pause', time: '1500', description: 'A pause' },
      { type: 'sleep', id: 'sleep_numbers_0', time: soon.toString() },
      { type: 'sleepUntil', id: 'sleep_numbers_1', time: '2030-01-02T03:04:05.678Z', description: 'A day' },
      { type: 'sleepUntil', id: 'day', time: then.toString() },
    ]);
    expect(workflow.warnings).toEqual([]);
  });

  test('keeps its date when that is changed', () => {
    const date = new Date(1000);
    const { flow } = createWorkflow(numbers).sleepUntil(date).commit();
    date.setTime(2000);
    expect(flow).toMatchObject([{ time: { date: new Date(1000) } }]);
  });

  test.each([0, 0.5, 8_640_000_000_000_000])('may last %s ms', (duration) => {
    expect(createWorkflow(numbers).sleep(duration).flow).toMatchObject([{ time: { duration } }]);
  });

  test.each([-1, 0, 8_640_000_000_000_000])('may last until %s', (time) => {
    const date = new Date(time);
    expect(createWorkflow(numbers).sleepUntil(date).flow).toMatchObject([{ time: { date } }]);
  });

  test.each<[string, unknown, string]>([
    ['less than nothing', -1, 'the number -1'],
    ['no number', Number.NaN, 'the number NaN'],
    ['what is too long', 8_640_000_000_000_001, 'the number 8640000000000001'],
    ['no end', Infinity, 'the number Infinity'],
    ['words', '1s', 'the string "1s"'],
    ['nothing', undefined, 'undefined'],
    ['a date', new Date(0), 'an object without keys'],
    ['a bigint', 5n, 'the bigint 5'],
  ])('of milliseconds is not given %s', (_, duration, shown) => {
    expect(refusal(() => untyped().sleep(duration))).toMatchObject({
      code: 'WORKFLOW_DEFINITION_INVALID',
      message: `Workflow "numbers": .sleep() was given ${shown}: give milliseconds from 0 to 8640000000000000, or a function that returns them`,
    });
  });

  test.each<[string, unknown, string]>([
    ['an invalid date', new Date('someday'), 'an invalid date'],
    ['a number', 1000, 'the number 1000'],
    ['a text', '2030-01-01', 'the string "2030-01-01"'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
  ])('until a date is not given %s', (_, date, shown) => {
    expect(refusal(() => untyped().sleepUntil(date))).toMatchObject({
      code: 'WORKFLOW_DEFINITION_INVALID',
      message: `Workflow "numbers": .sleepUntil() was given ${shown}: give a Date, or a function that returns one`,
    });
  });

  test('is not given options that are none', () => {
    expect(refusal(() => untyped().sleep(1, 'pause')).message).toContain('the string "pause" as its options');
    expect(refusal(() => untyped().sleepUntil(new Date(0), { id: '' })).message).toContain('an empty string');
  });
});

describe('the id of a sleep', () => {
  const idsOf = (workflow: unknown): unknown =>
    (workflow as { graph: readonly { id: string }[] }).graph.map(({ id }) => id);

  test('is the same whenever the workflow is built, and counts apart from those of mappings', () => {
    const build = () => untyped().sleep(1).map(small).sleepUntil(new Date(0)).map(small).commit();
    expect(idsOf(build())).toEqual([
      'sleep_numbers_0',
      'mapping_numbers_0',
      'sleep_numbers_1',
      'mapping_numbers_1',
    ]);
    expect(idsOf(build())).toEqual(idsOf(build()));
  });

  test('is none that is taken', () => {
    const workflow = untyped()
      .then(adding('sleep_numbers_0'))
      .sleep(1, { id: 'sleep_numbers_1' })
      .sleep(1, { id: 'mapping_numbers_0' })
      .sleep(1)
      .map(small);
    expect(idsOf(workflow)).toEqual([
      'sleep_numbers_0',
      'sleep_numbers_1',
      'mapping_numbers_0',
      'sleep_numbers_2',
      'mapping_numbers_1',
    ]);
  });

  test.each<[string, (workflow: Untyped) => unknown]>([
    ['a sleep', (workflow) => workflow.sleepUntil(new Date(0), { id: 'pause' })],
    ['a step', (workflow) => workflow.then(adding('pause'))],
    ['a mapping', (workflow) => workflow.map(small, { id: 'pause' })],
    ['a loop', (workflow) => workflow.dowhile(adding('pause'), small)],
  ])('is not used again by %s', (_, add) => {
    const workflow = untyped().sleep(1, { id: 'pause' });
    expect(refusal(() => add(workflow))).toMatchObject({
      code: 'WORKFLOW_DEFINITION_INVALID',
      message:
        'Workflow "numbers": the id "pause" of a sleep is used for another entry too: give the sleep an id that nothing else has',
      details: { workflowId: 'numbers' },
    });
    expect(idsOf(workflow)).toEqual(['pause']);
  });

  test('is not that of a step before it', () => {
    expect(refusal(() => untyped().then(a).sleep(1, { id: 'a' })).message).toContain('the id "a" of a sleep');
  });

  test('is told when results show the input of the run under it', () => {
    expect(untyped().sleep(1, { id: 'input' })).toHaveProperty('warnings', [
      expect.stringContaining('A sleep has the id "input"'),
    ]);
  });
});

test('a committed workflow gets neither loops nor sleeps', () => {
  const workflow = untyped().then(a).commit();
  for (const change of [
    () => workflow.dowhile(a, small),
    () => workflow.dountil(a, small),
    () => workflow.sleep(1),
    () => workflow.sleepUntil(new Date(0)),
  ]) {
    expect(refusal(change).message).toContain('Workflow "numbers" is committed and cannot change');
  }
  expect(workflow).toHaveProperty('graph.length', 1);
});

test('loops and sleeps count among the entries', () => {
  const workflow = untyped();
  for (let entry = 0; entry < limits.entries; entry += 1) workflow.dowhile(a, small);
  for (const more of [() => workflow.dountil(a, small), () => workflow.sleep(1)]) {
    expect(refusal(more).message).toContain('it has 100000 entries already');
  }
});

describe('a run', () => {
  test('has the result of a loop under the id of its body, and that of a sleep under its own', async () => {
    const workflow = createWorkflow(numbers)
      .dowhile(a, ({ inputData, iterationCount }) => inputData.n < 13 && iterationCount < 9)
      .sleep(({ inputData }) => -inputData.n, { id: 'pause' })
      .sleepUntil(new Date(0))
      .dountil(adding('b'), async ({ getStepResult }) => getStepResult(a)?.n === 13, { id: 'once' })
      .commit();
    const result = await (await workflow.createRun()).start({ inputData: { n: 10 } });
    expect(result).toMatchObject({
      status: 'success',
      result: { n: 14 },
      stepExecutionPath: ['pause', 'sleep_numbers_0'],
      steps: {
        a: { status: 'success', payload: { n: 12 }, output: { n: 13 }, metadata: { iterationCount: 3 } },
        pause: { status: 'success', payload: { n: 13 }, output: { n: 13 } },
        sleep_numbers_0: { status: 'success', output: { n: 13 } },
        b: { status: 'success', output: { n: 14 }, metadata: { iterationCount: 1 } },
      },
    });
    expect(result.steps).not.toHaveProperty('once');
  });

  test('ends with what a body bails with, and is canceled when it aborts', async () => {
    const ending = createStep({
      id: 'ending',
      inputSchema: z.object({ n: z.number() }),
      outputSchema: z.object({ n: z.number() }),
      execute: async ({ inputData, bail, abort }) => {
        if (inputData.n > 1) return bail('enough');
        abort();
        return inputData;
      },
    });
    const workflow = createWorkflow(numbers).then(ending).then(a).commit();
    const bailed = await (await workflow.createRun()).start({ inputData: { n: 2 } });
    expect(bailed).toMatchObject({ status: 'success', result: 'enough', stepExecutionPath: ['ending'] });
    const aborted = await (await workflow.createRun()).start({ inputData: { n: 1 } });
    expect(aborted).toMatchObject({ status: 'canceled', stepExecutionPath: ['ending'] });
  });
});

test('a body that ends or cancels its run is read like any other', () => {
  const step: StepDefinition = createStep({
    id: 'ending',
    inputSchema: z.number(),
    outputSchema: z.number(),
    execute: async ({ inputData, bail, abort }) => {
      if (inputData > 1) abort();
      return inputData > 0 ? bail(inputData) : inputData;
    },
  });
  expect(step.reads).toEqual({ steps: [], init: false });
});
