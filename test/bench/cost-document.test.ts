import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { chartOf, documentWith } from '../../bench/cost/document.ts';
import type { Results } from '../../bench/cost/measure.ts';
import { perMillion, perUnit } from '../../bench/cost/price.ts';
import { resultsOf } from '../../bench/cost/report.ts';
import { workloads } from '../../bench/cost/workloads.ts';

/**
 * What `npm run bench:cost -- --document` kept. `test:dynamodb` shows that what it says of runs without history is
 * still what is counted.
 */

const repository = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(repository, path), 'utf8');
const results = JSON.parse(read('bench/cost/results.json')) as Results[];
const plain = resultsOf(results, { stepEnds: true, history: 'none' });
const quiet = resultsOf(results, { stepEnds: false, history: 'none' });

test('the document and its chart are those of the results', () => {
  expect(documentWith(read('docs/cost.md'), results)).toBe(read('docs/cost.md'));
  expect(chartOf(results)).toBe(read('docs/cost.svg'));
});

describe('a sequential step costs, per million', () => {
  test.for([
    ['at batch 1', plain, 1, 5.2],
    ['without step ends', quiet, 1, 4.2],
    ['at batch 10 and without step ends', quiet, 10, 3.3],
  ] as const)('%s', ([, { step }, batch, most]) => {
    expect(perMillion(step, batch)).toBeLessThanOrEqual(most);
  });
});

describe('write units', () => {
  test.for([
    ['parallel 20', 3.5],
    ['foreach 200 at 10', 4],
    ['loop 100', 4],
    ['suspend and resume', 13],
    ['sleep', 8],
    ['nested 10', 9],
  ] as const)('%s', ([name, most]) => {
    const at = workloads().findIndex((workload) => workload.name === name);
    const [workload, run] = [workloads()[at], plain.runs[at]];
    if (workload === undefined || run === undefined) throw new Error(`${name} was not measured`);
    expect(perUnit(plain, workload, run).usage.writeUnits).toBeLessThanOrEqual(most);
  });

  test('start and end of a run', () => {
    expect(plain.ends.usage.writeUnits).toBeLessThanOrEqual(6);
  });
});

/** What each run shows, as shares of what it has used. */
function sharesShown({ runs }: Results): number[] {
  return runs.map((run) => (run.shown * 1e6) / perMillion(run, 1));
}

test('a run shows what it has used, within one in a hundred', () => {
  for (const share of [plain, quiet].flatMap(sharesShown)) {
    expect(share).toBeGreaterThanOrEqual(0.99);
    expect(share).toBeLessThanOrEqual(1.01);
  }
});

test('with history, it shows a few in a hundred less, and parallel branches about a quarter', () => {
  const branches = workloads().findIndex(({ name }) => name === 'parallel 20');
  for (const stepEnds of [true, false]) {
    for (const [at, share] of sharesShown(resultsOf(results, { stepEnds, history: 'full' })).entries()) {
      expect(share).toBeGreaterThanOrEqual(at === branches ? 0.74 : 0.93);
      expect(share).toBeLessThanOrEqual(1.01);
    }
  }
});
