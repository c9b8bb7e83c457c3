/** The phases of a handling. On SQLite the outcome of a step, what it publishes and its acknowledgement are one commit. */
export const phases = ['load', 'claim', 'execute', 'commit'] as const;

/** See {@link phases}. */
export type Phase = (typeof phases)[number];

/**
 * Where a process can be told to kill itself, by the phase that it is in then. `call` is a start or a resume: no handling.
 * `inside` is within the COMMIT statement itself: a second thread kills the process while the first is in SQLite.
 */
export const points = [
  /** Nothing of the event is read. */
  'load.delivered',
  /** The run is read. */
  'load.read',
  /** Nothing of the claim is written. */
  'claim.asked',
  /** The claim is in a transaction that is open. */
  'claim.written',
  /** The next statement is the COMMIT of a claim. */
  'claim.committing',
  /** The claim is on the disk, and nobody has been told. */
  'claim.committed',
  /** The engine knows that it has the claim; the body has not begun. */
  'execute.claimed',
  'execute.started',
  'execute.ended',
  /** Nothing of the outcome is written. */
  'commit.asked',
  /** The outcome is in a transaction that is open, and what follows from it is not published. */
  'commit.written',
  /** What follows is published in that transaction, and the event not acknowledged. */
  'commit.published',
  /** All three are in it; the next statement is COMMIT. */
  'commit.committing',
  'commit.inside',
  /** They are on the disk, and nobody has been told. */
  'commit.committed',
  /** A start or a resume is in a transaction that is open. */
  'call.written',
  /** It was answered, and its caller has told nobody. */
  'call.answered',
  /** Its caller has told others. */
  'call.told',
] as const;

/** See {@link points}. */
export type Point = (typeof points)[number];

/** Where a kill fell: a phase of a handling; a start or a resume; the opening of the file; or none of them, between two events. */
export const places = [...phases, 'call', 'open', 'idle'] as const;

/** See {@link places}. */
export type Place = (typeof places)[number];

/** The place that a point is in. */
export function placeOf(point: Point): Place {
  return places.find((place) => point.startsWith(`${place}.`)) ?? 'idle';
}
