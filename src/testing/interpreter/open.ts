import type { Place } from './place.ts';

/**
 * What the semantics leave open, because it depends on which of several things that go on at once is first. Nothing else is:
 * a run in which none of this happens has one outcome, whatever the schedule.
 */
export const openReasons = {
  'ended-window':
    'An item of a foreach failed, bailed or stays suspended, which launches no more items: how many beyond the first window had begun by then depends on how fast they were.',
  'ended-suspension':
    'A member failed or bailed while another one of its block was suspended: whether that was resumed before, and how far it came, depends on when.',
  'several-ends':
    'Several members of a block fail or bail. The first bail counts, and of the failures that of the lowest member that had begun: which ones those are depends on how fast they were.',
  'fail-or-bail':
    'Some members of a block fail and others bail or abort, and none of them is sure to come first: whether the block fails, succeeds or is canceled depends on how fast they were, and so does all that follows.',
  'beside-abort': 'A step aborted the run: how far the members beside it came depends on how fast they were.',
  'beside-suspension':
    'What an entry of a nested workflow shows as its suspension is that of the step that was suspended first, when all of it was: while other members run beside it, that depends on how fast they are.',
  'overwritten-beside':
    'A value of the request context counts as set when it is another one than the body saw, and one that a nested workflow leaves when it is another one than it was given. In a foreach with a window, what an item sees of the others depends on how fast they are: where several of them set one key to different values, it is open which of these stays.',
  'canceled-inside':
    'A nested run tells the one around it what it has changed when it is suspended, and when it ends. One that is canceled from within does not: what it had told before stands, the rest does not.',
  'begun-anew':
    'A nested workflow among the members of a block changed something, was suspended, failed, and is begun anew for a retry: what it had told of its changes when it was suspended stands beside those of the last attempt, and the others of the block may have seen it.',
  'put-back':
    'A nested workflow among the members of a block changed something, was suspended, and has put it back as it was when it ends: whether it was suspended as a whole in between, and so told of the change, depends on how fast what goes on in it is. If it was, what it puts back counts as set; if not, as untouched.',
  'state-of-open': 'State and request context hold what members have changed that may have run or not.',
} as const;

/** See {@link openReasons}. */
export type OpenReason = keyof typeof openReasons;

/** Something that is open. */
export interface OpenPlace {
  readonly place: Place;
  /** The same as ids of steps, from the outermost run. */
  readonly path: readonly string[];
  /**
   * `place`: whether and how far the place was executed, with all in it; `ending`: which of several errors or
   * outputs its entry has; `suspension`: what its entry shows of suspensions; `state`: state and request context of the run at the place; `run`:
   * everything about the whole run from here on.
   */
  readonly what: 'place' | 'ending' | 'suspension' | 'state' | 'run';
  readonly reason: OpenReason;
}
