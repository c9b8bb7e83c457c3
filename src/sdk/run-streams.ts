import type { Graph } from '../core/graph.ts';
import type { RunStatus } from '../core/records.ts';
import type { RunResult } from '../core/snapshot.ts';
import { LegacyOutput, type LegacySource } from './legacy-output.ts';
import { type OutputSource, RunOutput } from './run-output.ts';
import type { HostedRun } from './stream-feed.ts';
import type { LegacyChunk, StreamChunk } from './stream-forms.ts';
import { Watch } from './watch.ts';

/** What a stream needs of the call that it is made for. */
type StreamCall = Pick<OutputSource, 'begin' | 'outcome' | 'closeOnSuspend'>;

/** The streams and watchers of one run object. */
export class RunStreams {
  private readonly run: HostedRun;
  private readonly graph: Graph;
  private readonly watches = new Set<Watch>();
  private output: RunOutput | undefined;
  private legacy: LegacyOutput | undefined;
  private executing: Promise<RunResult> | undefined;

  constructor(run: HostedRun, graph: Graph) {
    this.run = run;
    this.graph = graph;
  }

  /** The stream of a start: the open one, if there is one. */
  start(call: StreamCall): RunOutput {
    if (this.output === undefined || this.output.closed) {
      this.output = new RunOutput({ ...this.run, ...call, fromNow: false });
    }
    return this.output;
  }

  /** A stream of what a resumption or a time travel leads to. */
  goOn(call: StreamCall): RunOutput {
    this.output = new RunOutput({ ...this.run, ...call, fromNow: true });
    return this.output;
  }

  /** The events of the output that is there, else of the run from its start to its end; none of a run that was not started. */
  observe(outcome: () => Promise<RunResult>): ReadableStream<StreamChunk> {
    if (this.output !== undefined) return this.output.fullStream;
    const source = { begin: () => this.hasBegun(), outcome, fromNow: false, closeOnSuspend: false };
    return new RunOutput({ ...this.run, ...source }).fullStream;
  }

  /** The legacy stream of a start; when there is one, another reading of it. */
  startLegacy(source: Pick<LegacySource, 'begin' | 'onChunk'>): ReadableStream<LegacyChunk> {
    this.legacy ??= new LegacyOutput({ ...this.run, graph: this.graph, ...source });
    return this.legacy.stream();
  }

  /** The same without a start. */
  observeLegacy(): ReadableStream<LegacyChunk> {
    const { run, graph } = this;
    const output = this.legacy ?? new LegacyOutput({ ...run, graph, begin: () => this.hasBegun() });
    return output.stream();
  }

  private async hasBegun(): Promise<boolean> {
    const { host, ref } = this.run;
    return (await host.settled({ ...ref, timeoutMs: 0 })) !== 'pending';
  }

  /** Remembers what was begun last; see `getWorkflowState`. */
  begin(result: Promise<RunResult>): Promise<RunResult> {
    this.executing = result;
    result.catch(() => {});
    return result;
  }

  /** What was begun last comes to; `otherwise` when nothing was. */
  state(otherwise: () => Promise<RunResult>): Promise<RunResult> {
    return this.executing ?? otherwise();
  }

  watch(callback: (event: StreamChunk) => unknown, status: RunStatus): Watch {
    const watch = new Watch(this.run, callback, status === 'pending');
    this.watches.add(watch);
    return watch;
  }

  unwatch(watch: Watch): void {
    watch.stop();
    this.watches.delete(watch);
  }

  /** Resolves when all watchers will be told of what is begun from now on. */
  async ready(): Promise<void> {
    if (this.watches.size > 0) await Promise.all([...this.watches].map((watch) => watch.ready));
  }

  /** Something was begun. */
  begun(): void {
    for (const watch of this.watches) void watch.look();
  }
}
