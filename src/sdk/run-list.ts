import { isWorkflowError, WorkflowError } from '../core/errors.ts';
import type { WorkflowDefinition } from '../core/definition.ts';
import type { RunQuery, WorkflowHost } from '../core/host.ts';
import type { RunHeader, RunStatus } from '../core/records.ts';
import { describe } from './describe.ts';
import type { ListRunsOptions, WorkflowRun, WorkflowRuns } from './stored-run-types.ts';

/** Headers that one call of the host gives at most. */
const pageLimit = 1000;

/** Runs that are read at the same time: a place serves more of them no faster. */
const readsAtOnce = 20;

/** Statuses of runs that go on by themselves. */
const activeStatuses: readonly RunStatus[] = ['running', 'waiting'];

function wrong(name: string, value: unknown, expected: string): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_ARGUMENT_INVALID',
    `listWorkflowRuns was given ${describe(value)} as ${name}: give ${expected}`,
  );
}

function time(name: 'fromDate' | 'toDate', date: Date | undefined): number | undefined {
  if (date === undefined) return undefined;
  const ms = date instanceof Date ? date.getTime() : Number.NaN;
  if (Number.isNaN(ms)) throw wrong(name, date, 'a valid Date');
  return ms;
}

/** First and last place of the page asked for; all of them unless both numbers are given. */
function range({ page, perPage }: ListRunsOptions): readonly [number, number] {
  if (page !== undefined && (!Number.isInteger(page) || page < 0)) {
    throw wrong('page', page, 'a whole number from 0');
  }
  if (perPage !== undefined && perPage !== false && (!Number.isInteger(perPage) || perPage < 1)) {
    throw wrong('perPage', perPage, 'a whole number from 1, or false');
  }
  if (page === undefined || perPage === undefined || perPage === false) return [0, Number.POSITIVE_INFINITY];
  return [page * perPage, (page + 1) * perPage];
}

async function* headers(host: WorkflowHost, query: RunQuery): AsyncGenerator<RunHeader> {
  let cursor: string | undefined;
  do {
    const page = await host.list(cursor === undefined ? query : { ...query, cursor });
    yield* page.headers;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** Undefined when the run was removed since it was listed. */
async function read(host: WorkflowHost, header: RunHeader): Promise<WorkflowRun | undefined> {
  const snapshot = await host.snapshot({ runId: header.runId, workflowId: header.workflowId });
  if (snapshot === null) return undefined;
  return {
    workflowName: header.workflowId,
    runId: header.runId,
    ...(header.resourceId === undefined ? {} : { resourceId: header.resourceId }),
    snapshot,
    createdAt: new Date(header.createdAt),
    updatedAt: new Date(snapshot.timestamp),
  };
}

async function readAll(host: WorkflowHost, wanted: readonly RunHeader[]): Promise<WorkflowRun[]> {
  const runs: WorkflowRun[] = [];
  for (let place = 0; place < wanted.length; place += readsAtOnce) {
    const part = wanted.slice(place, place + readsAtOnce);
    const found = await Promise.all(part.map((header) => read(host, header)));
    runs.push(...found.filter((run) => run !== undefined));
  }
  return runs;
}

/** What a list has to know of its workflow. */
type ListedWorkflow = Pick<WorkflowDefinition, 'id' | 'shouldPersistSnapshot'>;

/** Whether queries show the run; the workflow may never have let it through. */
async function isShown(host: WorkflowHost, workflow: ListedWorkflow, header: RunHeader): Promise<boolean> {
  if (workflow.shouldPersistSnapshot === undefined || header.shown !== undefined) return true;
  return (await host.snapshot({ runId: header.runId, workflowId: header.workflowId })) !== null;
}

/**
 * Walks through all pages of the host for the total, and reads the runs of the page asked for. Where the workflow has a say
 * in what is shown, runs that it may hide are read for the total, too.
 */
export async function listRuns(
  host: WorkflowHost,
  workflow: ListedWorkflow,
  options: ListRunsOptions,
): Promise<WorkflowRuns> {
  const [from, to] = range(options);
  const createdFrom = time('fromDate', options.fromDate);
  const createdTo = time('toDate', options.toDate);
  const query: RunQuery = {
    workflowId: workflow.id,
    limit: pageLimit,
    ...(options.status === undefined ? {} : { status: options.status }),
    ...(options.resourceId === undefined ? {} : { resourceId: options.resourceId }),
    ...(createdFrom === undefined ? {} : { createdFrom }),
    ...(createdTo === undefined ? {} : { createdTo }),
  };
  const wanted: RunHeader[] = [];
  let total = 0;
  for await (const header of headers(host, query)) {
    if (!(await isShown(host, workflow, header))) continue;
    if (total >= from && total < to) wanted.push(header);
    total += 1;
  }
  return { runs: await readAll(host, wanted), total };
}

/** Headers of the runs that go on by themselves. */
async function activeHeaders(host: WorkflowHost, workflowId: string): Promise<RunHeader[]> {
  // By its id: a run that changes between the two lists is in both of them.
  const found = new Map<string, RunHeader>();
  for (const status of activeStatuses) {
    for await (const header of headers(host, { workflowId, limit: pageLimit, status })) {
      found.set(header.runId, header);
    }
  }
  return [...found.values()].toSorted((a, b) => b.createdAt - a.createdAt);
}

/** Reads the runs that go on by themselves. */
export async function listActiveRuns(host: WorkflowHost, workflowId: string): Promise<WorkflowRuns> {
  const listed = await readAll(host, await activeHeaders(host, workflowId));
  // What has ended since it was listed is active no longer.
  const runs = listed.filter(({ snapshot }) => activeStatuses.includes(snapshot.status));
  return { runs, total: runs.length };
}

/**
 * Restarts every run that goes on by itself, one after the other. What goes wrong with one does not keep the others from it:
 * rejects at the end with the first error.
 */
export async function restartActiveRuns(host: WorkflowHost, workflowId: string): Promise<void> {
  const errors: unknown[] = [];
  for (const { runId } of await activeHeaders(host, workflowId)) {
    try {
      await host.restart({ runId, workflowId });
    } catch (error) {
      // Suspended or removed since it was listed, or parked: there is nothing to restart.
      const isMoot = isWorkflowError(
        error,
        'WORKFLOW_RUN_NOT_ACTIVE',
        'WORKFLOW_RUN_NOT_FOUND',
        'WORKFLOW_RUN_PARKED',
      );
      if (!isMoot) errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
