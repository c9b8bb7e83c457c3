import { bytesFromBase64, bytesToBase64 } from './codec-bytes.ts';
import { WorkflowError } from './errors.ts';

/**
 * Text of the cursors with which readers of a run's events come back. Its first part says of which kind a cursor is, its
 * second one of which run, so that one of another kind or run is refused instead of skipping events.
 */

/** Kinds of cursors: the first part of their texts. Another version of this package may count otherwise under another number. */
export const cursorKinds = { records: 1, log: 2, history: 3 } as const;

/** 32 bits that tell runs apart (FNV-1a over UTF-16 units): enough against mistakes, and a cursor grants nothing. */
export function markOfRun(runId: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < runId.length; i += 1) hash = Math.imul(hash ^ runId.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(36);
}

/** The text of a cursor's parts: opaque and safe in a URL. All text in them is ASCII. */
export function formatCursor(parts: readonly unknown[]): string {
  const bytes = Uint8Array.from(JSON.stringify(parts), (character) => character.charCodeAt(0));
  return bytesToBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The parts of {@link formatCursor}'s text; undefined for a text that is none. */
export function cursorParts(text: string): readonly unknown[] | undefined {
  try {
    const bytes = new Uint8Array(bytesFromBase64(text.replaceAll('-', '+').replaceAll('_', '/')));
    const parts = JSON.parse(String.fromCharCode(...bytes)) as unknown;
    return Array.isArray(parts) ? parts : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a part is a whole number from 0. */
export function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0;
}

/** The refusal of a text that is no cursor of this run. */
export function invalidCursor(runId: string): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_CURSOR_INVALID',
    'cursor is not one that this API gave out for this run: repeat the call without it to read from the beginning',
    { details: { runId } },
  );
}
