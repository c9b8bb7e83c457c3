/** Time comes in through this port alone: the engine owns no clock and no timer. */
export interface Clock {
  /** Wall-clock time, ms since 1970. Decisions across machines hold under minutes of skew. */
  now(): number;
  /**
   * Calls `callback` once, `delayMs` from now at the earliest. Returns a function that prevents it. A pending timer does
   * not keep a process alive.
   */
  timer(delayMs: number, callback: () => void): () => void;
}
