import { WorkflowError } from '../../core/errors.ts';
import type { RunHeader } from '../../core/records.ts';
import type { RunPage, RunQuery } from '../../ports/run-store.ts';

/** Where a page ended. It names a run and not a number, so that runs which are added move nothing. */
type Cursor = readonly [createdAt: number, runId: string];

/** See `RunStore.listRuns`. */
export function listHeaders(headers: Iterable<RunHeader>, query: RunQuery): RunPage {
  const after = query.cursor === undefined ? undefined : parseCursor(query.cursor);
  const found = [...headers]
    .filter((header) => header.parent === undefined && isWanted(header, query))
    .filter((header) => after === undefined || newestFirst([header.createdAt, header.runId], after) > 0)
    .toSorted((a, b) => newestFirst([a.createdAt, a.runId], [b.createdAt, b.runId]));
  const page = found.slice(0, query.limit);
  const last = page.at(-1);
  if (last === undefined || found.length === page.length) return { headers: page };
  return { headers: page, cursor: JSON.stringify([last.createdAt, last.runId] satisfies Cursor) };
}

function isWanted(header: RunHeader, query: RunQuery): boolean {
  return (
    (query.workflowId === undefined || header.workflowId === query.workflowId) &&
    (query.status === undefined || header.status === query.status) &&
    (query.resourceId === undefined || header.resourceId === query.resourceId) &&
    (query.owner === undefined || header.owner === query.owner) &&
    (query.createdFrom === undefined || header.createdAt >= query.createdFrom) &&
    (query.createdTo === undefined || header.createdAt <= query.createdTo)
  );
}

function newestFirst([createdAt, runId]: Cursor, [otherCreatedAt, otherRunId]: Cursor): number {
  if (createdAt !== otherCreatedAt) return otherCreatedAt - createdAt;
  if (runId === otherRunId) return 0;
  return runId < otherRunId ? 1 : -1;
}

function parseCursor(text: string): Cursor {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw foreignCursor({ cause });
  }
  if (!Array.isArray(value) || value.length !== 2) throw foreignCursor();
  const [createdAt, runId] = value as readonly unknown[];
  if (typeof createdAt !== 'number' || typeof runId !== 'string') throw foreignCursor();
  return [createdAt, runId];
}

function foreignCursor(options?: { cause: unknown }): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_CURSOR_INVALID',
    'cursor is not one that listRuns returned: pass that of the page before, unchanged, or none',
    options,
  );
}
