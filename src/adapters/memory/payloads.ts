import { WorkflowError } from '../../core/errors.ts';
import type { PayloadStore } from '../../ports/payload-store.ts';

/** Large values in a map. */
export class MemoryPayloads implements PayloadStore {
  readonly #texts = new Map<string, string>();
  readonly #pause: () => Promise<void>;

  /** `pause`: the point of each call at which other work goes on. */
  constructor(pause: () => Promise<void>) {
    this.#pause = pause;
  }

  async put(runId: string, hash: string, text: string): Promise<void> {
    await this.#pause();
    this.#texts.set(`${hash}/${runId}`, text);
  }

  async get(runId: string, hash: string): Promise<string> {
    await this.#pause();
    return this.getSync(runId, hash);
  }

  getSync(runId: string, hash: string): string {
    const text = this.#texts.get(`${hash}/${runId}`);
    if (text !== undefined) return text;
    throw new WorkflowError(
      'WORKFLOW_RECORD_CORRUPT',
      `Run "${runId}" has no payload ${hash}: it was never put`,
      {
        details: { runId, hash },
      },
    );
  }
}
