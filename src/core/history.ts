import type { JoinKey, JoinOpening, JoinState } from './join.ts';
import type { RecordKey, RunHeader, RunInput, StepRecord, StoredValue } from './records.ts';

/**
 * The ordered log of a run with history: one for the root run and all runs nested in it. Each entry is whole by itself, so a
 * reader can begin anywhere.
 */
export type LogEntry =
  /** A state of a header; `input` with the state that began with it. */
  | { readonly kind: 'run'; readonly header: RunHeader; readonly input?: RunInput }
  /** A state of a record. `input`: what a claim executes with, when it is a claim. */
  | {
      readonly kind: 'step';
      readonly runId: string;
      readonly record: StepRecord;
      readonly input?: StoredValue;
    }
  /** A block was opened. */
  | ({ readonly kind: 'opened'; readonly opening: JoinOpening } & JoinKey)
  /** A member of a block settled: its token, its place in the block's log, and the state of the block after it. */
  | ({
      readonly kind: 'settled';
      readonly token: number;
      readonly position: number;
      readonly total: number;
      readonly after: JoinState;
      /** Of an item that succeeded. */
      readonly output?: StoredValue;
    } & JoinKey)
  /** What a step wrote to its stream. */
  | {
      readonly kind: 'chunk';
      /** Unique to the execution that wrote it, so that a reader can drop repeats. */
      readonly id: string;
      readonly runId: string;
      readonly key: RecordKey;
      readonly stepId: string;
      /** Written by `writer.custom`: it reaches the stream as it is. */
      readonly custom: boolean;
      readonly chunk: StoredValue;
      /** ms since 1970. */
      readonly time: number;
    };
