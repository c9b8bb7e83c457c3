import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Item, ItemKey } from './keys.ts';

/** A condition: an expression in which every attribute is written `#name` and every value `:name`. */
export interface Condition {
  readonly expression: string;
  /** By the names that the expression uses, without the colon. */
  readonly values?: Readonly<Record<string, AttributeValue>>;
}

/** One conditional update of one item. */
export interface UpdateWrite {
  readonly key: ItemKey;
  readonly set?: Item;
  /** Set only where the item lacks the attribute. */
  readonly setOnce?: Item;
  /** Numbers to add to attributes that exist. */
  readonly increase?: Readonly<Record<string, number>>;
  /** A list attribute and the values to append to it. */
  readonly append?: { readonly attribute: string; readonly values: readonly AttributeValue[] };
  readonly remove?: readonly string[];
  readonly condition: Condition;
}

/** The parameters that UpdateItem and an update in a transaction have in common. */
export interface UpdateParameters {
  readonly Key: Item;
  readonly UpdateExpression: string;
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues: Record<string, AttributeValue>;
}

/** A key as the client takes it. */
export function keyItem({ pk, sk }: ItemKey): { pk: AttributeValue; sk: AttributeValue } {
  return { pk: { S: pk }, sk: { S: sk } };
}

/**
 * Names behind the placeholders of expressions. Every attribute goes through one, so that none has to be looked up in the
 * list of reserved words.
 */
export function attributeNames(...expressions: string[]): Record<string, string> {
  const names = expressions.join(' ').match(/#\w+/g) ?? [];
  return Object.fromEntries(names.map((name) => [name, name.slice(1)]));
}

/** Values behind the placeholders of an expression. */
export function attributeValues(
  values: Readonly<Record<string, AttributeValue>>,
): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value]));
}

/** Writes an update as DynamoDB's expressions. */
export function updateParameters(write: UpdateWrite): UpdateParameters {
  const values = attributeValues(write.condition.values ?? {});
  const sets: string[] = [];
  for (const [name, value] of Object.entries(write.set ?? {})) {
    values[`:set_${name}`] = value;
    sets.push(`#${name} = :set_${name}`);
  }
  for (const [name, value] of Object.entries(write.setOnce ?? {})) {
    values[`:once_${name}`] = value;
    sets.push(`#${name} = if_not_exists(#${name}, :once_${name})`);
  }
  for (const [name, by] of Object.entries(write.increase ?? {})) {
    values[`:by_${name}`] = { N: String(by) };
    sets.push(`#${name} = #${name} + :by_${name}`);
  }
  if (write.append !== undefined) {
    const { attribute } = write.append;
    values[`:end_${attribute}`] = { L: [...write.append.values] };
    sets.push(`#${attribute} = list_append(#${attribute}, :end_${attribute})`);
  }
  const removes = (write.remove ?? []).map((name) => `#${name}`);
  const update = [
    ...(sets.length === 0 ? [] : [`SET ${sets.join(', ')}`]),
    ...(removes.length === 0 ? [] : [`REMOVE ${removes.join(', ')}`]),
  ].join(' ');
  return {
    Key: keyItem(write.key),
    UpdateExpression: update,
    ConditionExpression: write.condition.expression,
    ExpressionAttributeNames: attributeNames(update, write.condition.expression),
    ExpressionAttributeValues: values,
  };
}
