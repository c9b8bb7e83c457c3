import { noUsage, type Usage } from '../../../src/core/usage.ts';
import type { SeenEvent } from '../stream-events.ts';

/** Events as the lists of the cases write them: whole, but for times and the names of calls. */

/** Stands for a time, ms since 1970. */
export const time = '<time>';
/** Stands for the name of an execution. */
export const call = '<call>';

/** An error of this name and message, with what else it has of its own. */
export function thrown(name: string, message: string, own: object = {}): object {
  return { thrown: name, message, ...own };
}

type Fields = Readonly<Record<string, unknown>>;

/** An event as a stream gives it, with the marks above in it. */
export type ListedEvent = SeenEvent;

/** What goes on side by side: each list in its order, and nothing said about the order between them. */
export interface SideBySide {
  readonly sideBySide: readonly EventList[];
}

/** A whole stream, or a part of one, in its order. */
export type EventList = readonly (ListedEvent | SideBySide)[];

/** See {@link SideBySide}. */
export function sideBySide(...lists: readonly EventList[]): SideBySide {
  return { sideBySide: lists };
}

function event(type: string, payload: Fields, from: 'WORKFLOW' | 'USER' = 'WORKFLOW'): ListedEvent {
  return { type: `workflow-${type}`, runId: 'r', from, payload };
}

function ofStep(type: string, id: string, fields: Fields, from?: 'USER'): ListedEvent {
  return event(type, { id, stepName: id, ...fields }, from);
}

/** The run, or what was begun of it, starts. */
export const start = event('start', { workflowId: 'w' });

/** It comes to rest. `used`: tokens of agents. */
export function finish(
  workflowStatus: string,
  { used = {}, ...more }: Fields & { used?: Partial<Usage> } = {},
): ListedEvent {
  return event('finish', {
    workflowStatus,
    metadata: {},
    output: { usage: { ...noUsage, ...used } },
    ...more,
  });
}

/** A run that ended itself, or was ended from without. */
export const canceled = event('canceled', {});
/** A run that executes one entry at a time. */
export const paused = event('paused', {});

/** A step begins with this input. */
export function begin(id: string, payload: unknown, more: Fields = {}): ListedEvent {
  return ofStep('step-start', id, { stepCallId: call, status: 'running', payload, startedAt: time, ...more });
}

/** A step has ended well with this output. */
export function end(id: string, payload: unknown, output: unknown, more: Fields = {}): ListedEvent {
  const times = { startedAt: time, endedAt: time };
  return ofStep('step-result', id, {
    stepCallId: call,
    status: 'success',
    payload,
    output,
    ...times,
    ...more,
  });
}

/** A step has failed. */
export function fail(id: string, payload: unknown, error: unknown, more: Fields = {}): ListedEvent {
  const times = { startedAt: time, endedAt: time };
  return ofStep('step-result', id, { stepCallId: call, status: 'failed', payload, error, ...times, ...more });
}

/** A nested run stops behind one of its steps. */
export function pause(id: string, payload: unknown, more: Fields = {}): ListedEvent {
  return ofStep('step-result', id, {
    stepCallId: call,
    status: 'paused',
    payload,
    startedAt: time,
    ...more,
  });
}

/** A step waits to be resumed. */
export function suspend(
  id: string,
  payload: unknown,
  suspendPayload: unknown,
  more: Fields = {},
): ListedEvent {
  const fields = { stepCallId: call, status: 'suspended', payload, startedAt: time };
  return ofStep('step-suspended', id, { ...fields, suspendPayload, suspendedAt: time, ...more });
}

/** What a step that goes on says beside the usual in its start. */
export function resumedWith(resumePayload: unknown): Fields {
  return { resumePayload, resumedAt: time };
}

/** What a step that went on says beside the usual in its result. */
export function wasResumed(suspendPayload: unknown, resumePayload: unknown): Fields {
  return { suspendPayload, suspendedAt: time, ...resumedWith(resumePayload) };
}

/** Of a step in a loop. */
export function iteration(iterationCount: number): Fields {
  return { metadata: { iterationCount } };
}

/** What a step gave to `writer.write`. */
export function wrote(stepName: string, output: unknown): ListedEvent {
  return event('step-output', { output, runId: 'r', stepName }, 'USER');
}

/** What a step gave to `writer.custom`. */
export function custom(type: string, fields: Fields): ListedEvent {
  return { type, runId: 'r', from: 'WORKFLOW', ...fields };
}

/** A sleep begins. */
export function wait(id: string, payload: unknown): ListedEvent {
  return ofStep('step-waiting', id, { status: 'waiting', payload, startedAt: time });
}

/** A sleep is over. */
export function wake(id: string, output: unknown): ListedEvent {
  return ofStep('step-result', id, { status: 'success', output, endedAt: time });
}

/** A foreach begins with this array. */
export function beginEach(id: string, payload: readonly unknown[], more: Fields = {}): ListedEvent {
  return ofStep('step-start', id, { status: 'running', payload, startedAt: time, ...more });
}

/** A foreach has ended well. */
export function endEach(id: string, output: unknown, more: Fields = {}): ListedEvent {
  return ofStep('step-result', id, { status: 'success', output, endedAt: time, ...more });
}

/** A foreach has failed. */
export function failEach(id: string, error: unknown, more: Fields = {}): ListedEvent {
  return ofStep('step-result', id, { status: 'failed', error, endedAt: time, ...more });
}

/** Items of a foreach wait to be resumed; the first of them says why. */
export function suspendEach(
  id: string,
  payload: readonly unknown[],
  suspendPayload: unknown,
  more: Fields = {},
): ListedEvent {
  const times = { startedAt: time, suspendedAt: time };
  return ofStep('step-suspended', id, { status: 'suspended', payload, suspendPayload, ...times, ...more });
}

/** Stands for the number of items that have succeeded by then, where their order is free. */
export const soFar = '<so far>';

/** The same, where one more was kept by a time travel, which is not told: it may have come before or not. */
export const soFarAndKept = '<so far, and maybe the one that was kept>';

/** An item of a foreach has settled. `done`: items that have succeeded by then; `total`: items in all. */
export function item(
  id: string,
  [done, total]: readonly [number | typeof soFar | typeof soFarAndKept, number],
  currentIndex: number,
  iterationStatus: 'success' | 'failed' | 'suspended',
  ...output: readonly [unknown?]
): ListedEvent {
  return ofStep('step-progress', id, {
    completedCount: done,
    totalCount: total,
    currentIndex,
    iterationStatus,
    ...(output.length === 0 ? {} : { iterationOutput: output[0] }),
  });
}

/** A sleep whose time could not be told has failed. */
export function sleepFails(id: string, error: unknown): ListedEvent {
  return ofStep('step-result', id, { status: 'failed', error, endedAt: time });
}

/** A nested run was canceled from within. */
export function ofCanceled(id: string, payload: unknown): ListedEvent {
  const fields = { stepCallId: call, status: 'canceled', payload, startedAt: time, endedAt: time };
  return ofStep('step-result', id, fields);
}
