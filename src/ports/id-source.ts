/** Randomness comes in through this port alone. */
export interface IdSource {
  /** A new id that nobody else has or guesses: 36 characters, safe in keys and URLs. */
  unique(): string;
}
