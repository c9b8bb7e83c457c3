import { parseScheduleMessage } from '../src/adapters/aws/schedule-message.ts';
import type { Runtime } from '../src/runtime/index.ts';

/**
 * Starts the run of a tick that the Scheduler put into the work queue. A message that comes several times starts one run; one that
 * nobody can start a run for is told to the log and is done with.
 */
export async function startScheduled(
  runtime: Pick<Runtime, 'startScheduled'>,
  message: unknown,
): Promise<void> {
  const { tick, start } = parseScheduleMessage(message);
  await runtime.startScheduled(tick, start);
}
