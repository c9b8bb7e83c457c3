import type { LogScope, RunScope } from './log-scope.ts';
import { formatKey, type StepRecord } from './records.ts';
import type { RunEvent } from './snapshot.ts';
import { parseTurn } from './turn.ts';

/** What all events that are made of a log have in common: their names, and the names of what they are about. */

/** See {@link RunEvent}. */
export type EventType = RunEvent['type'];

/** A log that is read for the stream of one run. */
export interface LogReading {
  /** The run whose stream it is. */
  readonly runId: string;
  readonly log: LogScope;
}

/** An event of a run. */
export function eventOf(
  runId: string,
  type: EventType,
  id: string,
  time: number | undefined,
  payload: RunEvent['payload'],
): RunEvent {
  return { id, type, runId, from: 'WORKFLOW', time: time ?? 0, payload };
}

/** What a time travel keeps is put at the new epoch; once it is resumed, it is executed. */
export function isKept({ kept, turn }: StepRecord): boolean {
  return kept === true && parseTurn(turn).generation === 0;
}

/** The name under which a step appears in a stream. */
export function nameOf(scope: RunScope, stepId: string): string {
  return `${scope.prefix}${stepId}`;
}

/** One iteration of a record: the same for all of its resumptions and attempts. */
export function callOf({ key, turn }: Pick<StepRecord, 'key' | 'turn'>): string {
  const { epoch, iteration } = parseTurn(turn);
  return `${formatKey(key)}/${epoch}.${iteration}`;
}

/** The same for all attempts of an execution. */
export function eventId(runId: string, type: EventType, at: Pick<StepRecord, 'key' | 'turn'>): string {
  return `${runId}/${type}/${callOf(at)}.${parseTurn(at.turn).generation}`;
}

/** The fields that have a value. */
export function present(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
