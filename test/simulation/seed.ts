import { isWorkflowError } from '../../src/core/errors.ts';
import { Random } from '../../src/testing/simulator/random.ts';
import {
  type BackendWrapper,
  type Plan,
  planOf,
  type SeedOutcome,
} from '../../src/testing/simulator/scenario.ts';
import { judge } from '../../src/testing/simulator/judge.ts';
import { simulateSeed } from '../../src/testing/simulator/simulation.ts';
import {
  bodiesOf,
  buildWorkload,
  changedSpec,
  type GraphChange,
  type GraphSpec,
  randomChange,
  randomSpec,
  withInnerTime,
  type Workload,
} from './workloads/index.ts';
import type { BodySpec } from './workloads/spec.ts';

/** One seed: what is executed, and how. */
export interface SeedCase {
  readonly spec: GraphSpec;
  /** What another version of the code has changed, which takes the place of the first one meanwhile. */
  readonly change?: GraphChange;
  readonly plan: Plan;
}

/** Executions of bodies of a run, at most, beyond which another graph is drawn: items of items of items take all the time. */
const mostExecutions = 120;

/** Executions of the bodies of a workflow, about. */
function executionsOf({ entries }: GraphSpec['root']): number {
  return entries.reduce((sum, entry) => {
    const own = bodiesOf(entry).map((body) =>
      body.kind === 'step' ? 1 + (body.suspend?.rounds ?? 0) : executionsOf(body.workflow),
    );
    const times =
      entry.type === 'loop' ? entry.times : entry.type === 'foreach' ? Number(entry.items) || 0 : 1;
    return sum + times * own.reduce((one, another) => one + another, 0);
  }, 0);
}

/** A resumed member sees what its siblings have set meanwhile: whether it removes that depends on when it is resumed. */
function removesLate(spec: GraphSpec): boolean {
  const removes = (body: BodySpec): boolean =>
    body.kind === 'workflow'
      ? body.workflow.entries.flatMap(bodiesOf).some(removes)
      : body.suspend !== undefined && body.acts.some(({ act }) => act === 'delete');
  return spec.root.entries.flatMap(bodiesOf).some(removes);
}

function specOf(seed: number, most = mostExecutions): GraphSpec {
  for (let stream = 8; ; stream += 1) {
    const spec = randomSpec(new Random(seed, stream));
    if (executionsOf(spec.root) <= most && !removesLate(spec)) return spec;
  }
}

/** A spec whose runs are so short that each call of theirs can be failed. */
export function smallSpecOf(seed: number): GraphSpec {
  return specOf(seed, 25);
}

/** How many seeds have several runs under a limit. */
const limitedShare = 0.05;

/** How many seeds meet another version of the code. */
const changedShare = 1 / 6;

/** Times of runs, ms: hardly any run is over within the first, nearly all are within the last. */
const runTimes = [1_000, 60_000, 86_400_000, 31_536_000_000] as const;

/**
 * The case of a seed. Few have a time limit: of a run that it ends, only that it comes to rest is compared. Some have runs
 * beside it, as many of which go on as its workflow's limit says.
 */
export function caseOf(seed: number): SeedCase {
  const limited = limitedCase(seed, limitedShare);
  if (limited !== undefined) return { ...limited, ...changeOf(seed, limited.spec) };
  const random = new Random(seed, 6);
  const spec = specOf(seed);
  const isTimed = random.chance(0.06);
  const timed = isTimed ? { ...spec, root: { ...spec.root, timeoutMs: random.pick(runTimes) } } : spec;
  return { spec: withTimesInside(seed, timed), plan: planOf(seed), ...changeOf(seed, spec) };
}

/** One seed in 25 has a time limit inside: of a nested workflow, or of a step, whose body ends at once unless its process stands still. */
function withTimesInside(seed: number, spec: GraphSpec): GraphSpec {
  const random = new Random(seed, 1_005);
  return random.chance(0.04) ? withInnerTime(random, spec, runTimes) : spec;
}

/**
 * The case of a seed whose runs share a limit, drawn with a chance of `share`; none of a seed that has one run only. Clocks that are
 * minutes off are not among the faults: by a clock it is found that a place is nobody's.
 */
export function limitedCase(seed: number, share: number): SeedCase | undefined {
  const random = new Random(seed, 1_004);
  const { beside, ...plan } = planOf(seed);
  if (beside === undefined || !random.chance(share)) return undefined;
  const spec = specOf(seed, 30);
  const whenFull = random.pick(['queue', 'queue', 'queue', 'reject', 'return'] as const);
  const limit = whenFull === 'return' ? 1 : random.between(1, 2);
  const { 'clock-skew': _, ...rates } = plan.rates;
  return {
    spec: { ...spec, root: { ...spec.root, limit, whenFull } },
    plan: { ...plan, beside: Math.max(beside, limit), rates },
  };
}

/** Some seeds meet another version of the code. */
function changeOf(seed: number, spec: GraphSpec): Pick<SeedCase, 'change'> {
  const random = new Random(seed, 1_002);
  return random.chance(changedShare) ? { change: randomChange(random, spec) } : {};
}

/** The workflows after a change; undefined when they are the same, or nobody could deploy them. */
function otherVersion(spec: GraphSpec, change: GraphChange | undefined): Workload | undefined {
  const changed = change && changedSpec(spec, change);
  try {
    return changed && buildWorkload(changed);
  } catch (error) {
    if (isWorkflowError(error, 'WORKFLOW_DEFINITION_INVALID')) return undefined;
    throw error;
  }
}

/** What became of a case. */
export interface Verdict {
  readonly problems: readonly string[];
  readonly outcome: SeedOutcome;
}

/** What makes a step come to something else when it is executed again: it counts, or sees what later steps have set. */
const unrepeatable = [
  '"act":"count"',
  '"what":"state"',
  '"what":"context"',
  '"look":"state"',
  '"look":"context"',
];

function isRepeatable(spec: GraphSpec): boolean {
  const text = JSON.stringify(spec);
  return unrepeatable.every((part) => !text.includes(part));
}

/** Plays a case, and judges it. */
export async function play({ spec, plan, change }: SeedCase, wrap?: BackendWrapper): Promise<Verdict> {
  const { workflows, workflowId, inputData, initialState, requestContext, resume } = buildWorkload(spec);
  const other = plan.deploys === undefined ? undefined : otherVersion(spec, change);
  const scenario = {
    workflows,
    ...(other === undefined ? {} : { otherWorkflows: other.workflows }),
    workflowId,
    inputData,
    rivalInput: 'of a rival',
    ...(initialState === undefined ? {} : { initialState }),
    ...(requestContext === undefined ? {} : { requestContext }),
    resume,
    repeatable: isRepeatable(spec),
  };
  const outcome = await simulateSeed(scenario, plan, wrap === undefined ? {} : { wrap });
  return { outcome, problems: await judge(scenario, outcome) };
}
