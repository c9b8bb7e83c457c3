import { errorOf } from '../core/codec-error.ts';
import { sweepByDeadline } from '../core/deadline.ts';
import type { SleepTime } from '../core/definition.ts';
import type { WorkflowEvent } from '../core/event.ts';
import { formatPosition, type StepRecord } from '../core/records.ts';
import { announceStatus, fulfilEntry } from './duty-entry.ts';
import { failEntry } from './fail-entry.ts';
import { admitted, standsHere } from './handle-step.ts';
import { drop, entryTurn, type EventHandling, type Handling, begunBy } from './handling.ts';
import { inputAt, type Loaded, loadForStep, sharedAt, sourceOf } from './load.ts';
import { readExecution } from './read-execution.ts';
import { readsOfBody, type SleepEntry } from './registry.ts';
import { evaluateSleep } from './step-executor.ts';

/** Order of the two statuses of a sleep. */
const order = { waiting: 1, running: 2 } as const;

/**
 * Handles the `step.run` of a sleep. The first one stores when the sleep ends and sets a timer; the timer's, which comes
 * with that time, ends it. The due time in the store is what counts: a timer that fires early is set again, a lost one is
 * replaced by the sweeper, and a canceled run's meets the end of its run.
 */
export async function handleSleep(
  received: EventHandling,
  sleep: SleepEntry,
  entry: number,
  event: WorkflowEvent,
): Promise<void> {
  const { engine, workflow, runId } = received;
  const turn = entryTurn(received);
  if (event.turn !== turn) return drop(engine, 'stale-turn');
  const at = { key: { entry }, turn };
  const reads = readsOfTime(sleep.time);
  const { restartedAt } = received.publisher.scope;
  const loaded = await loadForStep(engine, { runId, ...at, graph: workflow.graph, restartedAt }, reads);
  const handling = await admitted(received, at, loaded);
  if (handling === undefined) return;
  if (event.dueAt !== undefined) return wake(handling, entry, loaded);
  const dueAt = await dueTime(handling, sleep, entry, loaded);
  if (dueAt === undefined) return;
  const { store, clock } = engine.backend;
  const sharedFrom = sharedAt(loaded, at);
  const executesWith = inputAt(loaded, sourceOf(at));
  const write = await store.sleep({
    runId,
    ...at,
    stepId: sleep.id,
    now: clock.now(),
    dueAt,
    inputFrom: sourceOf(at),
    ...begunBy(handling, entry),
    ...(executesWith === undefined ? {} : { executesWith }),
    ...(sharedFrom === undefined ? {} : { sharedFrom }),
  });
  if (write.won) return lieDown(handling, write.image);
  if (write.image?.turn === turn && (await standsHere(handling, write.image)))
    await afterLoss(handling, write.image, loaded);
}

function readsOfTime(time: SleepTime): ReturnType<typeof readsOfBody> {
  const source = time.type === 'sleep' ? time.duration : time.date;
  return typeof source === 'function' ? readsOfBody(source) : { steps: [], init: false };
}

/** When the sleep ends; undefined when its function threw and the run has failed of it. */
async function dueTime(
  handling: Handling,
  sleep: SleepEntry,
  entry: number,
  loaded: Loaded,
): Promise<number | undefined> {
  const { engine } = handling;
  const at = { key: { entry }, turn: entryTurn(handling) };
  const now = engine.backend.clock.now();
  const execution = await readExecution(handling, at, loaded, readsOfTime(sleep.time));
  try {
    return await evaluateSleep(sleep.time, execution, now);
  } catch (thrown) {
    await failEntry(handling, { entry, stepId: sleep.id, error: errorOf(thrown), loaded });
    return undefined;
  }
}

/** The sleep is stored: the run shows as waiting, and a timer is set. */
async function lieDown(handling: Handling, record: StepRecord): Promise<void> {
  const { engine } = handling;
  const dueAt = record.dueAt ?? 0;
  if (dueAt > engine.backend.clock.now()) {
    const position = formatPosition(record.key.entry, 0, order.waiting);
    const { sweepMs } = engine.times;
    const sweepAt = sweepByDeadline(handling.header, dueAt + sweepMs, sweepMs);
    await announceStatus(handling, 'waiting', position, [], { sweepAt });
  }
  await fulfilEntry(handling, record, true);
}

/** Somebody stored the sleep before: it is ended when it is over, else what its record implies is done once more. */
async function afterLoss(handling: Handling, record: StepRecord, loaded: Loaded): Promise<void> {
  const isOver = record.status === 'waiting' && (record.dueAt ?? 0) <= handling.engine.backend.clock.now();
  if (isOver) return wake(handling, record.key.entry, loaded);
  if (record.status === 'waiting') return lieDown(handling, record);
  await fulfilEntry(handling, record, false);
}

async function wake(handling: Handling, entry: number, loaded: Loaded): Promise<void> {
  const { engine, runId } = handling;
  const { store, clock } = engine.backend;
  const output = inputAt(loaded, entry - 1);
  if (output === undefined) return drop(engine, 'predecessor-missing');
  const turn = entryTurn(handling);
  const write = await store.wake({ runId, key: { entry }, turn, now: clock.now(), output });
  if (!write.won) {
    if (write.image?.turn === turn && (await standsHere(handling, write.image)))
      await fulfilEntry(handling, write.image, false);
    return;
  }
  const position = formatPosition(entry, 0, order.running);
  await announceStatus(handling, 'running', position, [], { onlyIfWon: true });
  await fulfilEntry(handling, write.image, true);
}
