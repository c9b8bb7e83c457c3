import type { DirectedFault, FaultKind } from '../../src/testing/simulator/faults.ts';
import type { Plan } from '../../src/testing/simulator/scenario.ts';
import { play, type SeedCase, smallSpecOf } from './seed.ts';

/** Graphs that every port call is failed of. */
export const corpusSize = 60;

const reading = /^(?:store|payloads)\.(?:load|list|read|get|due|durable|segment)/u;
const crashes: readonly FaultKind[] = ['crash-before', 'crash-after'];
const events: readonly FaultKind[] = ['event-lost', 'event-twice', 'event-tenfold', 'event-late'];

/** Every fault that a call can have. */
function faultsOf(call: string): readonly FaultKind[] {
  if (call === 'body') return ['crash-in-step'];
  if (call === 'bus.publish')
    return [...crashes, ...events, 'publish-refused', 'publish-partial', 'publish-timeout'];
  if (call === 'timers.schedule')
    return [...crashes, ...events, 'publish-refused', 'publish-timeout', 'timer-early'];
  if (call === 'store.dueRuns') return ['crash-before', 'store-refused', 'stale-index'];
  if (call === 'store.loadStep' || call === 'store.loadHeader')
    return ['crash-before', 'store-refused', 'stale-read'];
  // To die after a read is to die before what follows.
  return reading.test(call)
    ? ['crash-before', 'store-refused']
    : [...crashes, 'store-refused', 'store-timeout'];
}

/** The case of a graph of the corpus; what `directed` fails fails. */
function corpusCase(graph: number, directed?: DirectedFault): SeedCase {
  const seed = 2_000_000 + graph;
  const plan: Plan = {
    seed,
    rates: {},
    pace: { tickMs: 1, policy: 'uniform' },
    workers: 2,
    batch: 2,
    segmentSize: 2,
    syncReads: graph % 2 === 0,
    history: graph % 3 === 0 ? 'full' : 'none',
    stepEndEvents: true,
    sweeper: true,
    calmAt: 20_000,
    starters: 1,
    resumers: 1,
    earlyResume: false,
    expires: false,
    travelers: 1,
    ...(graph % 10 === 9 ? { cancelAt: 40 } : {}),
    ...(directed === undefined ? {} : { directed }),
  };
  return { spec: smallSpecOf(seed), plan };
}

/** What a systematic search of one graph found. */
export interface SystematicResult {
  readonly plays: number;
  /** Plays in which the fault came: a read that has to be consistent is never stale. */
  readonly struck: number;
  readonly failures: readonly {
    readonly directed: DirectedFault;
    readonly call: string;
    readonly problems: readonly string[];
  }[];
}

/** Fails each call of a graph's run with each fault that it can have, one at a time. */
export async function searchGraph(graph: number): Promise<SystematicResult> {
  const { outcome, problems } = await play(corpusCase(graph));
  const none: DirectedFault = { call: -1, kind: 'hold' };
  if (problems.length > 0)
    return { plays: 1, struck: 0, failures: [{ directed: none, call: 'none', problems }] };
  const failures: SystematicResult['failures'][number][] = [];
  let plays = 1;
  let struck = 0;
  for (const [call, name] of outcome.calls.entries()) {
    for (const kind of faultsOf(name)) {
      const directed = { call, kind };
      const verdict = await play(corpusCase(graph, directed));
      plays += 1;
      struck += verdict.outcome.faults.size;
      if (verdict.problems.length > 0) failures.push({ directed, call: name, problems: verdict.problems });
    }
  }
  return { plays, struck, failures };
}
