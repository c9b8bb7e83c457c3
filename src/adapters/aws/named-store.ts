import type { NamedResult, NamedWrite, RunStore } from '../../ports/run-store.ts';
import { numberValue } from './attributes.ts';
import { tableDefinition } from './config.ts';
import { type Condition, keyItem } from './expression.ts';
import { namedItemKey } from './keys.ts';
import type { Table } from './table.ts';

/** The text. */
const textAttribute = 'v';

/** Texts that belong to no run: see the methods of `RunStore`. `retentionMs`: how long one is kept that is not used any more. */
export function namedStore(table: Table, retentionMs: number): Pick<RunStore, 'loadNamed' | 'writeNamed'> {
  const loadNamed = async (name: string): Promise<string | undefined> => {
    const item = await table.get(namedItemKey(name), true);
    return item?.[textAttribute]?.S;
  };
  return {
    loadNamed,

    async writeNamed(write: NamedWrite) {
      const { name, text, unusedSince } = write;
      const key = namedItemKey(name);
      if (text === undefined) {
        if (await table.remove(key, conditionOf(write))) return { won: true };
        return lost(await loadNamed(name));
      }
      const expiry =
        unusedSince === undefined
          ? {}
          : { [tableDefinition.timeToLive]: numberValue(Math.ceil((unusedSince + retentionMs) / 1_000)) };
      const item = { ...keyItem(key), [textAttribute]: { S: text }, ...expiry };
      // A repetition meets the text that it wants, which its condition takes.
      const written = await table.put(item, conditionOf(write), () => false);
      return written.won ? { won: true, text } : lost(written.item?.[textAttribute]?.S);
    },
  };
}

function lost(text: string | undefined): NamedResult {
  return { won: false, ...(text === undefined ? {} : { text }) };
}

/** What is there is what was seen, or already what is wanted. */
function conditionOf({ seen, text }: NamedWrite): Condition {
  const wanted = [...new Set([seen, text])];
  const parts = wanted.map((value, at) =>
    value === undefined ? 'attribute_not_exists(#pk)' : `#v = :v${at}`,
  );
  const values = wanted.flatMap((value, at) =>
    value === undefined ? [] : [[`v${at}`, { S: value }] as const],
  );
  return {
    expression: parts.join(' OR '),
    ...(values.length === 0 ? {} : { values: Object.fromEntries(values) }),
  };
}
