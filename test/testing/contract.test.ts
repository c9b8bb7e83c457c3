import { describe, expect, test } from 'vitest';
import { memoryBackend } from '../../src/adapters/memory/index.ts';
import type { RunStore, Write } from '../../src/ports/index.ts';
import { type ContractBackend, type ContractOptions, runStoreContract } from '../../src/testing/index.ts';

/** A store with one method replaced: what a contract must notice. */
type Flaw = (store: RunStore) => Partial<RunStore>;

function lose<T>(write: Write<T>): Write<T> {
  return { won: false, ...(write.image === undefined ? {} : { image: write.image }) };
}

const flaws: Readonly<Record<string, Flaw>> = {
  'a claim that everybody wins': (store) => ({
    claim: async (write) => {
      const result = await store.claim(write);
      return result.won || result.image === undefined ? result : { won: true, image: result.image };
    },
  }),
  'a claim whose own repetition loses': (store) => {
    const seen = new Set<string>();
    return {
      claim: async (write) => {
        const result = await store.claim(write);
        const name = `${write.runId}/${write.turn}/${write.owner}`;
        const isAgain = seen.has(name);
        seen.add(name);
        return isAgain ? lose(result) : result;
      },
    };
  },
  'a commit that does not look at the owner': (store) => ({
    commit: async (write) => {
      const { records } = await store.loadStep({
        ...write,
        keys: [write.key],
        input: false,
        consistent: true,
      });
      return store.commit({ ...write, owner: records[0]?.owner ?? write.owner });
    },
  }),
  'a claim that forgets that it iterates': (store) => ({
    claim: (write) => store.claim({ ...write, iterates: false }),
  }),
  'a claim that always iterates': (store) => ({
    claim: (write) => store.claim({ ...write, iterates: true }),
  }),
  'a commit that forgets that an iteration follows': (store) => ({
    commit: ({ outcome, ...write }) => {
      if (outcome.status !== 'success') return store.commit({ ...write, outcome });
      const { again: _, ...rest } = outcome;
      return store.commit({ ...write, outcome: rest });
    },
  }),
  'a sleep that everybody wins': (store) => ({
    sleep: async (write) => {
      const result = await store.sleep(write);
      return result.won || result.image === undefined ? result : { won: true, image: result.image };
    },
  }),
  'a wake that does not look at the turn': (store) => ({
    wake: async (write) => {
      const { records } = await store.loadStep({
        ...write,
        keys: [write.key],
        input: false,
        consistent: true,
      });
      return store.wake({ ...write, turn: records[0]?.turn ?? write.turn });
    },
  }),
  'a wake that everybody wins': (store) => ({
    wake: async (write) => {
      const result = await store.wake(write);
      return result.won || result.image === undefined ? result : { won: true, image: result.image };
    },
  }),
  'a status without an order': (store) => ({
    setStatus: async (write) => {
      const header = await store.loadHeader(write.runId);
      return store.setStatus({ ...write, position: `${header?.position ?? ''}1` });
    },
  }),
  'a resume that forgets its runs': (store) => ({ resume: (write) => store.resume({ ...write, runs: [] }) }),
  'a resume that never recognises its request': (store) => ({
    resume: async (write) => {
      const { records } = await store.loadStep({
        ...write,
        keys: [write.key],
        input: false,
        consistent: true,
      });
      const [record] = records;
      if (record?.status === 'suspended') return store.resume(write);
      return { won: false, lost: 'record', ...(record === undefined ? {} : { image: record }) };
    },
  }),
  'a cancel that lets anybody': (store) => ({
    cancel: ({ runId, now, sweepAt }) => store.cancel({ runId, now, sweepAt }),
  }),
  'a token that is put wherever the log ends': (store) => {
    let count = 0;
    return {
      appendToken: async (write) => {
        const result = await store.appendToken(write);
        count += 1;
        return { ...result, won: true, position: count };
      },
    };
  },
  'a list that knows no cursor': (store) => ({
    listRuns: ({ workflowId = '', limit }) => store.listRuns({ workflowId, limit }),
  }),
  'ids that are cut': (store) => ({
    loadHeader: (runId, options) => store.loadHeader(runId.split('#')[0] ?? '', options),
  }),
};

/** Runs the contract over a flawed store, and returns the sentences that do not hold. */
async function broken(flaw: Flaw): Promise<string[]> {
  const cases: [string, () => Promise<void>][] = [];
  const options: ContractOptions = {
    name: 'flawed',
    describe: (_, body) => body(),
    test: (name, body) => void cases.push([name, body]),
    makeBackend: async (): Promise<ContractBackend> => {
      const backend = memoryBackend();
      const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(backend.store)) as (keyof RunStore)[];
      const own = methods.filter((name) => typeof backend.store[name] === 'function');
      const bound = Object.fromEntries(own.map((name) => [name, backend.store[name]?.bind(backend.store)]));
      const store = { ...bound, ...flaw(backend.store) } as unknown as RunStore;
      return { ...backend, store, dispose: () => backend.close() };
    },
  };
  runStoreContract(options);
  const failed: string[] = [];
  for (const [name, body] of cases) {
    await body().catch(() => failed.push(name));
  }
  return failed;
}

describe('the contract of stores', () => {
  test('holds for a store without a flaw', async () => {
    expect(await broken(() => ({}))).toEqual([]);
  });

  test.each(Object.entries(flaws))('notices %s', async (_, flaw) => {
    expect(await broken(flaw)).not.toEqual([]);
  });
});
