import { createStep, createWorkflow, type Predicate } from 'evented-workflows';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { adding, numbers } from './steps.ts';

const predicate: Predicate = { op: 'lt', path: 'stepResults.a.n', value: 3 };

describe('a condition as data', () => {
  test('is shown in the graph as it is', () => {
    const { graph } = createWorkflow(numbers)
      .then(adding('a'))
      .dowhile(adding('b'), { predicate })
      .branch([[{ predicate: { not: predicate } }, adding('c')]]);
    expect(graph).toMatchObject([
      { type: 'step' },
      { type: 'loop', condition: JSON.stringify({ predicate }) },
      { type: 'conditional', conditions: [JSON.stringify({ predicate: { not: predicate } })] },
    ]);
  });

  test('tells the runtime what it reads, and cannot be changed', () => {
    const [loop] = createWorkflow(numbers).dountil(adding('b'), { predicate }).flow;
    const condition = loop?.type === 'loop' ? loop.condition : undefined;
    expect(condition?.reads).toEqual({ steps: ['a'], init: false });
    expect(Object.isFrozen(condition)).toBe(true);
  });

  test('takes arms and ends loops', async () => {
    const workflow = createWorkflow(numbers)
      .dountil(adding('a'), { predicate: { op: 'gte', path: 'inputData.n', value: 4 } })
      .branch([
        [{ predicate: { op: 'eq', path: 'initData.n', value: 1 } }, adding('b')],
        [{ predicate: { op: 'exists', path: 'initData.missing' } }, adding('c')],
        [({ inputData }) => inputData.n === 4, adding('d')],
      ])
      .commit();
    const result = await (await workflow.createRun()).start({ inputData: { n: 1 } });
    expect(result).toMatchObject({ status: 'success', result: { b: { n: 5 }, d: { n: 5 } } });
    expect(Object.keys(result.steps)).not.toContain('c');
  });

  test.each<[string, unknown, string]>([
    ['nothing', {}, '.branch() was given an object without keys as the condition of [condition, step]'],
    ['no predicate', { predicate: 1 }, 'Workflow "numbers": .branch(): a predicate is number'],
    [
      'an unknown operation',
      { predicate: { op: 'like', path: 'state' } },
      '.branch(): a predicate is an object with op, path: give { and }',
    ],
  ])('is refused when it is %s', (_, condition, message) => {
    const step = createStep({ ...numbers, id: 'a', outputSchema: z.any(), execute: async () => 1 });
    expect(() => createWorkflow(numbers).branch([[condition as { predicate: Predicate }, step]])).toThrow(
      expect.objectContaining({
        code: 'WORKFLOW_DEFINITION_INVALID',
        message: expect.stringContaining(message),
      }),
    );
  });
});
