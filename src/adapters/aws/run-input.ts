import { limits } from '../../core/limits.ts';
import type { RunInput, StoredValue } from '../../core/records.ts';
import { utf8Bytes } from '../../core/utf8.ts';
import { encodeFields, numberValue, textValue } from './attributes.ts';
import { keyItem } from './expression.ts';
import { inputKey, type Item } from './keys.ts';
import { inputFields } from './record-codec.ts';
import type { Table } from './table.ts';

/** What a run is started with, and where it belongs. */
export interface InputWrite {
  readonly runId: string;
  /** `RunHeader.inputHash`. */
  readonly hash: string;
  /** When it was given, ms since 1970. */
  readonly at: number;
  readonly input: RunInput | undefined;
}

/**
 * Stores an input that is too large for the header, before the header says that it is there. The first start takes the key
 * that every reader tries; one with another input (its hash differs) takes a key with its own hash. So whichever header
 * wins finds its input, a loser overwrites nothing, and an input that was left by a start that died, or by an earlier
 * epoch, blocks nobody. Resolves with the attributes of an input that fits into the header.
 */
export async function placeInput(table: Table, { runId, hash, at, input }: InputWrite): Promise<Item> {
  if (input === undefined) return {};
  const attributes = encodeFields(inputFields, input);
  if (inlineBytes(input) <= limits.headerInlineBytes) return attributes;
  const value = textValue(hash);
  // The time tells it from that of an earlier run with this id, which may be in removal.
  const item = { ...attributes, ih: value, sa: numberValue(at) };
  const free = { expression: 'attribute_not_exists(#pk) OR #ih = :hash', values: { hash: value } };
  // An own write makes the condition hold: an item that makes it fail is always that of another start.
  const { won } = await table.put({ ...keyItem(inputKey(runId)), ...item }, free, () => false);
  if (!won) await table.putAnyway({ ...keyItem(inputKey(runId, hash)), ...item });
  return {};
}

function inlineBytes({ input, shared }: RunInput): number {
  const bytes = (value: StoredValue | undefined): number =>
    value !== undefined && 'inline' in value ? utf8Bytes(value.inline) : 0;
  return bytes(input) + bytes(shared);
}

/** Attributes of an input that a header does not have, where it may have them of an earlier one. */
export function otherInputAttributes(input: Item): string[] {
  return Object.values(inputFields)
    .map(({ attribute }) => attribute)
    .filter((name) => !(name in input));
}
