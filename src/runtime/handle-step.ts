import { admit, afterLostClaim } from '../core/decide.ts';
import { isEntryKey, type RecordKey, type StepRecord } from '../core/records.ts';
import { parseTurn } from '../core/turn.ts';
import { endEvent, ensureEntryResumed, fulfilEntry } from './duty-entry.ts';
import { ensureMemberLogged, fulfilMember } from './duty-member.ts';
import { travelTo } from './epoch-inside.ts';
import { resumeAnew } from './epoch-resume.ts';
import { crashOutcome, runBody } from './execution.ts';
import {
  drop,
  type EventHandling,
  type Handling,
  begunBy,
  type StepEvent,
  type StepHandling,
} from './handling.ts';
import { inputAt, type Loaded, loadForStep, recordAt, sharedAt, sourceOf, sourceStands } from './load.ts';
import { goingOn } from './parking.ts';
import { readsAt } from './registry.ts';
import { checkTimeLeft } from './time-limit.ts';

/** Does what the outcome on a record implies. */
export async function fulfil(handling: Handling, record: StepRecord, won: boolean): Promise<void> {
  if (isEntryKey(record.key)) await fulfilEntry(handling, record, won);
  else await fulfilMember(handling, record, won);
}

/**
 * The handling of an event that the run, and what stands before the entry, allow. Undefined when they do not, and what
 * follows from that is done.
 */
export async function admitted<T extends EventHandling>(
  event: T,
  at: { readonly key: RecordKey; readonly turn: string },
  loaded: Loaded,
): Promise<(T & Handling) | undefined> {
  const { engine, publisher, epoch } = event;
  const { header } = loaded;
  const admission = admit(header, { epoch, key: at.key });
  if (admission.type === 'drop' || header === undefined) {
    drop(engine, admission.type === 'drop' ? admission.reason : 'unknown-run');
    return undefined;
  }
  const handling = { ...event, header, publisher: publisher.after(header) };
  if (admission.type === 'announce-end') {
    await publisher.publish([endEvent(handling, header.status)]);
    return undefined;
  }
  // The items of a foreach are all of the step that its event is for; whoever closes it looks at what is before it.
  const isItem = at.key.item !== undefined;
  const source = isItem ? undefined : recordAt(loaded.records, { entry: sourceOf(at) });
  const current = await goingOn(engine, header, [source]);
  if (current === undefined) return undefined;
  if (sourceStands(at, loaded)) return current === header ? handling : { ...handling, header: current };
  drop(engine, 'predecessor-missing');
  return undefined;
}

/**
 * Handles the `step.run` of a step: load, claim, execute, commit, publish. Returning acknowledges the event, so it returns
 * only when the record has moved past the turn, what it implies is published, or a probe is on its way.
 */
export async function handleStep(event: EventHandling & StepEvent): Promise<void> {
  const { engine, workflow, runId, key, turn, step } = event;
  const reads = readsAt(workflow, key, step);
  const { restartedAt } = event.publisher.scope;
  const at = { runId, key, turn, graph: workflow.graph, restartedAt };
  const loaded = await loadForStep(engine, at, reads);
  const handling = await admitted(event, event, loaded);
  if (handling === undefined) return;
  if (await isKept(handling, loaded)) return;
  const claimed = await claim(handling, loaded);
  if (claimed === undefined) return;
  const { generation, attempt } = parseTurn(handling.turn);
  if (generation > 0 && attempt === 0) await ensureResumed(handling, claimed);
  await work(handling, loaded, claimed);
}

/**
 * Whether an item goes on with what it was before a time travel to its foreach. One that had succeeded is put at the new turn,
 * and what that implies is done; one that was suspended is resumed with what the time travel gave.
 */
export async function isKept(handling: StepHandling, loaded: Loaded): Promise<boolean> {
  const { engine, runId, key, turn, step } = handling;
  if (key.item === undefined || loaded.join?.opening.keepsItems !== true) return false;
  const { store } = engine.backend;
  const [record] = await store.loadItems({ runId, entry: key.entry, items: [key.item] });
  if (record === undefined || record.turn >= turn) return false;
  if (record.status === 'suspended' && step.workflow === undefined) return isResumedAnew(handling, record);
  if (record.status !== 'success' || record.aborted === true) return false;
  // Its tokens are first possible now, in the log of this epoch.
  const { fromSegment: _, ...settled } = record;
  const { newestSegment } = loaded.join;
  const segment = newestSegment === 0 ? {} : { fromSegment: newestSegment };
  const kept = { ...settled, ...segment, ...begunBy(handling, key.entry), turn, kept: true };
  const write = await store.closeBlock({ runId, record: kept });
  if (write.image?.turn !== turn) return false;
  await fulfil(handling, write.image, write.won);
  return true;
}

async function isResumedAnew(handling: StepHandling, before: StepRecord): Promise<boolean> {
  const { key, step, publisher, event } = handling;
  const parameters = await travelTo(handling);
  if (parameters === undefined) return false;
  const resumed = await resumeAnew(handling, parameters, { key, stepId: step.id, before });
  if (resumed === undefined) return false;
  await publisher.publish([publisher.stepRun({ ...resumed, seesCell: event.seesCell })]);
  return true;
}

async function ensureResumed(handling: StepHandling, record: StepRecord): Promise<void> {
  if (isEntryKey(record.key)) await ensureEntryResumed(handling, record);
  else await ensureMemberLogged(handling, record);
}

/** Claims the turn. Undefined when the record had it otherwise, and what that asks for is done. */
async function claim(handling: StepHandling, loaded: Loaded): Promise<StepRecord | undefined> {
  const { engine, runId, key, turn, step, owner } = handling;
  const { store, clock, metrics } = engine.backend;
  const { iteration, generation, attempt } = parseTurn(turn);
  const now = clock.now();
  checkTimeLeft(handling, now);
  const source = sourceOf(handling);
  const sharedFrom = sharedAt(loaded, handling);
  const executesWith = key.item === undefined ? inputAt(loaded, source) : undefined;
  const write = await store.claim({
    runId,
    key,
    turn,
    fresh: generation === 0 && attempt === 0,
    stepId: step.id,
    owner,
    leaseUntil: now + engine.times.leaseMs,
    now,
    inputFrom: source,
    ...begunBy(handling, key.entry),
    ...(executesWith === undefined ? {} : { executesWith }),
    ...(handling.event.seesCell === true ? { seesCell: true } : {}),
    ...(iteration > 0 ? { iterates: true } : {}),
    ...(sharedFrom === undefined ? {} : { sharedFrom }),
  });
  if (write.won) return (await standsHere(handling, write.image)) ? write.image : undefined;
  metrics.count('claim.lost');
  return afterLoss(handling, write.image);
}

/** Whether a record, or a block, may be gone on with by the graph that is here: one with another graph may have begun it. */
export async function standsHere(handling: Handling, begun: Pick<StepRecord, 'graph'>): Promise<boolean> {
  const { engine, header } = handling;
  return (await goingOn(engine, header, [begun])) !== undefined;
}

/** Does what the record asks of a worker that came second; resolves with the record when the turn could be taken over. */
async function afterLoss(
  handling: StepHandling,
  image: StepRecord | undefined,
): Promise<StepRecord | undefined> {
  const { engine, publisher, event, runId, key, turn } = handling;
  const { store, clock, metrics, timers } = engine.backend;
  const now = clock.now();
  const verdict = afterLostClaim(image, turn, { now, skewMs: engine.times.skewMs });
  if (verdict.type === 'drop' || image === undefined) {
    drop(engine, verdict.type === 'drop' ? verdict.reason : 'stale-turn');
    return undefined;
  }
  if (!(await standsHere(handling, image))) return undefined;
  switch (verdict.type) {
    case 'publish-turn':
      await publisher.publishAt(
        publisher.stepRun({ ...image, turn: verdict.turn, dueAt: verdict.dueAt }),
        verdict.dueAt,
      );
      return undefined;
    case 'probe':
      // Returning the message instead would raise its receive count until a healthy long step is taken for dead.
      await timers.schedule(event, verdict.at);
      metrics.count('probe.sent');
      return undefined;
    case 'duty':
      await fulfil(handling, image, false);
      return undefined;
    case 'take-over': {
      checkTimeLeft(handling, now);
      const write = await store.takeOver({
        runId,
        key,
        turn,
        seenOwner: verdict.seenOwner,
        // Never that of an earlier claim: whoever has seen that one expire would void this one.
        owner: engine.nextOwner(),
        leaseUntil: now + engine.times.leaseMs,
      });
      if (!write.won) return afterLoss(handling, write.image);
      metrics.count('claim.taken-over');
      return write.image;
    }
  }
}

async function work(claiming: StepHandling, loaded: Loaded, claimed: StepRecord): Promise<void> {
  const { engine, runId, key, turn } = claiming;
  const owner = claimed.owner ?? claiming.owner;
  const handling = { ...claiming, owner };
  const crashed = (claimed.claims ?? 1) > engine.limits.claims;
  // A restart, which ends leases, may have come since the header was read, and brought something into the request context.
  const header = (claimed.claims ?? 1) > 1 ? await engine.backend.store.loadHeader(runId) : undefined;
  const current = header === undefined ? loaded : { ...loaded, header };
  const publisher = header === undefined ? handling.publisher : handling.publisher.after(header);
  const informed = { ...handling, publisher };
  const outcome = crashed ? await crashOutcome(handling, claimed) : await runBody(handling, current, claimed);
  const write = await engine.backend.store.commit({ runId, key, turn, owner, outcome });
  if (write.won) return fulfil(informed, write.image, true);
  engine.backend.metrics.count('commit.lost');
  const taken = await afterLoss(informed, write.image);
  if (taken !== undefined) await work(informed, current, taken);
}
