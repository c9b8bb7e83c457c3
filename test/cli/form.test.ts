import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { askFor, askForJson } from '../../src/cli/form/ask.ts';
import type { Lines } from '../../src/cli/form/lines.ts';
import { fieldsText, mayBeAbsent, mayBeEmpty, violation } from '../../src/cli/form/schema.ts';
import { plain } from '../../src/cli/text.ts';

/** Answers, and all that was said. */
function answering(...answers: string[]): { lines: Lines; said: string[]; left: string[] } {
  const said: string[] = [];
  const left = [...answers];
  const lines: Lines = {
    ask: async (question) => {
      said.push(question);
      const answer = left.shift();
      if (answer === undefined) throw new RangeError(`no answer left for: ${question}`);
      return answer;
    },
    say: (text) => void said.push(text),
    close: () => {},
  };
  return { lines, said, left };
}

const jsonSchema = (schema: z.ZodType): unknown => z.toJSONSchema(schema, { io: 'input' });

async function ask(schema: unknown, ...answers: string[]): Promise<{ value: unknown; said: string[] }> {
  const { lines, said, left } = answering(...answers);
  const value = await askFor(lines, schema, plain);
  expect(left).toEqual([]);
  return { value, said };
}

describe('a form', () => {
  test.each<[string, z.ZodType, string[], unknown]>([
    ['text', z.object({ a: z.string() }), [' with spaces '], { a: ' with spaces ' }],
    ['an empty text', z.object({ a: z.string() }), ['', '""'], { a: '' }],
    ['lengths', z.object({ a: z.string().min(2).max(3) }), ['x', 'wxyz', 'xyz'], { a: 'xyz' }],
    ['a pattern', z.object({ a: z.string().regex(/^\d+$/) }), ['x', '12'], { a: '12' }],
    ['an email', z.object({ a: z.email() }), ['x', 'a@b.example'], { a: 'a@b.example' }],
    ['numbers', z.object({ a: z.number() }), ['x', '0x10', '1e3'], { a: 1000 }],
    ['whole numbers', z.object({ a: z.int().min(2).max(9) }), ['2.5', '1', '10', '3'], { a: 3 }],
    ['bounds that do not count', z.object({ a: z.number().gt(1).lt(2) }), ['1', '2', '1.5'], { a: 1.5 }],
    [
      'yes and no',
      z.object({ a: z.boolean(), b: z.boolean() }),
      ['maybe', 'Yes', 'f', 'false'],
      { a: true, b: false },
    ],
    [
      'a choice by value and by number',
      z.object({ a: z.enum(['x', 'y']), b: z.enum(['x', 'y']) }),
      ['z', 'y', '3', '1'],
      { a: 'y', b: 'x' },
    ],
    ['a choice of numbers by value first', z.object({ a: z.literal([2, 1]) }), ['1'], { a: 1 }],
    ['only one value', z.object({ a: z.literal('x') }), ['y', 'x'], { a: 'x' }],
    ['a union of constants', z.object({ a: z.union([z.literal('x'), z.literal(5)]) }), ['5'], { a: 5 }],
    [
      'null',
      z.object({ a: z.string().nullable(), b: z.number().nullable() }),
      ['null', 'null'],
      { a: null, b: null },
    ],
    ['what is optional', z.object({ a: z.string().optional(), b: z.number().optional() }), ['', ''], {}],
    ['defaults are left to the server', z.object({ a: z.number().default(5) }), [''], {}],
    [
      'nested objects',
      z.object({ a: z.object({ b: z.object({ c: z.number() }) }) }),
      ['1'],
      { a: { b: { c: 1 } } },
    ],
    [
      'optional objects, filled in or not',
      z.object({ a: z.object({ b: z.number() }).optional(), c: z.object({ d: z.number() }).optional() }),
      ['y', '1', ''],
      { a: { b: 1 } },
    ],
    [
      'arrays as JSON',
      z.object({ a: z.array(z.int()).min(1) }),
      ['1', '[]', '[1,"x"]', '[1,', '[1,2]'],
      { a: [1, 2] },
    ],
    ['tuples', z.object({ a: z.tuple([z.string(), z.number()]) }), ['[1,1]', '["x",1]'], { a: ['x', 1] }],
    [
      'records as JSON',
      z.object({ a: z.record(z.string(), z.number()) }),
      ['[1]', '{"x":1}'],
      { a: { x: 1 } },
    ],
    [
      'unions as JSON',
      z.object({ a: z.union([z.string(), z.array(z.string())]) }),
      ['1', '["x"]'],
      { a: ['x'] },
    ],
    ['anything as JSON', z.object({ a: z.unknown() }), ['{"x":[null]}'], { a: { x: [null] } }],
    ['a value that is no object', z.number(), ['', '5'], 5],
    ['an array', z.array(z.string()), ['["x"]'], ['x']],
    ['an object without fields', z.object({}), [], {}],
  ])('%s', async (_name, schema, answers, expected) => {
    const { value } = await ask(jsonSchema(schema), ...answers);
    expect(value).toEqual(expected);
    expect(schema.safeParse(value).success).toBe(true);
  });

  test('references, also to itself', async () => {
    const node = z.object({
      name: z.string(),
      get next() {
        return node.optional();
      },
    });
    const { value } = await ask(jsonSchema(node), 'a', 'y', 'b', 'n');
    expect(value).toEqual({ name: 'a', next: { name: 'b' } });
  });

  test('a property named __proto__ stays one', async () => {
    const schema = JSON.parse(
      '{"type":"object","properties":{"__proto__":{"type":"number"}},"required":["__proto__"]}',
    ) as unknown;
    const { value } = await ask(schema, '5');
    expect(Object.entries(value as object)).toEqual([['__proto__', 5]]);
  });

  test('says what it wants and what is wrong, without obeying the schema', async () => {
    const schema = z.object({
      size: z.enum(['small', 'large']).default('small').describe('How much\u001B[2J'),
      count: z.int().min(1),
    });
    const { said } = await ask(jsonSchema(schema), 'x', '2', 'x', '0', '1');
    expect(said).toEqual([
      '  How much',
      '  1  small',
      '  2  large',
      'size (one of these, default small): ',
      '  give one of small, large, or its number',
      'size (one of these, default small): ',
      'count (whole number): ',
      '  give a number',
      'count (whole number): ',
      '  give 1 or more',
      'count (whole number): ',
    ]);
  });

  test('without a schema it asks for JSON, or nothing', async () => {
    const { lines, said } = answering('{', '{"a":1}');
    expect(await askForJson(lines, 'The data')).toEqual({ a: 1 });
    expect(said[1]).toMatch(/^ {2}that is no JSON/);
    expect(await askForJson(answering('').lines, 'The data')).toBeUndefined();
  });
});

describe('schemas', () => {
  test('in one line', () => {
    const schema = z.object({
      a: z.string(),
      b: z.int().optional(),
      c: z.enum(['x', 'y']).nullable(),
      d: z.boolean().default(true),
    });
    expect(fieldsText(jsonSchema(schema))).toBe(
      'a (text), b (whole number, optional), c (x, y or null), d (yes or no, optional)',
    );
    expect(fieldsText(jsonSchema(z.array(z.string())))).toBe('JSON array');
  });

  test('what may be left out', () => {
    expect([undefined, {}, jsonSchema(z.unknown()), { default: 1 }].map(mayBeAbsent)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect([jsonSchema(z.string()), jsonSchema(z.object({}))].map(mayBeAbsent)).toEqual([false, false]);
    expect(mayBeEmpty(jsonSchema(z.object({ a: z.string().optional(), b: z.string().default('') })))).toBe(
      true,
    );
    expect(mayBeEmpty(jsonSchema(z.object({ a: z.string() })))).toBe(false);
    expect(mayBeEmpty(jsonSchema(z.string()))).toBe(false);
  });

  test.each<[unknown, unknown, string | undefined]>([
    [{ a: 1 }, { type: 'object', properties: { a: { type: 'string' } } }, 'a: give a string'],
    [{}, { type: 'object', properties: { a: {} }, required: ['a'] }, 'lacks a'],
    [
      { a: [{ b: 0 }] },
      { properties: { a: { items: { properties: { b: { minimum: 1 } } } } } },
      'a[0].b: give 1 or more',
    ],
    [1, false, 'nothing is allowed here'],
    [1, true, undefined],
    ['x', { allOf: [{ type: 'string' }, { minLength: 2 }] }, 'give at least 2 characters'],
    ['x', { anyOf: [{ type: 'number' }, { type: 'null' }] }, 'fits none of the possible forms'],
    ['x', { pattern: '(?<bad' }, undefined],
    ['x', { $ref: '#/$defs/none' }, undefined],
    ['x', { $ref: '#/$defs/loop', $defs: { loop: { $ref: '#/$defs/loop' } } }, undefined],
    ['x', { type: ['integer', 'null'] }, 'give an integer or null'],
    [[1, 2, 3], { maxItems: 2 }, 'give at most 2 elements'],
  ])('%j against %j', (value, schema, expected) => {
    expect(violation(value, schema, schema)).toBe(expected);
  });
});
