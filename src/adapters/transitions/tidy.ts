/** A record being put together: a field that is undefined is an absent one. */
export type Loose<T> = { readonly [K in keyof T]: T[K] | undefined };

/** The record with exactly the fields that it has. */
export function tidy<T>(record: Loose<T>): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;
}
