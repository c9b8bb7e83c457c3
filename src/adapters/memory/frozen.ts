/**
 * A copy that nobody can change, of plain data (objects, arrays, scalars). What goes into the store, and what comes out,
 * shares nothing with its caller, as with any store outside of the process. Absent and `undefined` are the same there, too.
 */
export function frozenCopy<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return Object.freeze(value.map(copy));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.freeze(Object.fromEntries(entries.map(([name, field]) => [name, copy(field)])));
}
