import { compact, printable } from '../text.ts';

/**
 * JSON Schema (draft 2020-12) as far as a form needs it: what to ask for, and whether an answer fits. What is not looked at
 * here, such as `if` or `patternProperties`, the server looks at.
 */

/** A JSON Schema that is an object; `true` is `{}`. */
export type Schema = Readonly<Record<string, unknown>>;

/** Deepest chain of references that is followed; a longer one leads back to itself. */
const mostReferences = 20;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The schema itself: references within the document `root` are followed, and `null` beside one other form is left out. */
function resolved(schema: unknown, root: unknown): Schema {
  let found = isObject(schema) ? schema : {};
  for (let depth = 0; depth < mostReferences && typeof found['$ref'] === 'string'; depth += 1) {
    const { $ref, ...beside } = found;
    found = { ...at(root, $ref), ...beside };
  }
  return found;
}

/** What a JSON pointer in a fragment leads to. */
function at(root: unknown, reference: string): Schema {
  if (!reference.startsWith('#')) return {};
  const keys = decodeURIComponent(reference.slice(1)).split('/').slice(1);
  const found = keys.reduce<unknown>(
    (value, key) => (isObject(value) ? value[key.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined),
    root,
  );
  return isObject(found) ? found : {};
}

/** Types that a schema names. */
function typesOf({ type }: Schema): readonly string[] {
  if (typeof type === 'string') return [type];
  return Array.isArray(type) ? type.filter((name) => typeof name === 'string') : [];
}

/** What a field is asked for as. */
export type FieldKind = 'text' | 'number' | 'boolean' | 'choice' | 'object' | 'json';

/** How a schema is asked for. */
export interface Shape {
  readonly kind: FieldKind;
  readonly schema: Schema;
  /** Of a choice. */
  readonly values: readonly unknown[];
  /** `null` is an answer, too. */
  readonly nullable: boolean;
}

/** How to ask for a schema. */
export function shapeOf(schema: unknown, root: unknown): Shape {
  const whole = resolved(schema, root);
  const forms = whole['anyOf'] ?? whole['oneOf'];
  if (Array.isArray(forms)) {
    const all = forms.map((form) => resolved(form, root));
    const others = all.filter((form) => !isNull(form));
    const [only] = others;
    if (others.length === 1 && only !== undefined) {
      const { anyOf: _any, oneOf: _one, ...beside } = whole;
      return { ...shapeOf({ ...only, ...beside }, root), nullable: others.length < all.length };
    }
    const values = others.map((form) => form['const']);
    if (values.length > 0 && others.every((form) => 'const' in form)) {
      return { kind: 'choice', schema: whole, values, nullable: others.length < all.length };
    }
  }
  const types = typesOf(whole);
  const named = types.filter((type) => type !== 'null');
  const rest = { schema: whole, values: valuesOf(whole), nullable: types.includes('null') };
  if (rest.values.length > 0) return { kind: 'choice', ...rest };
  return { kind: named.length === 1 ? (kinds[named[0] ?? ''] ?? 'json') : 'json', ...rest };
}

const kinds: Readonly<Record<string, FieldKind>> = {
  string: 'text',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  object: 'object',
};

function isNull(schema: Schema): boolean {
  return schema['type'] === 'null' || ('const' in schema && schema['const'] === null);
}

function valuesOf(schema: Schema): readonly unknown[] {
  if ('const' in schema) return [schema['const']];
  return Array.isArray(schema['enum']) ? (schema['enum'] as readonly unknown[]) : [];
}

/** One property of an object. */
export interface Field {
  readonly name: string;
  readonly schema: unknown;
  readonly required: boolean;
}

/** Properties of a schema for objects, in its order. */
export function fieldsOf(schema: Schema): Field[] {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const required: readonly unknown[] = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries(properties).map(([name, property]) => ({
    name,
    schema: property,
    // What has a default may be left out, whatever the list of the required says of the parsed value.
    required: required.includes(name) && !(isObject(property) && 'default' in property),
  }));
}

/** Whether leaving the value out could fit: nothing is said of it, or it has a default. */
export function mayBeAbsent(schema: unknown): boolean {
  if (!isObject(schema)) return true;
  const { $schema: _, description: __, title: ___, ...rules } = schema;
  return 'default' in schema || Object.keys(rules).length === 0;
}

/** Whether `{}` could fit. */
export function mayBeEmpty(schema: unknown): boolean {
  const { kind, schema: whole } = shapeOf(schema, schema);
  return kind === 'object' && fieldsOf(whole).every(({ required }) => !required);
}

/** The fields of a schema in one line: `approved (boolean), note (text, optional)`. */
export function fieldsText(schema: unknown): string {
  const { kind, schema: whole } = shapeOf(schema, schema);
  if (kind !== 'object') return typeText(schema, schema);
  return fieldsOf(whole)
    .map((field) => {
      const type = typeText(field.schema, schema);
      return printable(`${field.name} (${type}${field.required ? '' : ', optional'})`);
    })
    .join(', ');
}

/** What an answer has to be, in a few words. */
export function typeText(schema: unknown, root: unknown): string {
  const { kind, schema: whole, values, nullable } = shapeOf(schema, root);
  const or = nullable ? ' or null' : '';
  switch (kind) {
    case 'choice':
      return `${values.map((value) => (typeof value === 'string' ? printable(value) : compact(value))).join(', ')}${or}`;
    case 'number':
      return `${typesOf(whole).includes('integer') ? 'whole number' : 'number'}${or}`;
    case 'boolean':
      return `yes or no${or}`;
    case 'json':
      return typesOf(whole).includes('array') ? 'JSON array' : 'JSON';
    default:
      return `${kind}${or}`;
  }
}

/** What is wrong with a value; undefined when nothing is. `path` is where it stands, empty for the whole. */
export function violation(value: unknown, schema: unknown, root: unknown, path = ''): string | undefined {
  if (schema === false) return said(path, 'nothing is allowed here');
  const whole = resolved(schema, root);
  const forms = whole['anyOf'] ?? whole['oneOf'];
  if (Array.isArray(forms)) {
    const found = forms.map((form) => violation(value, form, root, path));
    if (found.every((text) => text !== undefined))
      return found.length === 1 ? found[0] : said(path, 'fits none of the possible forms');
  }
  for (const part of Array.isArray(whole['allOf']) ? (whole['allOf'] as readonly unknown[]) : []) {
    const found = violation(value, part, root, path);
    if (found !== undefined) return found;
  }
  const allowed = valuesOf(whole);
  if (allowed.length > 0 && !allowed.some((one) => sameJson(one, value))) {
    return said(
      path,
      `give ${allowed.length === 1 ? '' : 'one of '}${allowed.map((one) => compact(one)).join(', ')}`,
    );
  }
  const types = typesOf(whole);
  if (types.length > 0 && !types.some((type) => isOfType(value, type))) {
    return said(path, `give ${types.map((type) => article(type)).join(' or ')}`);
  }
  return (
    numberViolation(value, whole, path) ??
    textViolation(value, whole, path) ??
    partViolation(value, whole, root, path)
  );
}

function said(path: string, text: string): string {
  return path === '' ? text : `${printable(path)}: ${text}`;
}

function article(type: string): string {
  if (type === 'null') return 'null';
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

function sameJson(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function bound(schema: Schema, name: string): number | undefined {
  const value = schema[name];
  return typeof value === 'number' ? value : undefined;
}

function numberViolation(value: unknown, schema: Schema, path: string): string | undefined {
  if (typeof value !== 'number') return undefined;
  const [least, most] = [bound(schema, 'minimum'), bound(schema, 'maximum')];
  const [above, below] = [bound(schema, 'exclusiveMinimum'), bound(schema, 'exclusiveMaximum')];
  if (least !== undefined && value < least) return said(path, `give ${least} or more`);
  if (most !== undefined && value > most) return said(path, `give ${most} or less`);
  if (above !== undefined && value <= above) return said(path, `give more than ${above}`);
  if (below !== undefined && value >= below) return said(path, `give less than ${below}`);
  return undefined;
}

function textViolation(value: unknown, schema: Schema, path: string): string | undefined {
  if (typeof value !== 'string') return undefined;
  // JSON Schema counts code points.
  const { length } = Array.from(value);
  const [least, most] = [bound(schema, 'minLength'), bound(schema, 'maxLength')];
  if (least !== undefined && length < least)
    return said(path, `give at least ${counted(least, 'character')}`);
  if (most !== undefined && length > most) return said(path, `give at most ${counted(most, 'character')}`);
  const { pattern, format } = schema;
  if (typeof pattern !== 'string' || matches(value, pattern)) return undefined;
  return said(path, typeof format === 'string' ? `is no ${format}` : `has to match ${pattern}`);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function matches(text: string, pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(text);
  } catch {
    // Of another dialect: the server knows it.
    return true;
  }
}

function partViolation(value: unknown, schema: Schema, root: unknown, path: string): string | undefined {
  if (Array.isArray(value)) {
    const [least, most] = [bound(schema, 'minItems'), bound(schema, 'maxItems')];
    if (least !== undefined && value.length < least)
      return said(path, `give at least ${counted(least, 'element')}`);
    if (most !== undefined && value.length > most)
      return said(path, `give at most ${counted(most, 'element')}`);
    const prefix: readonly unknown[] = Array.isArray(schema['prefixItems']) ? schema['prefixItems'] : [];
    return firstOf(value, (item, index) =>
      violation(item, prefix[index] ?? schema['items'], root, `${path}[${index}]`),
    );
  }
  if (!isObject(value)) return undefined;
  const fields = fieldsOf(schema);
  const missing = fields.find(({ name, required }) => required && !Object.hasOwn(value, name));
  if (missing !== undefined) return said(path, `lacks ${missing.name}`);
  return firstOf(fields, ({ name, schema: property }) =>
    Object.hasOwn(value, name)
      ? violation(value[name], property, root, path === '' ? name : `${path}.${name}`)
      : undefined,
  );
}

function firstOf<Item>(
  items: readonly Item[],
  look: (item: Item, index: number) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const found = look(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}
