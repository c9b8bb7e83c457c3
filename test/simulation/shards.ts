import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Failure, SearchReport, SearchRequest, ShardReport, ShardRequest } from './shard.ts';
import { add, emptyTally, type Tally } from './tally.ts';

const shard = fileURLToPath(new URL('./shard.ts', import.meta.url));
const mutate = new URL('./broken/mutate.ts', import.meta.url).href;

/** What a shard of a simulation found. */
export interface ShardResult {
  readonly tally: Tally;
  readonly failures: readonly Failure[];
}

/** Gives a process of its own something to do; a broken engine is broken there and nowhere else. Resolves with its last report. */
function inProcess<Last extends ShardReport | SearchReport>(
  request: ShardRequest | SearchRequest,
  onProgress: (done: number) => void,
): Promise<Last> {
  const broken = 'broken' in request ? request.broken : undefined;
  return new Promise((resolve, reject) => {
    const child: ChildProcess = fork(shard, [JSON.stringify(request)], {
      execArgv: broken === undefined ? [] : ['--import', mutate],
      env: { ...process.env, BROKEN_ENGINE: broken ?? '' },
      // Sets and maps of a value survive the way.
      serialization: 'advanced',
    });
    let last: Last | undefined;
    child.on('message', (report: ShardReport | SearchReport) => {
      if (report.type === 'progress') onProgress(report.seeds);
      else last = report as Last;
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (last !== undefined) resolve(last);
      else reject(new Error(`A process of the simulation ended with ${code}: see what it wrote above`));
    });
  });
}

/** Simulates a shard. */
export function runShard(request: ShardRequest, onProgress: (seeds: number) => void): Promise<ShardResult> {
  return inProcess<Extract<ShardReport, { type: 'end' }>>(request, onProgress);
}

/** Searches graphs of the corpus in `workers` processes. */
export async function searchGraphs(
  graphs: readonly number[],
  workers: number,
  onProgress: (done: number) => void,
): Promise<SearchReport['results']> {
  const done = Array.from({ length: workers }, () => 0);
  const reports = await Promise.all(
    done.map((_, worker) => {
      const share = graphs.filter((_graph, index) => index % workers === worker);
      return inProcess<SearchReport>({ graphs: share }, (searched) => {
        done[worker] = searched;
        onProgress(done.reduce((sum, number) => sum + number, 0));
      });
    }),
  );
  return reports.flatMap(({ results }) => results);
}

/** Simulates `count` seeds from `first` on in `workers` processes. */
export async function runShards(
  { first, count, workers }: { readonly first: number; readonly count: number; readonly workers: number },
  onProgress: (seeds: number) => void,
): Promise<ShardResult> {
  const done = Array.from({ length: workers }, () => 0);
  const results = await Promise.all(
    done.map((_, worker) => {
      const share = Math.ceil((count - worker) / workers);
      return runShard({ first: first + worker, count: share, stride: workers }, (seeds) => {
        done[worker] = seeds;
        onProgress(done.reduce((sum, number) => sum + number, 0));
      });
    }),
  );
  const tally = emptyTally();
  for (const result of results) add(tally, result.tally);
  return { tally, failures: results.flatMap(({ failures }) => failures) };
}
