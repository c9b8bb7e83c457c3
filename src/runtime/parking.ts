import { admit } from '../core/decide.ts';
import { WorkflowError } from '../core/errors.ts';
import type { WorkflowEvent } from '../core/event.ts';
import { type Graph, isBlock, stepIdAt } from '../core/graph.ts';
import {
  type AwaitedStep,
  isOfOtherGraph,
  isSameGraph,
  type Misfit,
  misfitOf,
  parkedFor,
  parkedWithout,
  type RecordedRun,
} from '../core/parked.ts';
import {
  isVisible,
  type Parked,
  type RunHeader,
  type StepRecord,
  terminalStatuses,
} from '../core/records.ts';
import { frontierEntry, itemsToSweep } from '../core/sweep.ts';
import { type TravelParameters, targetOf } from '../core/travel.ts';
import { parseTurn } from '../core/turn.ts';
import { endEvent } from './duty-entry.ts';
import type { Engine } from './engine.ts';
import { drop } from './handling.ts';
import { workflowOf } from './registry.ts';
import { handlingOf } from './begin.ts';

/** Whether the run goes on with the code that is here, as far as its header says. */
export function goesOnHere({ registry }: Engine, header: RunHeader): boolean {
  const workflow = registry.find(header.workflowId);
  return (
    workflow !== undefined && header.parked === undefined && isSameGraph(header.graphHash, workflow.graphHash)
  );
}

/** What a handling has before it of a run: records, and openings of blocks. */
type Seen = readonly (Pick<StepRecord, 'graph'> | undefined)[];

/**
 * The same by what is seen of the run, too. A worker with another graph may have read the header before this one's was stored on
 * it, and have begun something since: whoever meets that looks at the whole run before he goes on from there.
 */
function goesOnFrom(engine: Engine, header: RunHeader, seen: Seen): boolean {
  if (!goesOnHere(engine, header)) return false;
  const { graphHash } = workflowOf(engine, header);
  return !seen.some((stamped) => isOfOtherGraph(stamped, graphHash));
}

/**
 * The header of a run that is to be moved from what is `seen` of it, by an event or by a sweep of another run. Undefined when the
 * run is parked: then whoever asks has nothing to do, because the sweep that finds the definition again publishes what is due.
 */
export async function goingOn(
  engine: Engine,
  header: RunHeader,
  seen: Seen = [],
): Promise<RunHeader | undefined> {
  if (goesOnFrom(engine, header, seen)) return header;
  const standing = isHopeless(engine, header) ? header : await review(engine, header);
  // It ended, or traveled in time, while it was looked at: other events tell of that.
  if (terminalStatuses.has(standing.status) || standing.epoch !== header.epoch) return undefined;
  if (standing.parked === undefined) return standing;
  engine.backend.metrics.count('run.parked', { workflowId: standing.workflowId });
  return undefined;
}

/** Whether the header alone says that the definition which a parked run waits for is not the one that is here. */
function isHopeless({ registry }: Engine, { parked, workflowId, graphHash }: RunHeader): boolean {
  if (parked === undefined) return false;
  const workflow = registry.find(workflowId);
  if (workflow === undefined) return parked.code === 'WORKFLOW_NOT_FOUND';
  return parked.code === 'WORKFLOW_GRAPH_CHANGED' && !isSameGraph(graphHash, workflow.graphHash);
}

/** The same for a caller: rejects with WORKFLOW_RUN_PARKED. */
export async function mustGoOn(engine: Engine, header: RunHeader, seen: Seen = []): Promise<RunHeader> {
  if (terminalStatuses.has(header.status) || goesOnFrom(engine, header, seen)) return header;
  const standing = await review(engine, header);
  if (standing.parked === undefined) return standing;
  const { runId, workflowId, status, parked } = standing;
  throw new WorkflowError('WORKFLOW_RUN_PARKED', `Run "${runId}" is parked. ${parked.remedy}`, {
    details: { runId, workflowId, status, reason: parked.code, remedy: parked.remedy, since: parked.since },
  });
}

/**
 * Looks whether a run may go on with the code that is here, and stores what it finds: the mark of the graph that it goes on
 * with from now on, or why it cannot. Resolves with the header as it stands then. `place`: what an event is for.
 */
export async function review(engine: Engine, { runId }: RunHeader, place?: AwaitedStep): Promise<RunHeader> {
  const { store, clock } = engine.backend;
  // Whoever asks may have read an older one.
  const header = await store.loadHeader(runId);
  if (header === undefined) throw gone(runId);
  if (terminalStatuses.has(header.status) || header.status === 'pending') return header;
  const { workflowId, parked } = header;
  const awaited = [place, parked?.place].filter((one) => one !== undefined);
  const workflow = engine.registry.find(workflowId);
  if (workflow === undefined) return park(engine, header, parkedWithout(workflowId, clock.now(), awaited[0]));
  const misfit =
    misfitOf(
      workflow.graph,
      await recordedRun(engine, header, workflow.graph, awaited),
      workflow.graphHash,
    ) ?? (await targetMisfit(engine, header, workflow.graph));
  if (misfit !== undefined) return park(engine, header, parkedFor(misfit, clock.now(), awaited[0]));
  if (goesOnHere(engine, header)) return header;
  const now = clock.now();
  const sweepAt = now + engine.times.sweepMs;
  const { epoch } = header;
  const write = await store.unpark({ runId, epoch, graphHash: workflow.graphHash, now, sweepAt });
  return write.image ?? header;
}

function gone(runId: string): WorkflowError {
  return new WorkflowError('WORKFLOW_RUN_NOT_FOUND', `Run "${runId}" was removed meanwhile`, {
    details: { runId },
  });
}

async function park(engine: Engine, header: RunHeader, found: Parked): Promise<RunHeader> {
  const { store, clock } = engine.backend;
  const { runId, epoch, workflowId, parked: before } = header;
  const parked = before === undefined ? found : { ...found, since: before.since };
  if (JSON.stringify(parked) === JSON.stringify(before)) return header;
  const now = clock.now();
  // Another process may well have a workflow that this one never had: it is given the chance at the next sweep.
  const sweepAt = found.code === 'WORKFLOW_NOT_FOUND' ? now : now + engine.times.sweepMs;
  const write = await store.park({ runId, epoch, parked, now, sweepAt });
  if (write.won) {
    const { code, remedy } = parked;
    engine.logger.warn('A run is parked', { runId, workflowId, code, remedy });
  }
  return write.image ?? header;
}

/**
 * Parks the run of an event that is for a step which is not at its place, unless the run has begun there by this graph, or is past
 * it. Nothing may be stored of that place yet, so the header keeps which one it is.
 */
export async function parkFor(engine: Engine, event: WorkflowEvent): Promise<void> {
  const { runId, epoch, path, stepId = '' } = event;
  const { store, metrics } = engine.backend;
  const header = await store.loadHeader(runId);
  const admission = admit(header, { epoch, key: { entry: path[0] ?? 0 } });
  if (header === undefined || admission.type === 'drop') {
    return drop(engine, admission.type === 'drop' ? admission.reason : 'unknown-run');
  }
  const workflow = workflowOf(engine, header);
  if (admission.type === 'announce-end') {
    const handling = handlingOf(engine, workflow, header, event.hop);
    return handling.publisher.publish([endEvent(handling, header.status)]);
  }
  const standing = isHopeless(engine, header) ? header : await review(engine, header, { path, stepId });
  if (standing.parked === undefined) return drop(engine, 'stale-turn');
  metrics.count('run.parked', { workflowId: header.workflowId });
}

/** Reads what says where a run has been. */
async function recordedRun(
  engine: Engine,
  header: RunHeader,
  graph: Graph,
  awaited: readonly AwaitedStep[],
): Promise<RecordedRun> {
  const { store } = engine.backend;
  const { runId, epoch } = header;
  const run = await store.loadRun(runId);
  const records = run?.records ?? [];
  const entry = frontierEntry({ header, records });
  const join = await store.loadJoin({ runId, entry, epoch });
  const awaitedItems = awaited.flatMap(({ path: [at, item] }) => (at === entry ? (item ?? []) : []));
  const items =
    join !== undefined && isBlock(graph[entry]) && graph[entry]?.type === 'foreach'
      ? await store.loadItems({ runId, entry, items: [...new Set([...itemsToSweep(join), ...awaitedItems])] })
      : [];
  const all = [...records, ...items];
  const ids = all.flatMap(({ childRunId, turn, key }) =>
    childRunId !== undefined && isVisible(parseTurn(turn).epoch, key.entry, header) ? [childRunId] : [],
  );
  const nested = await Promise.all(ids.map((id) => store.loadHeader(id)));
  return {
    header,
    records: all,
    awaited,
    nested: new Map(
      nested.flatMap((child) => (child === undefined ? [] : [[child.runId, child.workflowId]])),
    ),
    ...(join === undefined ? {} : { open: { entry, opening: join } }),
  };
}

/** The step at which a time travel begins, when the graph lost it, or has it elsewhere, before the epoch was prepared. */
async function targetMisfit(engine: Engine, header: RunHeader, graph: Graph): Promise<Misfit | undefined> {
  const { runId, epoch } = header;
  const start = header.from.find(([number]) => number === epoch);
  if (start === undefined) return undefined;
  const stored = await engine.backend.store.loadTravel({ runId, epoch });
  if (stored === undefined) return undefined;
  const { path } = (await engine.values.load(runId, stored)) as TravelParameters;
  const [, entry] = start;
  if (targetOf(graph, path)?.key.entry === entry) return undefined;
  return { path: [entry], stepId: path.join('.'), found: stepIdAt(graph, { entry }) };
}
