import { dollarsOf, type Usage, usageNames } from '../../src/adapters/aws/usage.ts';
import { prices } from '../../src/adapters/aws/prices.ts';
import { gigabytes, type Measured, type Results, stepMs } from './measure.ts';
import type { Elsewhere, Workload } from './workloads.ts';

/** Formulas of prices: ours from what was counted, and what the same workload costs elsewhere. */

/** A usage at batch 1 as it is at another: of each delivery, a receive, a deletion and an invocation are shared. */
function atBatch({ usage, deliveries }: Measured, batch: number): Usage {
  const saved = deliveries * (1 - 1 / batch);
  return { ...usage, requests: usage.requests - 2 * saved, invocations: usage.invocations - saved };
}

/** What a unit of a workload uses: without the run's start and end, and the plain steps beside. */
export function perUnit(results: Results, workload: Workload, run: Measured): Measured {
  const { ends, step } = results;
  const { units, besides = 0 } = workload;
  const part = (of: (measured: Measured) => number): number =>
    (of(run) - of(ends) - besides * of(step)) / units;
  const usage = Object.fromEntries(
    usageNames.map((name) => [name, part((measured) => measured.usage[name])]),
  ) as Record<keyof Usage, number>;
  return { usage, deliveries: part(({ deliveries }) => deliveries), shown: part(({ shown }) => shown) };
}

/** Dollars per million. */
export function perMillion(measured: Measured, batch: number): number {
  return dollarsOf(atBatch(measured, batch)) * 1e6;
}

/** Dollars of executing steps, which cost the same everywhere: time and memory. */
function execution(count: number): number {
  return count * (stepMs / 1_000) * gigabytes * prices.gbSecond;
}

/**
 * List price of Step Functions Standard, us-east-1: https://aws.amazon.com/step-functions/pricing/. Free there: payloads up to
 * 256 KB, history, waiting.
 */
const transitionPrice = 25e-6;

/** Dollars per million runs on Step Functions Standard, each step an invocation of a function. */
export function stepFunctions({ transitions, executions }: Elsewhere): number {
  const lambda = executions * prices.invocation + execution(executions);
  return (transitions * transitionPrice + lambda) * 1e6;
}

/** List prices of Lambda durable functions, us-east-1: https://aws.amazon.com/lambda/pricing/. */
const durablePrices = { operation: 8e-6, writtenGb: 0.25 } as const;

/**
 * Dollars per million runs as a durable function: operations, what its steps store, and the function itself. Assumed: a step
 * takes as long as elsewhere, steps of a run share invocations, and replaying takes no time.
 */
export function durableFunctions({ operations, executions, invocations, bytes }: Elsewhere): number {
  const stored = (bytes / 1e9) * durablePrices.writtenGb;
  const lambda = invocations * prices.invocation + execution(executions);
  return (operations * durablePrices.operation + stored + lambda) * 1e6;
}
