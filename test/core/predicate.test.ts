import { describe, expect, test } from 'vitest';
import {
  evaluatePredicate,
  type Predicate,
  type PredicateContext,
  predicateDepth,
  readPredicate,
  readsOfPredicate,
} from '../../src/core/predicate.ts';

const results: Readonly<Record<string, unknown>> = { text: 'b', list: [{ n: 1 }], empty: {} };
const context: PredicateContext = {
  inputData: { n: 5, none: null, flag: true, deep: { er: 'x' } },
  state: { count: 0 },
  getInitData: () => 'initial',
  getStepResult: (step) => results[typeof step === 'string' ? step : step.id] ?? null,
};
const yes: Predicate = { op: 'exists', path: 'inputData' };
const no: Predicate = { op: 'notExists', path: 'inputData' };

describe('a predicate holds or not', () => {
  test.each<[Predicate, boolean]>([
    [{ op: 'eq', path: 'inputData.n', value: 5 }, true],
    [{ op: 'eq', path: 'inputData.n', value: '5' }, false],
    [{ op: 'eq', path: 'inputData.none', value: null }, true],
    [{ op: 'eq', path: 'inputData.missing', value: null }, false],
    [{ op: 'eq', path: 'initData', value: 'initial' }, true],
    [{ op: 'eq', path: 'stepResults.list.0.n', value: 1 }, true],
    [{ op: 'eq', path: 'stepResults.text', value: 'b' }, true],
    [{ op: 'eq', path: 'state.count', value: 0 }, true],
    [{ op: 'ne', path: 'inputData.n', value: 6 }, true],
    [{ op: 'ne', path: 'inputData.n', value: 5 }, false],
    [{ op: 'ne', path: 'inputData.n', value: '5' }, true],
    [{ op: 'ne', path: 'inputData.missing', value: 5 }, false],
    [{ op: 'gt', path: 'inputData.n', value: 4 }, true],
    [{ op: 'gt', path: 'inputData.n', value: 5 }, false],
    [{ op: 'gte', path: 'inputData.n', value: 5 }, true],
    [{ op: 'gte', path: 'inputData.n', value: 6 }, false],
    [{ op: 'lt', path: 'inputData.n', value: 6 }, true],
    [{ op: 'lt', path: 'inputData.n', value: 5 }, false],
    [{ op: 'lte', path: 'inputData.n', value: 5 }, true],
    [{ op: 'lte', path: 'inputData.n', value: 4 }, false],
    [{ op: 'lt', path: 'stepResults.text', value: 'c' }, true],
    [{ op: 'lt', path: 'inputData.n', value: '6' }, false],
    [{ op: 'lt', path: 'inputData.none', value: 6 }, false],
    [{ op: 'lt', path: 'inputData.missing', value: 6 }, false],
    [{ op: 'in', path: 'inputData.n', value: [4, 5] }, true],
    [{ op: 'in', path: 'inputData.n', value: ['5'] }, false],
    [{ op: 'in', path: 'inputData.missing', value: [null] }, false],
    [{ op: 'exists', path: 'inputData.none' }, true],
    [{ op: 'exists', path: 'inputData.deep.er' }, true],
    [{ op: 'exists', path: 'inputData.deep.er.length' }, false],
    [{ op: 'exists', path: 'inputData.none.x' }, false],
    [{ op: 'exists', path: 'inputData.constructor' }, false],
    [{ op: 'exists', path: 'stepResults.empty' }, true],
    [{ op: 'exists', path: 'stepResults.other' }, false],
    [{ op: 'exists', path: 'stepResults.other.n' }, false],
    [{ op: 'notExists', path: 'stepResults.other.n' }, true],
    [{ op: 'notExists', path: 'inputData.n' }, false],
    [{ and: [] }, true],
    [{ and: [yes, yes] }, true],
    [{ and: [yes, no] }, false],
    [{ or: [] }, false],
    [{ or: [no, yes] }, true],
    [{ or: [no, no] }, false],
    [{ not: no }, true],
    [{ not: { op: 'eq', path: 'inputData.missing', value: 5 } }, true],
  ])('%j: %j', (predicate, expected) => {
    expect(evaluatePredicate(readPredicate(predicate, 'test'), context)).toBe(expected);
  });
});

describe('a predicate that is read', () => {
  test('is a copy that nobody can change', () => {
    const value = [1, 2];
    const given = { and: [{ op: 'in', path: 'inputData', value, comment: 'dropped' }] };
    const predicate = readPredicate(given, 'test');
    value.push(3);
    given.and.pop();
    expect(predicate).toEqual({ and: [{ op: 'in', path: 'inputData', value: [1, 2] }] });
    const [part] = 'and' in predicate ? predicate.and : [];
    const list = part !== undefined && 'value' in part ? part.value : undefined;
    expect([predicate, 'and' in predicate && predicate.and, part, list].every(Object.isFrozen)).toBe(true);
  });

  test.each<[string, unknown, string]>([
    ['null', null, 'a predicate is null: give an object'],
    ['an array', [], 'a predicate is an array'],
    ['a function', () => true, 'a predicate is function'],
    ['an object of another kind', { equals: 1 }, 'a predicate is an object with equals: give { and }'],
    ['an unknown operation', { op: 'like', path: 'state' }, 'a predicate is an object with op, path'],
    ['several kinds', { and: [], op: 'eq' }, 'a predicate has and and op together: give one of them'],
    ['no array of parts', { or: {} }, 'a predicate has an object with  as its or: give an array'],
    ['a wrong part', { and: [1] }, 'a predicate is number'],
    ['a wrong negation', { not: 'x' }, 'a predicate is the string "x"'],
    ['no path', { op: 'exists' }, 'a predicate has undefined as its path: give inputData'],
    ['an unknown root', { op: 'exists', path: 'env' }, 'has the string "env" as its path'],
    ['an empty part of a path', { op: 'exists', path: 'state..n' }, 'has the string "state..n" as its path'],
    ['no step', { op: 'exists', path: 'stepResults' }, 'has the string "stepResults" as its path'],
    ['an object to equal', { op: 'eq', path: 'state', value: {} }, 'a predicate "eq" has an object with '],
    ['no number', { op: 'ne', path: 'state', value: Number.NaN }, 'a predicate "ne" has number as its value'],
    [
      'no list',
      { op: 'in', path: 'state', value: 1 },
      'a predicate "in" has number as its value: give an array',
    ],
    ['a list of lists', { op: 'in', path: 'state', value: [[]] }, 'a predicate "in" has an array'],
    ['an order of booleans', { op: 'gt', path: 'state', value: true }, 'a predicate "gt" has boolean'],
    [
      'an endless limit',
      { op: 'lt', path: 'state', value: Number.POSITIVE_INFINITY },
      'a predicate "lt" has number',
    ],
  ])('is not %s', (_, given, message) => {
    const read = () => readPredicate(given, 'The test');
    expect(read).toThrow(expect.objectContaining({ code: 'WORKFLOW_DEFINITION_INVALID' }));
    expect(read).toThrow(/^The test: /);
    expect(read).toThrow(message);
  });

  test('is nested to a bound only', () => {
    let given: unknown = yes;
    for (let depth = 1; depth < predicateDepth; depth += 1) given = { not: given };
    expect(readPredicate(given, 'test')).toEqual(given);
    expect(() => readPredicate({ not: given }, 'test')).toThrow('nested more than 100 deep');
    const circle: { and: unknown[] } = { and: [] };
    circle.and.push(circle);
    expect(() => readPredicate(circle, 'test')).toThrow('nested more than 100 deep');
  });
});

describe('a predicate reads', () => {
  test.each<[string, Predicate, unknown]>([
    [
      'nothing',
      { and: [yes, { op: 'eq', path: 'state.stepResults', value: 1 }] },
      { steps: [], init: false },
    ],
    ['the input', { not: { op: 'exists', path: 'initData.n' } }, { steps: [], init: true }],
    [
      'the steps that it names, each once',
      {
        or: [
          { op: 'exists', path: 'stepResults.b' },
          {
            and: [
              { op: 'exists', path: 'stepResults.a.n' },
              { op: 'exists', path: 'stepResults.b.n' },
            ],
          },
        ],
      },
      { steps: ['b', 'a'], init: false },
    ],
  ])('%s', (_, predicate, expected) => {
    expect(readsOfPredicate(predicate)).toEqual(expected);
  });
});
