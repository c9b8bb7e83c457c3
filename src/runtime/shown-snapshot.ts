import { assembleSnapshot, assembleState, stepResults, type RunView } from '../core/assemble.ts';
import { encode } from '../core/codec.ts';
import type { WorkflowDefinition } from '../core/definition.ts';
import { parkedState } from '../core/parked.ts';
import type { RunHeader } from '../core/records.ts';
import type { WorkflowRunState, WorkflowState } from '../core/snapshot.ts';
import type { Engine } from './engine.ts';
import { utf8Bytes } from '../core/utf8.ts';
import { sha256 } from './values.ts';

/** A run in the two forms in which queries show it. */
export interface ShownRun {
  readonly state: WorkflowState;
  readonly snapshot: WorkflowRunState;
}

/** Orders what was shown of a run: by epoch, then by what happened in it. */
function shownMark({ epoch, position, status }: RunHeader, over: boolean): string {
  return `${String(epoch).padStart(4, '0')}.${over ? '~' : position}.${status}`;
}

function isShown({ shouldPersistSnapshot }: WorkflowDefinition, view: RunView): boolean {
  if (shouldPersistSnapshot === undefined) return true;
  return shouldPersistSnapshot({ stepResults: stepResults(view), workflowStatus: view.header.status });
}

/**
 * A run as queries show it: as it is, or as the workflow's `shouldPersistSnapshot` let it through last; null when it never
 * did. `pruneSnapshot` has the last word.
 */
export async function shownRun(
  engine: Engine,
  definition: WorkflowDefinition,
  view: RunView,
): Promise<ShownRun | null> {
  const { runId, shown } = view.header;
  if (isShown(definition, view)) return prune(definition, current(view));
  if (shown === undefined) return null;
  return prune(definition, (await engine.values.load(runId, shown.value)) as ShownRun);
}

function current(view: RunView): ShownRun {
  const parked = parkedState(view);
  return { state: { ...assembleState(view), ...parked }, snapshot: { ...assembleSnapshot(view), ...parked } };
}

function prune({ pruneSnapshot }: WorkflowDefinition, shown: ShownRun): ShownRun {
  if (pruneSnapshot === undefined) return shown;
  const { status: workflowStatus } = shown.snapshot;
  const pruned = pruneSnapshot({ snapshot: shown.snapshot, workflowStatus });
  const { context, value, result, error } = pruned;
  const steps = Object.fromEntries(
    Object.entries(shown.state.steps).flatMap(([id, step]) =>
      id in context ? [[id, context[id] as typeof step]] : id.includes('.') ? [[id, step]] : [],
    ),
  );
  const { initialState: _, payload, result: __, error: ___, ...rest } = shown.state;
  return {
    snapshot: pruned,
    state: {
      ...rest,
      steps,
      ...(Object.keys(value).length === 0 ? {} : { initialState: value }),
      ...('input' in context && payload !== undefined ? { payload: context['input'] } : {}),
      ...(result === undefined ? {} : { result }),
      ...(error === undefined ? {} : { error }),
    },
  };
}

/** Keeps what queries show from now on, when the workflow has a say in it and lets this state through. */
export async function keepShown(
  engine: Engine,
  definition: WorkflowDefinition,
  view: RunView,
): Promise<void> {
  if (definition.shouldPersistSnapshot === undefined || !isShown(definition, view)) return;
  const { header } = view;
  // Never inline: a header stays small whatever a run shows.
  const text = encode(current(view));
  const ref = sha256(text);
  await engine.backend.payloads.put(header.runId, ref, text);
  const mark = shownMark(header, header.endedAt !== undefined);
  const snapshot = { ref, bytes: utf8Bytes(text) };
  await engine.backend.store.showSnapshot({ runId: header.runId, mark, snapshot });
}
