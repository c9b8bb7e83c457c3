/**
 * The caps that keep a run from running away, and the widths of the stored keys. Widths cannot be raised without a new
 * record format; the others are defaults that a runtime's `limits` option overrides.
 */
export const limits = {
  /** Entries of a workflow: five digits in a record key. */
  entries: 100_000,
  /** Arms of a parallel or branch: two digits in a record key. */
  arms: 100,
  /** Items of a foreach, and arms: 14 bits of a join token. */
  joinMembers: 16_384,
  /** Iterations of a loop: six digits of a turn. */
  iterations: 999_999,
  /** Epochs (time travels) of a run: four digits of a turn. */
  epochs: 9_999,
  /** Resumptions of one step: four digits of a turn. */
  generations: 9_999,
  /** Attempts of one step: three digits of a turn. */
  attempts: 999,
  /** Longest pause between two attempts of a step that grows from one to the next, ms: a `maxDelay` that is given wins. */
  retryDelayMs: 3_600_000,
  /** Longest `timeoutMs` of a step, ms: 24.8 days, what a timer of JavaScript can wait. https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
  stepTimeoutMs: 2 ** 31 - 1,
  /** Longest `timeoutMs` of a run, ms: 365 days. */
  runTimeoutMs: 31_536_000_000,
  /** Settlements that one join segment holds, so that the item stays under 1 KB: the unit in which DynamoDB bills a write. */
  segmentTokens: 100,
  /** Events that one run may cause, one after the other. */
  hops: 1_000_000,
  /**
   * Workflows within workflows: a run of each is a run of its own. A resumption writes its record and the header of every run
   * above it in one transaction, which on DynamoDB has at most 100 items.
   */
  nesting: 98,
  /** Encoded bytes of one key's value up to which it stays in a block's cell, which holds all keys that its members set. */
  cellInlineBytes: 512,
  /** Encoded bytes of an array above which a foreach keeps it in pages of about this size, so that no item reads it all. */
  pageBytes: 4 * 1024,
  /** Elements of one page. */
  pageElements: 128,
  /** Items that one event launches when a foreach launches more than twice as many at once. */
  rangeItems: 50,
  /** Characters of a run id, an owner or a resourceId. */
  idLength: 200,
  /** Characters of a resume key. */
  resumeKeyLength: 512,
  /** Resume keys of one suspension: each is a write of its own. */
  resumeKeys: 10,
  /** Requests that are remembered by the resume key they named, so that one which comes again is known. */
  resumeKeyRequests: 20,
  /** Nesting of a stored value; deeper ones are refused before they exhaust the stack. */
  valueDepth: 500,
  /** Bytes of one stored value (encoded). */
  valueBytes: 64 * 1024 * 1024,
  /** Encoded bytes above which a value leaves its record for the payload store. */
  inlineBytes: 24 * 1024,
  /** Runs that wait for a place under one concurrency key. */
  waitingRuns: 1_000,
  /** Most runs of one concurrency key at a time. */
  concurrentRuns: 1_000,
  /** Characters of a concurrency key. */
  concurrencyKeyLength: 512,
  /** Days for which a value is kept that a caller sent ahead of a start or a resumption. */
  keptDays: 7,
  /** Encoded bytes of input, state and request context up to which they stay in the run's header. */
  headerInlineBytes: 400,
  /** Encoded bytes of what restarts have brought up to which it stays in the run's header. */
  restartInlineBytes: 200,
  /** Times that one attempt of a step may be claimed because its worker died, before it counts as failed. */
  claims: 5,
} as const;

/** The caps that a runtime may override. */
export interface RunLimits {
  /** Events that one run may cause, one after the other. @default 1,000,000 */
  readonly hops: number;
  /** Bytes of one stored value, encoded. @default 67,108,864 (64 MiB) */
  readonly valueBytes: number;
  /** Nesting of one stored value. @default 500 */
  readonly valueDepth: number;
  /** Times that one attempt of a step may be claimed because its worker died, before it counts as failed. @default 5 */
  readonly claims: number;
}

/** The defaults of {@link RunLimits}. */
export const defaultRunLimits: RunLimits = {
  hops: limits.hops,
  valueBytes: limits.valueBytes,
  valueDepth: limits.valueDepth,
  claims: limits.claims,
};
