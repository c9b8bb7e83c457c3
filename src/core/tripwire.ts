import type { Tripwire } from './snapshot.ts';

/** Thrown by a step whose agent was stopped on purpose: the run ends with status `tripwire` instead of `failed`. */
export class TripWire extends Error {
  override readonly name: string = 'TripWire';
  readonly tripwire: Tripwire;

  /** `details`: what the result of the run shows beside the reason. */
  constructor(reason: string, details: Omit<Tripwire, 'reason'> = {}) {
    super(reason);
    this.tripwire = { reason, ...details };
  }
}

/** What a tripwire says, of this copy of the package or another one, and also after it was stored; undefined for other errors. */
export function tripwireOf(error: Error): Tripwire | undefined {
  if (error.name !== 'TripWire' || !('tripwire' in error)) return undefined;
  const { tripwire } = error;
  const isTripwire = typeof tripwire === 'object' && tripwire !== null && 'reason' in tripwire;
  return isTripwire ? (tripwire as Tripwire) : undefined;
}
