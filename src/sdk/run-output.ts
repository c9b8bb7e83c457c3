import { errorOf } from '../core/codec-error.ts';
import type { RunStatus } from '../core/records.ts';
import type { RunEvent, RunResult } from '../core/snapshot.ts';
import { noUsage, type Usage } from '../core/usage.ts';
import { Replay } from './replay.ts';
import { Feed, type HostedRun } from './stream-feed.ts';
import { type StreamChunk, streamForm } from './stream-forms.ts';

/** What a stream is made of. */
export interface OutputSource extends HostedRun {
  /** Begins the execution; resolves when that is stored, with whether there is anything to follow. */
  readonly begin: () => Promise<boolean>;
  /** What the run comes to, once nothing of it goes on by itself. */
  readonly outcome: () => Promise<RunResult>;
  /** The stream begins with what `begin` leads to instead of the run's own beginning. */
  readonly fromNow: boolean;
  /** Whether a suspension ends it. */
  readonly closeOnSuspend: boolean;
}

const terminal: ReadonlySet<RunStatus> = new Set(['success', 'failed', 'tripwire', 'canceled', 'paused']);

/** See the interface `WorkflowRunOutput` of stream-types.ts, which gives this its types. */
export class RunOutput implements AsyncIterable<StreamChunk> {
  readonly runId: string;
  readonly workflowId: string;
  readonly locked = false;
  readonly result: Promise<RunResult>;
  readonly usage: Promise<Usage>;
  private readonly source: OutputSource;
  private readonly chunks = new Replay<StreamChunk>();
  private readonly done = Promise.withResolvers<RunResult>();
  private readonly used = Promise.withResolvers<Usage>();
  private current: RunStatus = 'running';
  private hasStarted = false;
  private isOver = false;

  constructor(source: OutputSource) {
    this.source = source;
    this.runId = source.ref.runId;
    this.workflowId = source.ref.workflowId;
    this.result = this.done.promise;
    this.usage = this.used.promise;
    // Whoever only reads the stream learns of a failure there.
    this.result.catch(() => {});
    void this.follow();
  }

  get status(): RunStatus {
    return this.current;
  }

  /** Whether the stream has closed. */
  get closed(): boolean {
    return this.isOver;
  }

  get fullStream(): ReadableStream<StreamChunk> {
    return this.chunks.stream();
  }

  getReader(): ReadableStreamDefaultReader<StreamChunk> {
    return this.fullStream.getReader();
  }

  pipeTo(...[destination, options]: Parameters<ReadableStream<StreamChunk>['pipeTo']>): Promise<void> {
    return this.fullStream.pipeTo(destination, options);
  }

  pipeThrough<Out>(transform: ReadableWritablePair<Out, StreamChunk>): ReadableStream<Out> {
    return this.fullStream.pipeThrough(transform);
  }

  tee(): [ReadableStream<StreamChunk>, ReadableStream<StreamChunk>] {
    return [this.fullStream, this.fullStream];
  }

  async cancel(): Promise<void> {}

  [Symbol.asyncIterator](): AsyncIterator<StreamChunk> {
    return this.fullStream[Symbol.asyncIterator]();
  }

  private async follow(): Promise<void> {
    const { source } = this;
    try {
      const feed = new Feed(source);
      if (source.fromNow) await feed.skip();
      if (!(await source.begin())) return this.chunks.close();
      if (source.fromNow) this.start();
      for await (const event of feed.read()) {
        if (await this.take(event)) return;
      }
      // The run was over before this stream began.
      const result = await source.outcome();
      this.current = result.status;
      this.end(result, noUsage);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Adds an event; resolves with whether it was the last one. */
  private async take(event: RunEvent): Promise<boolean> {
    if (event.type === 'workflow-start') return this.start(event);
    if (event.type !== 'workflow-finish') {
      if (event.type === 'workflow-step-start') this.current = 'running';
      this.chunks.push(streamForm(event));
      return false;
    }
    const { workflowStatus, output } = event.payload;
    this.current = workflowStatus as RunStatus;
    if (!terminal.has(this.current) && !this.source.closeOnSuspend) return false;
    // Before anybody is told: a reader who resumes the run at once changes what it comes to.
    const result = await this.source.outcome();
    this.chunks.push(streamForm(event));
    this.end(result, (output as { readonly usage: Usage }).usage);
    return true;
  }

  /** A stream has one start, whatever becomes of the run. */
  private start(event?: RunEvent): false {
    if (this.hasStarted) return false;
    this.hasStarted = true;
    const { runId, workflowId } = this;
    const payload = { workflowId };
    this.chunks.push(
      event === undefined ? { type: 'workflow-start', runId, from: 'WORKFLOW', payload } : streamForm(event),
    );
    return false;
  }

  private end(result: RunResult, usage: Usage): void {
    this.isOver = true;
    this.chunks.close();
    this.used.resolve(usage);
    this.done.resolve(result);
  }

  private fail(thrown: unknown): void {
    this.current = 'failed';
    this.isOver = true;
    const error = errorOf(thrown);
    const payload = {
      workflowStatus: 'failed',
      metadata: { error, errorMessage: error.message },
      output: { usage: noUsage },
    };
    this.chunks.push({ type: 'workflow-finish', runId: this.runId, from: 'WORKFLOW', payload });
    this.chunks.close();
    this.used.resolve(noUsage);
    this.done.reject(error);
  }
}
