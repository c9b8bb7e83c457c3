import { toWire } from '../../../src/http/wire.ts';

/** A refusal, as far as programs can count on it. */
export interface ShownRefusal {
  readonly code?: string;
  readonly message: unknown;
  readonly details?: unknown;
  readonly cause?: unknown;
}

/** What a call rejected with; undefined when it did not. */
export async function refusalOf(call: Promise<unknown>): Promise<ShownRefusal | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    const { code, message, details, cause } = error as Error & ShownRefusal;
    return {
      message,
      ...(code === undefined ? {} : { code }),
      ...(details === undefined ? {} : { details }),
      ...(cause === undefined ? {} : { cause: toWire(cause) }),
    };
  }
}

/** What JSON says of a value. */
export function jsonOf(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

/** Rows of a table by what they are about: Vitest cuts long names that it finds itself. */
export function named<Row extends { readonly situation: string }>(rows: readonly Row[]): [string, Row][] {
  return rows.map((row) => [row.situation, row]);
}
