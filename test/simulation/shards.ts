import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Failure, ShardReport, ShardRequest } from './shard.ts';
import { add, emptyTally, type Tally } from './tally.ts';

const shard = fileURLToPath(new URL('./shard.ts', import.meta.url));
const mutate = new URL('./broken/mutate.ts', import.meta.url).href;

/** What a shard of a simulation found. */
export interface ShardResult {
  readonly tally: Tally;
  readonly failures: readonly Failure[];
}

/** Simulates a shard in a process of its own; a broken engine is broken there and nowhere else. */
export function runShard(request: ShardRequest, onProgress: (seeds: number) => void): Promise<ShardResult> {
  return new Promise((resolve, reject) => {
    const child: ChildProcess = fork(shard, [JSON.stringify(request)], {
      execArgv: request.broken === undefined ? [] : ['--import', mutate],
      env: { ...process.env, BROKEN_ENGINE: request.broken ?? '' },
      // Sets and maps of a value survive the way.
      serialization: 'advanced',
    });
    let result: ShardResult | undefined;
    child.on('message', (report: ShardReport) => {
      if (report.type === 'progress') onProgress(report.seeds);
      else result = report;
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (result !== undefined) resolve(result);
      else reject(new Error(`A process of the simulation ended with ${code}: see what it wrote above`));
    });
  });
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
