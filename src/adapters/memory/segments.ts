import { openJoin } from '../../core/join.ts';
import type { JoinHead, JoinKey } from '../../ports/run-store.ts';
import type { Segment, SegmentKey, SegmentTable } from '../segments/index.ts';
import { frozenCopy } from './frozen.ts';
import type { Pause } from './pause.ts';

/** The join logs of all runs, as they are stored. */
export class SegmentMaps {
  readonly segments = new Map<string, Segment>();
  readonly newest = new Map<string, number>();
}

/** The join logs of all runs. */
export class MemorySegments implements SegmentTable {
  readonly #segments: Map<string, Segment>;
  readonly #newest: Map<string, number>;
  readonly #pause: Pause;

  constructor(maps: SegmentMaps, pause: Pause) {
    this.#segments = maps.segments;
    this.#newest = maps.newest;
    this.#pause = pause;
  }

  /** What a block was opened with, and its newest segment. */
  opening(at: JoinKey): JoinHead | undefined {
    const first = this.#segments.get(keyOf({ ...at, segment: 0 }));
    if (first === undefined) return undefined;
    return { opening: first.opening, newestSegment: this.#newest.get(joinOf(at)) ?? 0 };
  }

  /** Removes the joins of a run. */
  remove(runId: string): void {
    for (const map of [this.#segments, this.#newest]) {
      for (const key of map.keys()) if (key.endsWith(`/${runId}`)) map.delete(key);
    }
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

  async hint(at: JoinKey, newest: number): Promise<void> {
    const known = this.#newest.get(joinOf(at)) ?? 0;
    this.#newest.set(joinOf(at), Math.max(known, newest));
  }

  async read(at: SegmentKey): Promise<Segment | undefined> {
    await this.#pause();
    return this.#segments.get(keyOf(at));
  }
}

function joinOf(at: JoinKey): string {
  return `${at.entry}/${at.epoch}/${at.runId}`;
}

/** A text that no two segments share, whatever characters a run id has: the numbers come first. */
function keyOf(at: SegmentKey): string {
  return `${at.entry}/${at.epoch}/${at.segment}/${at.runId}`;
}
