import { inspect } from 'node:util';
import type { ValueName, When } from './spec.ts';

/** A text that is the same for equal values, whatever order their keys come in. */
function textOf(value: unknown): string {
  return inspect(value, {
    depth: Infinity,
    sorted: true,
    compact: true,
    breakLength: Infinity,
    maxArrayLength: null,
  });
}

/** A whole number from 0 to 2^32 - 1 that follows from the values (FNV-1a). */
export function seedOf(...values: readonly unknown[]): number {
  let hash = 0x811c9dc5;
  for (const unit of values.map(textOf).join('|')) {
    hash = Math.imul(hash ^ (unit.codePointAt(0) ?? 0), 0x01000193);
  }
  return hash >>> 0;
}

export function holds(when: When | undefined, seed: number): boolean {
  return when === undefined || seed % when.mod === when.is;
}

/** The value of a name. */
export function valueOf(name: ValueName, own: unknown): unknown {
  switch (name) {
    case 'own':
      return own;
    case 'undefined':
      return undefined;
    case 'null':
      return null;
    case 'zero':
      return 0;
    case 'false':
      return false;
    case 'empty':
      return '';
    case 'nan':
      return Number.NaN;
    case 'list':
      return [null, undefined, 0, [own]];
    case 'object':
      return { gone: undefined, none: null, deep: { own } };
    case 'date':
      return new Date(Date.UTC(2026, 1, 3));
    case 'map':
      return new Map<unknown, unknown>([
        ['own', own],
        [1, new Set([2])],
      ]);
    case 'text':
      return 'text';
  }
}

/** What a foreach goes through, each element another one. */
export function elements(count: number, mixed: boolean): unknown[] {
  const odd = [null, false, '', 0, undefined, { a: 1 }, [1], 'x'];
  return Array.from({ length: count }, (_, index) => (mixed ? odd[index % odd.length] : index));
}
