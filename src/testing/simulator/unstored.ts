import type { WorkflowEvent } from '../../core/event.ts';
import { type RecordKey, type RunHeader, type StepRecord, terminalStatuses } from '../../core/records.ts';

/** What an event says that is not stored, in words; undefined when all of it is. */
export function unstoredOf(
  { id, type, path, turn, epoch }: WorkflowEvent,
  header: RunHeader | undefined,
  recordAt: (key: RecordKey) => StepRecord | undefined,
): string | undefined {
  if (header === undefined) return `${id} was published before its run was stored`;
  if (type === 'workflow.end' || type === 'workflow.fail' || type === 'workflow.cancel') {
    const isStored = terminalStatuses.has(header.status) || header.epoch > epoch;
    if (!isStored) return `${id} was published while the run is ${header.status}`;
  }
  if (type !== 'workflow.step.end' || turn === undefined) return undefined;
  const [entry = 0, member] = path;
  const keys: RecordKey[] =
    member === undefined
      ? [{ entry }]
      : [
          { entry, arm: member },
          { entry, item: member },
        ];
  const isStored = keys.some((key) => (recordAt(key)?.turn ?? '') >= turn);
  return isStored ? undefined : `${id} was published before the record was`;
}
