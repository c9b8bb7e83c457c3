import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Item } from '../../../src/adapters/aws/keys.ts';

/**
 * Bytes of an item as DynamoDB bills them.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function itemBytes(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value),
    0,
  );
}

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  // About one byte for two digits, and one more; a sign takes one, too.
  if (value.N !== undefined)
    return Math.ceil(value.N.replace(/[-.]/g, '').length / 2) + (value.N.startsWith('-') ? 2 : 1);
  if (value.BOOL !== undefined || value.NULL !== undefined) return 1;
  if (value.L !== undefined) return 3 + value.L.reduce((sum, entry) => sum + 1 + valueBytes(entry), 0);
  if (value.M !== undefined) return 3 + Object.keys(value.M).length + itemBytes(value.M);
  throw new TypeError(`No size is known for ${JSON.stringify(value)}`);
}
