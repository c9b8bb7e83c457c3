import { WorkflowError } from './errors.ts';
import { limits } from './limits.ts';
import { type RunHeader, terminalStatuses } from './records.ts';
import { utf8Bytes } from './utf8.ts';

/**
 * Who may run under a key of a workflow with a limit, and who waits for that. One text for each key, changed as a whole by
 * whoever saw it as it was; so every decision here is a pure function of what stands in it.
 */

/** A run that holds a place or waits for one. */
export interface Place {
  readonly runId: string;
  /** Epoch that it is for: the end of an earlier one does not give up the place of a later one. */
  readonly epoch: number;
  /** When the run asked for it, ms since 1970. */
  readonly at: number;
  /** Somebody else made room for the run, and may not have lived to begin it. */
  readonly fresh?: boolean;
}

/** What stands under a key. */
export interface Places {
  readonly holders: readonly Place[];
  /** In the order in which they are let in. */
  readonly waiting: readonly Place[];
}

/** A place as it is written: `[runId, epoch, at]`, and a 1 behind that for a fresh one. */
type StoredPlace = readonly [runId: string, epoch: number, at: number, fresh?: 1];

/** Position of the status of a run that was let in: before that of anything that happens in its entries. */
export const admittedPosition = '0';

/** How long a run is waited for that has a place and was not started: its caller may be about to do that, ms. */
export const startAllowance = 120_000;

/**
 * A run that makes sure of a place older than this, ms, makes it new: whoever was about to give it away, having found no run, then
 * finds another place than it looked at. Clocks may differ by {@link startAllowance} less this.
 */
const renewAfter = 10_000;

/** Holders that are looked at at once for whether they are still there. */
const suspectsAtOnce = 16;

/** How long the same {@link suspects} are looked at, ms. */
const suspectsTurn = 60_000;

/** UTF-8 bytes of one text, so that it fits into an item of DynamoDB, which holds 400 KB. */
const longestText = 300_000;

const none: Places = { holders: [], waiting: [] };

function isStoredPlace(value: unknown): value is StoredPlace {
  return Array.isArray(value) && typeof value[0] === 'string' && value.slice(1, 3).every(Number.isInteger);
}

function placesOf(stored: unknown): readonly Place[] {
  if (!Array.isArray(stored) || !stored.every(isStoredPlace)) throw corrupt();
  return stored.map(([runId, epoch, at, fresh]) => ({
    runId,
    epoch,
    at,
    ...(fresh === 1 ? { fresh: true } : {}),
  }));
}

function corrupt(): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_RECORD_CORRUPT',
    'What is stored of the runs under a concurrency key cannot be read: deploy the version that wrote it',
  );
}

/** Reads a text. Throws WORKFLOW_RECORD_CORRUPT for one that a newer version wrote. */
export function parsePlaces(text: string | undefined): Places {
  if (text === undefined) return none;
  const stored: unknown = JSON.parse(text);
  if (typeof stored !== 'object' || stored === null || !('holders' in stored) || !('waiting' in stored)) {
    throw corrupt();
  }
  return { holders: placesOf(stored.holders), waiting: placesOf(stored.waiting) };
}

/** The text of what stands under a key; undefined when nobody does. */
export function formatPlaces({ holders, waiting }: Places): string | undefined {
  if (holders.length + waiting.length === 0) return undefined;
  const stored = ({ runId, epoch, at, fresh }: Place): StoredPlace =>
    fresh === true ? [runId, epoch, at, 1] : [runId, epoch, at];
  return JSON.stringify({ holders: holders.map(stored), waiting: waiting.map(stored) });
}

/** What a run is under its key. */
export function standing({ holders, waiting }: Places, runId: string): 'holder' | 'waiting' | undefined {
  if (holders.some((place) => place.runId === runId)) return 'holder';
  return waiting.some((place) => place.runId === runId) ? 'waiting' : undefined;
}

/** How many runs are let in before a waiting one; undefined when it does not wait. */
export function aheadOf({ waiting }: Places, runId: string): number | undefined {
  const index = waiting.findIndex((place) => place.runId === runId);
  return index === -1 ? undefined : index;
}

/** Whether a run that asks now would wait. */
export function isTaken({ holders, waiting }: Places, limit: number): boolean {
  return waiting.length > 0 || holders.length >= limit;
}

/** Whether no more runs may wait. */
export function isQueueFull(places: Places): boolean {
  return places.waiting.length >= limits.waitingRuns || utf8Bytes(formatPlaces(places) ?? '') >= longestText;
}

/** Lets in whoever waits, as far as there is room. */
function refilled({ holders, waiting }: Places, limit: number): Places {
  const room = Math.max(0, limit - holders.length);
  const next = waiting.slice(0, room).map((place) => ({ ...place, fresh: true }));
  return { holders: [...holders, ...next], waiting: waiting.slice(next.length) };
}

function settledPlace({ runId, epoch, at }: Place): Place {
  return { runId, epoch, at };
}

function raised(places: readonly Place[], asked: Place, renewAge: number): readonly Place[] {
  const isOld = ({ epoch, at }: Place): boolean =>
    epoch < asked.epoch || (epoch === asked.epoch && asked.at - at > renewAge);
  return places.map((place) => (place.runId === asked.runId && isOld(place) ? asked : place));
}

/**
 * The run asks for a place, behind all who wait. One that has a place, or waits, stays where it is, for this epoch from now on.
 * It may be let in by this very call; then it is not {@link Place.fresh}, since it begins itself.
 */
export function entered(places: Places, asked: Place, limit: number): Places {
  const { holders, waiting } = places;
  const isKnown = standing(places, asked.runId) !== undefined;
  const known = isKnown
    ? {
        holders: raised(holders, asked, renewAfter),
        waiting: raised(waiting, asked, Number.POSITIVE_INFINITY),
      }
    : { holders, waiting: [...waiting, asked] };
  const after = refilled(known, limit);
  const own = (place: Place): Place => (place.runId === asked.runId ? settledPlace(place) : place);
  return { ...after, holders: after.holders.map(own) };
}

/** The run needs no place any more: not for this epoch, nor for an earlier one. Whoever waits is let in. */
export function left(places: Places, run: Pick<Place, 'runId' | 'epoch'>, limit: number): Places {
  const stays = ({ runId, epoch }: Place): boolean => runId !== run.runId || epoch > run.epoch;
  const rest = { holders: places.holders.filter(stays), waiting: places.waiting.filter(stays) };
  return refilled(rest, limit);
}

/** A place that was found abandoned is given up, unless its run has made it new since. */
export function dropped(places: Places, { runId, epoch, at }: Place, limit: number): Places {
  const isSame = (place: Place): boolean => place.runId === runId && place.epoch === epoch && place.at === at;
  return places.holders.some(isSame) ? left(places, { runId, epoch }, limit) : places;
}

/** Runs that were let in by somebody else, who may not have lived to begin them. */
export function freshHolders({ holders }: Places): readonly Place[] {
  return holders.filter(({ fresh }) => fresh === true);
}

/** The same when all of them were begun. */
export function begun({ holders, waiting }: Places): Places {
  return { holders: holders.map(settledPlace), waiting };
}

/**
 * Holders to look at for whether they are still there: all of a few, and of many some, others each minute, so that a look at
 * a key costs no more reads than that.
 */
export function suspects({ holders }: Places, now: number): readonly Place[] {
  const groups = Math.ceil(holders.length / suspectsAtOnce);
  if (groups <= 1) return holders;
  const first = (Math.floor(now / suspectsTurn) % groups) * suspectsAtOnce;
  return holders.slice(first, first + suspectsAtOnce);
}

/**
 * Whether a place under the key of this name is nobody's: its run is over, and whoever ended it may not have lived to say so; or
 * it was never started for this epoch under this key, and not for so long that whoever meant to is gone. A caller who is late
 * after all finds the place given away.
 */
export function isAbandoned(
  { epoch, at }: Place,
  header: Pick<RunHeader, 'status' | 'epoch' | 'limit'> | undefined,
  { name, now }: { readonly name: string; readonly now: number },
): boolean {
  const isOver = header !== undefined && terminalStatuses.has(header.status);
  if (isOver && header.epoch >= epoch) return true;
  // One that is pending is of no key yet.
  const isUnstarted = isOver || header?.limit !== name;
  return isUnstarted && now - at > startAllowance;
}

/** Whether a run was started and waits for a place. */
export function isQueued({ limit, status, position }: RunHeader): boolean {
  return limit !== undefined && status === 'waiting' && position === '';
}

/** Whether a run may have no place yet: then nothing of it may be executed before it has one. */
export function mayLackPlace({ limit, status, position }: RunHeader): boolean {
  return limit !== undefined && position === '' && status !== 'pending' && !terminalStatuses.has(status);
}
