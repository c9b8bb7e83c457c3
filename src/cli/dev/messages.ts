/** What the process that watches and the processes that serve tell each other. */

/** Why a file could not be loaded. */
export interface LoadFailure {
  readonly message: string;
  /** Of an error that has one. */
  readonly code?: string;
  /** Path of the file that is wrong, where one can be named. */
  readonly file?: string;
  readonly line?: number;
}

/** One workflow that is served. */
export interface ServedWorkflow {
  readonly id: string;
  readonly description?: string;
}

/** From the process that serves. */
export type FromServer =
  /** Files that the module consists of, and those that it asked for in vain. */
  | { readonly type: 'files'; readonly files: readonly string[] }
  | { readonly type: 'loaded'; readonly workflows: readonly ServedWorkflow[] }
  | { readonly type: 'failed'; readonly failure: LoadFailure }
  | { readonly type: 'listening'; readonly url: string };

/** To the process that serves. */
export type ToServer =
  /** Takes the port. `waitMs`: how long to wait while another process has it. */
  | {
      readonly type: 'serve';
      readonly port: number;
      readonly waitMs: number;
      readonly file: string;
      readonly token?: string;
    }
  /** Gives the port away, takes no further work, and finishes what it does; it can serve again. */
  | { readonly type: 'release' }
  /** The same, and ends. */
  | { readonly type: 'end' };
