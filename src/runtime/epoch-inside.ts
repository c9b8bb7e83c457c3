import { entryCount } from '../core/assemble.ts';
import type { WorkflowDefinition } from '../core/definition.ts';
import type { SharedData, StoredValue } from '../core/records.ts';
import { givenFor, type TravelParameters, travelTarget } from '../core/travel.ts';
import { firstTurn, formatTurn } from '../core/turn.ts';
import type { ChildStartWrite } from '../ports/index.ts';
import type { StepHandling } from './handling.ts';
import { loadTree, type RunTree } from './run-tree.ts';

/** What the runtime keeps of the time travel that began an epoch at this entry; undefined when none did. */
export async function travelTo({
  engine,
  header,
  runId,
  epoch,
  key,
}: Pick<StepHandling, 'engine' | 'header' | 'runId' | 'epoch' | 'key'>): Promise<
  TravelParameters | undefined
> {
  const begins = header.from.some(([number, entry]) => number === epoch && entry === key.entry);
  const stored = begins ? await engine.backend.store.loadTravel({ runId, epoch }) : undefined;
  return stored === undefined ? undefined : ((await engine.values.load(runId, stored)) as TravelParameters);
}

/**
 * How a nested run begins when a time travel leads into it: an epoch of its own, at the rest of the path, with what the
 * caller gave for it. Undefined when it begins as always: so do items of a foreach that had not begun before.
 */
export async function epochInside(
  handling: StepHandling,
  nested: WorkflowDefinition,
  childId: string,
  given: { readonly input: unknown; readonly shared: SharedData },
): Promise<Omit<ChildStartWrite, 'header'> | undefined> {
  const { engine, epoch, key, turn, step } = handling;
  if (turn !== formatTurn(firstTurn(epoch))) return undefined;
  const parameters = await travelTo(handling);
  const [own, ...inner] = parameters?.path ?? [];
  if (parameters === undefined || own !== step.id || inner.length === 0) return undefined;
  const before = await loadTree(engine, childId, 'none');
  const context = givenFor(parameters.nestedStepsContext, step.id);
  if (key.item !== undefined && before === undefined && context === undefined) return undefined;
  const target = travelTarget(nested.graph, inner, { runId: childId, workflowId: nested.id });
  const passed: TravelParameters = {
    ...parameters,
    path: target.path,
    hasInput: false,
    shared: given.shared,
    context: context ?? {},
  };
  const { values } = engine;
  return {
    input: {
      input: await inputOf(
        handling,
        { childId, before, given: given.input, isFirst: target.key.entry === 0 },
        passed,
      ),
      shared: await values.store(childId, given.shared, 'initialState'),
    },
    from: target.key.entry,
    begun: before === undefined ? 0 : entryCount(before),
    parameters: await values.store(childId, passed, 'time travel'),
  };
}

/** What the nested run is started with: what the caller gave for it, what it had, else what its place gives. */
async function inputOf(
  { engine }: StepHandling,
  {
    childId,
    before,
    given,
    isFirst,
  }: { childId: string; before: RunTree | undefined; given: unknown; isFirst: boolean },
  { context, path }: TravelParameters,
): Promise<StoredValue> {
  const { values } = engine;
  const first = givenFor(context, path[0] ?? '');
  if (Object.hasOwn(context, 'input')) return values.store(childId, context['input'], 'input');
  if (isFirst && first !== undefined && 'payload' in first) {
    return values.store(childId, first.payload, 'input');
  }
  return before?.input?.input ?? values.store(childId, given, 'inputData');
}
