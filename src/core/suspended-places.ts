import type { OpenForeach } from './assemble.ts';
import { type RunHeader, type StepRecord, terminalStatuses } from './records.ts';
import type { SuspendedPlace } from './resume-target.ts';
import { parseTurn } from './turn.ts';

/** Statuses of a record whose nested run may have suspended steps: while others of it run, the record does not show it. */
const mayHold: ReadonlySet<StepRecord['status']> = new Set(['child', 'suspended']);

/** A run with those nested in it, as far as they were loaded. */
export interface SuspendedView {
  readonly header: RunHeader;
  readonly records: readonly StepRecord[];
  readonly open?: OpenForeach;
  readonly children?: ReadonlyMap<string, SuspendedView>;
}

/**
 * All steps that wait to be resumed in a run and in those nested in it, in graph order. A nested run that was not loaded
 * stands for what is suspended in it.
 */
export function suspendedPlaces(view: SuspendedView): SuspendedPlace[] {
  const { header, open, children } = view;
  if (terminalStatuses.has(header.status)) return [];
  const { runId, epoch } = header;
  // What a time travel left behind suspended, in an arm of an entry before its target, nobody waits for.
  const records = view.records.filter(
    (record) => mayHold.has(record.status) && parseTurn(record.turn).epoch === header.epoch,
  );
  return [...records, ...(open?.items ?? [])].flatMap((record): SuspendedPlace[] => {
    const { item } = record.key;
    const at = item === undefined ? {} : { item };
    const child = record.childRunId === undefined ? undefined : children?.get(record.childRunId);
    if (child !== undefined) {
      return suspendedPlaces(child).map((place) => ({
        ...place,
        ...at,
        runs: [...place.runs, { runId, epoch }],
        path: [record.stepId, ...place.path],
      }));
    }
    if (record.status !== 'suspended') return [];
    return [{ runId, record, runs: [{ runId, epoch }], path: [record.stepId], ...at }];
  });
}
