import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { WorkflowError } from '../../core/errors.ts';
import { utf8Bytes } from '../../core/utf8.ts';
import { serviceLimits } from './config.ts';
import type { Item } from './keys.ts';

/**
 * Bytes of an item as DynamoDB bills and limits them.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function itemBytes(item: Item): number {
  const known = sizes.get(item);
  if (known !== undefined) return known;
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) bytes += utf8Bytes(name) + attributeBytes(value);
  sizes.set(item, bytes);
  return bytes;
}

/** Several look at the size of the same item, which nobody changes once it is made. */
const sizes = new WeakMap<Item, number>();

/** Bytes of one attribute without its name. */
function attributeBytes(value: AttributeValue): number {
  if (value.S !== undefined) return utf8Bytes(value.S);
  if (value.N !== undefined) return numberBytes(value.N);
  if (value.BOOL !== undefined || value.NULL !== undefined) return 1;
  if (value.L !== undefined) return 3 + value.L.reduce((sum, entry) => sum + 1 + attributeBytes(entry), 0);
  if (value.M !== undefined) return 3 + Object.keys(value.M).length + itemBytes(value.M);
  // Sets and bytes, which no record has.
  return Buffer.byteLength(JSON.stringify(value));
}

/** About one byte for two significant digits, and one more; a sign takes one, too. */
function numberBytes(text: string): number {
  const digits = text.replace(/[-.]/g, '').replace(/^0+|0+$/g, '').length;
  return Math.ceil(digits / 2) + (text.startsWith('-') ? 2 : 1);
}

/**
 * Refuses an item that DynamoDB would refuse, before it is sent. Throws WORKFLOW_LIMIT_EXCEEDED, which no other delivery
 * of an event can mend.
 */
export function checkItem(item: Item): void {
  const bytes = itemBytes(item);
  if (bytes > serviceLimits.itemBytes) throw tooLarge(itemName(item), bytes);
}

/** The error of an item that cannot be stored; `bytes` where they are known. */
export function tooLarge(name: string, bytes: number | undefined, cause?: unknown): WorkflowError {
  const size = bytes === undefined ? '' : ` of ${bytes} bytes`;
  return new WorkflowError(
    'WORKFLOW_LIMIT_EXCEEDED',
    `The record ${name}${size} is too large: DynamoDB stores up to ${serviceLimits.itemBytes} in an item; use fewer keys of ` +
      'state, fewer resume labels and keys, or fewer time travels of one run',
    {
      details: { record: name, limit: 'itemBytes', allowed: serviceLimits.itemBytes },
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

/** An item's key, for messages. */
export function itemName(item: Item): string {
  return `${item['pk']?.S ?? '?'} ${item['sk']?.S ?? '?'}`;
}

/** What the service says of an update whose result would be larger than an item may be. */
const sizeMessage = /item size/i;

/** Whether the service refused a write because its item would be too large: of an update, only it knows. */
export function isSizeError(error: unknown): boolean {
  const { name, message } = (error ?? {}) as { readonly name?: string; readonly message?: string };
  return /^Validation(?:Exception|Error)$/.test(name ?? '') && sizeMessage.test(message ?? '');
}
