import type { RunEvent } from '../core/snapshot.ts';
import { Feed, type HostedRun } from './stream-feed.ts';
import { type StreamChunk, watchForm } from './stream-forms.ts';

/** Tells a callback of what happens to a run from now on. */
export class Watch {
  /** Resolves when whatever is begun from now on will be told. Never rejects. */
  readonly ready: Promise<void>;
  private readonly callback: (event: StreamChunk) => unknown;
  private readonly stopping = new AbortController();
  private readonly feed: Feed;
  private following: Promise<void> | undefined;

  /** `isNew`: the run was not started yet, so nothing of it lies behind. */
  constructor(run: HostedRun, callback: (event: StreamChunk) => unknown, isNew: boolean) {
    this.callback = callback;
    this.feed = new Feed(run);
    this.ready = this.begin(isNew);
  }

  /** Looks again: something was begun, perhaps after the run was over. */
  async look(): Promise<void> {
    await this.ready;
    this.follow();
  }

  stop(): void {
    this.stopping.abort();
  }

  private async begin(isNew: boolean): Promise<void> {
    try {
      if (!isNew) await this.feed.skip();
    } catch {
      // What cannot be read now is told from its beginning, when something is begun.
      return;
    }
    this.follow();
  }

  private follow(): void {
    this.following ??= this.tellAll().finally(() => {
      this.following = undefined;
    });
  }

  private async tellAll(): Promise<void> {
    const { signal } = this.stopping;
    try {
      for await (const event of this.feed.read(signal)) {
        if (signal.aborted) return;
        this.tell(event);
      }
    } catch {
      // The runtime was closed or its place fails: there is nobody to tell, and what is begun next looks again.
    }
  }

  private tell(event: RunEvent): void {
    if (event.type === 'workflow-finish' && event.payload['workflowStatus'] === 'suspended') return;
    for (const chunk of watchForm(event)) {
      try {
        this.callback(chunk);
      } catch {
        // The run is nobody's hostage: one watcher fails for itself.
      }
    }
  }
}
