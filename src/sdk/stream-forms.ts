import type { RunEvent } from '../core/snapshot.ts';

/** An event as readers of streams see it, with its types forgotten. */
export interface StreamChunk {
  readonly type: string;
  readonly runId: string;
  readonly from: 'WORKFLOW' | 'USER';
  readonly payload?: unknown;
  readonly [field: string]: unknown;
}

/** The form of `stream()`. What a step gave to `writer.custom` is an event by itself. */
export function streamForm({ type, runId, from, payload }: RunEvent): StreamChunk {
  if (type === 'custom') return { ...payload, type: String(payload['type']), runId, from };
  return { type, runId, from, payload };
}

/** The form of `watch()`: behind the result of a step, it has finished. */
export function watchForm(event: RunEvent): StreamChunk[] {
  const chunk = streamForm(event);
  if (event.type !== 'workflow-step-result') return [chunk];
  const { id, stepName, stepCallId } = event.payload;
  const call = stepCallId === undefined ? {} : { stepCallId };
  const payload = { id, stepName, ...call, metadata: {} };
  return [chunk, { ...chunk, type: 'workflow-step-finish', payload }];
}

const runLevel: ReadonlySet<string> = new Set(['workflow-start', 'workflow-finish']);

/** An event of a legacy stream, with its types forgotten. */
export interface LegacyChunk {
  readonly type: string;
  readonly payload?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** The form of `streamLegacy()`, but for steps that are agents. */
export function legacyForm(event: RunEvent): LegacyChunk[] {
  return watchForm(event).map(({ type, runId, from: _from, payload, ...custom }) => {
    if (runLevel.has(type)) return { type: type.slice('workflow-'.length), payload: { runId } };
    const name = type.startsWith('workflow-') ? type.slice('workflow-'.length) : type;
    return { type: name, ...custom, payload: (payload ?? {}) as Readonly<Record<string, unknown>> };
  });
}
