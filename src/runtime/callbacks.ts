import { assembleResult, currentShared, type RunView } from '../core/assemble.ts';
import { errorOf } from '../core/codec-error.ts';
import type { FinishInfo, StartInfo, WorkflowDefinition } from '../core/definition.ts';
import type { WorkflowEvent } from '../core/event.ts';
import { type RunHeader, terminalStatuses } from '../core/records.ts';
import { RequestContext } from '../core/request-context.ts';
import { signalChange } from './duty-entry.ts';
import type { Engine } from './engine.ts';
import { viewAll } from './run-view.ts';
import { keepShown } from './shown-snapshot.ts';

/** Which end or suspension the callbacks of a run are due for; undefined while there is none. Compared as text. */
function callbackMark({ epoch, status, position }: RunHeader): string | undefined {
  const life = String(epoch).padStart(4, '0');
  if (terminalStatuses.has(status)) return `${life}.~`;
  return status === 'suspended' ? `${life}.${position}` : undefined;
}

/** Whether somebody has to be told about an end or suspension: the author, or whoever looks at the run later. */
function hasEndCallbacks({ callbacks, shouldPersistSnapshot }: WorkflowDefinition): boolean {
  return (callbacks?.onFinish ?? callbacks?.onError ?? shouldPersistSnapshot) !== undefined;
}

/** Whether nothing is left to be told about the state of a run. */
export function isTold(definition: WorkflowDefinition, header: RunHeader): boolean {
  const mark = callbackMark(header);
  if (mark === undefined || !hasEndCallbacks(definition)) return true;
  return header.callback !== undefined && (header.callback.mark > mark || isDone(header, mark));
}

function isDone({ callback }: RunHeader, mark: string): boolean {
  return callback?.mark === mark && callback.done === true;
}

/**
 * Calls `onFinish` and `onError` for the end or suspension that a run is in. Whoever claims them first calls them; when that
 * worker dies, another one does after its claim has ended. So they are called at least once, with the same `eventId`.
 * Resolves with whether nothing is left to be told.
 */
export async function tellCallbacks(
  engine: Engine,
  definition: WorkflowDefinition,
  header: RunHeader,
  event: WorkflowEvent,
): Promise<boolean> {
  const mark = callbackMark(header);
  if (mark === undefined || isTold(definition, header)) return true;
  const { store, clock, timers } = engine.backend;
  const { runId } = header;
  const now = clock.now();
  const owner = engine.nextOwner();
  const claim = { runId, mark, owner, leaseUntil: now + engine.times.leaseMs, now };
  const write = await store.claimCallback(claim);
  if (!write.won) {
    const { image } = write;
    const isHeld = image?.callback?.mark === mark && image.callback.done !== true;
    if (isHeld) await timers.schedule(event, (image.callback?.leaseUntil ?? now) + engine.times.skewMs);
    return !isHeld;
  }
  const view = await viewAll(engine, runId);
  // A run that was resumed, or traveled in time, since then is in another state than the one to be told.
  if (view !== undefined && callbackMark(view.header) === mark) {
    await keepShown(engine, definition, view);
    await call(engine, definition, view, `${runId}/${mark}`);
  }
  await store.finishCallback({ runId, mark, owner });
  signalChange(engine, header);
  return true;
}

async function call(
  engine: Engine,
  { callbacks }: WorkflowDefinition,
  view: RunView,
  eventId: string,
): Promise<void> {
  const { status, result, error, tripwire, steps, stepExecutionPath, input } = assembleResult(view);
  const shared = currentShared(view);
  const base: Omit<FinishInfo, 'result'> = {
    ...startInfo(engine, view.header, { input, ...shared }),
    eventId,
    status,
    steps,
    stepExecutionPath,
    ...(error === undefined ? {} : { error }),
    ...(tripwire === undefined ? {} : { tripwire }),
  };
  await attempt(engine, view.header, 'onFinish', () =>
    callbacks?.onFinish?.(result === undefined ? base : { ...base, result }),
  );
  if (status !== 'failed' && status !== 'tripwire') return;
  await attempt(engine, view.header, 'onError', () => callbacks?.onError?.(base));
}

/** A callback that throws changes nothing about its run. */
async function attempt(
  { logger }: Engine,
  { runId, workflowId }: RunHeader,
  name: string,
  body: () => unknown,
): Promise<void> {
  try {
    await body();
  } catch (thrown) {
    logger.warn(`${name} threw, and the run stays as it is`, { runId, workflowId, error: errorOf(thrown) });
  }
}

/** What every callback is told. */
export function startInfo(
  { stepRuntime, logger }: Engine,
  { runId, workflowId, resourceId }: RunHeader,
  given: {
    readonly input: unknown;
    readonly state: Readonly<Record<string, unknown>>;
    readonly requestContext: Readonly<Record<string, unknown>>;
  },
): StartInfo {
  return {
    runId,
    workflowId,
    ...(resourceId === undefined ? {} : { resourceId }),
    getInitData: () => given.input,
    runtime: stepRuntime,
    logger,
    requestContext: new RequestContext(given.requestContext),
    state: given.state,
  };
}
