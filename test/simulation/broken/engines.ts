import type { FaultRates } from '../../../src/testing/simulator/faults.ts';
import type { BackendWrapper, Plan } from '../../../src/testing/simulator/scenario.ts';
import {
  armLaunchedOnceMore,
  begunByAnotherGraph,
  blockOfAnotherGraph,
  canceledBeforeNested,
  concurrentRuns,
  deadlineOfAnEarlierEpoch,
  type DirectedSchedule,
  keyWantedBeforeSuspension,
  lateStatus,
  lostDeadline,
  otherGraph,
  twoRunsWantOneKey,
} from './directed.ts';
import { type Mutation, mutations } from './mutations.ts';
import * as wrappers from './wrappers.ts';

/** An engine that is broken on purpose, to show that the simulation finds it. */
export interface BrokenEngine {
  readonly name: string;
  /** What is wrong with it. */
  readonly what: string;
  /** Seeds within which it has to be found; 0: by its directed schedule, and by nightly simulations at random. */
  readonly seeds: number;
  readonly wrap?: BackendWrapper;
  readonly mutations?: readonly Mutation[];
  /** Makes what shows it more frequent. */
  readonly plan?: (plan: Plan) => Plan;
  /** Finds it where random schedules meet it less than once in 5,000 seeds. */
  readonly directed?: DirectedSchedule;
  /** Only runs that share a limit show it. */
  readonly limited?: true;
}

/** Only these faults come, for long enough, to a run that nobody but `more` interferes with; few decisions take longer than others. */
function only(rates: FaultRates, more: Partial<Plan> = {}): (plan: Plan) => Plan {
  return ({ cancelAt: _cancel, restartAt: _restart, travelAt: _travel, deploys: _deploys, ...plan }) => ({
    ...plan,
    sweeper: true,
    calmAt: 500,
    rates,
    pace: { ...plan.pace, tickMs: Math.min(plan.pace.tickMs, 1) },
    ...more,
  });
}

/** Decision at which somebody cancels, or travels in time: early, and another one for each seed. */
const early = ({ seed }: Plan, within: number): number => 5 + (seed % within);

const manyDuplicates: FaultRates = { 'event-twice': 0.3, 'event-tenfold': 0.05 };
const crashes: FaultRates = { 'crash-before': 0.03, 'crash-after': 0.03 };

/** Every broken engine: each rule of the protocol that somebody could forget. */
export const brokenEngines: readonly BrokenEngine[] = [
  {
    name: 'unconditional-claim',
    what: 'a claim is written whatever is stored',
    seeds: 300,
    mutations: mutations['unconditional-claim'],
  },
  {
    name: 'unconditional-commit',
    what: 'an outcome is written whatever is stored, by whoever comes last',
    seeds: 2_000,
    mutations: mutations['unconditional-commit'],
  },
  {
    name: 'turn-unchecked',
    what: 'a late event claims a later turn than its own',
    seeds: 5_000,
    mutations: mutations['turn-unchecked'],
    plan: only(
      { 'event-tenfold': 0.3, 'publish-refused': 0.1 },
      { sweeper: false, workers: 6, batch: 4, pace: { tickMs: 1, policy: 'priority' } },
    ),
  },
  {
    name: 'no-dedupe',
    what: 'a duplicate publishes what has begun already',
    seeds: 2_000,
    mutations: mutations['no-dedupe'],
    plan: only(manyDuplicates),
  },
  {
    name: 'publish-before-write',
    what: 'an event announces what is not stored',
    seeds: 300,
    wrap: wrappers.publishesBeforeWriting,
  },
  {
    name: 'failed-entries-ignored',
    what: 'events that the bus refused are taken for accepted',
    seeds: 2_000,
    wrap: wrappers.ignoresFailedEntries,
  },
  {
    name: 'silent-loser',
    what: 'whoever comes second to an outcome does nothing',
    seeds: 1_000,
    wrap: wrappers.silentLoser,
  },
  { name: 'sweeper-off', what: 'nobody sweeps', seeds: 1_000, wrap: wrappers.neverSweeps },
  {
    name: 'join-by-counter',
    what: 'a settlement counts as often as it is told',
    seeds: 300,
    mutations: mutations['join-by-counter'],
  },
  {
    name: 'newest-segment',
    what: 'the log of a block is searched from its newest segment on',
    seeds: 1_000,
    wrap: wrappers.startsAtNewestSegment,
  },
  {
    name: 'epoch-ignored',
    what: 'events of an earlier epoch are handled',
    seeds: 5_000,
    mutations: mutations['epoch-ignored'],
    plan: (plan) =>
      only(
        { 'event-late': 0.2, 'event-twice': 0.3 },
        { cancelAt: early(plan, 40), travelAt: early(plan, 60) + 15, travelers: 2 },
      )(plan),
  },
  {
    name: 'never-parks',
    what: 'a run is executed by whatever graph the code has',
    seeds: 0,
    mutations: mutations['never-parks'],
    directed: otherGraph,
  },
  {
    name: 'record-of-another-graph',
    what: 'a run goes on from a step that another graph has begun, when it is marked with this one',
    seeds: 0,
    mutations: mutations['record-of-another-graph'],
    directed: begunByAnotherGraph,
  },
  {
    name: 'block-of-another-graph',
    what: 'a block is taken for another one of its kind when another graph has opened it',
    seeds: 0,
    mutations: mutations['block-of-another-graph'],
    directed: blockOfAnotherGraph,
  },
  {
    name: 'never-unparks',
    what: 'a parked run stays so when its definition is there again',
    seeds: 1_000,
    mutations: mutations['never-unparks'],
    plan: only({ 'old-code': 0.5 }),
  },
  {
    name: 'cancel-unchecked',
    what: 'steps of a canceled run go on',
    seeds: 1_000,
    wrap: wrappers.overlooksCancel,
  },
  { name: 'endless-lease', what: 'a lease never ends', seeds: 1_000, wrap: wrappers.endlessLease },
  {
    name: 'resume-not-exclusive',
    what: 'a suspension can be resumed twice',
    seeds: 2_000,
    mutations: mutations['resume-not-exclusive'],
    plan: only({ 'event-twice': 0.2 }, { earlyResume: true, resumers: 3 }),
  },
  {
    name: 'retry-condition-ignored',
    what: 'a step is tried again whatever its `retryIf` says',
    seeds: 500,
    mutations: mutations['retry-condition-ignored'],
  },
  { name: 'delay-dropped', what: 'a retry does not wait', seeds: 1_000, wrap: wrappers.dropsDelays },
  {
    name: 'nested-end-not-delivered',
    what: 'the run above never hears of a nested one',
    seeds: 2_000,
    wrap: wrappers.dropsEndsOfNested,
  },
  {
    name: 'state-replaced',
    what: 'state is replaced and not merged by key',
    seeds: 300,
    mutations: mutations['state-replaced'],
  },
  {
    name: 'no-probe',
    what: 'a turn that another worker holds is acknowledged and forgotten',
    seeds: 3_000,
    wrap: wrappers.dropsProbes,
  },
  {
    name: 'left-before-token',
    what: 'a member is resumed before its suspension is in the log of its block',
    seeds: 3_000,
    mutations: mutations['left-before-token'],
    plan: only(crashes),
  },
  {
    name: 'nested-not-reread',
    what: 'a place follows its nested run once, and does not look again after its write',
    seeds: 12_000,
    mutations: mutations['nested-not-reread'],
    plan: only(
      { 'crash-before': 0.02, 'publish-refused': 0.1 },
      { sweeper: false, resumers: 2, workers: 6, batch: 4 },
    ),
  },
  {
    name: 'suspends-out-of-sight',
    what: 'a suspension takes the run out of sight at once',
    seeds: 3_000,
    wrap: wrappers.suspendsOutOfSight,
    plan: only({ 'event-lost': 0.3 }, { calmAt: 1_500 }),
  },
  {
    name: 'resume-unswept',
    what: 'a resume does not make the sweeper look',
    seeds: 3_000,
    mutations: mutations['resume-unswept'],
    plan: only({ 'event-lost': 0.3, 'crash-after': 0.05 }, { calmAt: 1_500, resumers: 1 }),
  },
  {
    name: 'parent-not-rechecked',
    what: 'whoever begins a nested run does not look whether the run above is over',
    seeds: 0,
    mutations: mutations['parent-not-rechecked'],
    plan: (plan) => only({ 'event-twice': 0.2 }, { cancelAt: early(plan, 60) })(plan),
    directed: canceledBeforeNested,
  },
  {
    name: 'place-kept',
    what: 'a run that is over keeps its place under the concurrency key',
    seeds: 0,
    mutations: mutations['place-kept'],
    directed: concurrentRuns,
  },
  {
    name: 'place-given-back',
    what: 'a start that was not answered gives its place back, though it may be stored',
    seeds: 1_000,
    limited: true,
    mutations: mutations['place-given-back'],
    plan: only({ 'store-timeout': 0.2 }),
  },
  {
    name: 'places-overtaken',
    what: 'one run more than the limit says gets a place',
    seeds: 0,
    mutations: mutations['places-overtaken'],
    directed: concurrentRuns,
  },
  {
    name: 'status-unordered',
    what: 'a late status overwrites a later one',
    seeds: 0,
    mutations: mutations['status-unordered'],
    directed: lateStatus,
  },
  {
    name: 'launch-before-merge',
    what: 'an item is launched by the log before what its launcher changed can be seen',
    seeds: 3_000,
    mutations: mutations['launch-before-merge'],
    plan: only(crashes),
  },
  {
    name: 'arm-sees-siblings',
    what: 'an arm that is launched once more sees what its siblings have set',
    seeds: 0,
    mutations: mutations['arm-sees-siblings'],
    directed: armLaunchedOnceMore,
  },
  {
    name: 'deadline-unswept',
    what: 'nobody looks at a suspended run whose deadline comes, when its timer was lost',
    seeds: 0,
    mutations: mutations['deadline-unswept'],
    directed: lostDeadline,
  },
  {
    name: 'deadline-unread',
    what: 'the event of a deadline counts, and not what is stored',
    seeds: 0,
    mutations: mutations['deadline-unread'],
    directed: deadlineOfAnEarlierEpoch,
  },
  {
    name: 'key-held-twice',
    what: 'a run takes the resume key under which another one waits',
    seeds: 0,
    mutations: mutations['key-held-twice'],
    directed: twoRunsWantOneKey,
  },
  {
    name: 'key-held-when-suspended',
    what: 'a resume key is free until the suspension of its holder is stored',
    seeds: 0,
    mutations: mutations['key-held-when-suspended'],
    directed: keyWantedBeforeSuspension,
  },
  {
    name: 'helped-unmarked',
    what: 'the sweeper loses sight of what it has helped',
    seeds: 2_000,
    mutations: mutations['helped-unmarked'],
  },
];
