import { errorOf } from '../core/codec-error.ts';
import { WorkflowError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { StoredValue } from '../core/records.ts';
import type { TravelParameters } from '../core/travel.ts';
import type { JoinOpening } from '../ports/index.ts';
import { failEntry } from './fail-entry.ts';
import { launchBlock, relaunchBlock } from './handle-block.ts';
import { admitted, standsHere } from './handle-step.ts';
import { drop, entryTurn, type EventHandling, type Handling, begunBy } from './handling.ts';
import { inputAt, type Loaded, loadForStep, sharedAt, sourceOf } from './load.ts';
import { readExecution } from './read-execution.ts';
import { type ForeachEntry, readsOfBody } from './registry.ts';
import { evaluateConcurrency } from './step-executor.ts';
import { isOfThePlace } from './values.ts';

/**
 * Handles the `step.run` of a foreach: puts the array into pages where it is large, opens the join and launches the first
 * window of items. How many run at once is decided by whoever opens the join first.
 */
export async function handleForeach(
  event: EventHandling,
  foreach: ForeachEntry,
  entry: number,
  turn: string,
): Promise<void> {
  const { engine, workflow, runId, epoch } = event;
  if (turn !== entryTurn(event)) return drop(engine, 'stale-turn');
  const at = { key: { entry }, turn };
  const { concurrency } = foreach;
  const reads = typeof concurrency === 'function' ? readsOfBody(concurrency) : { steps: [], init: false };
  const { restartedAt } = event.publisher.scope;
  const loaded = await loadForStep(engine, { runId, ...at, graph: workflow.graph, restartedAt }, reads);
  const handling = await admitted(event, at, loaded);
  if (handling === undefined) return;
  let opening: JoinOpening;
  try {
    opening = await openingOf(handling, foreach, loaded, await readExecution(handling, at, loaded, reads));
  } catch (thrown) {
    if (isOfThePlace(thrown)) throw thrown;
    return failEntry(handling, { entry, stepId: foreach.step.id, error: errorOf(thrown), loaded });
  }
  const write = await engine.backend.store.openJoin({ runId, entry, epoch, ...opening });
  if (write.won) return launchBlock(handling, entry, write.image);
  if (write.image?.turn === turn && (await standsHere(handling, write.image)))
    await relaunchBlock(handling, entry, write.image);
}

/** What the join is opened with; the pages are put before. */
async function openingOf(
  handling: Handling,
  { step, concurrency }: ForeachEntry,
  loaded: Loaded,
  execution: Awaited<ReturnType<typeof readExecution>>,
): Promise<JoinOpening> {
  const { engine, epoch } = handling;
  const items = itemsOf(execution.input, step.id);
  if (items.length > limits.joinMembers) {
    throw new WorkflowError(
      'WORKFLOW_LIMIT_EXCEEDED',
      `The foreach over "${step.id}" was given ${items.length} elements: at most ${limits.joinMembers} are possible, split the array over several runs or nest one foreach in another`,
      { details: { stepId: step.id, limit: 'joinMembers', allowed: limits.joinMembers } },
    );
  }
  const window = await evaluateConcurrency(concurrency, execution);
  const source = sourceOf({ key: execution.key, turn: entryTurn(handling) });
  const sharedFrom = sharedAt(loaded, { key: execution.key, turn: entryTurn(handling) });
  const keepsItems = await goesOn(handling, execution.key.entry);
  const pageSize = await putPages(handling, execution.key.entry, items, inputAt(loaded, source));
  return {
    turn: entryTurn({ epoch }),
    total: items.length,
    concurrency: Math.min(window, Math.max(1, items.length)),
    openedAt: engine.backend.clock.now(),
    ...(pageSize === undefined ? {} : { pageSize }),
    ...(keepsItems ? { keepsItems } : {}),
    ...(sharedFrom === undefined ? {} : { sharedFrom }),
    ...begunBy(handling, execution.key.entry, {}),
  };
}

/**
 * Whether a time travel to this foreach goes on with what it had come to: it had not succeeded, and its array is the same.
 */
async function goesOn({ engine, runId, epoch, header }: Handling, entry: number): Promise<boolean> {
  const start = header.from.find(([number]) => number === epoch);
  if (start?.[1] !== entry) return false;
  const { store } = engine.backend;
  const stored = await store.loadTravel({ runId, epoch });
  if (stored === undefined) return false;
  const { hasInput } = (await engine.values.load(runId, stored)) as TravelParameters;
  const load = await store.loadStep({ runId, keys: [{ entry }], input: false, consistent: true });
  return !hasInput && load.records[0]?.status !== 'success';
}

/** As in the reference, anything with a length is gone through, and what has none is empty. */
function itemsOf(input: unknown, stepId: string): readonly unknown[] {
  if (Array.isArray(input)) return input;
  if (input === null || input === undefined) {
    throw new WorkflowError(
      'WORKFLOW_STEP_INPUT_VALIDATION_FAILED',
      `The foreach over "${stepId}" was given ${String(input)}: the entry before it has to give an array`,
      { cause: new TypeError(`${String(input)} is not iterable`), details: { stepId } },
    );
  }
  const { length } = input as { readonly length?: unknown };
  return typeof length === 'number' ? Array.from(input as ArrayLike<unknown>) : [];
}

/**
 * Puts an array that is larger than a page into pages; resolves with the elements of each, or undefined when items read the
 * array itself. The same array gives the same pages, whoever puts them.
 */
async function putPages(
  { engine, runId, epoch }: Handling,
  entry: number,
  items: readonly unknown[],
  stored: StoredValue | undefined,
): Promise<number | undefined> {
  const bytes = stored === undefined ? 0 : 'inline' in stored ? stored.inline.length : stored.bytes;
  if (bytes <= limits.pageBytes || items.length < 2) return undefined;
  const fitting = Math.floor((limits.pageBytes * items.length) / bytes);
  const pageSize = Math.max(1, Math.min(limits.pageElements, fitting));
  const pages: StoredValue[] = [];
  for (let from = 0; from < items.length; from += pageSize) {
    const name = `input of the foreach at entry ${entry}`;
    pages.push(await engine.values.store(runId, items.slice(from, from + pageSize), name));
  }
  await engine.backend.store.putPages({ runId, entry, epoch, pageSize, pages });
  return pageSize;
}
