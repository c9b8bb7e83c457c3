import type { Verdict } from './seed.ts';

/** What many seeds came to, as plain JSON. */
export interface Tally {
  seeds: number;
  decisions: number;
  portCalls: number;
  /** Most sweeps of one run in a row that changed nothing, after faults had stopped. */
  mostSweepsInVain: number;
  readonly statuses: Record<string, number>;
  readonly faults: Record<string, number>;
  readonly guards: Record<string, number>;
  readonly switches: Record<string, number>;
}

export function emptyTally(): Tally {
  return {
    seeds: 0,
    decisions: 0,
    portCalls: 0,
    mostSweepsInVain: 0,
    statuses: {},
    faults: {},
    guards: {},
    switches: {},
  };
}

function addTo(counts: Record<string, number>, name: string, times: number): void {
  counts[name] = (counts[name] ?? 0) + times;
}

const ports = /^(?:store|bus|payloads|timers)\./u;

/** Adds a seed. */
export function count(tally: Tally, { outcome }: Verdict): void {
  tally.seeds += 1;
  tally.decisions += outcome.trace.length;
  tally.mostSweepsInVain = Math.max(tally.mostSweepsInVain, outcome.sweepsInVain);
  addTo(tally.statuses, outcome.result?.status ?? 'unknown', 1);
  for (const [name, times] of outcome.faults) addTo(tally.faults, name, times);
  for (const [name, times] of outcome.guards) addTo(tally.guards, name, times);
  for (const [name, times] of outcome.switches) {
    const isPort = ports.test(name);
    if (isPort) tally.portCalls += times;
    addTo(tally.switches, isPort ? name : (name.split(' ')[0] ?? name), times);
  }
}

/** Adds what another process has counted. */
export function add(tally: Tally, other: Tally): void {
  tally.seeds += other.seeds;
  tally.decisions += other.decisions;
  tally.portCalls += other.portCalls;
  tally.mostSweepsInVain = Math.max(tally.mostSweepsInVain, other.mostSweepsInVain);
  for (const part of ['statuses', 'faults', 'guards', 'switches'] as const) {
    for (const [name, times] of Object.entries(other[part])) addTo(tally[part], name, times);
  }
}
