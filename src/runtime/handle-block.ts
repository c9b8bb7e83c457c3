import { membersOf } from '../core/decide.ts';
import type { Reads } from '../core/definition.ts';
import { stepIdAt } from '../core/graph.ts';
import { membersInFlight, openJoin } from '../core/join.ts';
import { unionOfReads } from '../core/reads.ts';
import type { JoinOpening } from '../ports/index.ts';
import { fulfilEntry, pause } from './duty-entry.ts';
import { closeBlock } from './duty-member.ts';
import { admitted, standsHere } from './handle-step.ts';
import { drop, entryTurn, type EventHandling, type Handling, begunBy } from './handling.ts';
import { type Loaded, loadForStep } from './load.ts';
import { memberRuns, mergeLaunching, unclaimedMembers } from './members.ts';
import { isPerStep, isPerStepNow } from './per-step.ts';
import { readExecution } from './read-execution.ts';
import { type BlockEntry, readsOfBody } from './registry.ts';
import { evaluateConditions } from './step-executor.ts';

/**
 * Handles the `step.run` of a parallel or branch: opens its join and launches its arms, of a run that pauses after each entry
 * the first one, and the others one by one when it is resumed without that. Which arms a branch takes is decided by whoever opens the join first, so a duplicate that evaluates the
 * conditions again cannot change it.
 */
export async function handleBlock(
  event: EventHandling,
  block: BlockEntry,
  entry: number,
  turn: string,
): Promise<void> {
  const { engine, workflow, runId, epoch } = event;
  if (turn !== entryTurn(event)) return drop(engine, 'stale-turn');
  const reads = readsOfBlock(block);
  const { restartedAt } = event.publisher.scope;
  const loaded = await loadForStep(
    engine,
    { runId, key: { entry }, turn, graph: workflow.graph, restartedAt },
    reads,
  );
  const handling = await admitted(event, { key: { entry }, turn }, loaded);
  if (handling === undefined) return;
  const taken =
    block.type === 'conditional' ? await takenArms(handling, block, entry, loaded, reads) : undefined;
  const total = taken?.length ?? block.steps.length;
  const perStep = await isPerStep(handling);
  const opening: JoinOpening = {
    turn,
    total,
    concurrency: perStep ? Math.min(1, total) : total,
    openedAt: engine.backend.clock.now(),
    ...(taken === undefined ? {} : { taken }),
    ...(perStep ? { perStep } : {}),
    ...begunBy(handling, entry, taken === undefined ? {} : { taken }),
  };
  const write = await engine.backend.store.openJoin({ runId, entry, epoch, ...opening });
  if (write.won) return launchBlock(handling, entry, write.image);
  if (write.image?.turn === turn && (await standsHere(handling, write.image)))
    await relaunchBlock(handling, entry, write.image);
}

function readsOfBlock(block: BlockEntry): Reads {
  return unionOfReads(block.type === 'parallel' ? [] : block.conditions.map(readsOfBody));
}

async function takenArms(
  handling: Handling,
  block: Extract<BlockEntry, { type: 'conditional' }>,
  entry: number,
  loaded: Loaded,
  reads: Reads,
): Promise<number[]> {
  const { engine, workflow, runId } = handling;
  const at = { key: { entry }, turn: entryTurn(handling) };
  const execution = await readExecution(handling, at, loaded, reads);
  return evaluateConditions(block.conditions, execution, (number, error) => {
    const stepId = stepIdAt(workflow.graph, { entry, arm: number });
    engine.logger.warn('A condition threw and counts as false', { runId, stepId, error });
  });
}

/** Launches the first members of a block that was just opened, or closes one that has none. */
export async function launchBlock(handling: Handling, entry: number, opening: JoinOpening): Promise<void> {
  if (opening.total === 0) {
    const after = { ...openJoin(opening), closed: 'success' as const };
    return closeBlock(handling, entry, { after, opening }, false, []);
  }
  const first = membersOf(opening, { from: 0, count: opening.concurrency });
  const { turn } = opening;
  await handling.publisher.publish(memberRuns(handling, entry, first, { turn, seesCell: false }));
}

/** Somebody opened the block before: publishes only what has no record yet. */
export async function relaunchBlock(handling: Handling, entry: number, opening: JoinOpening): Promise<void> {
  const { engine, runId, epoch } = handling;
  const { store } = engine.backend;
  const load = await store.loadStep({ runId, keys: [{ entry }], input: false, consistent: true });
  const [result] = load.records;
  if (result?.turn === opening.turn) {
    const now = load.header === undefined ? handling : { ...handling, header: load.header };
    return fulfilEntry(now, result, false);
  }
  if (opening.total === 0) return launchBlock(handling, entry, opening);
  const log = await store.loadJoin({ runId, entry, epoch });
  const tokens = log?.tokens ?? [];
  const inFlight = membersInFlight(opening, tokens, membersOf(opening));
  const missing = await unclaimedMembers(handling, entry, opening, inFlight);
  const isLater = missing.length > 0 && opening.perStep === true && tokens.length > 0;
  if (isLater && (await isPerStepNow(handling))) return pause(handling, entry, 0);
  await mergeLaunching(handling, entry, { ...opening, tokens }, missing);
  const details = { turn: opening.turn, seesCell: log?.state.hasDelta ?? false };
  await handling.publisher.publish(memberRuns(handling, entry, missing, details));
}
