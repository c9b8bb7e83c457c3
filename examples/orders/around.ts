/** The execution of a step that {@link Around} sees. */
export interface Execution {
  readonly runId: string;
  readonly stepId: string;
  readonly retryCount: number;
  /** The same for all attempts; another one for each item of a foreach. */
  readonly idempotencyKey: string;
}

/** Runs the body of every step; the demo counts executions here. */
export type Around = <T>(execution: Execution, body: () => Promise<T>) => Promise<T>;

/** Only runs the body. */
export const nothingAround: Around = (_execution, body) => body();
