/**
 * Keeps encoded values that are too large for a record, under their content hash (claim check). A payload never changes;
 * writing one again is harmless, and renews its age where payloads are removed by age.
 *
 * Apart from these it keeps what callers send ahead of the run that it is for: nobody knows yet whether there will be one, so it
 * is forgotten after a time.
 */
export interface PayloadStore {
  /**
   * UTF-8 bytes of an encoded value above which it leaves its record for this store: less than `limits.inlineBytes` (24 KiB)
   * where a record is written several times and a payload once. @default limits.inlineBytes
   */
  readonly inlineBytes?: number;
  /** Stores `text` for a run. `hash` is its SHA-256 in hex. Resolves when it is on stable storage, or will be before any record that is written later. */
  put(runId: string, hash: string, text: string): Promise<void>;
  /** Rejects with WORKFLOW_RECORD_CORRUPT when there is none. */
  get(runId: string, hash: string): Promise<string>;
  /** The same without waiting, where the place can: it lets `getStepResult` be lazy. */
  getSync?(runId: string, hash: string): string;
  /**
   * Keeps `text` for a run that need not exist, until the run is removed or `limits.keptDays` have passed since `at` (ms since
   * 1970). `name`: 64 hex digits; the same again replaces it, and renews its age. Resolves as {@link PayloadStore.put} does.
   */
  keep(runId: string, name: string, text: string, at: number): Promise<void>;
  /** What was kept; undefined when there is nothing. */
  kept(runId: string, name: string): Promise<string | undefined>;
  /** Forgets what was kept before `time`, ms since 1970. Absent where the place does so by itself. */
  dropKept?(time: number): Promise<void>;
}
