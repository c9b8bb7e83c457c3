import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createStep, createWorkflow } from 'evented-workflows';
import { memoryBackend } from 'evented-workflows/memory';
import { createRuntime, type RuntimeOptions } from 'evented-workflows/runtime';
import { sqliteBackend } from 'evented-workflows/sqlite';
import { z } from 'zod';
import { BareCommits, type Beside, median } from './bare.ts';
import { measureScale } from './scale.ts';
import { measureSuspension } from './suspension.ts';
import { writeRatios } from './writes.ts';

/**
 * The figures that the documentation states, each beside what it is to be compared with, measured in turn in one run:
 * machines differ and drift, ratios hold. Prints a table; asserts nothing.
 */

type Backend = RuntimeOptions['backend'];

const milliseconds = (value: number): string => `${value.toFixed(value < 10 ? 2 : 1)} ms`;

function row(name: string, value: string, beside: string): void {
  console.log(`  ${name.padEnd(42)} ${value.padStart(10)}   ${beside}`);
}

function bars(name: string, values: readonly (readonly [string, number])[]): void {
  const longest = Math.max(...values.map(([, value]) => value));
  console.log(`\n  ${name}`);
  for (const [label, value] of values) {
    const bar = '█'.repeat(Math.max(1, Math.round((value / longest) * 30)));
    console.log(`  ${label.padStart(12)} ${bar} ${milliseconds(value)}`);
  }
}

/** What a fresh process prints that runs `source`. */
function freshProcess(source: string, conditions: readonly string[]): string {
  const args = [...conditions, '--input-type=module', '--eval', source];
  return execFileSync(process.execPath, args, { encoding: 'utf8' });
}

/** Milliseconds that each of `specifiers` takes to import in a fresh process; they take turns. */
function importTimes(specifiers: readonly string[], conditions: readonly string[] = []): number[] {
  const times = specifiers.map((): number[] => []);
  for (let run = 0; run < 20; run += 1) {
    for (const [index, specifier] of specifiers.entries()) {
      const source = `const began = performance.now(); await import(${JSON.stringify(specifier)});
        process.stdout.write(String(performance.now() - began));`;
      times[index]?.push(Number(freshProcess(source, conditions)));
    }
  }
  return times.map(median);
}

/** Imports the compiled door, as users get it: from sources, most of the time goes into stripping types. */
function benchImport(folder: string): void {
  const compiler = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
  const project = fileURLToPath(new URL('../tsconfig.build.json', import.meta.url));
  execFileSync(process.execPath, [compiler, '-p', project, '--outDir', folder], { stdio: 'inherit' });
  const door = pathToFileURL(join(folder, 'src', 'index.js')).href;
  const [ours = Number.NaN, zod = Number.NaN] = importTimes([door, import.meta.resolve('zod')]);
  row(
    'import of the authoring door (median of 20)',
    milliseconds(ours),
    `${(ours / zod).toFixed(2)}x of zod alone (${milliseconds(zod)})`,
  );
}

const anything = z.any();

function chain(length: number) {
  let built = createWorkflow({ id: `chain-${length}`, inputSchema: anything, outputSchema: anything });
  for (let n = 0; n < length; n += 1) {
    const step = createStep({
      id: `step-${n}`,
      inputSchema: anything,
      outputSchema: anything,
      execute: async ({ inputData }) => Number(inputData) + 1,
    });
    built = built.then(step);
  }
  return built.commit();
}

const lengths = [10, 100, 1000] as const;

/** Median milliseconds of a whole run of each length, from the start call to the stored end. `beside`: called after a run of 10. */
async function benchChains(backend: Backend, beside: () => void): Promise<Map<number, number>> {
  const runtime = createRuntime({ workflows: lengths.map(chain), backend });
  const once = async (length: number): Promise<number> => {
    const began = performance.now();
    const { runId } = await runtime.start({ workflowId: `chain-${length}`, inputData: 0 });
    const status = await runtime.settled({ runId });
    if (status !== 'success') console.log(`  run ${runId} ended with ${status}`);
    return performance.now() - began;
  };
  for (let warm = 0; warm < 20; warm += 1) await once(10);
  const runs = new Map<number, number[]>(lengths.map((length) => [length, []]));
  // The lengths take turns, so that all of them meet the same machine.
  for (let turn = 0; turn < 7; turn += 1) {
    for (const length of lengths) {
      const repeats = length === 10 ? 5 : 1;
      for (let repeat = 0; repeat < repeats; repeat += 1) {
        runs.get(length)?.push(await once(length));
        if (length === 10) beside();
      }
    }
  }
  await runtime.close();
  return new Map([...runs].map(([length, values]) => [length, median(values)]));
}

/** What a time is in terms of the disk, measured in turn with it. */
function besideBare({ ours, bare, commits }: Beside): string {
  return `${(ours / bare).toFixed(2)}x of ${commits} bare commits (${milliseconds(bare)})`;
}

/** The cost of an item and an iteration by their number. */
async function benchScale(backend: Backend): Promise<void> {
  const { item, iteration, twoHundredItems, heapGrowth } = await measureScale(backend);
  const growth = (costs: ReadonlyMap<number, number>): string =>
    `${((costs.get(10_000) ?? Number.NaN) / (costs.get(100) ?? Number.NaN)).toFixed(2)}x of one of 100`;
  row('an item of 10,000 at 100 at once', milliseconds(item.get(10_000) ?? Number.NaN), growth(item));
  row('an iteration of 10,000', milliseconds(iteration.get(10_000) ?? Number.NaN), growth(iteration));
  row('heap in use on top of that before', `${heapGrowth.toFixed(0)} MB`, 'while these ran');
  row('foreach of 200 items, 10 at once', milliseconds(twoHundredItems), '');
}

const folder = mkdtempSync(join(tmpdir(), 'evented-bench-'));
try {
  console.log('\nevented-workflows: figures of this machine, now\n');
  benchImport(join(folder, 'package'));
  const memory = await benchChains(memoryBackend(), () => undefined);
  const disk = new BareCommits(join(folder, 'bare.db'));
  const bare: number[] = [];
  const commits = 11;
  const sqlite = await benchChains(sqliteBackend({ file: join(folder, 'runs.db') }), () => {
    bare.push(disk.time(commits));
  });
  disk.close();
  const ten = { ours: sqlite.get(10) ?? Number.NaN, bare: median(bare), commits };
  const perStep = (length: number): number => (sqlite.get(length) ?? Number.NaN) / length;
  row('10 steps embedded, with fsync', milliseconds(ten.ours), besideBare(ten));
  row('10 steps in memory', milliseconds(memory.get(10) ?? Number.NaN), '');
  const growth = (perStep(1000) / perStep(10)).toFixed(2);
  row('a step of 1,000, embedded', milliseconds(perStep(1000)), `${growth}x of a step of 10`);
  for (const [kind, ratio] of await writeRatios(folder)) {
    row(`20 steps of 20 KB, ${kind}`, `${ratio.toFixed(2)}x`, 'written to the disk for each byte of them');
  }
  const { whole, added } = await measureSuspension(folder);
  row('start, suspend, resume and end', milliseconds(whole.ours), besideBare(whole));
  row('suspend plus resume', milliseconds(added.ours), besideBare(added));
  await benchScale(sqliteBackend({ file: join(folder, 'scale.db') }));
  bars(
    'Embedded: milliseconds a step, by the length of the chain',
    lengths.map((length) => [`${length} steps`, perStep(length)]),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
