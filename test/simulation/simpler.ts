import type { Plan } from '../../src/testing/simulator/scenario.ts';
import type { SeedCase } from './seed.ts';
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
  if ((plan.beside ?? 0) > 1) yield { ...plan, beside: Number(plan.beside) - 1 };
  const { deploys = [] } = plan;
  // The last one leaves one version.
  for (const index of deploys.keys())
    if (index < deploys.length - 1) yield { ...plan, deploys: deploys.toSpliced(index, 1) };
  if (plan.expires) yield { ...plan, expires: false };
  if (plan.earlyResume) yield { ...plan, earlyResume: false };
  if (plan.starters > 1) yield { ...plan, starters: 1 };
  if (plan.resumers > 1) yield { ...plan, resumers: 1 };
  if (plan.batch > 1) yield { ...plan, batch: 1 };
  if (plan.workers > 1) yield { ...plan, workers: plan.workers - 1 };
}

/** Cases that are a step simpler than one: a smaller spec, or a simpler plan. */
export function* simplerCases({ spec, plan, change }: SeedCase): Iterable<SeedCase> {
  const changed = change === undefined ? {} : { change };
  if (change !== undefined) yield { spec, plan };
  for (const smaller of shrinkSpec(spec)) yield { spec: smaller, plan, ...changed };
  for (const fewer of simplerPlans(plan)) yield { spec, plan: fewer, ...changed };
}
