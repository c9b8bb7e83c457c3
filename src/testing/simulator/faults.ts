import type { Random } from './random.ts';

/** Every fault that a simulation can inject, with what it does. */
export const faultKinds = {
  /** A call of the store or the payloads is refused (throttled, 5xx); nothing was done. */
  'store-refused': 'a store call is refused, nothing done',
  /** A write of the store or the payloads is done, and reported as a timeout. */
  'store-timeout': 'a store write is done and reported as a timeout',
  /** A read that need not be consistent gives an older state. */
  'stale-read': 'an inconsistent read gives an older state',
  /** A publication is refused as a whole. */
  'publish-refused': 'a publication is refused as a whole',
  /** Of a publication some events are accepted, and it is reported as failed. */
  'publish-partial': 'part of a publication is accepted, all reported as failed',
  /** A publication is accepted, and reported as a timeout. */
  'publish-timeout': 'a publication is accepted and reported as a timeout',
  /** An accepted event never arrives. */
  'event-lost': 'an accepted event never arrives',
  /** An event arrives twice. */
  'event-twice': 'an event arrives twice',
  /** An event arrives ten times. */
  'event-tenfold': 'an event arrives ten times',
  /** An event arrives up to three days late. */
  'event-late': 'an event arrives up to three days late',
  /** A timer fires before its time. */
  'timer-early': 'a timer fires early',
  /** A process dies right before a call of a port. */
  'crash-before': 'a process dies before a port call',
  /** A process dies right after a call of a port was done. */
  'crash-after': 'a process dies after a port call',
  /** A process dies while it executes a body. */
  'crash-in-step': 'a process dies in a body',
  /** A process stands still for up to ten minutes, and then goes on as if nothing had happened. */
  hold: 'a process stands still for up to ten minutes',
  /** Minutes pass for all while calls are under way. */
  'time-jump': 'minutes pass while calls are under way',
  /** A process whose clock is up to five minutes off. */
  'clock-skew': 'a process has a clock that is minutes off',
  /** A process that runs a version of the code without one of the workflows. */
  'old-code': 'a process runs code that lacks a workflow',
  /** A process that runs another version of the workflows than those that serve them at the end: see `Plan.deploys`. */
  'other-graph': 'a process runs another version of the workflows',
  /** The sweep index shows a run late, or one that is not due. */
  'stale-index': 'the sweep index is late',
} as const;

/** See {@link faultKinds}. */
export type FaultKind = keyof typeof faultKinds;

/** Probability of each fault at each occasion, 0 to 1; absent ones are 0. */
export type FaultRates = Readonly<Partial<Record<FaultKind, number>>>;

const allKinds = Object.keys(faultKinds) as FaultKind[];
/** Those that come at random: which version a process runs is planned. */
const drawnKinds = allKinds.filter((kind) => kind !== 'other-graph');

/** Rates of calls; those of processes and of everything that a worker lives through rarely are lower. */
const usualRates = [0.002, 0.01, 0.05, 0.2] as const;
const rare: ReadonlySet<FaultKind> = new Set([
  'crash-before',
  'crash-after',
  'crash-in-step',
  'hold',
  'time-jump',
  'event-late',
  'event-tenfold',
]);
const rareRates = [0.002, 0.005, 0.02] as const;
/** A whole process is one occasion. */
const processKinds: ReadonlySet<FaultKind> = new Set(['clock-skew', 'old-code']);

/** Draws the rates of a seed. Many are 0, so that what one fault alone does is seen; one in eight seeds has no fault at all. */
export function drawRates(random: Random): FaultRates {
  if (random.chance(1 / 8)) return {};
  const share = random.pick([0.15, 0.35, 0.6]);
  const rates: Partial<Record<FaultKind, number>> = {};
  for (const kind of drawnKinds) {
    const isIn = random.chance(share);
    const rate = processKinds.has(kind) ? 0.3 : random.pick(rare.has(kind) ? rareRates : usualRates);
    if (isIn) rates[kind] = rate;
  }
  return rates;
}

/** One fault at one call of a port: what a systematic search goes through. */
export interface DirectedFault {
  /** Number of the call, from 0, of all that are made. */
  readonly call: number;
  readonly kind: FaultKind;
}

/** Decides at each occasion whether a fault comes, until they stop, and counts those that came. */
export class Faults {
  readonly counts = new Map<FaultKind, number>();
  readonly rates: FaultRates;
  readonly #random: Random;
  readonly #directed: DirectedFault | undefined;
  #call = -1;
  #stopped = false;

  constructor(rates: FaultRates, random: Random, directed?: DirectedFault) {
    this.rates = rates;
    this.#random = random;
    this.#directed = directed;
  }

  /** The next call of a port begins. */
  nextCall(): void {
    this.#call += 1;
  }

  /** From now on nothing goes wrong any more. */
  stop(): void {
    this.#stopped = true;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Whether `kind` comes now. */
  strikes(kind: FaultKind): boolean {
    const rate = this.#stopped ? 0 : (this.rates[kind] ?? 0);
    if (this.#directed?.call === this.#call && this.#directed.kind === kind && this.count(kind) === 0) {
      this.note(kind);
      return true;
    }
    if (rate === 0 || !this.#random.chance(rate)) return false;
    this.note(kind);
    return true;
  }

  /** Counts a fault that came in another way. */
  note(kind: FaultKind): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  count(...kinds: readonly FaultKind[]): number {
    return kinds.reduce((sum, kind) => sum + (this.counts.get(kind) ?? 0), 0);
  }

  get total(): number {
    return this.count(...allKinds);
  }
}
