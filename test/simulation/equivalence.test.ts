import { expect, test } from 'vitest';
import type { ChildWrite, CommitOutcome, RunStore } from '../../src/ports/index.ts';
import { Random } from '../../src/testing/simulator/random.ts';
import { play, type Stage } from './equivalence.ts';
import { inMemory } from './stages.ts';
import { randomSpec } from './workloads/index.ts';

/** Graphs among which each mistake has to be noticed. */
const most = 150;

type Write = Parameters<RunStore['commit']>[0];

/** A place in memory that stores other outcomes than it is given. */
function storing(change: (outcome: CommitOutcome | ChildWrite['outcome']) => object): Stage {
  const stage = inMemory();
  return {
    ...stage,
    open: (clock) => {
      const backend = stage.open(clock);
      const store = new Proxy(backend.store, {
        get: (target, name) => {
          const member: unknown = Reflect.get(target, name, target);
          if (typeof member !== 'function') return member;
          if (name !== 'commit' && name !== 'followChild') return member.bind(target) as unknown;
          return (write: Write) =>
            Reflect.apply(member, target, [{ ...write, outcome: change(write.outcome) }]) as unknown;
        },
      });
      return { ...backend, store };
    },
  };
}

/** The same outcome without some of its fields. */
function without(...names: readonly string[]) {
  return (outcome: object): object =>
    Object.fromEntries(Object.entries(outcome).filter(([name]) => !names.includes(name)));
}

/** How many graphs it takes to see that something is wrong. */
async function graphsUntilNoticed(open: () => Stage): Promise<number> {
  for (let seed = 1; seed <= most; seed += 1) {
    const stage = open();
    const { differences } = await play(randomSpec(new Random(seed), { trouble: 2 }), stage, seed);
    await stage.close();
    if (differences.length > 0) return seed;
  }
  return Number.POSITIVE_INFINITY;
}

test.each<[string, () => Stage]>([
  ['changes of members are lost', () => storing(without('delta'))],
  ['changes of entries are lost', () => storing(without('shared', 'sharedFrom'))],
  ['a bail is none', () => storing(without('bailed'))],
  ['an abort is none', () => storing(without('aborted'))],
  ['a loop ends after its first iteration', () => storing(without('again'))],
  ['what a failure says of retries is lost', () => storing(without('nonRetryable'))],
  ['what a suspension says is lost', () => storing(without('suspendPayload'))],
  ['validated input is lost', () => storing(without('input'))],
])('it is noticed when %s', async (_, open) => {
  expect(await graphsUntilNoticed(open)).toBeLessThanOrEqual(most);
});
