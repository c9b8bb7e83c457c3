import { storedRun } from './begin.ts';
import { resumeTargets, type SuspendedPlace } from '../core/resume-target.ts';
import { suspendedPlaces } from '../core/suspended-places.ts';
import { checkAccess, existingHeader, notFound } from './access.ts';
import type { ResumeRequest, StoredRun } from './api.ts';
import type { Engine } from './engine.ts';
import { resumeOnce, tolerant } from './resume-once.ts';
import { mustGoOn } from './parking.ts';
import { storeResumption } from './resume-place.ts';
import { loadTree, type RunTree } from './run-tree.ts';

/** How often a resume looks again for a suspension that is not stored yet, ms. */
export const lookAgainMs = 50;

/** Finds what the request means; waits a moment for a suspension whose event overtook its record. */
async function findTargets(
  engine: Engine,
  request: ResumeRequest,
): Promise<readonly [SuspendedPlace, ...SuspendedPlace[]]> {
  const { clock } = engine.backend;
  const until = clock.now() + engine.times.resumeWaitMs;
  const header = await existingHeader(engine, request);
  await mustGoOn(engine, header);
  for (;;) {
    const tree = await loadTree(engine, request.runId, 'suspended');
    if (tree === undefined) throw notFound(request.runId);
    checkAccess(tree.header, request);
    const targets = resumeTargets(tree.header, suspendedPlaces(tree), request);
    if ('places' in targets) return targets.places;
    await mustAllGoOn(engine, tree);
    const left = until - clock.now();
    if (!targets.mayCome || left <= 0) throw targets.refusal;
    await engine.signals.next(request.runId, Math.min(lookAgainMs, left));
  }
}

/** What another graph has begun is not found by the one that is here: then the run is parked, and that is what is wrong. */
async function mustAllGoOn(engine: Engine, { header, records, open, children }: RunTree): Promise<void> {
  await mustGoOn(engine, header, [open?.opening, ...(open?.items ?? []), ...records]);
  for (const child of children.values()) await mustAllGoOn(engine, child);
}

/**
 * Resumes a suspended step, or all suspended items of a foreach. Of several callers exactly one wins, by the first of them;
 * the 2xx follows the write.
 */
export async function resumeRun(engine: Engine, request: ResumeRequest): Promise<StoredRun> {
  const find = () => findTargets(engine, request);
  if (request.requestKey !== undefined) return resumeOnce(engine, request, request.requestKey, find);
  const [first, ...others] = await find();
  const { header, announce } = await storeResumption(engine, request, first);
  const announcements = [announce];
  for (const place of others) {
    const stored = storeResumption(engine, request, place);
    await tolerant(stored.then((resumption) => announcements.push(resumption.announce)));
  }
  for (const each of announcements) await each();
  await engine.backend.store.durable();
  const root = first.runId === request.runId ? header : await engine.backend.store.loadHeader(request.runId);
  return storedRun({ ...(root ?? header), status: 'running' }, true);
}
