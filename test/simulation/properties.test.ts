import { describe, expect, test } from 'vitest';
import { Random } from '../../src/testing/simulator/random.ts';
import { play, type Stage } from './equivalence.ts';
import { minimise } from './minimise.ts';
import { inMemory, inSqlite } from './stages.ts';
import { type GraphSpec, randomSpec, renderSpec, shrinkSpec } from './workloads/index.ts';

/** Graphs in memory: those in a file are fewer. By night there are many. */
const graphs = Number(process.env['PROPERTY_GRAPHS'] ?? 120);
/** Seed of the first one. */
const firstSeed = Number(process.env['PROPERTY_SEED'] ?? 1);

/** What is wrong with a graph; undefined when nothing is. */
async function failureOf(spec: GraphSpec, seed: number, open: () => Stage): Promise<string | undefined> {
  const stage = open();
  try {
    const { differences } = await play(spec, stage, seed);
    return differences.length === 0 ? undefined : differences.join('\n');
  } catch (thrown) {
    return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  } finally {
    await stage.close();
  }
}

/** The first of these seeds whose graph comes to something else, made small, in words. */
async function firstFailure(count: number, open: () => Stage, trouble: number): Promise<string | undefined> {
  for (let seed = firstSeed; seed < firstSeed + count; seed += 1) {
    const spec = randomSpec(new Random(seed), { trouble });
    const failure = await failureOf(spec, seed, open);
    if (failure === undefined) continue;
    const small = await minimise(
      spec,
      shrinkSpec,
      async (smaller) => (await failureOf(smaller, seed, open)) !== undefined,
    );
    const told = (await failureOf(small, seed, open)) ?? failure;
    return `PROPERTY_SEED=${seed} PROPERTY_GRAPHS=1\n${renderSpec(small)}\n${told}\n${JSON.stringify(small)}`;
  }
  return undefined;
}

const stages = [
  { name: 'memory', open: inMemory, share: 1 },
  { name: 'SQLite', open: () => inSqlite(false), share: 1 / 20 },
  { name: 'SQLite, opened anew for each call', open: () => inSqlite(true), share: 1 / 50 },
] as const;

describe.each(stages)('in $name, the engine does what the interpreter says', ({ open, share }) => {
  const count = Math.ceil(graphs * share);
  const timeout = 30_000 + count * 5_000;

  test('of graphs as they are', { timeout }, async () => {
    expect(await firstFailure(count, open, 1)).toBeUndefined();
  });

  test('of graphs in which much goes wrong', { timeout }, async () => {
    expect(await firstFailure(Math.ceil(count / 2), open, 3)).toBeUndefined();
  });
});
