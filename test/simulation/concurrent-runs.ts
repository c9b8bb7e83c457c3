import { setImmediate as settle } from 'node:timers/promises';
import { memoryPlace } from '../../src/adapters/memory/index.ts';
import { parsePlaces, type Places } from '../../src/core/concurrency.ts';
import { type RunHeader, terminalStatuses } from '../../src/core/records.ts';
import type { Backend, RunStore } from '../../src/ports/index.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { Random } from '../../src/testing/simulator/random.ts';
import { ManualClock } from '../runtime/faults.ts';
import { step, workflow } from '../runtime/fixtures.ts';

/**
 * Many runs under the keys of a workflow with a limit, on processes that die at drawn port calls and work in a drawn order. The
 * simulator plays one run at a time; here it is about what runs do to each other.
 */

/** What became of a seed: what should never have happened, and whether anything went on at all. */
export interface ConcurrentOutcome {
  readonly violations: readonly string[];
  readonly executed: number;
  readonly waited: number;
  readonly died: number;
}

class Died extends Error {
  override readonly name = 'Died';
}

/** Notes what is written, and what must hold of it. */
class Oracle {
  readonly violations: string[] = [];
  readonly waited = new Set<string>();
  readonly executed = new Set<string>();
  readonly #places = new Map<string, Places>();
  readonly #goingOn = new Map<string, Set<string>>();
  readonly #over = new Set<string>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  body(runId: string, key: string): void {
    this.executed.add(runId);
    // The body of a run that is canceled meanwhile runs to its end, or has just been called.
    if (this.#over.has(runId)) return;
    const runs = this.#goingOn.get(key) ?? new Set();
    this.#goingOn.set(key, runs.add(runId));
    if (runs.size > this.#limit) this.violations.push(`${[...runs].join(', ')} go on under ${key}`);
  }

  header({ runId, status }: RunHeader): void {
    if (!terminalStatuses.has(status)) {
      this.#over.delete(runId);
      return;
    }
    this.#over.add(runId);
    for (const runs of this.#goingOn.values()) runs.delete(runId);
  }

  removed(runId: string): void {
    for (const runs of this.#goingOn.values()) runs.delete(runId);
  }

  named(name: string, text: string | undefined): void {
    const before = this.#places.get(name) ?? parsePlaces(undefined);
    const after = parsePlaces(text);
    this.#places.set(name, after);
    if (after.holders.length > this.#limit) this.violations.push(`${after.holders.length} places are held`);
    for (const { runId } of after.waiting) this.waited.add(runId);
    const held = new Set(before.holders.map(({ runId }) => runId));
    const gotIn = after.holders.map(({ runId }) => runId).filter((runId) => !held.has(runId));
    const stays = new Set(after.waiting.map(({ runId }) => runId));
    // Whoever still waits was behind all who got in.
    const order = before.waiting.map(({ runId }) => runId);
    const first = order.findIndex((runId) => stays.has(runId));
    const overtaken = gotIn.some(
      (runId) => first !== -1 && (order.indexOf(runId) === -1 || order.indexOf(runId) > first),
    );
    if (overtaken) this.violations.push(`${gotIn.join(', ')} did not wait for ${order[first]}`);
  }
}

/** Processes whose port calls go on one at a time, in a drawn order. */
class Fleet {
  died = 0;
  calm = false;
  readonly #random: Random;
  readonly #waiting: (() => void)[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  /** Lets one call go on; false when none waits. */
  release(): boolean {
    const [go] = this.#waiting.splice(this.#random.below(Math.max(1, this.#waiting.length)), 1);
    go?.();
    return go !== undefined;
  }

  /** A process on `backend`, and whether it is dead. */
  process(backend: Backend, oracle: Oracle): { readonly backend: Backend; readonly isDead: () => boolean } {
    const state = { dead: false };
    const wrap = <T extends object>(target: T): T =>
      new Proxy(target, {
        get: (object, name) => {
          const member: unknown = Reflect.get(object, name);
          if (typeof member !== 'function' || String(name).endsWith('Sync')) return member;
          return (...given: unknown[]) =>
            this.#call(state, async () => {
              const answer: unknown = await (member as (...all: unknown[]) => unknown).apply(object, given);
              note(oracle, String(name), given, answer);
              return answer;
            });
        },
      });
    return {
      backend: { ...backend, store: wrap(backend.store), bus: wrap(backend.bus) },
      isDead: () => state.dead,
    };
  }

  async #call(state: { dead: boolean }, call: () => Promise<unknown>): Promise<unknown> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const fate = this.calm ? 1 : this.#random.below(1_000) / 1_000;
    this.#dieIf(state, state.dead || fate < 0.006);
    const answer = await call();
    this.#dieIf(state, fate > 0.994 && !this.calm);
    return answer;
  }

  #dieIf(state: { dead: boolean }, dies: boolean): void {
    if (!dies) return;
    if (!state.dead) this.died += 1;
    state.dead = true;
    throw new Died('This process is dead');
  }
}

function note(oracle: Oracle, name: string, given: readonly unknown[], answer: unknown): void {
  if (name === 'writeNamed') {
    const { won, text } = answer as Awaited<ReturnType<RunStore['writeNamed']>>;
    if (won) oracle.named((given[0] as { readonly name: string }).name, text);
    return;
  }
  if (name === 'removeRun') oracle.removed(given[0] as string);
  if (['finish', 'cancel', 'travel'].includes(name)) {
    const { image } = answer as { readonly image?: RunHeader };
    if (image !== undefined) oracle.header(image);
  }
}

/** Plays a seed. */
export async function playConcurrentRuns(seed: number): Promise<ConcurrentOutcome> {
  const random = new Random(seed, 11);
  const limit = random.between(1, 3);
  const keys = random.between(1, 2);
  const oracle = new Oracle(limit);
  const fleet = new Fleet(random);
  const clock = new ManualClock();
  const place = memoryPlace({ clock });
  const body = async ({ runId, inputData }: { readonly runId: string; readonly inputData: unknown }) => {
    oracle.body(runId, String(inputData));
    return inputData;
  };
  const definition = workflow('w', [step('one', body), { sleep: 1_000, id: 'nap' }, step('two', body)], {
    concurrency: { limit, key: ({ inputData }) => String(inputData) },
  });
  const spawn = () => {
    const { backend, isDead } = fleet.process(place.attach(), oracle);
    const quiet = { warn: () => {} };
    return {
      runtime: createRuntime({ workflows: [definition], backend, work: false, logger: quiet }),
      isDead,
    };
  };
  const processes = Array.from({ length: random.between(1, 4) }, spawn);
  const some = (): Runtime => {
    const at = random.below(processes.length);
    const chosen = processes[at] ?? spawn();
    if (!chosen.isDead()) return chosen.runtime;
    const next = spawn();
    processes[at] = next;
    return next.runtime;
  };
  const runs = Array.from({ length: random.between(3, 8) }, (_, i) => `r${i}`);
  const key = (runId: string): string => `k${Number(runId.slice(1)) % keys}`;
  const acts: (() => Promise<unknown>)[] = runs.flatMap((runId) => {
    const start = () => some().start({ workflowId: 'w', runId, inputData: key(runId) });
    const end = random.pick(['cancel', 'restart', 'none', 'none', 'none', 'travel']);
    if (end === 'none') return [start];
    if (end === 'travel')
      return [start, () => some().timeTravel({ runId, step: 'one', inputData: key(runId) })];
    return [start, () => (end === 'cancel' ? some().cancel({ runId }) : some().restart({ runId }))];
  });
  let busy = 0;
  const go = (act: () => Promise<unknown>): void => {
    busy += 1;
    void act()
      .catch(() => {})
      .finally(() => {
        busy -= 1;
      });
  };
  const deliver = (): boolean => {
    const next = place.receive();
    if (next === undefined) return false;
    go(() =>
      some()
        .handle(next.event)
        .catch(() => next.reject()),
    );
    return true;
  };
  const rest = async (): Promise<void> => {
    for (let idle = 0; idle < 3; ) {
      await settle();
      const moved = fleet.release() || deliver() || (busy === 0 && place.queued().length > 0 && clock.next());
      idle = moved || busy > 0 ? 0 : idle + 1;
    }
  };
  for (let decisions = 0; acts.length > 0 || decisions < 200; decisions += 1) {
    await settle();
    const act = random.chance(0.1) ? acts.shift() : undefined;
    if (act !== undefined) go(act);
    else if (random.chance(0.02)) {
      clock.pass(130_000);
      go(() => some().sweep());
    } else if (!random.chance(0.4) || !deliver()) fleet.release();
  }
  fleet.calm = true;
  await rest();
  // Whoever did not learn that a run was started starts it again.
  for (const runId of runs) go(() => some().start({ workflowId: 'w', runId, inputData: key(runId) }));
  await rest();
  for (let sweeps = 0; sweeps < 2 * runs.length; sweeps += 1) {
    clock.pass(3_700_000);
    go(() => some().sweep());
    await rest();
  }
  const { store } = place.attach();
  for (const runId of runs) {
    const header = await store.loadHeader(runId);
    if (header !== undefined && terminalStatuses.has(header.status)) {
      const text = header.limit === undefined ? undefined : await store.loadNamed(header.limit);
      if (text !== undefined) oracle.violations.push(`${runId} is over, and under its key there is ${text}`);
    } else oracle.violations.push(`${runId} is forgotten: ${header?.status ?? 'absent'}`);
  }
  return {
    violations: oracle.violations,
    executed: oracle.executed.size,
    waited: oracle.waited.size,
    died: fleet.died,
  };
}
