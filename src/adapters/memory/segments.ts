import { openJoin } from '../../core/join.ts';
import type { JoinHead, JoinKey } from '../../ports/run-store.ts';
import type { Segment, SegmentKey, SegmentTable } from '../segments/index.ts';
import { frozenCopy } from './frozen.ts';

/** The join logs of all runs. */
export class MemorySegments implements SegmentTable {
  readonly #segments = new Map<string, Segment>();
  readonly #pause: () => Promise<void>;

  /** `pause`: the point of each call at which other work goes on. */
  constructor(pause: () => Promise<void>) {
    this.#pause = pause;
  }

  /** What a block was opened with, and its newest segment. */
  opening(at: JoinKey): JoinHead | undefined {
    const first = this.#segments.get(keyOf({ ...at, segment: 0 }));
    if (first === undefined) return undefined;
    let newest = 0;
    while (this.#segments.has(keyOf({ ...at, segment: newest + 1 }))) newest += 1;
    return { opening: first.opening, newestSegment: newest };
  }

  /** Removes the joins of a run. */
  remove(runId: string): void {
    for (const key of this.#segments.keys()) if (key.endsWith(`/${runId}`)) this.#segments.delete(key);
  }

  /** Puts segment 0. Undefined: done; otherwise the segment that is there. */
  begin(at: JoinKey, opening: Segment['opening']): Segment | undefined {
    const key = keyOf({ ...at, segment: 0 });
    const stored = this.#segments.get(key);
    if (stored === undefined)
      this.#segments.set(key, frozenCopy({ opening, carry: openJoin(opening), tokens: [] }));
    return stored;
  }

  async append(at: SegmentKey, write: { turn: string; token: number; size: number }) {
    await this.#pause();
    const key = keyOf(at);
    const image = this.#segments.get(key);
    if (image === undefined) return { appended: false } as const;
    const refused =
      image.opening.turn !== write.turn ||
      image.tokens.length >= write.size ||
      image.tokens.includes(write.token);
    if (refused) return { appended: false, image } as const;
    const next = frozenCopy({ ...image, tokens: [...image.tokens, write.token] });
    this.#segments.set(key, next);
    return { appended: true, image: next } as const;
  }

  async open(at: SegmentKey, segment: Omit<Segment, 'tokens'>): Promise<void> {
    await this.#pause();
    const key = keyOf(at);
    if (!this.#segments.has(key)) this.#segments.set(key, frozenCopy({ ...segment, tokens: [] }));
  }

  /** Reading costs nothing here, so nobody needs to know where the newest segment is. */
  async hint(): Promise<void> {}

  async read(at: SegmentKey): Promise<Segment | undefined> {
    await this.#pause();
    return this.#segments.get(keyOf(at));
  }
}

/** A text that no two segments share, whatever characters a run id has: the numbers come first. */
function keyOf(at: SegmentKey): string {
  return `${at.entry}/${at.epoch}/${at.segment}/${at.runId}`;
}
