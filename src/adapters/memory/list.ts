import type { RunHeader } from '../../core/records.ts';
import type { RunPage, RunQuery } from '../../ports/run-store.ts';
import { formatCursor, type ListCursor, parseCursor } from '../list-cursor.ts';

/** See `RunStore.listRuns`. */
export function listHeaders(headers: Iterable<RunHeader>, query: RunQuery): RunPage {
  const after = query.cursor === undefined ? undefined : parseCursor(query.cursor);
  const found = [...headers]
    .filter((header) => isListed(header, query) && isWanted(header, query))
    .filter((header) => after === undefined || newestFirst(header, after) > 0)
    .toSorted(newestFirst);
  const page = found.slice(0, query.limit);
  const last = page.at(-1);
  if (last === undefined || found.length === page.length) return { headers: page };
  return { headers: page, cursor: formatCursor(last) };
}

function isListed({ parked, parent }: RunHeader, query: RunQuery): boolean {
  return query.parked === true ? parked !== undefined : parent === undefined;
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

function newestFirst(a: ListCursor, b: ListCursor): number {
  if (a.createdAt !== b.createdAt) return b.createdAt - a.createdAt;
  if (a.runId === b.runId) return 0;
  return a.runId < b.runId ? 1 : -1;
}
