import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { WorkflowError } from '../../core/errors.ts';
import type { StoredValue } from '../../core/records.ts';
import type { Item } from './keys.ts';

/**
 * How fields of records become attributes of items. Attribute names are short because they are billed; each record has one
 * table that maps its fields to them, and the compiler refuses a table that lacks a field.
 */

/** How one type of value is stored. */
export interface AttributeType<V> {
  readonly expected: string;
  encode(value: V): AttributeValue;
  /** Undefined for an attribute of another type. */
  decode(attribute: AttributeValue): V | undefined;
}

/** A field's attribute name and type. */
export interface Field<V> {
  readonly attribute: string;
  readonly type: AttributeType<V>;
}

/** One {@link Field} for each field of a record. */
export type Fields<T> = { readonly [K in keyof T]-?: Field<Exclude<T[K], undefined>> };

/** Marks a text that is stored as the hex of its UTF-16 units. */
const hexMark = '\u0001';

/** Text as DynamoDB keeps it: one with a lone surrogate has no UTF-8, so it is stored in another form. */
function toText(text: string): string {
  if (text.isWellFormed() && !text.startsWith(hexMark)) return text;
  let hex = hexMark;
  for (let i = 0; i < text.length; i += 1) hex += text.charCodeAt(i).toString(16).padStart(4, '0');
  return hex;
}

/** The inverse of {@link toText}. */
function fromText(stored: string): string {
  if (!stored.startsWith(hexMark)) return stored;
  return stored.slice(1).replace(/.{4}/g, (unit) => String.fromCharCode(Number.parseInt(unit, 16)));
}

/** A text attribute. */
export function textValue(value: string): AttributeValue.SMember {
  return { S: toText(value) };
}

/** A number attribute. */
export function numberValue(value: number): AttributeValue.NMember {
  return { N: String(value) };
}

export const text: AttributeType<string> = {
  expected: 'a text',
  encode: textValue,
  decode: ({ S }) => (S === undefined ? undefined : fromText(S)),
};

export const number: AttributeType<number> = {
  expected: 'a number',
  encode: numberValue,
  decode: ({ N }) => (N === undefined ? undefined : Number(N)),
};

export const flag: AttributeType<boolean> = {
  expected: 'a boolean',
  encode: (value) => ({ BOOL: value }),
  decode: ({ BOOL }) => BOOL,
};

export const texts: AttributeType<readonly string[]> = {
  expected: 'a list of texts',
  encode: (values) => ({ L: values.map(textValue) }),
  decode: ({ L }) => (L === undefined ? undefined : all(L.map((entry) => text.decode(entry)))),
};

export const numbers: AttributeType<readonly number[]> = {
  expected: 'a list of numbers',
  encode: (values) => ({ L: values.map(numberValue) }),
  decode: ({ L }) => (L === undefined ? undefined : all(L.map((entry) => number.decode(entry)))),
};

/** An encoded value as text, or a claim check as a map of its hash and its bytes. */
export const stored: AttributeType<StoredValue> = {
  expected: 'a text, or a map of r and n',
  encode: (value) =>
    'inline' in value ? textValue(value.inline) : { M: { r: { S: value.ref }, n: numberValue(value.bytes) } },
  decode: ({ S, M }) => {
    if (S !== undefined) return { inline: fromText(S) };
    const [ref, bytes] = [M?.['r']?.S, M?.['n']?.N];
    return ref === undefined || bytes === undefined ? undefined : { ref, bytes: Number(bytes) };
  },
};

/** One of a few words, stored as other, shorter ones. */
export function word<W extends string>(words: Readonly<Record<W, string>>): AttributeType<W> {
  const back = new Map<string, W>(
    (Object.keys(words) as W[]).map((value) => [words[value], value] satisfies [string, W]),
  );
  return {
    expected: `one of ${[...back.keys()].join(', ')}`,
    encode: (value) => ({ S: words[value] }),
    decode: ({ S }) => (S === undefined ? undefined : back.get(S)),
  };
}

function all<V>(values: readonly (V | undefined)[]): V[] | undefined {
  const present = values.filter((value) => value !== undefined);
  return present.length === values.length ? present : undefined;
}

/** The attributes of the fields that `record` has; absent ones have none. */
export function encodeFields<T extends object>(fields: Fields<T>, record: Partial<T>): Item {
  const item: Item = {};
  for (const name of Object.keys(fields) as (keyof T)[]) encodeField(fields, record, name, item);
  return item;
}

function encodeField<T extends object, K extends keyof T>(
  fields: Fields<T>,
  record: Partial<T>,
  name: K,
  item: Item,
): void {
  const value = record[name];
  if (value === undefined) return;
  const { attribute, type } = fields[name];
  item[attribute] = type.encode(value as Exclude<T[K], undefined>);
}

/** The fields that an item has. Throws WORKFLOW_RECORD_CORRUPT for one of another type, and when one of `required` lacks. */
export function decodeFields<T extends object>(
  fields: Fields<T>,
  item: Item,
  required: readonly (keyof T)[],
): T {
  const record: Partial<T> = {};
  for (const name of Object.keys(fields) as (keyof T)[]) decodeField(fields, record, name, item);
  const missing = required.find((name) => record[name] === undefined);
  if (missing !== undefined) throw corrupt(item, fields[missing].attribute, 'is missing');
  return record as T;
}

function decodeField<T extends object, K extends keyof T>(
  fields: Fields<T>,
  record: Partial<T>,
  name: K,
  item: Item,
): void {
  const { attribute, type } = fields[name];
  const present = item[attribute];
  if (present === undefined) return;
  const value = type.decode(present);
  if (value === undefined) throw corrupt(item, attribute, `is not ${type.expected}`);
  record[name] = value;
}

function corrupt(item: Item, attribute: string, what: string): WorkflowError {
  const key = `${item['pk']?.S ?? '?'} ${item['sk']?.S ?? '?'}`;
  return new WorkflowError(
    'WORKFLOW_RECORD_CORRUPT',
    `Attribute ${attribute} of the item ${key} ${what}: the table holds something that this version did not write`,
    { details: { item: key, attribute } },
  );
}
