import { createHash } from 'node:crypto';

/** One booking. The key is what keeps a repeated one from sending a second van. */
export interface Booking {
  readonly idempotencyKey: string;
  readonly customer: string;
  readonly weightGrams: number;
  /** Which try of the caller this is, from 0. */
  readonly attempt: number;
}

/** Takes parcels away. */
export interface Carrier {
  /** Resolves with the number under which the parcel can be followed. */
  book(booking: Booking): Promise<string>;
}

/** The carrier has no van for this parcel now; the booking may be repeated with the same key. */
export class NoVanFree extends Error {
  override readonly name = 'NoVanFree';
}

/**
 * A simulated carrier that finds no van for a parcel of more than `heavyGrams` at the first `failures` attempts. As with the
 * gateway, the attempt comes from the caller, and the same key gives the same number from whichever process it is booked.
 */
export function busyCarrier({ failures = 1, heavyGrams = 10_000 } = {}): Carrier {
  return {
    book({ idempotencyKey, weightGrams, attempt }) {
      if (weightGrams > heavyGrams && attempt < failures) {
        return Promise.reject(
          new NoVanFree(`The carrier has no van for ${weightGrams} g (attempt ${attempt + 1}).`),
        );
      }
      return Promise.resolve(`trk_${createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 12)}`);
    },
  };
}
