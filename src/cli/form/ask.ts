import type { Paint } from '../text.ts';
import { compact, printable } from '../text.ts';
import type { Lines } from './lines.ts';
import { type Field, fieldsOf, type Shape, shapeOf, typeText, violation } from './schema.ts';

/** Asks for a value by its JSON Schema, field by field, and again for what does not fit. */

/** Stands for an answer that leaves a field out. */
const absent = Symbol('absent');

/** How a value is asked for. */
interface Asking {
  readonly lines: Lines;
  readonly paint: Paint;
  /** The document that references point into. */
  readonly root: unknown;
}

/** The value that a person gives for `schema`; undefined when it was left out, as far as that is possible. */
export async function askFor(lines: Lines, schema: unknown, paint: Paint): Promise<unknown> {
  const asking = { lines, paint, root: schema };
  const { kind, schema: whole } = shapeOf(schema, schema);
  if (kind === 'object') return await askObject(asking, fieldsOf(whole), whole, '');
  const value = await askField(asking, { name: 'value', schema, required: true }, 'value');
  return value === absent ? undefined : value;
}

/** Any JSON, or nothing, for what no schema describes. */
export async function askForJson(lines: Lines, what: string): Promise<unknown> {
  for (;;) {
    const text = (await lines.ask(`${what} as JSON, empty for none: `)).trim();
    if (text === '') return undefined;
    const parsed = parseJson(text);
    if ('value' in parsed) return parsed.value;
    lines.say(`  ${parsed.problem}`);
  }
}

async function askObject(
  asking: Asking,
  fields: readonly Field[],
  whole: unknown,
  path: string,
): Promise<unknown> {
  // Pairs, so that a property named `__proto__` stays one.
  const pairs: [string, unknown][] = [];
  for (const field of fields) {
    const at = path === '' ? field.name : `${path}.${field.name}`;
    const value = await askField(asking, field, at);
    if (value !== absent) pairs.push([field.name, value]);
  }
  // Properties that have no names cannot be asked for one by one.
  if (fields.length === 0 && path !== '')
    return await askText(asking, shapeAsJson(whole, asking.root), path, true);
  return Object.fromEntries(pairs);
}

function shapeAsJson(schema: unknown, root: unknown): Shape {
  return { ...shapeOf(schema, root), kind: 'json' };
}

async function askField(asking: Asking, { schema, required }: Field, path: string): Promise<unknown> {
  const shape = shapeOf(schema, asking.root);
  if (shape.kind !== 'object') return await askText(asking, shape, path, required);
  const fields = fieldsOf(shape.schema);
  if (!required && fields.length > 0) {
    const fill = await asking.lines.ask(`${label(asking, path, 'optional')} fill it in? [y/N] `);
    if (!/^y(es)?$/i.test(fill.trim())) return absent;
  }
  return await askObject(asking, fields, shape.schema, path);
}

function label({ paint }: Asking, path: string, about: string): string {
  return `${paint('bold', printable(path))} ${paint('gray', `(${about})`)}`;
}

async function askText(asking: Asking, shape: Shape, path: string, required: boolean): Promise<unknown> {
  const { lines, paint, root } = asking;
  const { schema, kind, values } = shape;
  const { description, default: usual } = schema;
  if (typeof description === 'string') lines.say(paint('gray', `  ${printable(description)}`));
  if (kind === 'choice' && values.length > 1) {
    values.forEach((value, index) => lines.say(`  ${index + 1}  ${shownValue(value)}`));
  }
  const about = [
    kind === 'choice' && values.length > 1 ? 'one of these' : typeText(schema, root),
    ...('default' in schema ? [`default ${shownValue(usual)}`] : required ? [] : ['optional']),
  ].join(', ');
  for (;;) {
    const text = await lines.ask(`${label(asking, path, about)}: `);
    const answer = readAnswer(text, shape);
    if (answer === absent && (!required || 'default' in schema)) return absent;
    const problem =
      answer === absent
        ? `give a value${kind === 'text' ? ' ("" for an empty text)' : ''}`
        : (problemOf(answer) ?? violation(answer, schema, root));
    if (problem === undefined) return answer;
    lines.say(paint('red', `  ${problem}`));
  }
}

function shownValue(value: unknown): string {
  return typeof value === 'string' ? printable(value) : compact(value);
}

/** An answer that cannot be read as what was asked for. */
class Unreadable {
  readonly problem: string;

  constructor(problem: string) {
    this.problem = problem;
  }
}

function problemOf(answer: unknown): string | undefined {
  return answer instanceof Unreadable ? answer.problem : undefined;
}

function readAnswer(text: string, { kind, values, nullable }: Shape): unknown {
  const word = text.trim();
  if (word === '') return absent;
  if (nullable && word === 'null') return null;
  switch (kind) {
    case 'text':
      return word === '""' ? '' : text;
    case 'number':
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(word)
        ? Number(word)
        : new Unreadable('give a number');
    case 'boolean':
      if (/^(y|yes|true)$/i.test(word)) return true;
      return /^(n|no|false)$/i.test(word) ? false : new Unreadable('answer yes or no');
    case 'choice': {
      const exact = values.find((value) => shownValue(value) === word);
      if (exact !== undefined) return exact;
      const number = /^\d+$/.test(word) ? Number(word) : 0;
      return number >= 1 && number <= values.length
        ? values[number - 1]
        : new Unreadable(`give one of ${values.map(shownValue).join(', ')}, or its number`);
    }
    default: {
      const parsed = parseJson(word);
      return 'value' in parsed ? parsed.value : new Unreadable(parsed.problem);
    }
  }
}

function parseJson(text: string): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return {
      problem: `that is no JSON: ${printable(error instanceof Error ? error.message : String(error))}`,
    };
  }
}
