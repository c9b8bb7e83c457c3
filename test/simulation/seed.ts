import { drawRates } from '../../src/testing/simulator/faults.ts';
import { Random } from '../../src/testing/simulator/random.ts';
import {
  type BackendWrapper,
  drawPlan,
  type Plan,
  type SeedOutcome,
} from '../../src/testing/simulator/scenario.ts';
import { simulateSeed } from '../../src/testing/simulator/simulation.ts';
import { judge } from './judge.ts';
import { buildWorkload, type GraphSpec, randomSpec } from './workloads/index.ts';

/** One seed: what is executed, and how. */
export interface SeedCase {
  readonly spec: GraphSpec;
  readonly plan: Plan;
}

/** The case of a seed. */
export function caseOf(seed: number): SeedCase {
  const plans = new Random(seed, 7);
  return { spec: randomSpec(new Random(seed, 8)), plan: drawPlan(seed, plans, drawRates(plans)) };
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
export async function play({ spec, plan }: SeedCase, wrap?: BackendWrapper): Promise<Verdict> {
  const { workflows, workflowId, inputData, initialState, requestContext, resume } = buildWorkload(spec);
  const scenario = {
    workflows,
    workflowId,
    inputData,
    ...(initialState === undefined ? {} : { initialState }),
    ...(requestContext === undefined ? {} : { requestContext }),
    resume,
    repeatable: isRepeatable(spec),
  };
  const outcome = await simulateSeed(scenario, plan, wrap === undefined ? {} : { wrap });
  return { outcome, problems: await judge(scenario, outcome) };
}
