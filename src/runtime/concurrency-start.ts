import { storedRun } from './begin.ts';
import { entered, isQueueFull, isTaken, type Place, standing } from '../core/concurrency.ts';
import type { RunConcurrency } from '../core/definition.ts';
import { WorkflowError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { type RunHeader, terminalStatuses } from '../core/records.ts';
import type { StoredRun } from './api.ts';
import { kindOf } from './arguments.ts';
import { errorOf } from '../core/codec-error.ts';
import { changePlaces, dropAbandoned, leave, type LimitKey, limitKeyOf, placesAt } from './concurrency.ts';
import type { Engine } from './engine.ts';
import type { CompiledWorkflow } from './registry.ts';
import { sha256 } from './values.ts';

/** What a concurrency key is made of. */
export interface LimitedStart {
  readonly inputData: unknown;
  readonly resourceId: string | undefined;
  readonly requestContext: unknown;
}

/** The key of a start; undefined where the workflow has no limit. Throws WORKFLOW_ARGUMENT_INVALID. */
function limitKeyFor({ definition }: CompiledWorkflow, start: LimitedStart): LimitKey | undefined {
  const { concurrency, id } = definition;
  if (concurrency === undefined) return undefined;
  const key = concurrency.key === undefined ? null : keyOf(concurrency, id, start);
  return { name: `limit:${sha256(JSON.stringify([id, key])).slice(0, 32)}`, limit: concurrency.limit };
}

function keyOf(concurrency: RunConcurrency, workflowId: string, start: LimitedStart): string {
  const { inputData, resourceId, requestContext } = start;
  const given = {
    inputData,
    requestContext: requestContext as Readonly<Record<string, unknown>>,
    ...(resourceId === undefined ? {} : { resourceId }),
  };
  const details = { workflowId, field: 'concurrency.key' };
  let key: unknown;
  try {
    key = concurrency.key?.(given);
  } catch (cause) {
    throw new WorkflowError(
      'WORKFLOW_ARGUMENT_INVALID',
      `concurrency.key of workflow "${workflowId}" threw "${errorOf(cause).message}": start with data that it makes a key of`,
      { cause, details },
    );
  }
  if (typeof key === 'string' && key.length >= 1 && key.length <= limits.concurrencyKeyLength) return key;
  const found = typeof key === 'string' ? `a string of ${key.length} characters` : kindOf(key);
  throw new WorkflowError(
    'WORKFLOW_ARGUMENT_INVALID',
    `concurrency.key of workflow "${workflowId}" gave ${found}: let it give a string of 1 to ${limits.concurrencyKeyLength} characters`,
    { details },
  );
}

/** How a start goes on. */
export type Entrance =
  /** The run has a place: it may run when it is stored. */
  | { readonly type: 'place'; readonly key: LimitKey }
  /** It is to be stored as one that waits. */
  | { readonly type: 'queue'; readonly key: LimitKey }
  /** Nothing is to be started: this run is going on. */
  | { readonly type: 'instead'; readonly run: StoredRun };

/**
 * Asks for a place before a start is stored; undefined where there is no limit. Rejects with WORKFLOW_CONCURRENCY_LIMIT when
 * there is none, and the run may not wait.
 */
export async function enterStart(
  engine: Engine,
  workflow: CompiledWorkflow,
  draft: RunHeader,
  start: LimitedStart,
): Promise<Entrance | undefined> {
  const key = limitKeyFor(workflow, start);
  if (key === undefined) return undefined;
  const known = await engine.backend.store.loadHeader(draft.runId);
  // It is there already, so nothing is started, whoever has a place.
  if (known !== undefined && known.status !== 'pending') return { type: 'queue', key };
  const whenFull = workflow.definition.concurrency?.whenFull ?? 'queue';
  if (await reserve(engine, key, draft)) return { type: 'place', key };
  if (whenFull === 'queue') {
    if (isQueueFull(await placesAt(engine, key.name)))
      throw full(workflow, key, `${limits.waitingRuns} wait`);
    return { type: 'queue', key };
  }
  if (whenFull === 'return') return whatGoesOn(engine, workflow, key, draft);
  throw full(workflow, key);
}

/** Takes a place that is free. Resolves with whether there was one. */
async function reserve(engine: Engine, key: LimitKey, { runId, epoch }: RunHeader): Promise<boolean> {
  const asked = { runId, epoch, at: engine.backend.clock.now() };
  const take = async (): Promise<boolean> => {
    const places = await changePlaces(engine, key, (seen) => {
      const isFree = standing(seen, runId) === 'holder' || !isTaken(seen, key.limit);
      return isFree ? entered(seen, asked, key.limit) : seen;
    });
    return standing(places, runId) === 'holder';
  };
  if (await take()) return true;
  return (await dropAbandoned(engine, key, await placesAt(engine, key.name))) && take();
}

function full({ definition }: CompiledWorkflow, { limit }: LimitKey, waiting?: string): WorkflowError {
  const runs = limit === 1 ? 'a run is going on' : `${limit} runs are going on`;
  const also = waiting === undefined ? '' : `, and ${waiting}`;
  return new WorkflowError(
    'WORKFLOW_CONCURRENCY_LIMIT',
    `Of workflow "${definition.id}" ${runs} under this key${also}, as many as its concurrency allows: try again when one is over`,
    { details: { workflowId: definition.id, limit } },
  );
}

/** Pause between two looks at a run whose start is being stored, ms. */
const pauseMs = 50;

/** The run that has the place, to be answered instead; its start may be on its way. */
async function whatGoesOn(
  engine: Engine,
  workflow: CompiledWorkflow,
  key: LimitKey,
  draft: RunHeader,
): Promise<Entrance> {
  const { store, clock } = engine.backend;
  const until = clock.now() + engine.times.resumeWaitMs;
  for (;;) {
    const [holder] = (await placesAt(engine, key.name)).holders;
    const header = holder === undefined ? undefined : await store.loadHeader(holder.runId);
    const isForeign = draft.owner !== undefined && header !== undefined && header.owner !== draft.owner;
    if (isForeign) throw full(workflow, key);
    if (header !== undefined && isGoingOn(header)) return { type: 'instead', run: storedRun(header, false) };
    if (clock.now() >= until || engine.closing.aborted) throw full(workflow, key);
    const name = holder?.runId ?? key.name;
    await engine.signals.next(name, pauseMs, { signal: undefined, keepAlive: true });
    if (await reserve(engine, key, draft)) return { type: 'place', key };
  }
}

function isGoingOn({ status }: RunHeader): boolean {
  return status !== 'pending' && !terminalStatuses.has(status);
}

/** Gives a place back that was taken for a start which is refused after all, unless the run that is there has it. */
export async function giveBack(
  engine: Engine,
  entrance: Entrance | undefined,
  run: Pick<Place, 'runId' | 'epoch'>,
  stored?: RunHeader,
): Promise<void> {
  if (entrance?.type !== 'place') return;
  const isTheirs = stored?.limit === entrance.key.name && isGoingOn(stored);
  if (!isTheirs) await leave(engine, entrance.key, run);
}

/**
 * Takes a place for the next epoch of a run that is over, or was never counted: WORKFLOW_CONCURRENCY_LIMIT when there is none.
 * Resolves with undefined where there is no limit, and for a run that has a place and keeps it.
 */
export async function enterEpoch(
  engine: Engine,
  workflow: CompiledWorkflow,
  header: RunHeader,
  start: () => Promise<LimitedStart>,
): Promise<Extract<Entrance, { type: 'place' }> | undefined> {
  const { limit, parent, epoch } = header;
  if (parent !== undefined || (limit !== undefined && isGoingOn(header))) return undefined;
  const key = limitKeyOf(engine, header) ?? limitKeyFor(workflow, await start());
  if (key === undefined) return undefined;
  if (!(await reserve(engine, key, { ...header, epoch: epoch + 1 }))) throw full(workflow, key);
  return { type: 'place', key };
}
