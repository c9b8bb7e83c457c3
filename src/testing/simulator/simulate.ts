import { judge } from './judge.ts';
import { type Plan, planOf, type Scenario, type SeedOutcome, startedWorkflow } from './scenario.ts';
import { simulateSeed } from './simulation.ts';

/** Options of {@link simulate}. */
export interface SimulateOptions extends Scenario {
  /** How many seeds, each another schedule with other faults. @default 1,000 */
  readonly seeds?: number;
  /** The first of them: a seed that failed is replayed with `firstSeed: <it>, seeds: 1`. @default 1 */
  readonly firstSeed?: number;
  /**
   * Looks at what became of a seed, beside what is always looked at; resolves with what is wrong, in words. Beside the result
   * it can look at what bodies did to the world: every body runs in this process. @default nothing more is looked at
   */
  readonly check?: (outcome: SeedOutcome) => readonly string[] | Promise<readonly string[]>;
  /** Called after each seed with how many are done. @default nobody is told */
  readonly onProgress?: (done: number) => void;
}

/** A seed in which something went wrong. */
export interface SimulationFailure {
  readonly seed: number;
  /** What is wrong, in words. */
  readonly problems: readonly string[];
  /** The faults of the seed, who worked, how it was scheduled. */
  readonly plan: Plan;
  /** The last 50 decisions, one a line. */
  readonly trace: readonly string[];
}

/** What a simulation found. */
export interface SimulationReport {
  readonly seeds: number;
  /** Empty: all is well. Of many failures the first ten. */
  readonly failures: readonly SimulationFailure[];
  /** Seeds by the status in which their run ended. */
  readonly statuses: Readonly<Record<string, number>>;
  /** How often each fault came. */
  readonly faults: Readonly<Record<string, number>>;
}

const mostFailures = 10;
const shownDecisions = 50;

/**
 * Simulates runs of a workflow as they go on a bad day: on up to six processes that die, stand still and have wrong clocks, with
 * a bus that loses, repeats and delays events, a store that times out, callers that call twice, cancel and travel in time. Time
 * is virtual, and every decision follows from the seed, so that a failure can be replayed. Each run has to come to what the same
 * workflow comes to in one process ({@link interpret}), and to keep the promises of the engine on the way.
 *
 * Bodies run in this process and have to be functions of what their context gives them: an effect on the world outside is what
 * `check` can look at. A step that is executed again finds the effects of its first execution.
 *
 * Rejects with WORKFLOW_NOT_FOUND when `workflowId` is none of `workflows`, and with what a schema says of an input that does
 * not fit.
 */
export async function simulate(options: SimulateOptions): Promise<SimulationReport> {
  const { seeds = 1_000, firstSeed = 1, check, onProgress } = options;
  // Before any seed: the simulated callers would take the refusal for one of a bad day.
  startedWorkflow(options);
  const failures: SimulationFailure[] = [];
  const statuses: Record<string, number> = {};
  const faults: Record<string, number> = {};
  for (let done = 0; done < seeds && failures.length < mostFailures; done += 1) {
    const seed = firstSeed + done;
    const plan = planOf(seed);
    const outcome = await simulateSeed(options, plan);
    const problems = [...(await judge(options, outcome)), ...((await check?.(outcome)) ?? [])];
    const status = outcome.result?.status ?? 'unknown';
    statuses[status] = (statuses[status] ?? 0) + 1;
    for (const [kind, times] of outcome.faults) faults[kind] = (faults[kind] ?? 0) + times;
    if (problems.length > 0)
      failures.push({ seed, problems, plan, trace: outcome.trace.slice(-shownDecisions) });
    onProgress?.(done + 1);
  }
  const played = Object.values(statuses).reduce((sum, times) => sum + times, 0);
  return { seeds: played, failures, statuses, faults };
}
