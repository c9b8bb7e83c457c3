import { fileURLToPath } from 'node:url';
import { brokenEngines } from './broken/engines.ts';
import { minimise } from './minimise.ts';
import { caseOf, limitedCase, play, type SeedCase } from './seed.ts';
import { simplerCases } from './simpler.ts';
import { type SystematicResult, searchGraph } from './systematic.ts';
import { count, emptyTally, type Tally } from './tally.ts';

/** What a process is to simulate: `count` seeds from `first` on, each `stride` apart. */
export interface ShardRequest {
  readonly first: number;
  readonly count: number;
  readonly stride: number;
  /** Name of a broken engine: then the first problem ends it, and nothing is made smaller. */
  readonly broken?: string;
  /** Without the directed schedule of the broken engine. */
  readonly atRandom?: boolean;
}

/** A seed that failed. */
export interface Failure {
  /** Absent: a directed schedule found it. */
  readonly seed?: number;
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
  const wrong = request.atRandom === true ? [] : ((await broken?.directed?.()) ?? []);
  if (wrong.length > 0) failures.push({ problems: wrong, smallest: caseOf(request.first), trace: [] });
  for (let number = 0; number < request.count; number += 1) {
    const seed = request.first + number * request.stride;
    const found = (broken?.limited === true ? limitedCase(seed, 1) : undefined) ?? caseOf(seed);
    const plan = broken?.plan?.(found.plan) ?? found.plan;
    const verdict = await play({ ...found, plan }, broken?.wrap);
    count(tally, verdict);
    if (verdict.problems.length > 0) {
      const { problems } = verdict;
      failures.push(
        broken === undefined
          ? await failureOf(seed, found, problems)
          : { seed, problems, smallest: { ...found, plan }, trace: [] },
      );
      if (broken !== undefined || failures.length >= mostFailures) break;
    }
    if (number % 50 === 49) onProgress(number + 1);
  }
  return { tally, failures };
}

/** What a process is to search systematically: every call of these graphs. */
export interface SearchRequest {
  readonly graphs: readonly number[];
}

/** What a systematic search tells at its end. */
export interface SearchReport {
  readonly type: 'searched';
  readonly results: readonly (SystematicResult & { readonly graph: number })[];
}

async function search(
  { graphs }: SearchRequest,
  tell: (report: ShardReport | SearchReport) => void,
): Promise<void> {
  const results: (SystematicResult & { graph: number })[] = [];
  for (const graph of graphs) {
    results.push({ graph, ...(await searchGraph(graph)) });
    tell({ type: 'progress', seeds: results.length });
  }
  tell({ type: 'searched', results });
}

async function main(request: ShardRequest | SearchRequest): Promise<void> {
  const tell = (report: ShardReport | SearchReport): void => void process.send?.(report);
  if ('graphs' in request) {
    await search(request, tell);
    return process.disconnect();
  }
  const { tally, failures } = await simulateShard(request, (seeds) => tell({ type: 'progress', seeds }));
  tell({ type: 'end', tally, failures });
  process.disconnect();
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.send !== undefined)
  await main(JSON.parse(process.argv[2] ?? '') as ShardRequest | SearchRequest);
