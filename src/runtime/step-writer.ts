import type { StepWriter } from '../core/definition.ts';

/** What keeps a chunk; see `StepExecution.writeChunk`. */
type Write = (chunk: unknown, custom: boolean) => Promise<void>;

/** The writer of one execution. A stream of its own, so that bodies can pipe what they get from elsewhere into it. */
export class RunWriter extends WritableStream<unknown> implements StepWriter {
  private readonly keep: Write;

  constructor(keep: Write) {
    super({ write: (chunk) => keep(chunk, false) });
    this.keep = keep;
  }

  // Bound: bodies take it apart.
  readonly write = (chunk: unknown): Promise<void> => this.keep(chunk, false);
  readonly custom = (chunk: Parameters<StepWriter['custom']>[0]): Promise<void> => this.keep(chunk, true);
}
