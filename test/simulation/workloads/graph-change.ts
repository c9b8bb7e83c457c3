import type { Random } from '../../../src/testing/simulator/random.ts';
import type { BodySpec, EntrySpec, GraphSpec, StepSpec, WorkflowSpec } from './spec.ts';
import { bodiesOf } from './spec.ts';

/** How the next version of the code differs from the one before: in one entry, or two, of one of its workflows. */
export interface GraphChange {
  readonly change: 'insert' | 'append' | 'remove' | 'rename' | 'swap' | 'kind' | 'arm';
  /** Id of the workflow. */
  readonly workflow: string;
  /** Number of the entry; one beyond the last counts as that. */
  readonly at: number;
  /** What an entry of another kind becomes. */
  readonly kind?: 'loop' | 'sleep' | 'map' | 'block' | 'nested';
}

const kinds = ['loop', 'sleep', 'map', 'block', 'nested'] as const;

/**
 * Workflows that are executed once in a run of the outermost one: what is nested in a loop or a foreach, or begun anew for a retry,
 * may be executed now by one version and then by the other, and neither explains the whole.
 */
function executedOnce(spec: WorkflowSpec): WorkflowSpec[] {
  if (spec.attempts !== undefined) return [spec];
  const inside = spec.entries.flatMap((entry) =>
    entry.type === 'loop' || entry.type === 'foreach' ? [] : bodiesOf(entry),
  );
  const nested = inside.flatMap((body) => (body.kind === 'workflow' ? executedOnce(body.workflow) : []));
  return [spec, ...nested];
}

/** Draws a change; more often than not of the outermost workflow. */
export function randomChange(random: Random, { root }: GraphSpec): GraphChange {
  const all = executedOnce(root);
  const unique = all.filter(({ id }) => all.filter((other) => other.id === id).length === 1);
  const workflow = unique.length === 0 || random.chance(0.6) ? root : random.pick(unique);
  const change = random.weighted<GraphChange['change']>([
    [3, 'insert'],
    [2, 'append'],
    [3, 'remove'],
    [3, 'rename'],
    [3, 'swap'],
    [4, 'kind'],
    [2, 'arm'],
  ]);
  const at = random.below(workflow.entries.length);
  return { change, workflow: workflow.id, at, ...(change === 'kind' ? { kind: random.pick(kinds) } : {}) };
}

/** The graph after a change; undefined when there is nothing that it changes. */
export function changedSpec(spec: GraphSpec, change: GraphChange): GraphSpec | undefined {
  const root = changedWorkflow(spec.root, change);
  return root === undefined ? undefined : { ...spec, root };
}

function changedWorkflow(spec: WorkflowSpec, change: GraphChange): WorkflowSpec | undefined {
  if (spec.id === change.workflow) {
    const entries = changedEntries(spec.entries, change);
    return entries === undefined || entries.length === 0 ? undefined : { ...spec, entries };
  }
  for (const [index, entry] of spec.entries.entries()) {
    const changed = withChanged(entry, change);
    if (changed !== undefined) return { ...spec, entries: spec.entries.with(index, changed) };
  }
  return undefined;
}

function changedBody(body: BodySpec, change: GraphChange): BodySpec | undefined {
  const workflow = body.kind === 'workflow' ? changedWorkflow(body.workflow, change) : undefined;
  return workflow === undefined ? undefined : { kind: 'workflow', workflow };
}

/** An entry in which the workflow is nested. */
function withChanged(entry: EntrySpec, change: GraphChange): EntrySpec | undefined {
  switch (entry.type) {
    case 'then': {
      const body = changedBody(entry.body, change);
      return body && { ...entry, body };
    }
    case 'parallel':
      for (const [index, arm] of entry.arms.entries()) {
        const body = changedBody(arm, change);
        if (body !== undefined) return { ...entry, arms: entry.arms.with(index, body) };
      }
      return undefined;
    case 'branch':
      for (const [index, arm] of entry.arms.entries()) {
        const body = changedBody(arm.body, change);
        if (body !== undefined) return { ...entry, arms: entry.arms.with(index, { ...arm, body }) };
      }
      return undefined;
    default:
      return undefined;
  }
}

const added: StepSpec = { kind: 'step', id: 'added', acts: [], end: { end: 'return', value: 'own' } };

function changedEntries(
  entries: readonly EntrySpec[],
  { change, at, kind }: GraphChange,
): readonly EntrySpec[] | undefined {
  const index = Math.min(at, entries.length - 1);
  const entry = entries[index];
  if (entry === undefined) return undefined;
  switch (change) {
    case 'insert':
      return entries.toSpliced(index, 0, { type: 'then', body: added });
    case 'append':
      return [...entries, { type: 'then', body: added }];
    case 'remove':
      return entries.toSpliced(index, 1);
    case 'swap': {
      const next = entries[index + 1];
      return next && entries.toSpliced(index, 2, next, entry);
    }
    default: {
      const changed =
        change === 'rename' ? renamed(entry) : change === 'arm' ? withOtherArm(entry) : ofKind(entry, kind);
      return changed && entries.with(index, changed);
    }
  }
}

/** A step under another name; what is nested keeps its own, since it is a workflow of its own. */
function renamedBody(body: BodySpec): BodySpec | undefined {
  return body.kind === 'step' ? { ...body, id: `${body.id}_renamed` } : undefined;
}

function renamed(entry: EntrySpec): EntrySpec | undefined {
  switch (entry.type) {
    case 'then':
    case 'loop':
    case 'foreach': {
      const body = renamedBody(entry.body);
      return body && { ...entry, body };
    }
    case 'map':
    case 'sleep':
      return { ...entry, id: `${entry.id}_renamed` };
    default:
      return withOtherArm(entry);
  }
}

/**
 * A block whose last arm is another one, or is not there any more. Not one with an arm more: of a block that is over nobody asks
 * whether there is one now that it did not have.
 */
function withOtherArm(entry: EntrySpec): EntrySpec | undefined {
  if (entry.type !== 'parallel' && entry.type !== 'branch') return undefined;
  const last = entry.arms.length - 1;
  if (entry.type === 'parallel') {
    const [arm] = entry.arms.slice(-1);
    const other = arm && renamedBody(arm);
    if (other !== undefined) return { ...entry, arms: entry.arms.with(last, other) };
    return last === 0 ? undefined : { ...entry, arms: entry.arms.slice(0, last) };
  }
  const [arm] = entry.arms.slice(-1);
  const other = arm && renamedBody(arm.body);
  if (arm !== undefined && other !== undefined)
    return { ...entry, arms: entry.arms.with(last, { ...arm, body: other }) };
  return last === 0 ? undefined : { ...entry, arms: entry.arms.slice(0, last) };
}

/** The same id for something else, as far as a kind has one. */
function ofKind(entry: EntrySpec, kind: GraphChange['kind']): EntrySpec | undefined {
  if (entry.type === 'parallel')
    return { type: 'branch', arms: entry.arms.map((body) => ({ when: 'always', look: 'input', body })) };
  if (entry.type === 'branch') return { type: 'parallel', arms: entry.arms.map(({ body }) => body) };
  if (entry.type === 'loop') return { type: 'then', body: entry.body };
  if (entry.type === 'foreach') return undefined;
  if (entry.type === 'sleep') return { type: 'map', id: entry.id, form: 'fn', of: '' };
  if (entry.type === 'map') return { type: 'sleep', id: entry.id, ms: 500, form: 'fixed' };
  const { body } = entry;
  const id = body.kind === 'step' ? body.id : body.workflow.id;
  switch (kind) {
    case 'sleep':
      return { type: 'sleep', id, ms: 500, form: 'fixed' };
    case 'map':
      return { type: 'map', id, form: 'fn', of: '' };
    case 'block':
      return { type: 'parallel', arms: [body] };
    case 'nested':
      if (body.kind === 'workflow') return { type: 'then', body: { ...added, id } };
      return {
        type: 'then',
        body: { kind: 'workflow', workflow: { id, entries: [{ type: 'then', body: added }] } },
      };
    default:
      return { type: 'loop', loop: 'dowhile', times: 2, look: 'input', throws: false, body };
  }
}
