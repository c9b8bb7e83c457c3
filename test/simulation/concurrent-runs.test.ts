import { expect, test } from 'vitest';
import { type ConcurrentOutcome, playConcurrentRuns } from './concurrent-runs.ts';

const seeds = 120;

test(`${seeds} seeds of runs under a limit: never more than it says, in order, and none is forgotten`, async () => {
  const outcomes: ConcurrentOutcome[] = [];
  for (let seed = 0; seed < seeds; seed += 1) {
    const outcome = await playConcurrentRuns(seed);
    expect(outcome.violations, `seed ${seed}`).toEqual([]);
    outcomes.push(outcome);
  }
  // The seeds have to bring about what they are for.
  const sum = (of: (outcome: ConcurrentOutcome) => number): number =>
    outcomes.map(of).reduce((a, b) => a + b, 0);
  expect(sum(({ executed }) => executed)).toBeGreaterThan(3 * seeds);
  expect(sum(({ waited }) => waited)).toBeGreaterThan(seeds);
  expect(sum(({ died }) => died)).toBeGreaterThan(seeds / 2);
}, 60_000);
