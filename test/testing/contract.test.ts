import { describe, expect, test } from 'vitest';
import { memoryBackend } from '../../src/adapters/memory/index.ts';
import type { RunStore, Write } from '../../src/ports/index.ts';
import { type ContractBackend, type ContractOptions, runStoreContract } from '../../src/testing/index.ts';

/** A store with one method replaced: what a contract must notice. */
type Flaw = (store: RunStore) => Partial<RunStore>;

function lose<T>(write: Write<T>): Write<T> {
  return { won: false, ...(write.image === undefined ? {} : { image: write.image }) };
}

function note(store: RunStore, log: string): Promise<void> {
  const chunk = { inline: '"lease"' };
  const about = { runId: log, key: { entry: 0 }, stepId: 'step', custom: false, time: 0 };
  return store.appendChunks({ log, chunks: [{ kind: 'chunk', id: 'lease', chunk, ...about }] });
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
  'a run that is read with its items': (store) => ({
    loadRun: async (runId) => {
      const load = await store.loadRun(runId);
      const items = await Promise.all([0, 1, 2, 3].map((entry) => store.loadItems({ runId, entry })));
      return load === undefined ? undefined : { ...load, records: [...load.records, ...items.flat()] };
    },
  }),
  'items in any order': (store) => ({
    loadItems: async (request) => (await store.loadItems(request)).toReversed(),
  }),
  'items that are all given when some are asked for': (store) => ({
    loadItems: ({ runId, entry }) => store.loadItems({ runId, entry }),
  }),
  'pages that know no size': (store) => ({
    putPages: (write) => store.putPages({ ...write, pageSize: 1 }),
    loadPage: (at) => store.loadPage({ ...at, pageSize: 1 }),
  }),
  'a cell in which the last writer stays': (store) => {
    let position = 0;
    return {
      mergeCell: (write) => {
        position += 1;
        return store.mergeCell({ ...write, position });
      },
    };
  },
  'a cell that forgets what was removed': (store) => ({
    mergeCell: (write) => store.mergeCell({ ...write, delta: { ...write.delta, removed: [] } }),
  }),
  'a nested run that is started by any turn': (store) => {
    let count = 0;
    return {
      startChild: (write) => {
        count += 1;
        const { parent } = write.header;
        if (parent === undefined) return store.startChild(write);
        const header = { ...write.header, parent: { ...parent, turn: `9${String(count).padStart(9, '0')}` } };
        return store.startChild({ ...write, header });
      },
    };
  },
  'a nested run that forgets what its epoch is prepared from': (store) => ({
    startChild: ({ header, input, from, begun }) =>
      store.startChild({ header, from, begun, ...(input === undefined ? {} : { input }) }),
  }),
  'a nested run that is followed whatever its status': (store) => ({
    followChild: async (write) => {
      const first = await store.followChild(write);
      const seen = write.seen === 'child' ? 'suspended' : 'child';
      return first.won ? first : store.followChild({ ...write, seen });
    },
  }),
  'a nesting that always is fresh': (store) => ({ nest: (write) => store.nest({ ...write, fresh: true }) }),
  'a time travel that does not look at the epoch': (store) => ({
    travel: async (write) => {
      const header = await store.loadHeader(write.runId);
      return store.travel({ ...write, epoch: header?.epoch ?? write.epoch });
    },
  }),
  'a time travel that keeps the input': (store) => ({
    travel: async (write) => {
      const { input: _, ...rest } = write;
      return store.travel(rest);
    },
  }),
  'time travels whose parameters are mixed up': (store) => ({
    loadTravel: ({ runId }) => store.loadTravel({ runId, epoch: 2 }),
  }),
  'a restart of whatever run': (store) => ({
    restart: async (write) => {
      const result = await store.restart(write);
      return result.won || result.image === undefined ? result : { won: true, image: result.image };
    },
  }),
  'a lease that is not voided': (store) => ({
    voidLease: async ({ runId, key, turn, seenOwner }) => {
      const { records } = await store.loadStep({ runId, keys: [key], input: false, consistent: true });
      const [record] = records;
      if (record?.turn !== turn || record.owner !== seenOwner) return lose({ won: false });
      return { won: true, image: record };
    },
  }),
  'callbacks that are claimed again and again': (store) => ({
    claimCallback: (write) => store.claimCallback({ ...write, now: Number.MAX_SAFE_INTEGER }),
  }),
  'callbacks whose lease never ends': (store) => ({
    claimCallback: (write) => store.claimCallback({ ...write, now: 0 }),
  }),
  'callbacks that are finished by anybody': (store) => ({
    finishCallback: async (write) => {
      const header = await store.loadHeader(write.runId);
      return store.finishCallback({ ...write, owner: header?.callback?.owner ?? write.owner });
    },
  }),
  'a snapshot without an order': (store) => {
    let count = 0;
    return {
      showSnapshot: (write) => {
        count += 1;
        return store.showSnapshot({ ...write, mark: String(count).padStart(9, '0') });
      },
    };
  },
  'a request that means what it meant last': (store) => ({
    decideRequest: async (write) => ({ ...(await store.decideRequest(write)), image: write.decision }),
  }),
  'requests of all runs in one': (store) => ({
    decideRequest: (write) => store.decideRequest({ ...write, runId: 'all' }),
  }),
  'a named text that anybody replaces': (store) => ({
    writeNamed: async (write) => {
      const seen = await store.loadNamed(write.name);
      return store.writeNamed(seen === undefined ? write : { ...write, seen });
    },
  }),
  'a named text whose repetition loses': (store) => {
    const done = new Set<string>();
    return {
      writeNamed: async (write) => {
        const name = JSON.stringify(write);
        const result = await store.writeNamed(write);
        const isAgain = done.has(name);
        done.add(name);
        return isAgain ? { ...result, won: false } : result;
      },
    };
  },
  'a named text that goes with a run': (store) => ({
    removeRun: async (runId) => {
      const seen = await store.loadNamed(runId);
      if (seen !== undefined) await store.writeNamed({ name: runId, seen });
      return store.removeRun(runId);
    },
  }),
  'a removal that leaves all but the header': (store) => {
    const removed = new Set<string>();
    return {
      removeRun: async (runId) => {
        const header = await store.loadHeader(runId);
        removed.add(runId);
        return header !== undefined;
      },
      loadHeader: async (runId) => (removed.has(runId) ? undefined : store.loadHeader(runId)),
    };
  },
  'a removal of every run whose id begins so': (store) => ({
    removeRun: async (runId) => {
      await store.removeRun(`${runId}#`);
      return store.removeRun(runId);
    },
  }),
  'a log without inputs': (store) => ({
    readLog: async (request) => {
      const page = await store.readLog(request);
      return {
        ...page,
        entries: page.entries.map((entry) => {
          if (entry.kind !== 'step' && entry.kind !== 'run') return entry;
          const { input: _, ...rest } = entry;
          return rest;
        }),
      };
    },
  }),
  'a log that shows leases': (store) => ({
    renew: async (write) => {
      const result = await store.renew(write);
      // Only this store's own log can be told, so a chunk stands for the state.
      if (result.image?.log !== undefined) await note(store, result.image.log);
      return result;
    },
  }),
  'a log that is written after the fact': (store) => {
    const late: (() => Promise<void>)[] = [];
    return {
      appendChunks: async (write) => {
        late.push(() => store.appendChunks(write));
      },
      readLog: async (request) => {
        const page = await store.readLog(request);
        await late.shift()?.();
        return page;
      },
    };
  },
  'a log whose newest entries overtake': (store) => ({
    readLog: async (request) => {
      const page = await store.readLog(request);
      return { ...page, entries: page.entries.toReversed() };
    },
  }),
  'a log that skips entries': (store) => ({
    readLog: async (request) => {
      const page = await store.readLog(request);
      return page.entries.length < 4 ? page : { ...page, next: page.next + 1 };
    },
  }),
  'a log that knows no limit': (store) => ({
    readLog: ({ log, after }) => store.readLog({ log, after, limit: 1_000 }),
  }),
  'a log for each nested run': (store) => ({
    claim: (write) => store.claim(write.log === undefined ? write : { ...write, log: write.runId }),
  }),
  'ids that are cut': (store) => ({
    loadHeader: (runId, options) => store.loadHeader(runId.split('#')[0] ?? '', options),
  }),
};

/** Runs the contract over a flawed store, and returns the first sentence that does not hold. */
async function broken(flaw: Flaw): Promise<string | undefined> {
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
  for (const [name, body] of cases) {
    const holds = await body().then(
      () => true,
      () => false,
    );
    if (!holds) return name;
  }
  return undefined;
}

describe('the contract of stores', () => {
  test('holds for a store without a flaw', async () => {
    expect(await broken(() => ({}))).toBeUndefined();
  });

  test.each(Object.entries(flaws))('notices %s', async (_, flaw) => {
    expect(await broken(flaw)).toBeDefined();
  });
});
