import type { StandardSchemaV1 } from '@standard-schema/spec';

/**
 * A workflow as far as its semantics need it. Written down here once more, and not imported: what proves the engine must
 * share nothing with it. The workflows that `createWorkflow` makes fit these shapes.
 */

/** Any Standard Schema. */
export type SchemaLike = StandardSchemaV1<unknown, unknown>;

/** A function of the author, whatever context it is written for. */
export type AuthorFunction = (context: never) => unknown;

/** How often what fails is tried again, and after which errors. When does not matter here. */
export interface RetryLike {
  readonly attempts?: number | undefined;
  readonly retryIf?:
    | ((error: Error, attempt: { readonly retryCount: number }) => boolean | Promise<boolean>)
    | undefined;
}

/** A step. */
export interface StepLike {
  readonly id: string;
  readonly inputSchema?: SchemaLike | undefined;
  readonly resumeSchema?: SchemaLike | undefined;
  readonly suspendSchema?: SchemaLike | undefined;
  readonly stateSchema?: SchemaLike | undefined;
  readonly requestContextSchema?: SchemaLike | undefined;
  readonly retries?: number | undefined;
  readonly retryConfig?: RetryLike | undefined;
  readonly execute: AuthorFunction;
  /** The workflow that is executed in its place, as a run of its own. */
  readonly workflow?: WorkflowLike | undefined;
}

/** One entry of a workflow. */
export type EntryLike =
  | { readonly type: 'step' | 'mapping'; readonly step: StepLike }
  | { readonly type: 'parallel'; readonly steps: readonly StepLike[] }
  | {
      readonly type: 'conditional';
      readonly steps: readonly StepLike[];
      readonly conditions: readonly AuthorFunction[];
    }
  | {
      readonly type: 'loop';
      readonly loopType: 'dowhile' | 'dountil';
      readonly step: StepLike;
      readonly condition: AuthorFunction;
    }
  | { readonly type: 'foreach'; readonly step: StepLike; readonly concurrency: number | AuthorFunction }
  | {
      readonly type: 'sleep';
      readonly id: string;
      readonly time:
        | { readonly type: 'sleep'; readonly duration: number | AuthorFunction }
        | { readonly type: 'sleepUntil'; readonly date: Date | AuthorFunction };
    };

/** A workflow. */
export interface WorkflowLike {
  readonly id: string;
  readonly inputSchema?: SchemaLike | undefined;
  readonly stateSchema?: SchemaLike | undefined;
  readonly requestContextSchema?: SchemaLike | undefined;
  readonly retryConfig?: RetryLike | undefined;
  readonly validateInputs: boolean;
  readonly flow: readonly EntryLike[];
}
