import type { StepRecord } from '../core/records.ts';
import { fulfilEntry } from './duty-entry.ts';
import { entryTurn, type Handling, begunBy } from './handling.ts';
import { type Loaded, sharedAt } from './load.ts';
import { goingOn } from './parking.ts';

/**
 * Fails an entry that nobody claims (a sleep, a foreach) because a function of its author threw: the run fails of it, and
 * the entry says why. There is nothing to claim: the first record stands.
 */
export async function failEntry(
  handling: Handling,
  failed: { readonly entry: number; readonly stepId: string; readonly error: Error; readonly loaded: Loaded },
): Promise<void> {
  const { engine, runId } = handling;
  const turn = entryTurn(handling);
  // What was changed before is still so: a run around this one is told of it.
  const sharedFrom = sharedAt(failed.loaded, { key: { entry: failed.entry }, turn });
  const { store, clock } = engine.backend;
  const now = clock.now();
  const record: StepRecord = {
    key: { entry: failed.entry },
    stepId: failed.stepId,
    turn,
    status: 'failed',
    startedAt: now,
    endedAt: now,
    inputFrom: failed.entry - 1,
    ...(sharedFrom === undefined ? {} : { sharedFrom }),
    ...begunBy(handling, failed.entry),
    error: await engine.values.storeError(runId, failed.error),
  };
  const write = await store.closeBlock({ runId, record });
  if (write.won) return fulfilEntry(handling, write.image, true);
  if (write.image?.turn !== record.turn) return;
  if ((await goingOn(engine, handling.header, [write.image])) !== undefined)
    await fulfilEntry(handling, write.image, false);
}
