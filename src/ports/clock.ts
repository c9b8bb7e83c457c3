/** Time comes in through this port alone: the engine owns no clock and no timer. */
export interface Clock {
  /** Wall-clock time, ms since 1970. Decisions across machines hold under minutes of skew. */
  now(): number;
  /**
   * Calls `callback` once, `delayMs` from now at the earliest. Returns a function that prevents it. A pending timer keeps
   * a process alive only with `keepAlive` (default false): when a caller awaits what it leads to.
   */
  timer(delayMs: number, callback: () => void, options?: { readonly keepAlive?: boolean }): () => void;
}
