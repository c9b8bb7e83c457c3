import type { Graph } from '../core/graph.ts';
import type { RunEvent } from '../core/snapshot.ts';
import { AgentCalls } from './agent-calls.ts';
import { Replay } from './replay.ts';
import { Feed, type HostedRun } from './stream-feed.ts';
import type { LegacyChunk } from './stream-forms.ts';

/** What a legacy stream is made of. */
export interface LegacySource extends HostedRun {
  readonly graph: Graph;
  /** Begins the execution; resolves when that is stored, with whether there is anything to follow. */
  readonly begin: () => Promise<boolean>;
  /** Told of each event, before it is in the stream. */
  readonly onChunk?: ((chunk: LegacyChunk) => unknown) | undefined;
}

/** The events of a run for the streams of `streamLegacy`: from its start to its end, over suspensions. */
export class LegacyOutput {
  private readonly source: LegacySource;
  private readonly chunks = new Replay<LegacyChunk>();
  private readonly calls: AgentCalls;

  constructor(source: LegacySource) {
    this.source = source;
    this.calls = new AgentCalls(source.graph);
    void this.follow();
  }

  /** A stream of all of them. */
  stream(): ReadableStream<LegacyChunk> {
    return this.chunks.stream();
  }

  private async follow(): Promise<void> {
    const { source } = this;
    let isFinished = false;
    try {
      if (!(await source.begin())) return this.chunks.close();
      for await (const event of new Feed(source).read()) {
        // A suspension does not end it.
        if (event.type === 'workflow-finish' && event.payload['workflowStatus'] === 'suspended') continue;
        await this.tell(event);
        isFinished = event.type === 'workflow-finish';
        if (isFinished) break;
      }
    } catch {
      // Whoever asks for the state learns why.
    }
    if (!isFinished) this.chunks.push({ type: 'finish', payload: { runId: source.ref.runId } });
    this.chunks.close();
  }

  private async tell(event: RunEvent): Promise<void> {
    for (const chunk of this.calls.form(event)) {
      await this.source.onChunk?.(chunk);
      this.chunks.push(chunk);
    }
  }
}
