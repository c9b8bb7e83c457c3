import { brokenEngines } from './broken/engines.ts';
import { minimise } from './minimise.ts';
import { caseOf, play, type SeedCase } from './seed.ts';
import { simplerCases } from './simpler.ts';
import { count, emptyTally, type Tally } from './tally.ts';

/** What a process is to simulate: `count` seeds from `first` on, each `stride` apart. */
export interface ShardRequest {
  readonly first: number;
  readonly count: number;
  readonly stride: number;
  /** Name of a broken engine: then the first problem ends it, and nothing is made smaller. */
  readonly broken?: string;
}

/** A seed that failed. */
export interface Failure {
  readonly seed: number;
  readonly problems: readonly string[];
  readonly smallest: SeedCase;
  /** The last decisions of the smallest case. */
  readonly trace: readonly string[];
}

/** What a process tells: how far it is, and at its end what it found. */
export type ShardReport =
  | { readonly type: 'progress'; readonly seeds: number }
  | { readonly type: 'end'; readonly tally: Tally; readonly failures: readonly Failure[] };

/** Failures after which a process gives up. */
const mostFailures = 5;
const shownDecisions = 50;

async function failureOf(seed: number, found: SeedCase, problems: readonly string[]): Promise<Failure> {
  const fails = async (candidate: SeedCase): Promise<boolean> => (await play(candidate)).problems.length > 0;
  const smallest = await minimise(found, simplerCases, fails);
  const { outcome } = await play(smallest);
  return { seed, problems, smallest, trace: outcome.trace.slice(-shownDecisions) };
}

/** Simulates what is asked for. */
export async function simulateShard(
  request: ShardRequest,
  onProgress: (seeds: number) => void = () => undefined,
): Promise<{ readonly tally: Tally; readonly failures: readonly Failure[] }> {
  const broken = brokenEngines.find(({ name }) => name === request.broken);
  const tally = emptyTally();
  const failures: Failure[] = [];
  for (let number = 0; number < request.count; number += 1) {
    const seed = request.first + number * request.stride;
    const found = caseOf(seed);
    const plan = broken?.plan?.(found.plan) ?? found.plan;
    const verdict = await play({ ...found, plan }, broken?.wrap);
    count(tally, verdict);
    if (verdict.problems.length > 0) {
      const { problems } = verdict;
      failures.push(
        broken === undefined
          ? await failureOf(seed, found, problems)
          : { seed, problems, smallest: found, trace: [] },
      );
      if (broken !== undefined || failures.length >= mostFailures) break;
    }
    if (number % 50 === 49) onProgress(number + 1);
  }
  return { tally, failures };
}

async function main(request: ShardRequest): Promise<void> {
  const tell = (report: ShardReport): void => void process.send?.(report);
  const { tally, failures } = await simulateShard(request, (seeds) => tell({ type: 'progress', seeds }));
  tell({ type: 'end', tally, failures });
  process.disconnect();
}

if (process.argv[2] !== undefined && process.send !== undefined)
  await main(JSON.parse(process.argv[2]) as ShardRequest);
