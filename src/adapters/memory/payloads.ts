import { WorkflowError } from '../../core/errors.ts';
import type { PayloadStore } from '../../ports/payload-store.ts';

/** Large values in a map. */
export class MemoryPayloads implements PayloadStore {
  /** By run, then by hash. */
  readonly #texts = new Map<string, Map<string, string>>();
  readonly #kept = new Map<string, Map<string, { readonly text: string; readonly at: number }>>();
  readonly #pause: () => Promise<void>;

  /** `pause`: the point of each call at which other work goes on. */
  constructor(pause: () => Promise<void>) {
    this.#pause = pause;
  }

  async put(runId: string, hash: string, text: string): Promise<void> {
    await this.#pause();
    const texts = this.#texts.get(runId) ?? new Map<string, string>();
    this.#texts.set(runId, texts.set(hash, text));
  }

  async get(runId: string, hash: string): Promise<string> {
    await this.#pause();
    return this.getSync(runId, hash);
  }

  getSync(runId: string, hash: string): string {
    const text = this.#texts.get(runId)?.get(hash);
    if (text !== undefined) return text;
    throw new WorkflowError(
      'WORKFLOW_RECORD_CORRUPT',
      `Run "${runId}" has no payload ${hash}: it was never put`,
      {
        details: { runId, hash },
      },
    );
  }

  async keep(runId: string, name: string, text: string, at: number): Promise<void> {
    await this.#pause();
    const texts = this.#kept.get(runId) ?? new Map<string, { text: string; at: number }>();
    this.#kept.set(runId, texts.set(name, { text, at }));
  }

  async kept(runId: string, name: string): Promise<string | undefined> {
    await this.#pause();
    return this.#kept.get(runId)?.get(name)?.text;
  }

  async dropKept(time: number): Promise<void> {
    for (const [runId, texts] of this.#kept) {
      for (const [name, { at }] of texts) if (at < time) texts.delete(name);
      if (texts.size === 0) this.#kept.delete(runId);
    }
  }

  /** Forgets all payloads of a run, and what was sent ahead of it. */
  remove(runId: string): void {
    this.#texts.delete(runId);
    this.#kept.delete(runId);
  }
}
