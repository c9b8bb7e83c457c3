import type { StepRecord } from '../core/records.ts';
import { parseTurn } from '../core/turn.ts';
import type { Handling } from './handling.ts';

/** Whether the run pauses after one entry, as it stands now: each resume decides that anew. */
export async function isPerStepNow({
  engine,
  runId,
  epoch,
}: Pick<Handling, 'engine' | 'runId' | 'epoch'>): Promise<boolean> {
  const header = await engine.backend.store.loadHeader(runId);
  return header?.epoch === epoch && header.perStep === true;
}

/**
 * The same for a handling that has read the header. Where that says that it does, it is asked once more: it may be older than
 * the last resume.
 */
export async function isPerStep(handling: Handling): Promise<boolean> {
  return handling.header.perStep === true && (await isPerStepNow(handling));
}

/**
 * Whether the run pauses after an entry that has succeeded. An earlier iteration of a loop may have been resumed by somebody
 * who wants it to, and the header of a later one be read as it was before.
 */
export async function pausesAfter(handling: Handling, { turn }: StepRecord): Promise<boolean> {
  return parseTurn(turn).iteration > 0 ? isPerStepNow(handling) : isPerStep(handling);
}
