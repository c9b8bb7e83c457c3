import { handlingOf } from './begin.ts';
import { type ChildFollow, followOf, turnOfNested } from '../core/decide.ts';
import { isEntryKey, type RunHeader, type StepRecord, terminalStatuses } from '../core/records.ts';
import { parseTurn } from '../core/turn.ts';
import type { ChildWrite } from '../ports/index.ts';
import { holdsNested } from './cascade.ts';
import { outcomeOfChild, resumptionOfChild, suspensionOfChild } from './child-outcome.ts';
import { endEvent, ensureEntryResumed, ensureEntrySuspended } from './duty-entry.ts';
import { ensureMemberLogged } from './duty-member.ts';
import type { Engine } from './engine.ts';
import { fulfil } from './handle-step.ts';
import { drop, type Handling } from './handling.ts';
import { goingOn } from './parking.ts';
import { workflowOf } from './registry.ts';

/**
 * Follows the nested run that a record waits for: moves the record as far as the nested run has come, and does what each
 * state implies. An event of a nested run is only a hint that there may be something to do; what counts is what is stored, so
 * repeated and late events do nothing.
 */
export async function followChild(handling: Handling, seen: StepRecord): Promise<void> {
  const { engine, publisher, runId } = handling;
  const { store } = engine.backend;
  let record = seen;
  for (let isFulfilled = false; ; isFulfilled = true) {
    if (record.childRunId === undefined) return;
    const child = await store.loadHeader(record.childRunId);
    if (child === undefined || (child.parent?.turn ?? '') < turnOfNested(record)) {
      // Whoever stored the record died before it started the nested run, or started it anew: its turn does that.
      // Or it failed, and whoever decided that its place tries again died before publishing that.
      if (record.status === 'due') return fulfil(handling, record, false);
      if (record.status !== 'child') return;
      return publisher.publish([publisher.stepRun(record)]);
    }
    const follow = followOf(record, child);
    if (follow.type === 'none') return isFulfilled ? undefined : fulfilAsLoser(handling, record);
    if (!(await ensureEffects(handling, record))) return;
    const write = await store.followChild({
      runId,
      key: record.key,
      turn: record.turn,
      seen: record.status === 'suspended' ? 'suspended' : 'child',
      outcome: await outcomeOf(handling, record, child, follow),
    });
    const { image } = write;
    if (image === undefined || (image.turn === record.turn && image.status === record.status)) return;
    await fulfil(handling, image, write.won);
    record = image;
  }
}

/**
 * Whoever moved the record may have died before it did what the new state implies. A suspension or resumption is only made
 * sure of: to announce it again would, with each level of nesting, double the events.
 */
async function fulfilAsLoser(handling: Handling, record: StepRecord): Promise<void> {
  const isOpen = record.status === 'suspended' || record.status === 'child';
  if (isOpen) await ensureEffects(handling, record);
  else await fulfil(handling, record, false);
}

/** Rule O: a record leaves its state only after that state's effects are in. False when its block is closed. */
async function ensureEffects(handling: Handling, record: StepRecord): Promise<boolean> {
  if (!isEntryKey(record.key)) return ensureMemberLogged(handling, record);
  if (record.status === 'suspended') await ensureEntrySuspended(handling, record);
  else if (parseTurn(record.turn).generation > 0) await ensureEntryResumed(handling, record);
  return true;
}

async function outcomeOf(
  handling: Handling,
  record: StepRecord,
  child: RunHeader,
  follow: Exclude<ChildFollow, { type: 'none' }>,
): Promise<ChildWrite['outcome']> {
  const { engine } = handling;
  const now = engine.backend.clock.now();
  switch (follow.type) {
    case 'run':
      return {
        status: 'child',
        nextTurn: follow.nextTurn,
        now,
        ...(await resumptionOfChild(handling, child)),
      };
    case 'pause':
      return { status: 'paused', now };
    case 'suspend':
      return suspensionOfChild(handling, record, child, now);
    case 'end':
      if (follow.status === 'canceled') return { status: 'canceled', now };
      return outcomeOfChild(handling, record, child, now);
  }
}

/** Tells the place that waits for a nested run, and the places above it, that it has changed. */
export async function tellParents(engine: Engine, child: RunHeader, hop: number): Promise<void> {
  const { store } = engine.backend;
  let { runId, parent, status } = child;
  while (parent !== undefined) {
    const found = await store.loadHeader(parent.runId);
    if (found === undefined) return drop(engine, 'unknown-run');
    const isOver = terminalStatuses.has(found.status);
    if (isOver && found.endedBy !== parent.key.entry) return drop(engine, 'run-over');
    const load = await store.loadStep({
      runId: parent.runId,
      keys: [parent.key],
      input: false,
      consistent: true,
    });
    const [record] = load.records;
    const above = isOver ? found : await goingOn(engine, found, [record]);
    if (above === undefined) return;
    const isCurrent = record !== undefined && parseTurn(record.turn).epoch === above.epoch;
    if (record?.childRunId !== runId || !isCurrent) return drop(engine, 'stale-turn');
    const handling = handlingOf(engine, workflowOf(engine, above), above, hop);
    if (isOver) {
      // Whoever ended it for this place may have died before saying so. Once its end has canceled the nested run that a place
      // holds, it was said: to say it again would cancel that again, and so on for ever.
      if (holdsNested(record) && terminalStatuses.has(status)) return drop(engine, 'run-over');
      return handling.publisher.publish([endEvent(handling, above.status)]);
    }
    await followChild(handling, record);
    ({ runId, parent, status } = above);
  }
}
