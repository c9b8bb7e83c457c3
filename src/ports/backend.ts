import type { Clock } from './clock.ts';
import type { EventBus, Timers, WorkSource } from './event-bus.ts';
import type { IdSource } from './id-source.ts';
import type { Metrics } from './metrics.ts';
import type { PayloadStore } from './payload-store.ts';
import type { RunStore } from './run-store.ts';

/** Everything the engine needs of one place: what `memoryBackend`, `sqliteBackend` and `awsBackend` return. */
export interface Backend {
  /** For messages: `memory`, `sqlite`, `aws`. */
  readonly name: string;
  readonly store: RunStore;
  readonly payloads: PayloadStore;
  readonly bus: EventBus;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly metrics: Metrics;
  /** Absent where a service delivers events to the worker. */
  readonly source?: WorkSource;
  /** Whether runs keep their history where nobody says otherwise: `full` where it costs next to nothing. */
  readonly history: 'full' | 'none';
  /** Pause after which a reader of a log that another process writes looks again, ms: what a look costs decides. */
  readonly logPollMs: number;
  /** Identifies this process's life among all that ever worked on the store. */
  readonly incarnation: string;
  /** Releases files, connections and timers. Called once, after {@link WorkSource.stop}. */
  close(): Promise<void>;
}
