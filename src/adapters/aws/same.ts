/**
 * Whether two values that JSON could hold are the same. `isDeepStrictEqual` would say so too, but a function that imports
 * `node:util` loads all that it offers at its start, worker threads among it, and this is asked for every write that is metered.
 */
export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (!isParted(one) || !isParted(other) || Array.isArray(one) !== Array.isArray(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isSame(one[name], other[name]))
  );
}

function isParted(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
