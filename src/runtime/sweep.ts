import { isOverdue, sweepByDeadline } from '../core/deadline.ts';
import { handlingOf, publishEpoch } from './begin.ts';
import { isBlock, stepIdAt } from '../core/graph.ts';
import { misfitOf } from '../core/parked.ts';
import { limits } from '../core/limits.ts';
import {
  frontierEntry,
  itemsToSweep,
  laterThan,
  needsWork,
  nextLook,
  nextQueuedLook,
  planSweep,
  standsStill,
  stuckAfter,
  type SweepAction,
  type SweepPlan,
  type SweepView,
} from '../core/sweep.ts';
import { type TravelParameters, travelTarget } from '../core/travel.ts';
import { parseTurn } from '../core/turn.ts';
import { isEntryKey, type RunHeader, sameKey, type StepRecord, terminalStatuses } from '../core/records.ts';
import type { Audit } from './api.ts';
import { timeOut } from './deadline.ts';
import { endEvent } from './duty-entry.ts';
import { sweepPlace } from './concurrency.ts';
import { followChild, tellParents } from './child.ts';
import type { Engine } from './engine.ts';
import { fulfil } from './handle-step.ts';
import type { Handling } from './handling.ts';
import { cancelNestedRuns } from './cascade.ts';
import { mergeLaunching } from './members.ts';
import { goesOnHere, review } from './parking.ts';
import { workflowOf } from './registry.ts';
import { passRestarts } from './restart-context.ts';

/** A {@link SweepPlan}; an epoch may have to be prepared first. */
interface RunPlan extends Omit<SweepPlan, 'actions'> {
  readonly actions: readonly (SweepAction | { readonly type: 'prepare' })[];
  /** See {@link standsStill}. */
  readonly stuck: boolean;
}

/** Runs that one sweep looks at, at most. */
const runsPerSweep = 1_000;

/** Runs that a sweep looks at at once: on AWS each is a handful of round trips, and a sweep has to end within its function's time. */
const runsAtOnce = 16;

/**
 * Looks at every run that is due for it and publishes what may have been lost: an event that its transport dropped, or
 * that an API call did not live to publish. Resolves with the number of runs that were looked at.
 */
export async function sweepRuns(engine: Engine): Promise<number> {
  const { store, clock } = engine.backend;
  const due = await store.dueRuns({ now: clock.now(), limit: runsPerSweep });
  // Shared, so that each of the loops below takes the next run that none has taken.
  const waiting = due.values();
  await Promise.all(Array.from({ length: runsAtOnce }, () => sweepEach(engine, waiting)));
  await dropKept(engine);
  await store.durable();
  return due.length;
}

const dayMs = 24 * 60 * 60 * 1_000;

/** Forgets what was sent ahead of runs too long ago, where the place does not do that by itself. */
async function dropKept({ backend, logger }: Engine): Promise<void> {
  const { payloads, clock } = backend;
  try {
    await payloads.dropKept?.(clock.now() - limits.keptDays * dayMs);
  } catch (error) {
    // The next sweep does it; the runs come first.
    logger.warn('Values that were sent ahead of runs could not be dropped', { error });
  }
}

async function sweepEach(engine: Engine, runIds: Iterable<string>): Promise<void> {
  for (const runId of runIds) {
    try {
      await sweepRun(engine, runId);
    } catch (error) {
      // One run whose workflow is not deployed here must not keep the others from moving.
      engine.logger.warn('A run could not be swept', { runId, error });
    }
  }
}

async function sweepRun(engine: Engine, runId: string): Promise<void> {
  const { store, clock } = engine.backend;
  // The header first: a resume that comes while the records are read changes its `wakes`, and the write below is refused.
  const header = await store.loadHeader(runId);
  if (header?.sweepAt === undefined || header.sweepAt > clock.now()) return;
  await sweepKept(engine, header);
}

/** Sweeps a run; one that cannot be helped now is looked at again. */
async function sweepKept(engine: Engine, header: RunHeader): Promise<RunPlan | 'parked'> {
  const { store, clock } = engine.backend;
  const { runId, wakes, position } = header;
  try {
    const isOver = terminalStatuses.has(header.status);
    if (isOver && engine.registry.find(header.workflowId) === undefined)
      return await sweepEnded(engine, header);
    const standing = isOver || goesOnHere(engine, header) ? header : await review(engine, header);
    if (standing.parked !== undefined) {
      if (!isOverdue(standing, clock.now())) return await keepParked(engine, standing);
      await timeOut(handlingOf(engine, workflowOf(engine, standing), standing));
      return 'parked';
    }
    const plan = await sweepListed(engine, standing);
    if (plan.stuck) tellStuck(engine, standing);
    return plan;
  } catch (error) {
    // It goes to the end of the line: many runs that cannot be helped must not keep a sweep from those that can.
    await store.setSweep({ runId, wakes, position, sweepAt: clock.now() + engine.times.sweepMs });
    // Its records cannot be read, perhaps, so the header alone says since when.
    if (clock.now() - header.updatedAt >= stuckAfter) tellStuck(engine, header);
    throw error;
  }
}

/** A parked run is looked at again: the definition may be there by then. */
async function keepParked(
  { backend, times }: Engine,
  { runId, wakes, position, workflowId }: RunHeader,
): Promise<'parked'> {
  const { store, clock, metrics } = backend;
  await store.setSweep({ runId, wakes, position, sweepAt: clock.now() + times.sweepMs });
  metrics.count('run.parked', { workflowId });
  return 'parked';
}

/**
 * The end of a run whose workflow is not here: what is nested in it and what is above it is told; its callbacks only whoever
 * has them can call, so it stays in sight, and is looked at less and less often.
 */
async function sweepEnded(engine: Engine, header: RunHeader): Promise<'parked'> {
  const { store, clock } = engine.backend;
  const { runId, wakes, position, endedAt, updatedAt } = header;
  await cancelNestedRuns(engine, header);
  if (header.parent !== undefined) await tellParents(engine, header, 0);
  await store.setSweep({ runId, wakes, position, sweepAt: laterThan(endedAt ?? updatedAt, clock.now()) });
  return 'parked';
}

function tellStuck({ backend, logger }: Engine, { runId, workflowId }: RunHeader): void {
  backend.metrics.count('run.stuck', { workflowId });
  logger.warn('A run does not go on', { runId, workflowId });
}

/** See `Runtime.audit`. */
export async function auditRun(engine: Engine, runId: string): Promise<Audit> {
  const { store, metrics } = engine.backend;
  const header = await store.loadHeader(runId);
  const found = header === undefined ? 'unknown' : await auditFound(engine, header);
  await store.durable();
  metrics.count('run.audited', { found });
  return found;
}

async function auditFound(engine: Engine, header: RunHeader): Promise<Audit> {
  const found = await auditOne(engine, header);
  const { parent, status } = header;
  const hasSettled = found === 'over' || (found !== 'parked' && status === 'suspended');
  if (parent === undefined || !hasSettled) return found;
  // What a nested run has come to is moved on by the run above, which looks for it.
  const above = await engine.backend.store.loadHeader(parent.runId);
  return above === undefined ? found : auditFound(engine, above);
}

async function auditOne(engine: Engine, header: RunHeader): Promise<Audit> {
  // Whoever does what an end implies takes the run out of the sweeper's sight.
  if (terminalStatuses.has(header.status) && header.sweepAt === undefined) return 'over';
  // Nobody has started it.
  if (header.status === 'pending') return 'nothing-due';
  const plan = await sweepKept(engine, header);
  if (plan === 'parked') return plan;
  return plan.actions.length === 0 ? 'nothing-due' : 'published';
}

/** Publishes what the records of a run say is missing, whenever it is due for a look. Resolves with what it found to do. */
export async function sweepListed(engine: Engine, header: RunHeader): Promise<RunPlan> {
  const now = engine.backend.clock.now();
  // The time of a run goes on while it waits for its place.
  if (!isOverdue(header, now) && !(await sweepPlace(engine, header))) {
    const again = nextQueuedLook(header, now);
    await unlessChanged(engine, header, again);
    return { actions: [], again, stuck: false };
  }
  const plan = await look(engine, header);
  if (plan.actions.length === 0) await unlessChanged(engine, header, plan.again);
  else await carryOut(engine, header, plan);
  return plan;
}

async function carryOut(engine: Engine, header: RunHeader, { actions, again }: RunPlan): Promise<void> {
  const { store, metrics } = engine.backend;
  const handling = handlingOf(engine, engine.registry.get(header.workflowId), header);
  for (const action of actions) await act(handling, header, action);
  metrics.count('run.swept', { workflowId: header.workflowId });
  const now = await store.loadHeader(header.runId);
  if (now === undefined || now.wakes !== header.wakes) return;
  // Whoever ended it has said when it is to be looked at.
  if (terminalStatuses.has(now.status) && !terminalStatuses.has(header.status)) return;
  // What helped may have moved the run, and only one that stands still may be left alone.
  await unlessChanged(engine, now, again ?? (await look(engine, now)).again);
}

async function unlessChanged(
  { backend, times }: Engine,
  header: RunHeader,
  again: number | undefined,
): Promise<void> {
  const { runId, wakes, position } = header;
  const sweepAt = sweepByDeadline(header, again ?? null, times.sweepMs);
  await backend.store.setSweep({ runId, wakes, position, sweepAt });
}

/** Reads the records of a run and plans what it needs. */
async function look(engine: Engine, header: RunHeader): Promise<RunPlan> {
  const { store, clock } = engine.backend;
  const { runId } = header;
  const workflow = engine.registry.get(header.workflowId);
  const run = await store.loadRun(runId);
  const records = run?.records ?? [];
  if (!isOverdue(header, clock.now()) && (await isUnprepared(engine, header, records))) {
    // Nothing else: what the epoch begins with is not there yet.
    const again = clock.now() + engine.times.sweepMs;
    return { actions: [{ type: 'prepare' }], again, stuck: standsStill({ header, records }, clock.now()) };
  }
  const entry = frontierEntry({ header, records });
  const definition = workflow.graph[entry];
  const join = isBlock(definition) ? await store.loadJoin({ runId, entry, epoch: header.epoch }) : undefined;
  const items =
    join === undefined || definition?.type !== 'foreach'
      ? []
      : await store.loadItems({ runId, entry, items: itemsToSweep(join) });
  const view = {
    header,
    records: [...records, ...items],
    graph: workflow.graph,
    ...(join === undefined ? {} : { join }),
  };
  const now = clock.now();
  // Another graph may have been here since the header was marked with this one.
  const recorded = {
    header,
    records: view.records,
    nested: new Map(),
    awaited: [],
    ...(join === undefined ? {} : { open: { entry, opening: join } }),
  };
  if (
    !terminalStatuses.has(header.status) &&
    misfitOf(workflow.graph, recorded, workflow.graphHash) !== undefined
  ) {
    await review(engine, header);
    return { actions: [], again: now + engine.times.sweepMs, stuck: false };
  }
  const plan = await withNested(engine, view, planSweep(view, { now, skewMs: engine.times.skewMs }));
  const stuck = needsWork(plan.actions) && standsStill(view, now);
  const isFact =
    terminalStatuses.has(header.status) &&
    !endEvent(handlingOf(engine, workflow, header), header.status).work;
  // Nobody has to do anything about the end.
  return isFact ? { ...plan, again: undefined, stuck: false } : { ...plan, stuck };
}

/**
 * A run whose places wait for suspended nested runs is left alone only when all of these are: one of them may have been
 * resumed, and not have come so far that it shows.
 */
async function withNested(
  { backend }: Engine,
  { header, records }: Pick<SweepView, 'header' | 'records'>,
  plan: SweepPlan,
): Promise<SweepPlan> {
  if (plan.again !== undefined) return plan;
  const waiting = records.filter(
    ({ status, turn }) => status === 'suspended' && parseTurn(turn).epoch === header.epoch,
  );
  const ids = waiting.flatMap(({ childRunId }) => childRunId ?? []);
  const nested = await Promise.all(ids.map((runId) => backend.store.loadHeader(runId)));
  const times = nested.flatMap((child) => child?.sweepAt ?? []);
  return times.length === 0 ? plan : { ...plan, again: nextLook(Math.min(...times), backend.clock.now()) };
}

/** Whether the event that prepares an epoch may have been lost: its target has not begun yet. */
async function isUnprepared(
  { backend, values, registry }: Engine,
  header: RunHeader,
  records: readonly StepRecord[],
): Promise<boolean> {
  const { runId, epoch, status } = header;
  const start = header.from.find(([number]) => number === epoch);
  if (start === undefined || terminalStatuses.has(status)) return false;
  const stored = await backend.store.loadTravel({ runId, epoch });
  if (stored === undefined) return false;
  const { path } = (await values.load(runId, stored)) as TravelParameters;
  const { graph } = registry.get(header.workflowId);
  const { key } = travelTarget(graph, path, header);
  const begun = records.some((record) => {
    const isThere = sameKey(record.key, key) || sameKey(record.key, { entry: key.entry });
    return isThere && parseTurn(record.turn).epoch === epoch;
  });
  if (begun || key.arm !== undefined || !isBlock(graph[key.entry])) return !begun;
  return (await backend.store.loadJoin({ runId, entry: key.entry, epoch })) === undefined;
}

/** Whoever restarted the run may have died before it gave what it brought over to the nested one. */
async function passOn(engine: Engine, header: RunHeader, { childRunId }: StepRecord): Promise<void> {
  if (header.restarts === undefined || childRunId === undefined) return;
  const nested = await engine.backend.store.loadHeader(childRunId);
  if (nested !== undefined) await passRestarts(engine, header, nested);
}

async function act(handling: Handling, header: RunHeader, action: RunPlan['actions'][number]): Promise<void> {
  const { publisher, workflow } = handling;
  if (action.type === 'time-out') return timeOut(handling);
  if (action.type === 'prepare') return publishEpoch(handling.engine, workflow, header);
  if (action.type === 'duty') {
    await fulfil(handling, action.record, false);
    await passOn(handling.engine, header, action.record);
    return followChild(handling, action.record);
  }
  if (action.type === 'announce-end') return publisher.publish([endEvent(handling, header.status)]);
  const { key, turn } = action;
  const stepId = stepIdAt(workflow.graph, key);
  // What others of the block changed, an item or a resumed arm looks for in any case.
  const seesCell = key.item !== undefined || (!isEntryKey(key) && parseTurn(turn).generation > 0);
  if (stepId === undefined) return;
  if (key.item !== undefined) await mergeBefore(handling, key.entry, key.item);
  await publisher.publish([publisher.stepRun({ key, turn, stepId, seesCell })]);
}

/** What launched the item may have died before what it changed could be seen. */
async function mergeBefore(handling: Handling, entry: number, item: number): Promise<void> {
  const { engine, runId, epoch } = handling;
  const log = await engine.backend.store.loadJoin({ runId, entry, epoch });
  if (log?.state.hasDelta === true) await mergeLaunching(handling, entry, log, [item]);
}
