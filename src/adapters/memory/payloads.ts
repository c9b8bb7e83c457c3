import { WorkflowError } from '../../core/errors.ts';
import type { PayloadStore } from '../../ports/payload-store.ts';

/** Large values in a map. */
export class MemoryPayloads implements PayloadStore {
  /** By run, then by hash. */
  readonly #texts = new Map<string, Map<string, string>>();
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

  /** Forgets all payloads of a run. */
  remove(runId: string): void {
    this.#texts.delete(runId);
  }
}
