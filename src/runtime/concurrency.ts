import { publishEpoch, publishStart } from './begin.ts';
import {
  admittedPosition,
  aheadOf,
  begun,
  dropped,
  entered,
  formatPlaces,
  freshHolders,
  isAbandoned,
  isQueued,
  left,
  mayLackPlace,
  parsePlaces,
  type Place,
  type Places,
  standing,
  suspects,
} from '../core/concurrency.ts';
import { type RunHeader, terminalStatuses } from '../core/records.ts';
import type { Queued } from '../core/snapshot.ts';
import { signalChange } from './duty-entry.ts';
import type { Engine } from './engine.ts';

/**
 * Places of runs under the concurrency keys of their workflows. What stands under a key is changed first, and then done: a run
 * that was let in is marked as such until somebody else changes the text, and whoever does begins it again. So no death between
 * the two leaves a run behind, as long as the event that led to it comes again; and each run that waits looks for itself as well.
 */

/** A concurrency key of a workflow. */
export interface LimitKey {
  /** Of the text that says who has a place. */
  readonly name: string;
  /** Places that the code has now; infinite when it has no limit any more. */
  readonly limit: number;
}

/** The key that a run has a place under, or waits for one; undefined for a run without a limit. */
export function limitKeyOf(
  { registry }: Engine,
  { workflowId, limit: name }: RunHeader,
): LimitKey | undefined {
  if (name === undefined) return undefined;
  const workflow = registry.find(workflowId);
  // How many may go on is not known here: whoever has the workflow sees to its places, at a sweep.
  if (workflow === undefined) return undefined;
  return { name, limit: workflow.definition.concurrency?.limit ?? Number.POSITIVE_INFINITY };
}

/** What stands under a key. */
export async function placesAt({ backend }: Engine, name: string): Promise<Places> {
  return parsePlaces(await backend.store.loadNamed(name));
}

/**
 * Changes what stands under a key, and begins whoever was let in: by this change, and by the one before. Resolves with what
 * stands there then.
 */
export async function changePlaces(
  engine: Engine,
  key: LimitKey,
  decide: (places: Places) => Places,
): Promise<Places> {
  const { store } = engine.backend;
  let text = await store.loadNamed(key.name);
  for (;;) {
    const seen = parsePlaces(text);
    const gone = await beginFresh(engine, key, seen);
    const before = begun(seen);
    const after = decide(gone.reduce((places, run) => left(places, run, key.limit), before));
    const wanted = formatPlaces(after);
    // That nobody is marked any more is no reason for a write.
    if (wanted === formatPlaces(before)) return seen;
    const write = await store.writeNamed({
      name: key.name,
      ...(text === undefined ? {} : { seen: text }),
      ...(wanted === undefined ? {} : { text: wanted }),
    });
    ({ text } = write);
    // Of those that were let in, some may have ended while they waited: others come in their place.
    if (write.won && (await beginFresh(engine, key, after)).length === 0) return after;
  }
}

/** Runs that are begun at once: a limit that was raised can let in many. */
const begunAtOnce = 16;

/** Begins the runs that were let in. Resolves with those whose place is nobody's. */
async function beginFresh(engine: Engine, key: LimitKey, places: Places): Promise<readonly Place[]> {
  const fresh = freshHolders(places);
  const gone: Place[] = [];
  for (let at = 0; at < fresh.length; at += begunAtOnce) {
    const some = fresh.slice(at, at + begunAtOnce);
    const isThere = await Promise.all(some.map((place) => beginAt(engine, key, place)));
    gone.push(...some.filter((_, index) => isThere[index] === false));
  }
  return gone;
}

/** Begins a run that was let in, unless it has begun. Resolves with false when its place is nobody's. */
async function beginAt(engine: Engine, key: LimitKey, place: Place): Promise<boolean> {
  const { store, clock } = engine.backend;
  const header = await store.loadHeader(place.runId);
  if (isAbandoned(place, header, { name: key.name, now: clock.now() })) return false;
  // Otherwise its start is on its way, and finds the place.
  const isStored = header?.limit === key.name && header.epoch === place.epoch;
  if (isStored) await beginRun(engine, header);
  return true;
}

/** Begins a run that has a place: its first event is published, unless that was plainly handled. Resolves with its header. */
async function beginRun(engine: Engine, header: RunHeader, won = false): Promise<RunHeader> {
  const { store, clock } = engine.backend;
  const { runId, epoch } = header;
  const now = clock.now();
  const write = isQueued(header)
    ? await store.setStatus({
        runId,
        epoch,
        status: 'running',
        position: admittedPosition,
        now,
        sweepAt: now + engine.times.sweepMs,
      })
    : undefined;
  const stored = write?.image ?? header;
  if (stored.epoch !== epoch || stored.status !== 'running') return stored;
  const workflow = engine.registry.get(stored.workflowId);
  if (epoch === 1) await publishStart(engine, workflow, stored, won);
  else await publishEpoch(engine, workflow, stored);
  signalChange(engine, stored);
  return stored;
}

/** Gives up a place, for this epoch and earlier ones. */
export async function leave(
  engine: Engine,
  key: LimitKey,
  run: Pick<Place, 'runId' | 'epoch'>,
): Promise<void> {
  await changePlaces(engine, key, (places) => left(places, run, key.limit));
}

/** Gives up the place of a run that is over, or is removed. Whoever waits for it is begun. */
export async function leavePlace(engine: Engine, header: RunHeader): Promise<void> {
  const key = limitKeyOf(engine, header);
  if (key !== undefined) await leave(engine, key, header);
}

/**
 * Makes sure that a stored run has a place, or waits for one. Resolves with the run as it stands with its place, undefined while
 * it waits. One that has ended meanwhile gave its place up before it had one, so it is given up here.
 */
export async function takePlace(engine: Engine, header: RunHeader): Promise<RunHeader | undefined> {
  const key = limitKeyOf(engine, header);
  if (key === undefined) return header;
  const { store, clock } = engine.backend;
  const { runId, epoch } = header;
  const places = await changePlaces(engine, key, (seen) =>
    entered(seen, { runId, epoch, at: clock.now() }, key.limit),
  );
  if (standing(places, runId) !== 'holder') return undefined;
  const standingNow = await store.loadHeader(runId);
  if (standingNow === undefined || !terminalStatuses.has(standingNow.status)) return header;
  await leave(engine, key, standingNow);
  return standingNow;
}

/** Gives up places that are nobody's, of those that are looked at this time. */
export async function dropAbandoned(engine: Engine, key: LimitKey, places: Places): Promise<boolean> {
  const { store, clock } = engine.backend;
  const now = clock.now();
  const found = await Promise.all(
    suspects(places, now).map(async (place) => {
      const isGone = isAbandoned(place, await store.loadHeader(place.runId), { name: key.name, now });
      return isGone ? [place] : [];
    }),
  );
  const gone = found.flat();
  for (const place of gone) {
    await changePlaces(engine, key, (seen) => dropped(seen, place, key.limit));
  }
  return gone.length > 0;
}

/**
 * What a sweep does first about a run that may have no place yet. Resolves with whether the rest of the sweep is to follow: not
 * for a run that waits, nor for one that is begun by this.
 */
export async function sweepPlace(engine: Engine, header: RunHeader): Promise<boolean> {
  if (!mayLackPlace(header)) return true;
  const placed = await takePlace(engine, header);
  if (placed !== undefined) {
    if (terminalStatuses.has(placed.status)) return false;
    if (!isQueued(header)) return true;
    await beginRun(engine, header);
    return false;
  }
  const key = limitKeyOf(engine, header);
  if (key !== undefined) await dropAbandoned(engine, key, await placesAt(engine, key.name));
  return false;
}

/** Goes on with a start that is stored, once its run has a place. Resolves with the run as it is then. */
export async function goOnStarting(engine: Engine, stored: RunHeader, won: boolean): Promise<RunHeader> {
  if (terminalStatuses.has(stored.status)) {
    // This start may have got it a place, and it ended before.
    await leavePlace(engine, stored);
    return stored;
  }
  if (!mayLackPlace(stored)) return stored.epoch === 1 ? beginRun(engine, stored) : stored;
  const placed = await takePlace(engine, stored);
  if (placed !== undefined && terminalStatuses.has(placed.status)) return placed;
  if (placed !== undefined) return beginRun(engine, stored, won && stored.status === 'running');
  if (won) engine.backend.metrics.count('run.queued', { workflowId: stored.workflowId });
  return stored;
}

/** What queries show of a run that waits for a place; undefined for any other. */
export async function queuedOf(engine: Engine, header: RunHeader): Promise<Queued | undefined> {
  const { limit, runId, startedAt = header.createdAt } = header;
  if (limit === undefined || !isQueued(header)) return undefined;
  const ahead = aheadOf(await placesAt(engine, limit), runId);
  return { since: startedAt, ...(ahead === undefined ? {} : { ahead }) };
}
