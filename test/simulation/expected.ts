import type { Tally } from './tally.ts';

/** What the engine has to have met in a long simulation: each of them guards against something. */
export const guards = [
  'claim.lost',
  'claim.taken-over',
  'commit.lost',
  'event.dropped run-over',
  'event.dropped stale-turn',
  'event.dropped stale-epoch',
  'event.dropped unknown-run',
  'probe.sent',
  'run.swept',
  'lost startRun',
  'lost setStatus',
  'lost finish',
  'lost cancel',
  'lost startChild',
  'lost travel',
  'lost restart',
  'lost setSweep',
  'lost claim',
  'lost takeOver',
  'lost renew',
  'lost commit',
  'lost sleep',
  'lost wake',
  'lost nest',
  'lost followChild',
  'lost voidLease',
  'lost resume',
  'lost openJoin',
  'lost closeBlock',
] as const;

/** Kinds of faults, and guards, that never came in a simulation. */
export function missing(tally: Tally, kinds: readonly string[]): string[] {
  return [
    ...kinds.filter((kind) => !((tally.faults[kind] ?? 0) > 0)),
    ...guards.filter((guard) => !((tally.guards[guard] ?? 0) > 0)),
  ];
}
