import type { NamedResult, NamedWrite } from '../../ports/run-store.ts';

/** What a write of a named text comes to, where `stored` is there: see `RunStore.writeNamed`. */
export function namedWritten(stored: string | undefined, { seen, text }: NamedWrite): NamedResult {
  const won = stored === seen || stored === text;
  const now = won ? text : stored;
  return { won, ...(now === undefined ? {} : { text: now }) };
}
