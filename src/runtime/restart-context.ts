import { limits } from '../core/limits.ts';
import {
  activeStatuses,
  openStatuses,
  type RestartContext,
  type RunHeader,
  type SharedData,
} from '../core/records.ts';
import { addRestart, noShared, restartsAfter } from '../core/shared-data.ts';
import type { Engine } from './engine.ts';
import { loadTree } from './run-tree.ts';

/** What restarts have brought into the request context of a run, oldest first. */
export async function restartsOf(
  engine: Engine,
  header: Pick<RunHeader, 'runId' | 'restarts'> | undefined,
): Promise<readonly RestartContext[]> {
  if (header?.restarts === undefined) return [];
  return (await engine.values.load(header.runId, header.restarts.value)) as readonly RestartContext[];
}

/**
 * Opens a run again, in one write with what the restart brings: whoever reads the header from then on sees both. Resolves
 * with the header; undefined when the run has ended or stopped meanwhile.
 */
export async function openAgain(
  engine: Engine,
  header: RunHeader,
  brought: readonly RestartContext[],
  { suspended = false }: { readonly suspended?: boolean } = {},
): Promise<RunHeader | undefined> {
  const { store, clock } = engine.backend;
  const { runId } = header;
  const statuses = suspended ? openStatuses : activeStatuses;
  for (let seen = header; ; ) {
    const now = clock.now();
    const write = { runId, now, sweepAt: now + engine.times.sweepMs, suspended };
    const result = await store.restart(
      brought.length === 0
        ? write
        : { ...write, wakes: seen.wakes, restarts: await storedRestarts(engine, seen, brought) },
    );
    if (result.won) return result.image;
    const { image } = result;
    // Somebody else woke the run since it was read: theirs must not be lost.
    if (image === undefined || image.wakes === seen.wakes || !statuses.has(image.status)) return undefined;
    seen = image;
  }
}

async function storedRestarts(
  engine: Engine,
  header: RunHeader,
  brought: readonly RestartContext[],
): Promise<NonNullable<RunHeader['restarts']>> {
  const restarts = brought.reduce(addRestart, await restartsOf(engine, header));
  const text = engine.values.encode(restarts, 'requestContext');
  const value = await engine.values.place(header.runId, text, limits.restartInlineBytes);
  return { at: restarts.at(-1)?.at ?? 0, value };
}

/**
 * Gives what restarts have brought into a run over to one that is nested in it, suspended or not, and to those inside of
 * that, as far as they were not begun with it. Resolves with the header of the nested run.
 */
export async function passRestarts(engine: Engine, above: RunHeader, nested: RunHeader): Promise<RunHeader> {
  if (above.restarts === undefined || above.restarts.at <= (nested.restarts?.at ?? 0)) return nested;
  const { runId } = nested;
  const run = await engine.backend.store.loadRun(runId);
  const shared = run?.input?.shared;
  const given = shared === undefined ? noShared : ((await engine.values.load(runId, shared)) as SharedData);
  const restartedAt = Math.max(given.restartedAt ?? 0, nested.restarts?.at ?? 0);
  const missing = restartsAfter(await restartsOf(engine, above), { ...given, restartedAt });
  const opened =
    missing.length === 0 ? undefined : await openAgain(engine, nested, missing, { suspended: true });
  if (opened === undefined) return nested;
  const tree = await loadTree(engine, runId, 'suspended');
  for (const { header } of tree?.children.values() ?? []) await passRestarts(engine, opened, header);
  return opened;
}
