import { limits } from '../core/limits.ts';
import type { MemberDelta, SharedData, SharedDelta, StoredValue } from '../core/records.ts';
import { applyDelta, changeIn, noShared, withRestarts } from '../core/shared-data.ts';
import type { JoinKey, StoredDelta } from '../ports/index.ts';
import type { Engine } from './engine.ts';

/**
 * The cell of a block: what its members have changed of state and request context so far, for those that are launched or
 * resumed after them. What counts in the end are the records of the members, merged when the block closes.
 */

/** Where a cell keeps, among the keys of the request context, which restarts are in it; no key of an author is like it. */
const restartMark = '\u0000restarts';

/**
 * Merges what a member changed in the generation that settled at `position`; what it changed in an earlier one was merged
 * with the settlement of that one, and others may have changed it since. `stored`: the delta on its record.
 */
export async function mergeIntoCell(
  engine: Engine,
  at: JoinKey,
  { position, generation }: { readonly position: number; readonly generation: number },
  stored: StoredValue,
): Promise<void> {
  const changes = (await engine.values.load(at.runId, stored)) as MemberDelta;
  const delta = changeIn(changes, { epoch: at.epoch, generation });
  if (delta === undefined) return;
  const encoded = async (values: Readonly<Record<string, unknown>> = {}) =>
    Object.fromEntries(
      await Promise.all(
        Object.entries(values).map(async ([key, value]) => {
          const text = engine.values.encode(value, `state.${key}`);
          return [key, await engine.values.place(at.runId, text, limits.cellInlineBytes)] as const;
        }),
      ),
    );
  const { removed = [], restarts = [] } = delta;
  // What restarts brought is in the cell from the first member on that saw it, so that the changes of others stand after it.
  const brought = withRestarts(noShared, restarts);
  const context = { ...applyDelta(brought, { removed }).requestContext, ...delta.requestContext };
  const mark = brought.restartedAt === undefined ? {} : { [restartMark]: brought.restartedAt };
  const [state, requestContext] = await Promise.all([encoded(delta.state), encoded({ ...context, ...mark })]);
  await engine.backend.store.mergeCell({
    ...at,
    position,
    delta: { state, requestContext, removed },
  });
}

/** `base` with what the members of a block have changed so far. */
export async function withCell(engine: Engine, at: JoinKey, base: SharedData): Promise<SharedData> {
  return applyDelta(base, await cellOf(engine, at));
}

/** What the members of a block have changed so far. */
export async function cellOf(engine: Engine, at: JoinKey): Promise<SharedDelta> {
  return decoded(engine, at.runId, await engine.backend.store.loadCell(at));
}

async function decoded(engine: Engine, runId: string, cell: StoredDelta): Promise<SharedDelta> {
  const values = async (stored: Readonly<Record<string, StoredValue>>) =>
    Object.fromEntries(
      await Promise.all(
        Object.entries(stored).map(
          async ([key, value]) => [key, await engine.values.load(runId, value)] as const,
        ),
      ),
    );
  const [state, requestContext] = await Promise.all([values(cell.state), values(cell.requestContext)]);
  const { [restartMark]: at, ...others } = requestContext;
  const restarts = typeof at === 'number' ? { restarts: [{ at, requestContext: {} }] } : {};
  return { state, requestContext: others, removed: cell.removed, ...restarts };
}
