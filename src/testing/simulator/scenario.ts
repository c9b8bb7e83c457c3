import type { WorkflowDefinition } from '../../core/definition.ts';
import { WorkflowError } from '../../core/errors.ts';
import type { RunResult } from '../../core/snapshot.ts';
import type { Backend } from '../../ports/index.ts';
import type { BodyExecutions } from './bodies.ts';
import { type DirectedFault, drawRates, type FaultKind, type FaultRates } from './faults.ts';
import { Random } from './random.ts';
import type { Pace } from './scheduler.ts';
import type { Watch } from './watch.ts';

/** A suspension that somebody has to answer. */
export interface Suspension {
  /** Ids of the steps from the run that was started to the one that is suspended. */
  readonly path: readonly string[];
  /** What it passed to `suspend`. */
  readonly payload: unknown;
}

/** What is simulated: a run of a workflow, and how the world answers it. */
export interface Scenario {
  /** The workflows that every process serves. */
  readonly workflows: readonly WorkflowDefinition[];
  /**
   * Another version of them, with the same ids: it takes the place of the first one while runs are alive, see `Plan.deploys`. A run
   * has to come to what one of the two comes to, so only one workflow may differ, and it may be nested in no loop and no foreach.
   * @default there is one version
   */
  readonly otherWorkflows?: readonly WorkflowDefinition[];
  /** The one of them that is started. */
  readonly workflowId: string;
  readonly inputData?: unknown;
  /** Another input, with which somebody starts a run of the same id at the same time: one of the two is refused. */
  readonly rivalInput?: unknown;
  readonly initialState?: Readonly<Record<string, unknown>>;
  readonly requestContext?: Readonly<Record<string, unknown>>;
  /**
   * What a suspended step is resumed with; it has to follow from the suspension alone. Without it, suspended steps are
   * resumed without data.
   */
  readonly resume?: (suspension: Suspension) => unknown;
  /** A step that is executed again comes to the same and leaves the same state: then runs also travel in time. @default false */
  readonly repeatable?: boolean;
}

/** The workflow that is started. Throws WORKFLOW_NOT_FOUND when it is none of the scenario's. */
export function startedWorkflow({ workflows, workflowId }: Scenario): WorkflowDefinition {
  const started = workflows.find(({ id }) => id === workflowId);
  if (started !== undefined) return started;
  const known = workflows.map(({ id }) => id).join(', ');
  const message = `No workflow "${workflowId}" is among workflows (${known}): give it, or set workflowId to one of these`;
  throw new WorkflowError('WORKFLOW_NOT_FOUND', message, { details: { workflowId } });
}

/** Which versions of the code serve the runs from a decision on. */
export interface Deploy {
  readonly at: number;
  readonly serves: 'first' | 'both' | 'other';
}

/** How a seed is simulated; all of it is drawn by the seed where it is not given. */
export interface Plan {
  readonly seed: number;
  readonly rates: FaultRates;
  /** One fault beside those that are drawn. */
  readonly directed?: DirectedFault;
  readonly pace: Pace;
  /** Processes that handle events, 1 to 6. */
  readonly workers: number;
  /** Events that a process handles at once, 1 to 4. */
  readonly batch: number;
  /** Tokens of a join segment: 1, 2, 3 or 100. */
  readonly segmentSize: number;
  /** Whether bodies read stored results synchronously. */
  readonly syncReads: boolean;
  readonly history: 'full' | 'none';
  readonly stepEndEvents: boolean;
  /** Whether anybody sweeps. Without, no fault loses anything that only the sweeper finds. */
  readonly sweeper: boolean;
  /** Decision after which nothing goes wrong any more. */
  readonly calmAt: number;
  /** Callers that start the run at once, 1 to 4. */
  readonly starters: number;
  /** Runs that are started beside it, 0 to 3, of a workflow with a limit: the limit is about them. @default 0 */
  readonly beside?: number;
  /** Callers that resume a suspension at once, 1 to 3. */
  readonly resumers: number;
  /** Decision from which each of these is called; absent: never. */
  readonly cancelAt?: number;
  readonly restartAt?: number;
  readonly travelAt?: number;
  /** Callers that travel in time at once, 1 or 2. */
  readonly travelers: number;
  /** Resume as soon as a step is about to store its suspension. */
  readonly earlyResume: boolean;
  /** At the end, the run's records expire, and old events come once more. */
  readonly expires: boolean;
  /**
   * What is deployed after each other where there are two versions of the workflows; the last one leaves one version. Absent:
   * the first one stays.
   */
  readonly deploys?: readonly Deploy[];
}

/**
 * Faults that lose nothing but what a queue delivers again. Not that a process stands still: what it does late, when another one has
 * acknowledged its message, only a sweep can go on with.
 */
const recoverable: ReadonlySet<string> = new Set<FaultKind>([
  'event-twice',
  'event-tenfold',
  'event-late',
  'timer-early',
  'stale-read',
  'store-refused',
  'publish-refused',
  'publish-partial',
  'publish-timeout',
  'crash-before',
  'crash-after',
  'crash-in-step',
]);

/** A rolling deploy; in one plan of three the first version comes back, in one of six runs begin while both serve. */
function drawDeploys(random: Random): readonly Deploy[] {
  let at = random.chance(1 / 6) ? 0 : random.below(random.pick([10, 60, 200]));
  const next = (serves: Deploy['serves'], most: number): Deploy => {
    const deploy = { at, serves };
    at += 1 + random.below(most);
    return deploy;
  };
  // All at once, or one process after another.
  const both = (): Deploy[] => (random.chance(0.8) ? [next('both', random.pick([20, 100, 400]))] : []);
  const deploys = [...both(), next('other', 200)];
  return random.chance(1 / 3) ? [...deploys, ...both(), next('first', 1)] : deploys;
}

/** How a seed is simulated. */
export function planOf(seed: number): Plan {
  const random = new Random(seed, 7);
  const rates = drawRates(random);
  const isCalm = Object.keys(rates).length === 0;
  const sweeper = random.chance(0.8);
  const at = (chance: number): number | undefined =>
    random.chance(chance) ? random.below(random.pick([20, 150, 400])) : undefined;
  const cancelAt = at(0.1);
  const restartAt = at(0.1);
  const travelAt = at(0.3);
  return {
    seed,
    rates: sweeper
      ? rates
      : Object.fromEntries(Object.entries(rates).filter(([kind]) => recoverable.has(kind))),
    pace: {
      // Without a sweeper nobody may be so slow that what he holds is given to others.
      tickMs: isCalm ? random.pick([0, 1]) : random.pick(sweeper ? [0, 1, 1, 20, 200, 1_000] : [0, 1]),
      policy: random.pick(['uniform', 'uniform', 'priority']),
    },
    workers: random.between(1, 6),
    batch: random.between(1, 4),
    segmentSize: random.pick([1, 2, 3, 100]),
    syncReads: random.chance(0.5),
    history: random.pick(['full', 'none']),
    stepEndEvents: random.chance(0.7),
    sweeper,
    calmAt: isCalm ? 0 : random.pick([60, 200, 500, 1_500]),
    starters: random.chance(0.7) ? 1 : random.between(2, 4),
    resumers: random.chance(0.6) ? 1 : random.between(2, 3),
    earlyResume: random.chance(0.3),
    expires: random.chance(0.1),
    travelers: random.between(1, 2),
    ...(cancelAt === undefined ? {} : { cancelAt }),
    ...(restartAt === undefined ? {} : { restartAt }),
    ...(travelAt === undefined ? {} : { travelAt }),
    // A run that is parked is found by a sweep alone.
    ...(sweeper ? { beside: new Random(seed, 1_003).between(1, 3) } : {}),
    ...(sweeper ? { deploys: drawDeploys(new Random(seed, 1_001)) } : {}),
  };
}

/** The runs of a seed at its end, as one version of the workflows shows them. */
export interface ShownRuns {
  /** Undefined when it was not read. */
  readonly result: RunResult | undefined;
  /** Those that were beside it and started, but for those that somebody canceled. */
  readonly beside: readonly RunResult[];
}

/** What became of a seed. */
export interface SeedOutcome extends ShownRuns {
  readonly plan: Plan;
  /** What should never have happened; empty: all is well. */
  readonly violations: readonly string[];
  /** The same as the other version of the workflows shows them. */
  readonly other?: ShownRuns;
  /** The input whose start was accepted. */
  readonly inputData: unknown;
  /** Somebody's cancel was answered. */
  readonly canceled: boolean;
  /** Time travels that were done. */
  readonly traveled: number;
  /** How often each body was executed, by run, place and turn. */
  readonly executions: ReadonlyMap<string, BodyExecutions>;
  /** What was written. */
  readonly watch: Watch;
  /** Calls of ports, and executions of bodies, in their order. */
  readonly calls: readonly string[];
  /** Deliveries of messages that came once more. */
  readonly redeliveries: number;
  /** Ids of the events that were accepted, each as often as it was published. */
  readonly events: readonly string[];
  /** One line for each decision. */
  readonly trace: readonly string[];
  /** Occasions of each fault. */
  readonly faults: ReadonlyMap<string, number>;
  /** What the engine counted, and what writes were refused: `claim.lost`, `event.dropped run-over`, `lost commit`. */
  readonly guards: ReadonlyMap<string, number>;
  /** Decisions by what went on: `store.claim`, `body`. */
  readonly switches: ReadonlyMap<string, number>;
  /** Most sweeps of one run in a row after which nothing had changed, since nothing went wrong any more. */
  readonly sweepsInVain: number;
}

/** Wraps the backend of each process: how a test makes an engine that is broken on purpose. */
export type BackendWrapper = (backend: Backend) => Backend;
