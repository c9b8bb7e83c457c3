import type { Random } from '../../../src/testing/simulator/random.ts';
import {
  bodiesOf,
  type BodySpec,
  type EntrySpec,
  type GraphSpec,
  type StepSpec,
  type When,
  type WorkflowSpec,
} from './spec.ts';

/** The same graph with each step, entry and nested workflow as a function makes it of the one that was there. */
function mapped(
  { root, ...rest }: GraphSpec,
  by: {
    readonly step?: (step: StepSpec) => StepSpec;
    readonly entry?: (entry: EntrySpec) => EntrySpec;
    readonly nested?: (workflow: WorkflowSpec) => WorkflowSpec;
  },
): GraphSpec {
  const { step = (one) => one, entry = (one) => one, nested = (one) => one } = by;
  const body = (spec: BodySpec): BodySpec =>
    spec.kind === 'step' ? step(spec) : { ...spec, workflow: nested(workflow(spec.workflow)) };
  const inside = (spec: EntrySpec): EntrySpec => {
    if (spec.type === 'parallel') return { ...spec, arms: spec.arms.map(body) };
    if (spec.type === 'branch') {
      return { ...spec, arms: spec.arms.map((arm) => ({ ...arm, body: body(arm.body) })) };
    }
    return 'body' in spec ? { ...spec, body: body(spec.body) } : spec;
  };
  const workflow = (spec: WorkflowSpec): WorkflowSpec => ({
    ...spec,
    entries: spec.entries.map((one) => entry(inside(one))),
  });
  return { ...rest, root: workflow(root) };
}

function stepIds({ entries }: WorkflowSpec): string[] {
  return entries.flatMap((entry) =>
    bodiesOf(entry).flatMap((body) => (body.kind === 'step' ? [body.id] : stepIds(body.workflow))),
  );
}

function at(spec: GraphSpec, id: string, change: (step: StepSpec) => StepSpec): GraphSpec {
  return mapped(spec, { step: (step) => (step.id === id ? change(step) : step) });
}

/** All inputs of a body, or one of a few. */
function randomWhen(random: Random): { readonly when?: When } {
  if (random.chance(0.4)) return {};
  const mod = random.between(2, 4);
  return { when: { mod, is: random.below(mod) } };
}

/** Ways in which one step makes trouble, with the share of graphs that have it. */
const ofSteps: readonly (readonly [number, (random: Random, step: StepSpec) => StepSpec])[] = [
  [
    0.12,
    (random, step) => {
      const form = random.pick(['error', 'type', 'text', 'object'] as const);
      return { ...step, end: { end: 'fail', form, ...randomWhen(random) } };
    },
  ],
  [
    0.15,
    (random, step) => {
      const times = random.between(1, 3);
      return { ...step, retries: times + random.below(2), end: { end: 'failFirst', times } };
    },
  ],
  // Of a nested workflow that is retried, or with fewer attempts than it needs.
  [0.05, (random, step) => ({ ...step, retries: 1, end: { end: 'failFirst', times: random.between(1, 2) } })],
  [
    0.1,
    (random, step) => {
      const retryIf = random.pick(['never', 'once', 'known', 'throws'] as const);
      const end = random.chance(0.7)
        ? ({ end: 'failFirst', times: random.between(1, 3) } as const)
        : step.end;
      return { ...step, retries: random.between(1, 3), retryIf, end };
    },
  ],
  [0.09, (random, step) => ({ ...step, retries: 2, end: { end: 'refuse', ...randomWhen(random) } })],
  [0.25, randomSuspension],
  [0.15, randomSuspension],
  [
    0.1,
    (random, step) => ({
      ...step,
      end: { end: 'bail', value: random.pick(['own', 'null', 'zero']), ...randomWhen(random) },
    }),
  ],
  [0.07, (random, step) => ({ ...step, end: { end: 'abort', ...randomWhen(random) } })],
  [0.06, (_, step) => ({ ...step, schema: 'refusal' })],
];

function randomSuspension(random: Random, step: StepSpec): StepSpec {
  const rounds = random.weighted([
    [3, 1],
    [1, 2],
    [1, 3],
  ]);
  return { ...step, suspend: { rounds, label: random.chance(0.4), ...randomWhen(random) } };
}

/** The same of entries; each has its kind in mind and leaves others as they are. */
const ofEntries: readonly (readonly [number, (random: Random, entry: EntrySpec) => EntrySpec])[] = [
  [0.2, (_, entry) => (entry.type === 'loop' ? { ...entry, throws: true } : entry)],
  [0.3, (_, entry) => (entry.type === 'sleep' ? { ...entry, form: 'throws' } : entry)],
  [
    0.2,
    (random, entry) =>
      entry.type === 'foreach' ? { ...entry, items: random.pick(['null', 'object', 'text']) } : entry,
  ],
  [0.6, (_, entry) => (entry.type === 'map' && entry.of !== '' ? { ...entry, form: 'badPath' } : entry)],
];

/** Some step, or entry, once more: the same one at the end of the outermost workflow. */
function withRepeat(random: Random, spec: GraphSpec): GraphSpec {
  const singles = spec.root.entries.filter(({ type }) => type === 'then');
  if (singles.length === 0) return spec;
  const { root } = spec;
  return { ...spec, root: { ...root, entries: [...root.entries, random.pick(singles)] } };
}

/** Lets things go wrong in a graph; `factor` times as often as usual. */
export function withTrouble(random: Random, spec: GraphSpec, factor: number): GraphSpec {
  let made = spec;
  const ids = stepIds(spec.root);
  for (const [share, change] of ofSteps) {
    if (!random.chance(share * factor) || ids.length === 0) continue;
    made = at(made, random.pick(ids), (step) => change(random, step));
  }
  for (const [share, change] of ofEntries) {
    if (!random.chance(share * factor)) continue;
    let isDone = false;
    made = mapped(made, {
      entry: (entry) => {
        if (isDone || random.chance(0.5)) return entry;
        const changed = change(random, entry);
        isDone = changed !== entry;
        return changed;
      },
    });
  }
  return random.chance(0.1 * factor) ? withRepeat(random, made) : made;
}

/** A time limit for one of the nested workflows, or one of the steps. */
export function withInnerTime(random: Random, spec: GraphSpec, times: readonly number[]): GraphSpec {
  const timeoutMs = random.pick(times);
  const nested = nestedIds(spec.root);
  if (nested.length > 0 && random.chance(0.7)) {
    const wanted = random.pick(nested);
    return mapped(spec, {
      nested: (workflow) => (workflow.id === wanted ? { ...workflow, timeoutMs } : workflow),
    });
  }
  const steps = stepIds(spec.root);
  return steps.length === 0 ? spec : at(spec, random.pick(steps), (step) => ({ ...step, timeoutMs }));
}

function nestedIds({ entries }: WorkflowSpec): string[] {
  return entries.flatMap((entry) =>
    bodiesOf(entry).flatMap((body) =>
      body.kind === 'step' ? [] : [body.workflow.id, ...nestedIds(body.workflow)],
    ),
  );
}
