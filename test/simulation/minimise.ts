import type { BackendWrapper, Plan } from '../../src/testing/simulator/scenario.ts';
import { play, type SeedCase } from './seed.ts';
import { shrinkSpec } from './workloads/index.ts';

/** Plans that are simpler than one: a fault less, fewer processes. */
function* simplerPlans(plan: Plan): Iterable<Plan> {
  for (const kind of Object.keys(plan.rates)) {
    const { [kind as keyof Plan['rates']]: _, ...rates } = plan.rates;
    yield { ...plan, rates };
  }
  const { cancelAt: _cancel, ...uncanceled } = plan;
  const { restartAt: _restart, ...unrestarted } = plan;
  const { travelAt: _travel, ...untraveled } = plan;
  if (plan.cancelAt !== undefined) yield uncanceled;
  if (plan.restartAt !== undefined) yield unrestarted;
  if (plan.travelAt !== undefined) yield untraveled;
  if (plan.expires) yield { ...plan, expires: false };
  if (plan.earlyResume) yield { ...plan, earlyResume: false };
  if (plan.starters > 1) yield { ...plan, starters: 1 };
  if (plan.resumers > 1) yield { ...plan, resumers: 1 };
  if (plan.batch > 1) yield { ...plan, batch: 1 };
  if (plan.workers > 1) yield { ...plan, workers: plan.workers - 1 };
}

function* simpler({ spec, plan }: SeedCase): Iterable<SeedCase> {
  for (const smaller of shrinkSpec(spec)) yield { spec: smaller, plan };
  for (const fewer of simplerPlans(plan)) yield { spec, plan: fewer };
}

/**
 * The simplest case that still fails, of those that are a step simpler each, within `tries` tries. It may fail by another
 * problem than the first one: what is simplest to understand is what helps.
 */
export async function minimise(failing: SeedCase, wrap?: BackendWrapper, tries = 400): Promise<SeedCase> {
  let best = failing;
  let left = tries;
  for (let isSimpler = true; isSimpler && left > 0; ) {
    isSimpler = false;
    for (const candidate of simpler(best)) {
      left -= 1;
      if (left <= 0) break;
      const { problems } = await play(candidate, wrap);
      if (problems.length === 0) continue;
      best = candidate;
      isSimpler = true;
      break;
    }
  }
  return best;
}
