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
  /** Fields of attributes that are maps, written `attribute.field`. */
  readonly setField?: Readonly<Record<`${string}.${string}`, AttributeValue>>;
  /** Numbers to add to attributes; one that is absent is 0. */
  readonly increase?: Readonly<Record<string, number>>;
  /** List attributes and the values to append to each; one that is absent begins empty. */
  readonly append?: Readonly<Record<string, readonly AttributeValue[]>>;
  readonly remove?: readonly string[];
  /** Absent for an update that is done whatever is there. */
  readonly condition?: Condition;
  /** Attributes whose names are no words, by the name that stands for each. */
  readonly names?: Readonly<Record<string, string>>;
}

/** One conditional put of a whole item. */
export interface PutWrite {
  readonly put: Item;
  readonly condition: Condition;
}

/** A condition on an item that is not written. */
export interface CheckWrite {
  readonly check: ItemKey;
  readonly condition: Condition;
}

/** The parameters that UpdateItem and an update in a transaction have in common. */
export interface UpdateParameters {
  readonly Key: Item;
  readonly UpdateExpression: string;
  readonly ConditionExpression?: string;
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

/** A condition as DynamoDB's expressions. */
export function conditionParameters({ expression, values }: Condition): {
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, AttributeValue>;
} {
  return {
    ConditionExpression: expression,
    ExpressionAttributeNames: attributeNames(expression),
    ...(values === undefined ? {} : { ExpressionAttributeValues: attributeValues(values) }),
  };
}

/** Writes an update as DynamoDB's expressions. */
export function updateParameters(write: UpdateWrite): UpdateParameters {
  const values = attributeValues(write.condition?.values ?? {});
  const sets = setClauses(write, values);
  const removes = (write.remove ?? []).map((name) => `#${name}`);
  const update = [
    ...(sets.length === 0 ? [] : [`SET ${sets.join(', ')}`]),
    ...(removes.length === 0 ? [] : [`REMOVE ${removes.join(', ')}`]),
  ].join(' ');
  const condition = write.condition?.expression;
  const given = Object.entries(write.names ?? {}).map(([name, attribute]) => [`#${name}`, attribute]);
  return {
    Key: keyItem(write.key),
    UpdateExpression: update,
    ...(condition === undefined ? {} : { ConditionExpression: condition }),
    ExpressionAttributeNames: {
      ...attributeNames(update, condition ?? ''),
      ...(Object.fromEntries(given) as Record<string, string>),
    },
    ExpressionAttributeValues: values,
  };
}

/** What an update sets, and `values` with what it sets it to. */
function setClauses(write: UpdateWrite, values: Record<string, AttributeValue>): string[] {
  const sets: string[] = [];
  for (const [name, value] of Object.entries(write.set ?? {})) {
    values[`:set_${name}`] = value;
    sets.push(`#${name} = :set_${name}`);
  }
  for (const [name, value] of Object.entries(write.setOnce ?? {})) {
    values[`:once_${name}`] = value;
    sets.push(`#${name} = if_not_exists(#${name}, :once_${name})`);
  }
  for (const [path, value] of Object.entries(write.setField ?? {})) {
    const [attribute, field] = path.split('.');
    values[`:field_${attribute}_${field}`] = value;
    sets.push(`#${attribute}.#${field} = :field_${attribute}_${field}`);
  }
  for (const [name, by] of Object.entries(write.increase ?? {})) {
    values[`:by_${name}`] = { N: String(by) };
    values[':zero'] = { N: '0' };
    sets.push(`#${name} = if_not_exists(#${name}, :zero) + :by_${name}`);
  }
  for (const [name, more] of Object.entries(write.append ?? {})) {
    values[`:end_${name}`] = { L: [...more] };
    values[':empty'] = { L: [] };
    sets.push(`#${name} = list_append(if_not_exists(#${name}, :empty), :end_${name})`);
  }
  return sets;
}
