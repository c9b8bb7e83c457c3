import type { Random } from '../../../src/testing/simulator/random.ts';
import { randomActs, randomValue, type Where } from './random-acts.ts';
import type {
  BodySpec,
  BranchArm,
  EntrySpec,
  GraphSpec,
  Look,
  StepSpec,
  ValueName,
  WorkflowSpec,
} from './spec.ts';
import { withTrouble } from './trouble.ts';

/** How large random graphs are. */
export interface RandomSpecOptions {
  /** Entries in the middle of all graphs, those of nested workflows counted. @default 8 */
  readonly entries?: number;
  /** Workflows within each other, the outermost one counted. @default 3 */
  readonly depth?: number;
  /** How often anything fails, suspends, bails or aborts: a factor of the usual shares. @default 1 */
  readonly trouble?: number;
}

/** Milliseconds to days. */
const sleeps = [0, 1, 500, 60_000, 3_600_000, 259_200_000] as const;

/** Draws the structure of a graph. */
class Draft {
  readonly random: Random;
  private numbers = 0;
  /** Entries that may still be drawn. */
  private left: number;
  private readonly deepest: number;

  constructor(random: Random, entries: number, deepest: number) {
    this.random = random;
    this.left = entries;
    this.deepest = deepest;
  }

  id(letter: string): string {
    this.numbers += 1;
    return `${letter}${this.numbers}`;
  }

  /** A workflow of at most `budget` entries, those within it counted. */
  workflow(depth: number, budget: number, where: Where): WorkflowSpec {
    const { random } = this;
    const id = this.id('w');
    const entries: EntrySpec[] = [];
    const known: string[] = [];
    for (const end = this.left - budget; this.left > Math.max(0, end); ) {
      this.left -= 1;
      const entry = this.entry(depth, { ...where, known });
      entries.push(entry);
      for (const body of bodies(entry)) known.push(body.kind === 'step' ? body.id : body.workflow.id);
      // One long and one short arm are more than two of the same length.
      if (depth > 0 && random.chance(0.15)) break;
    }
    const retries = random.chance(0.15)
      ? {
          attempts: random.between(1, 2),
          delay: random.pick([0, 1_000]),
          ...(random.chance(0.4) ? { backoff: true } : {}),
          ...(random.chance(0.3) ? { retryIf: random.pick(['never', 'once', 'known'] as const) } : {}),
        }
      : {};
    return { id, entries: entries.length === 0 ? [this.step(where)] : entries, ...retries };
  }

  private step(where: Where): EntrySpec {
    return { type: 'then', body: this.leaf(where) };
  }

  private leaf(where: Where): StepSpec {
    const { random } = this;
    const id = this.id('s');
    const schema = random.weighted<StepSpec['schema']>([
      [30, undefined],
      [2, 'default'],
      [2, 'transform'],
      [1, 'nothing'],
    ]);
    return {
      kind: 'step',
      id,
      acts: randomActs(random, id, where),
      end: { end: 'return', value: randomValue(random) },
      ...(schema === undefined ? {} : { schema }),
    };
  }

  private body(depth: number, where: Where, nested: number): BodySpec {
    const { random } = this;
    if (depth + 1 >= this.deepest || this.left <= 0 || !random.chance(nested)) return this.leaf(where);
    const budget = random.between(1, Math.max(1, Math.ceil(this.left / 2)));
    const inside = { ...where, mayOverwrite: where.mayOverwrite && where.isSettled, known: [] };
    return { kind: 'workflow', workflow: this.workflow(depth + 1, budget, inside) };
  }

  private arms<T>(depth: number, where: Where, make: (body: BodySpec) => T): T[] {
    const beside = { ...where, isChain: false };
    const count = this.random.weighted([
      [5, 2],
      [3, 3],
      [1, 4],
      [1, 1],
    ]);
    return Array.from({ length: count }, () => make(this.body(depth, beside, 0.45)));
  }

  private look(where: Where): Look {
    const looks: Look[] = ['input', 'init', 'result'];
    return this.random.pick(where.isChain ? [...looks, 'state', 'context'] : looks);
  }

  private entry(depth: number, where: Where): EntrySpec {
    const { random } = this;
    const kind = random.weighted([
      [10, 'then'],
      [2, 'map'],
      [5, 'parallel'],
      [3, 'branch'],
      [4, 'loop'],
      [5, 'foreach'],
      [2, 'sleep'],
    ] as const);
    switch (kind) {
      case 'then':
        return { type: 'then', body: this.body(depth, where, 0.3) };
      case 'map': {
        const forms =
          where.known.length === 0 ? (['fn', 'value', 'init'] as const) : (['fn', 'init', 'step'] as const);
        const of = where.known.length === 0 ? '' : random.pick(where.known);
        return { type: 'map', id: this.id('m'), form: random.pick(forms), of };
      }
      case 'parallel':
        return { type: 'parallel', arms: this.arms(depth, where, (body) => body) };
      case 'branch':
        return { type: 'branch', arms: this.arms(depth, where, (body) => this.branchArm(body, where)) };
      case 'loop':
        return this.loop(depth, where);
      case 'foreach':
        return this.foreach(depth, where);
      case 'sleep': {
        const form = random.pick(['fixed', 'computed', 'date', 'computedDate'] as const);
        return { type: 'sleep', id: this.id('z'), ms: random.pick(sleeps), form };
      }
    }
  }

  private branchArm(body: BodySpec, where: Where): BranchArm {
    const when = this.random.weighted<BranchArm['when']>([
      [5, 'always'],
      [2, 'never'],
      [3, 'seldom'],
      [0.5, 'throws'],
    ]);
    return { when, look: this.look(where), body };
  }

  private loop(depth: number, where: Where): EntrySpec {
    const { random } = this;
    return {
      type: 'loop',
      loop: random.pick(['dowhile', 'dountil']),
      times: random.between(1, 4),
      look: this.look(where),
      throws: false,
      body: this.body(depth, where, 0.35),
    };
  }

  private foreach(depth: number, where: Where): EntrySpec {
    const { random } = this;
    const concurrency = random.weighted([
      [4, 1],
      [3, 2],
      [2, 3],
      [1, 4],
    ]);
    const inside = concurrency === 1 ? where : { ...where, isChain: false, isSettled: false };
    return {
      type: 'foreach',
      id: this.id('f'),
      items: random.between(0, 8),
      mixed: random.chance(0.3),
      concurrency,
      computed: random.chance(0.25),
      body: this.body(depth, inside, 0.3),
    };
  }
}

function bodies(entry: EntrySpec): readonly BodySpec[] {
  if (entry.type === 'parallel') return entry.arms;
  if (entry.type === 'branch') return entry.arms.map(({ body }) => body);
  return 'body' in entry ? [entry.body] : [];
}

/** Draws a workload. Most runs of it succeed; of what goes wrong in it, each kind comes in one of twenty or more. */
export function randomSpec(random: Random, options: RandomSpecOptions = {}): GraphSpec {
  const { entries = 8, depth = 3, trouble = 1 } = options;
  const wanted = Math.max(1, Math.round(entries * random.pick([0.4, 0.6, 0.8, 1, 1, 1.25, 1.6, 2])));
  const draft = new Draft(random, wanted, depth);
  const where = { isChain: true, isSettled: true, mayOverwrite: true, known: [] };
  const root = draft.workflow(0, wanted, where);
  const values = (keys: readonly string[]): Record<string, ValueName> =>
    Object.fromEntries(keys.map((key) => [key, randomValue(random)]));
  const spec: GraphSpec = {
    root,
    input: randomValue(random),
    ...(random.chance(0.5) ? { initialState: values(['shared', 'start']) } : {}),
    ...(random.chance(0.5) ? { requestContext: values(['shared', 'given']) } : {}),
  };
  return withTrouble(random, spec, trouble);
}
