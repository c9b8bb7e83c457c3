import { WorkflowError } from '../core/errors.ts';

/** Where a page of `RunStore.listRuns` ended. It names a run and not a number, so that runs which are added move nothing. */
export interface ListCursor {
  /** `createdAt` of the page's last run, ms since 1970. */
  readonly createdAt: number;
  /** Its id: the order of runs of the same millisecond. */
  readonly runId: string;
}

/** The text of a cursor, fit for a URL. */
export function formatCursor({ createdAt, runId }: ListCursor): string {
  return Buffer.from(JSON.stringify([createdAt, runId])).toString('base64url');
}

/** The cursor of a text. Throws WORKFLOW_CURSOR_INVALID for one that {@link formatCursor} did not make. */
export function parseCursor(text: string): ListCursor {
  let cause: unknown;
  try {
    const fields: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (Array.isArray(fields) && fields.length === 2) {
      const [createdAt, runId] = fields as readonly unknown[];
      if (typeof createdAt === 'number' && typeof runId === 'string') return { createdAt, runId };
    }
  } catch (thrown) {
    cause = thrown;
  }
  throw new WorkflowError(
    'WORKFLOW_CURSOR_INVALID',
    'cursor is not one that this list gave out: pass that of the page before, or none to begin with the newest run',
    cause === undefined ? {} : { cause },
  );
}
