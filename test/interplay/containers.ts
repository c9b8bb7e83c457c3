import type { StepDefinition, WorkflowDefinition } from '../../src/core/definition.ts';
import { type Entry, nest, step, workflow } from '../runtime/fixtures.ts';
import { scriptOf } from './script.ts';

/**
 * Where a step can stand, and workflows that have the same step, the probe, at each of these places: alone, or in workflows
 * that are nested in each other. The input of a run says whether the probe acts; beside it, it hands on what it gets.
 */

/** A place within one workflow: an entry, an arm, an item of a foreach (one at a time, all at once), the body of a loop. */
export const kinds = ['plain', 'arm', 'branch', 'each', 'window', 'loop'] as const;
/** See {@link kinds}. */
export type Kind = (typeof kinds)[number];

/** A workflow with the probe at a place. */
export interface Container {
  readonly name: string;
  /** The place in each workflow, from the outermost inwards. */
  readonly levels: readonly Kind[];
  readonly workflow: WorkflowDefinition;
  /** Ids from the outermost workflow to the probe. */
  readonly path: readonly string[];
}

/** Id of what stands at the place of a level: the probe, or the workflow of the next level. */
export function slotId(levels: readonly Kind[], level: number): string {
  return level === levels.length - 1 ? 'probe' : `inner${level + 1}`;
}

function noted(id: string, execute: (input: unknown) => unknown): StepDefinition {
  return step(id, async (context) => {
    const script = scriptOf(context);
    script.count(id);
    await script.every(context);
    return execute(context.inputData);
  });
}

/** What the entry before the place gives it: in one iteration or item of those that follow from it the probe acts. */
export function wrapIn(kind: Kind, input: unknown): unknown {
  if (kind === 'loop') return `first:${String(input)}`;
  return kind === 'each' || kind === 'window' ? ['x', input, 'y'] : input;
}

/** What the probe hands on where it does not act. */
export function handOn(input: string): string {
  return input.startsWith('first:') ? input.slice('first:'.length) : `done ${input}`;
}

const probe = step(
  'probe',
  async (context) => {
    const input = String(context.inputData);
    const script = scriptOf(context);
    script.count(input === 'probe' ? 'probe' : 'pass');
    await script.every(context);
    return input === 'probe' ? script.probe(context) : handOn(input);
  },
  { retries: 1 },
);

function unwrap(kind: Kind, slot: string, output: unknown): unknown {
  if (kind === 'arm' || kind === 'branch') return (output as Record<string, unknown>)[slot];
  return kind === 'each' || kind === 'window' ? (output as unknown[])[1] : output;
}

function placed(kind: Kind, level: number, slot: StepDefinition): Entry {
  const side = noted(`side${level}`, () => 'side');
  switch (kind) {
    case 'arm':
      return { parallel: [slot, side] };
    case 'branch': {
      const never = noted(`never${level}`, () => 'never');
      return {
        branch: [
          [() => false, never],
          [() => true, slot],
          [() => true, side],
        ],
      };
    }
    case 'each':
      return { foreach: slot };
    case 'window':
      return { foreach: slot, concurrency: 3 };
    case 'loop':
      return { dountil: [slot, ({ iterationCount }) => iterationCount === 2] };
    default:
      return slot;
  }
}

function levelWorkflow(levels: readonly Kind[], level: number): WorkflowDefinition {
  const kind = levels[level] ?? 'plain';
  const id = slotId(levels, level);
  const slot = id === 'probe' ? probe : nest(levelWorkflow(levels, level + 1));
  return workflow(level === 0 ? 'w' : `inner${level}`, [
    noted(`before${level}`, (input) => wrapIn(kind, input)),
    placed(kind, level, slot),
    noted(`after${level}`, (output) => unwrap(kind, id, output)),
  ]);
}

/** A container of these levels. */
function container(...levels: readonly Kind[]): Container {
  return {
    name: levels.join(' > '),
    levels,
    workflow: levelWorkflow(levels, 0),
    path: levels.map((_, level) => slotId(levels, level)),
  };
}

/** Each kind of place, and nested workflows at those that differ most. */
const usual: readonly Container[] = [
  ...kinds.map((kind) => container(kind)),
  container('plain', 'plain'),
  container('arm', 'plain'),
  container('window', 'plain'),
  container('loop', 'plain'),
];

/** What meets inside of nested workflows, and deeper. */
const rare: readonly Container[] = [
  container('branch', 'plain'),
  container('each', 'plain'),
  container('plain', 'arm'),
  container('plain', 'window'),
  container('plain', 'loop'),
  container('plain', 'plain', 'plain'),
  container('window', 'window'),
  container('loop', 'loop'),
  container('each', 'loop'),
  container('arm', 'each'),
  container('loop', 'branch'),
];

/** All of them in memory; elsewhere, where a run takes longer and only the store is another one, the usual ones. */
export function containersIn(place: { readonly name: string }): readonly Container[] {
  return place.name === 'memory' ? [...usual, ...rare] : usual;
}
