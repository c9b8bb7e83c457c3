import type { RunView } from '../core/assemble.ts';
import { forbidden, notFound } from './access.ts';
import type { RunRef } from './api.ts';
import { queuedOf } from './concurrency.ts';
import type { Engine } from './engine.ts';
import { loadTree, type NestedChoice, openDeltaOf, type RunTree } from './run-tree.ts';

/** Makes the values of a run, and of those nested in it, readable. */
async function viewOf(engine: Engine, tree: RunTree): Promise<RunView> {
  const { header, records, input, graph, open, items, children, cost } = tree;
  const stored = [
    input?.input,
    input?.shared,
    header.error,
    header.restarts?.value,
    ...[...records, ...(open?.items ?? [])].flatMap((record) => [
      record.input,
      record.output,
      record.error,
      record.suspendPayload,
      record.suspendOutput,
      record.resumeData,
      record.shared,
    ]),
  ];
  // What is not registered here may have a `pruneSnapshot`, which says what of its values may be seen.
  const isKnown = engine.registry.find(header.workflowId) !== undefined;
  const read = isKnown ? await engine.values.prefetch(header.runId, stored) : () => undefined;
  const nested = await Promise.all(
    [...children.values()].map(async (child) => [child.header.runId, await viewOf(engine, child)] as const),
  );
  return {
    header,
    records,
    graph,
    read,
    items,
    children: new Map(nested),
    ...(open === undefined ? {} : { open }),
    ...(input === undefined ? {} : { input }),
    ...(cost === undefined ? {} : { cost }),
  };
}

/** The same of a run that may not be there, and of a workflow that it may not belong to. */
export async function loadView(
  engine: Engine,
  ref: RunRef,
  nested: NestedChoice = 'suspended',
): Promise<RunView | undefined> {
  const run = await loadTree(engine, ref.runId, nested);
  if (run === undefined) return undefined;
  if (ref.owner !== undefined && run.header.owner !== ref.owner) throw forbidden(ref.runId);
  if (ref.workflowId !== undefined && run.header.workflowId !== ref.workflowId) return undefined;
  // A store may show its own process what is not on disk yet; nobody outside may be told what a crash could take back.
  await engine.backend.store.durable();
  const openDelta = await openDeltaOf(engine, run);
  const view = await viewOf(engine, run);
  const queued = await queuedOf(engine, run.header);
  return {
    ...view,
    ...(openDelta === undefined ? {} : { openDelta }),
    ...(queued === undefined ? {} : { queued }),
  };
}

/** A run with what its values are read by. */
export async function existingView(engine: Engine, ref: RunRef): Promise<RunView> {
  const view = await loadView(engine, ref);
  if (view === undefined) throw notFound(ref.runId);
  return view;
}

/** A run with all that is nested in it; undefined when there is none. */
export async function viewAll(engine: Engine, runId: string): Promise<RunView | undefined> {
  return loadView(engine, { runId }, 'all');
}
