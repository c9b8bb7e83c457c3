import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { faultKinds } from '../../src/testing/simulator/faults.ts';
import { type BrokenEngine, brokenEngines } from './broken/engines.ts';
import { missing } from './expected.ts';
import { isCurrent, writeDocument } from './reliability.ts';
import { caseOf, play, type SeedCase } from './seed.ts';
import type { Failure } from './shard.ts';
import { runShard, runShards, searchGraphs } from './shards.ts';
import { corpusSize } from './systematic.ts';
import type { Tally } from './tally.ts';
import { renderSpec } from './workloads/index.ts';

/**
 * Simulates many seeds, shows that broken engines are found, or replays one seed. Ends with 1 when anything failed.
 *
 *     npm run simulate                      20,000 seeds that follow from the commit, the regressions and the broken engines
 *     npm run simulate -- --seeds 500       so many seeds
 *     npm run simulate -- --document        writes docs/reliability.md by what it found
 *     npm run simulate -- --replay 335      one seed, with its trace
 *     npm run simulate -- --case FILE       a case that a failure was written to
 *     npm run simulate -- --broken all      the broken engines alone
 *     npm run simulate -- --systematic all  every call of every graph of the corpus failed, in every way
 */
const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20000' },
    first: { type: 'string' },
    workers: { type: 'string', default: String(Math.max(1, Math.min(8, availableParallelism()))) },
    broken: { type: 'string' },
    systematic: { type: 'string' },
    replay: { type: 'string' },
    case: { type: 'string' },
    trace: { type: 'string', default: '50' },
    'all-graphs': { type: 'boolean' },
    json: { type: 'string' },
    document: { type: 'boolean' },
  },
});

const regressionFolder = new URL('./regressions/', import.meta.url);
const write = (text: string): void => void process.stdout.write(`${text}\n`);

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

/** Seeds that nobody has seen before, and that are the same for everybody who tests this commit. */
function firstSeed(): number {
  if (options.first !== undefined) return Number(options.first);
  const hash = /^[0-9a-f]{10}/u.exec(commit());
  return hash === null ? 1 : Number.parseInt(hash[0], 16);
}

/** A progress line every so often, so that a log stays short. */
function progress(what: string, total: number): (done: number) => void {
  let shown = 0;
  return (done) => {
    const tenth = Math.floor((10 * done) / total);
    if (tenth <= shown) return;
    shown = tenth;
    write(`${what}: ${done} of ${total}`);
  };
}

function showFailure({ seed, problems, smallest, trace }: Failure): void {
  const file = new URL(`${seed}.json`, regressionFolder);
  mkdirSync(regressionFolder, { recursive: true });
  writeFileSync(file, `${JSON.stringify({ seed, found: problems[0], ...smallest }, null, 1)}\n`);
  write(`\nSeed ${seed} at commit ${commit()} failed:\n  ${problems.join('\n  ')}`);
  write(`Smallest case, ${JSON.stringify(smallest.plan)}:\n${renderSpec(smallest.spec)}`);
  write(`Last decisions:\n  ${trace.join('\n  ')}`);
  write(`Replay it: npm run simulate -- --replay ${seed}`);
  write(`The smallest case is in test/simulation/regressions/${seed}.json: commit it with what mends it`);
}

async function replay(found: SeedCase): Promise<boolean> {
  write(renderSpec(found.spec));
  write(JSON.stringify(found.plan));
  const { problems, outcome } = await play(found);
  for (const line of outcome.trace.slice(-Number(options.trace))) write(`  ${line}`);
  write(`${outcome.trace.length} decisions; the run is ${outcome.result?.status}`);
  write(problems.length === 0 ? 'Nothing is wrong with it' : `Problems:\n  ${problems.join('\n  ')}`);
  return problems.length === 0;
}

async function regressions(): Promise<boolean> {
  const names = readdirSync(regressionFolder).filter((name) => name.endsWith('.json'));
  const failed: string[] = [];
  for (const name of names) {
    const found = JSON.parse(readFileSync(new URL(name, regressionFolder), 'utf8')) as SeedCase;
    const { problems } = await play(found);
    if (problems.length > 0) failed.push(`${name}: ${problems[0]}`);
  }
  for (const line of failed) write(`Regression ${line}`);
  write(`Regressions: ${names.length - failed.length} of ${names.length} passed`);
  return failed.length === 0;
}

/** Seeds of the nightly simulation for a broken engine that random schedules hardly ever meet. */
const nightlySeeds = 200_000;

/** Says whether random schedules find the engines that are found by directed ones; nothing fails by what they do not find. */
async function breakAtRandom(): Promise<void> {
  for (const { name } of brokenEngines.filter(({ directed }) => directed !== undefined)) {
    const request = { first: firstSeed(), count: nightlySeeds, stride: 1, broken: name, atRandom: true };
    const { tally, failures } = await runShard(request, () => undefined);
    const found = failures.length > 0 ? `found in ${tally.seeds}` : `not found in ${nightlySeeds}`;
    write(`Broken engine ${name}: ${found} seeds at random`);
  }
}

/** How many seeds each broken engine took. */
async function breakEngines(
  engines: readonly BrokenEngine[],
): Promise<{ readonly ok: boolean; readonly took: Record<string, number | null> }> {
  const took: Record<string, number | null> = {};
  const waiting = engines.values();
  const first = firstSeed();
  const work = async (): Promise<void> => {
    for (const { name, seeds, what, directed } of waiting) {
      const { tally, failures } = await runShard(
        { first, count: seeds, stride: 1, broken: name },
        () => undefined,
      );
      const [failure] = failures;
      // What the engine as it is fails, too, has not found that it is broken.
      const isDirected = failure !== undefined && failure.seed === undefined;
      const asItIs = isDirected ? await directed?.() : undefined;
      const problems = failure === undefined ? [] : (asItIs ?? (await play(failure.smallest)).problems);
      const isFound = failure !== undefined && problems.length === 0;
      took[name] = isFound ? tally.seeds : null;
      const where = `Broken engine ${name} (${what})`;
      const by = isDirected ? 'by its directed schedule' : `in ${tally.seeds} of ${seeds} seeds`;
      if (isFound) write(`${where}: found ${by}: ${failure.problems[0]?.slice(0, 160)}`);
      else if (failure === undefined) write(`${where}: NOT found in ${seeds} seeds`);
      else write(`${where}: NOT found, the engine itself fails seed ${failure.seed}: ${problems[0]}`);
    }
  };
  await Promise.all(Array.from({ length: Number(options.workers) }, work));
  return { ok: Object.values(took).every((seeds) => seeds !== null), took };
}

/** Fails every call of the graphs of the corpus: of all of them, or of a third that follows from the commit. */
async function systematic(all: boolean): Promise<{
  readonly ok: boolean;
  readonly graphs: number;
  readonly plays: number;
  readonly struck: number;
}> {
  const third = firstSeed() % 3;
  const graphs = Array.from({ length: corpusSize }, (_, graph) => graph).filter(
    (graph) => all || graph % 3 === third,
  );
  const results = await searchGraphs(graphs, Number(options.workers), progress('Graphs', graphs.length));
  const sum = (of: (result: (typeof results)[number]) => number): number =>
    results.reduce((total, result) => total + of(result), 0);
  for (const { graph, failures } of results) {
    for (const { directed, call, problems } of failures.slice(0, 5)) {
      write(`Graph ${graph}, call ${directed.call} (${call}), ${directed.kind}: ${problems[0]}`);
    }
  }
  const [plays, struck, failed] = [
    sum((one) => one.plays),
    sum((one) => one.struck),
    sum((one) => one.failures.length),
  ];
  write(`Systematic search: ${graphs.length} graphs, ${plays} plays, ${struck} faults, ${failed} failed`);
  return { ok: failed === 0, graphs: graphs.length, plays, struck };
}

function showTally(tally: Tally): void {
  const table = (counts: Record<string, number>): string =>
    Object.entries(counts)
      .toSorted(([, a], [, b]) => b - a)
      .map(([name, times]) => `${name} ${times}`)
      .join(', ');
  write(`Statuses: ${table(tally.statuses)}`);
  write(`Faults: ${table(tally.faults)}`);
  write(`Guards: ${table(tally.guards)}`);
  write(`Switch points: ${table(tally.switches)}`);
  write(
    `Port calls a seed: ${Math.round(tally.portCalls / tally.seeds)}; most sweeps in vain: ${tally.mostSweepsInVain}`,
  );
}

async function simulate(): Promise<boolean> {
  const [count, workers, first] = [Number(options.seeds), Number(options.workers), firstSeed()];
  const isRegressionFree = await regressions();
  const { tally, failures } = await runShards({ first, count, workers }, progress('Seeds', count));
  showTally(tally);
  for (const failure of failures) showFailure(failure);
  // A kind of fault, or a guard, that never came was not tested.
  const never = count < 5_000 ? [] : missing(tally, Object.keys(faultKinds));
  for (const name of never) write(`Never came: ${name}`);
  const searched = await systematic(options['all-graphs'] === true);
  const broken = await breakEngines(brokenEngines);
  if (options['all-graphs'] === true) await breakAtRandom();
  const isFine = isRegressionFree && searched.ok && failures.length === 0 && never.length === 0 && broken.ok;
  const figures = {
    commit: commit(),
    first,
    seeds: tally.seeds,
    failed: failures.length,
    tally,
    systematic: searched,
    broken: broken.took,
  };
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(figures, null, 1)}\n`);
  if (options.document === true) writeDocument(figures);
  const isDocumented = isCurrent(figures);
  if (!isDocumented) write('docs/reliability.md has another structure: npm run simulate -- --document');
  write(
    `Simulation: ${tally.seeds - failures.length} of ${tally.seeds} seeds passed, ${failures.length} failed; ${Object.values(broken.took).filter((seeds) => seeds !== null).length} of ${brokenEngines.length} broken engines found`,
  );
  return isFine && isDocumented;
}

async function main(): Promise<boolean> {
  if (options.replay !== undefined) return replay(caseOf(Number(options.replay)));
  if (options.case !== undefined) return replay(JSON.parse(readFileSync(options.case, 'utf8')) as SeedCase);
  if (options.systematic !== undefined) return (await systematic(options.systematic === 'all')).ok;
  if (options.broken === undefined) return simulate();
  const wanted = brokenEngines.filter(({ name }) => options.broken === 'all' || name === options.broken);
  return (await breakEngines(wanted)).ok;
}

process.exitCode = (await main()) ? 0 : 1;
