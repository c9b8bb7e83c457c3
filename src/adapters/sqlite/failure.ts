import { WorkflowError } from '../../core/errors.ts';

/** Primary result codes of SQLite (sqlite.org/rescode.html); extended codes carry them in their low byte. */
const codes = {
  busy: 5,
  locked: 6,
  readonly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cantOpen: 14,
  notADatabase: 26,
} as const;

const remedies: Readonly<Record<number, string>> = {
  [codes.busy]:
    'another process holds its write lock: look for a process that is stopped or a tool that has it open',
  [codes.locked]: 'another connection of this process holds a lock on it: close it',
  [codes.readonly]: 'it or its directory is read-only: give the process write access to both',
  [codes.io]: 'reading or writing failed: check the disk and the free space',
  [codes.full]: 'the disk is full: free some space, the work goes on by itself then',
  [codes.cantOpen]: 'it cannot be opened: check that its directory exists and is writable',
};

/** SQLite's primary result code; undefined for what SQLite did not throw. */
function sqliteCode(cause: unknown): number | undefined {
  if (typeof cause !== 'object' || cause === null || !('errcode' in cause)) return undefined;
  return typeof cause.errcode === 'number' ? cause.errcode & 0xff : undefined;
}

/** Whether another connection was in the way: the same call can succeed later. */
export function isBusy(cause: unknown): boolean {
  const code = sqliteCode(cause);
  return code === codes.busy || code === codes.locked;
}

/** The typed error for whatever an access to `file` threw; ours pass through. */
export function failure(file: string, cause: unknown): WorkflowError {
  if (cause instanceof WorkflowError) return cause;
  const code = sqliteCode(cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  const isDamaged = code === codes.corrupt || code === codes.notADatabase || cause instanceof SyntaxError;
  if (isDamaged) return notOurs(file, reason, cause);
  const remedy = remedies[code ?? -1] ?? 'the cause says why';
  return new WorkflowError('WORKFLOW_BACKEND_UNAVAILABLE', `SQLite file ${file}: ${remedy} (${reason})`, {
    cause,
    details: { file },
  });
}

/** The file is damaged, or was never a workflow database. */
export function notOurs(file: string, reason: string, cause?: unknown): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_RECORD_CORRUPT',
    `SQLite file ${file} is not a readable workflow database (${reason}): choose another file or restore this one`,
    { ...(cause === undefined ? {} : { cause }), details: { file } },
  );
}

/** What any access answers after `close`. */
export function closed(file: string): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_BACKEND_UNAVAILABLE',
    `SQLite file ${file}: the backend is closed, open a new one`,
    {
      details: { file },
    },
  );
}
