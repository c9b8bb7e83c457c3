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
  /**
   * How callers read and keep what is too large for an answer or a request of the API. Absent where the API itself has no such
   * limit.
   */
  readonly links?: PayloadLinks;
  /** Forgets what was kept before `time`, ms since 1970. Absent where the place does so by itself. */
  dropKept?(time: number): Promise<void>;
}

/** Links by which callers reach what is kept for a run without the API, for minutes, whoever they are. */
export interface PayloadLinks {
  /** Leads to what was kept under `name`. */
  read(runId: string, name: string): Promise<PayloadLink>;
  /** Keeps under `name` the bytes that have this SHA-256 (hex) and this number, and no others. */
  write(
    runId: string,
    name: string,
    content: { readonly sha256: string; readonly bytes: number },
  ): Promise<PayloadLink & { readonly headers: Readonly<Record<string, string>> }>;
}

/** See {@link PayloadLinks}. */
export interface PayloadLink {
  readonly url: string;
  /** Until when it leads there, ms since 1970. */
  readonly expiresAt: number;
}
