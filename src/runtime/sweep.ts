import { isBlock, stepIdAt } from '../core/graph.ts';
import { frontierEntry, itemsToSweep, planSweep, type SweepAction } from '../core/sweep.ts';
import { parseTurn } from '../core/turn.ts';
import { isEntryKey, type RunHeader, type StepRecord, terminalStatuses } from '../core/records.ts';
import { endEvent } from './duty-entry.ts';
import { followChild } from './child.ts';
import type { Engine } from './engine.ts';
import { fulfil } from './handle-step.ts';
import type { Handling } from './handling.ts';
import { handlingOf } from './start.ts';
import { publishEpoch } from './travel.ts';

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
  await store.durable();
  return due.length;
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
  try {
    await sweepListed(engine, header);
  } catch (error) {
    // It goes to the end of the line: many runs that cannot be helped must not keep a sweep from those that can.
    const { wakes, position } = header;
    await store.setSweep({ runId, wakes, position, sweepAt: clock.now() + engine.times.sweepMs });
    throw error;
  }
}

/** Publishes what the records of a run say is missing, whenever it is due for a look. */
export async function sweepListed(engine: Engine, header: RunHeader): Promise<void> {
  const { store, clock, metrics } = engine.backend;
  const { runId } = header;
  const workflow = engine.registry.get(header.workflowId);
  const run = await store.loadRun(runId);
  const records = run?.records ?? [];
  if (await isUnprepared(engine, header, records)) {
    // What lies before its target may be missing, so nothing else may be derived from the records yet.
    await publishEpoch(engine, workflow, header);
    const { wakes, position } = header;
    await store.setSweep({ runId, wakes, position, sweepAt: clock.now() + engine.times.sweepMs });
    return;
  }
  const handling = handlingOf(engine, workflow, header);
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
  const plan = planSweep(view, { now: clock.now(), skewMs: engine.times.skewMs });
  for (const action of plan.actions) await act(handling, header, action);
  if (plan.actions.length > 0) metrics.count('run.swept', { workflowId: header.workflowId });
  const { wakes, position } =
    plan.actions.length === 0 ? header : ((await store.loadHeader(runId)) ?? header);
  if (wakes !== header.wakes) return;
  await store.setSweep({ runId, wakes, position, sweepAt: plan.again ?? null });
}

/** Whether the event that prepares an epoch may have been lost: nothing of it has begun yet. */
async function isUnprepared(
  { backend }: Engine,
  header: RunHeader,
  records: readonly StepRecord[],
): Promise<boolean> {
  const { runId, epoch, status } = header;
  const start = header.from.find(([number]) => number === epoch);
  if (start === undefined || terminalStatuses.has(status)) return false;
  const [, entry] = start;
  const begun = records.some(({ key, turn }) => key.entry === entry && parseTurn(turn).epoch === epoch);
  if (begun) return false;
  return (await backend.store.loadTravel({ runId, epoch })) !== undefined;
}

async function act(handling: Handling, header: RunHeader, action: SweepAction): Promise<void> {
  const { publisher, workflow } = handling;
  if (action.type === 'duty') {
    await fulfil(handling, action.record, false);
    return followChild(handling, action.record);
  }
  if (action.type === 'announce-end') return publisher.publish([endEvent(handling, header.status)]);
  const { key, turn } = action;
  const stepId = stepIdAt(workflow.graph, key);
  // What others of the block changed, an item or a resumed arm looks for in any case.
  const seesCell = key.item !== undefined || (!isEntryKey(key) && parseTurn(turn).generation > 0);
  if (stepId !== undefined) await publisher.publish([publisher.stepRun({ key, turn, stepId, seesCell })]);
}
