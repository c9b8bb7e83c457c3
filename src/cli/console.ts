import type { Readable } from 'node:stream';

/** Where text goes. */
export interface Output {
  write(text: string): unknown;
  /** A terminal: it shows colours, and can be drawn over. */
  readonly isTTY?: boolean | undefined;
  /** Its size; absent elsewhere. */
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** What a command has of its surroundings. Tests give their own. */
export interface Console {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly fetch: typeof fetch;
  /** ms since 1970. */
  readonly now: () => number;
  /** Aborts when the user ends the command (Ctrl-C). */
  readonly signal: AbortSignal;
}

/** Columns where there is no terminal, and most that lines are made for: longer ones are hard to read. */
const usualWidth = 80;
const widest = 120;

/** Columns that lines may take. */
export function widthOf({ columns }: Output): number {
  return Math.max(40, Math.min(columns ?? usualWidth, widest));
}
