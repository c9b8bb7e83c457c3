import { idsIn } from '../lines.ts';

/** Why a test that proves one of `lines` does not run in a place. */
interface Unavailable {
  readonly place: string;
  readonly lines: readonly string[];
  readonly reason: string;
}

/** What cannot be in a place, and why; all else is proved there. */
const unavailable: readonly Unavailable[] = [];

/** Why a test does not run in `place`; undefined when it does. */
export function reasonAgainst(place: string, title: string): string | undefined {
  const ids = idsIn(title);
  return unavailable.find((one) => one.place === place && one.lines.some((id) => ids.includes(id)))?.reason;
}
