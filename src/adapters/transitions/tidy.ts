/** A record being put together: a field that is undefined is an absent one. */
export type Loose<T> = { readonly [K in keyof T]: T[K] | undefined };

/** The record with exactly the fields that it has. */
export function tidy<T>(record: Loose<T>): T {
  const present: Record<string, unknown> = {};
  for (const name of Object.keys(record)) {
    const value = record[name as keyof T];
    if (value !== undefined) present[name] = value;
  }
  return present as T;
}
