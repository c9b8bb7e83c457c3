import { assembleResult, currentShared, type RunView } from '../core/assemble.ts';
import { errorOf } from '../core/codec-error.ts';
import type { FinishInfo, StartInfo, WorkflowDefinition } from '../core/definition.ts';
import { suspendedAt, type WorkflowEvent } from '../core/event.ts';
import { type RunHeader, type RunStatus, type StepStatus, terminalStatuses } from '../core/records.ts';
import { RequestContext } from '../core/request-context.ts';
import { signalChange } from './duty-entry.ts';
import type { Engine } from './engine.ts';
import { workflowOf } from './registry.ts';
import { viewAll } from './run-view.ts';
import { keepShown } from './shown-snapshot.ts';

/** An end or suspension of a run that callbacks are due for. */
interface Told {
  /** Orders those of a run; compared as text. */
  readonly mark: string;
  readonly status: RunStatus;
}

function toldAt(epoch: number, status: RunStatus, position: string): Told | undefined {
  const life = String(epoch).padStart(4, '0');
  if (terminalStatuses.has(status)) return { mark: `${life}.~`, status };
  return status === 'suspended' ? { mark: `${life}.${position}`, status } : undefined;
}

/** The one that a run is in. */
function toldNow({ epoch, status, position }: RunHeader): Told | undefined {
  return toldAt(epoch, status, position);
}

/** The one that an event announces, of a run that has gone on since: suspensions of its epoch, and ends of earlier ones too. */
function announcedBy(event: WorkflowEvent, header: RunHeader): Told | undefined {
  const { epoch, status, type } = event;
  const position = suspendedAt(event);
  const isPast = epoch < header.epoch || (position !== undefined && position <= header.position);
  if (!isPast) return undefined;
  if (position !== undefined) return toldAt(epoch, 'suspended', position);
  return ends.has(type) && status !== undefined && isTerminal(status) ? toldAt(epoch, status, '') : undefined;
}

const ends: ReadonlySet<WorkflowEvent['type']> = new Set([
  'workflow.end',
  'workflow.fail',
  'workflow.cancel',
]);

function isTerminal(status: RunStatus | StepStatus): status is RunStatus {
  return (terminalStatuses as ReadonlySet<string>).has(status);
}

/** Whether somebody has to be told about an end or suspension: the author, or whoever looks at the run later. */
export function hasEndCallbacks({ callbacks, shouldPersistSnapshot }: WorkflowDefinition): boolean {
  return (callbacks?.onFinish ?? callbacks?.onError ?? shouldPersistSnapshot) !== undefined;
}

/** Whether nothing is left to be told about the state of a run. */
export function isTold(definition: WorkflowDefinition, header: RunHeader): boolean {
  const told = toldNow(header);
  if (told === undefined || !hasEndCallbacks(definition)) return true;
  return header.callback !== undefined && (header.callback.mark > told.mark || isDone(header, told));
}

function isDone({ callback }: RunHeader, { mark }: Told): boolean {
  return callback?.mark === mark && callback.done === true;
}

/**
 * Calls `onFinish` and `onError` for what an event announces, and for the end or suspension that the run is in. Whoever claims
 * them first calls them; when that worker dies, another one does after its claim has ended. So they are called at least once,
 * with the same `eventId`. Resolves with whether nothing is left to be told of the state that the run is in.
 */
export async function tellCallbacks(
  engine: Engine,
  definition: WorkflowDefinition,
  header: RunHeader,
  event: WorkflowEvent,
): Promise<boolean> {
  if (!hasEndCallbacks(definition)) return true;
  const now = toldNow(header);
  const past = announcedBy(event, header);
  if (past !== undefined && past.mark !== now?.mark) {
    const { callback } = header;
    // Those of a later state were claimed since: nothing says whether these were called, and they have to be at least once.
    if (callback !== undefined && callback.mark > past.mark) await callAt(engine, definition, header, past);
    else await tell(engine, definition, header, past, event);
  }
  return now === undefined || isDone(header, now) || tell(engine, definition, header, now, event);
}

/**
 * The same for whoever is about to take a run out of the state that it is in. Somebody else who has claimed the callbacks is
 * not waited for.
 */
export async function tellBefore(engine: Engine, runId: string): Promise<void> {
  const header = await engine.backend.store.loadHeader(runId);
  if (header === undefined) return;
  const { definition } = workflowOf(engine, header);
  const now = toldNow(header);
  if (now !== undefined && !isTold(definition, header)) await tell(engine, definition, header, now);
}

/** Resolves with false while somebody else has claimed them; `event` then comes again when that claim has ended. */
async function tell(
  engine: Engine,
  definition: WorkflowDefinition,
  { runId }: RunHeader,
  told: Told,
  event?: WorkflowEvent,
): Promise<boolean> {
  const { store, clock, timers } = engine.backend;
  const { mark } = told;
  const now = clock.now();
  const owner = engine.nextOwner();
  const write = await store.claimCallback({
    runId,
    mark,
    owner,
    leaseUntil: now + engine.times.leaseMs,
    now,
  });
  const { image } = write;
  if (image === undefined) return true;
  if (!write.won) {
    const isHeld = image.callback?.mark === mark && image.callback.done !== true;
    if (!isHeld || event === undefined) return !isHeld;
    await timers.schedule(event, (image.callback?.leaseUntil ?? now) + engine.times.skewMs);
    return false;
  }
  await callAt(engine, definition, image, told);
  await store.finishCallback({ runId, mark, owner });
  signalChange(engine, image);
  return true;
}

/** `seen`: the run when its callbacks were claimed. It may have been resumed, or traveled in time, since then or before. */
async function callAt(
  engine: Engine,
  definition: WorkflowDefinition,
  seen: RunHeader,
  told: Told,
): Promise<void> {
  const view = await viewAll(engine, seen.runId);
  if (view === undefined) return;
  if (toldNow(view.header)?.mark === told.mark) await keepShown(engine, definition, view);
  const { endedBy: _, error: __, ...later } = view.header;
  const header = [view.header, seen].find((one) => toldNow(one)?.mark === told.mark);
  const shown = { ...view, header: header ?? { ...later, status: told.status } };
  await call(engine, definition, shown, `${seen.runId}/${told.mark}`);
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
