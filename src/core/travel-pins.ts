import { entryId, type Graph, type GraphEntry, graphSteps, hasOwnResult } from './graph.ts';
import type { StepContextInput } from './host.ts';
import { isVisible, type RecordKey, type RunHeader, sameKey, type StepRecord } from './records.ts';
import { givenFor, type TravelParameters } from './travel.ts';
import { parseTurn } from './turn.ts';

/**
 * What a time travel puts before its target, so that the target finds it there: entries that the caller gave, entries that
 * had not succeeded, and in any case the one just before, which has the state that the epoch begins with.
 */

/** A record to be put. `value` gives what is to be encoded as its output, and its payload when the caller gave one. */
export interface Pin {
  readonly key: RecordKey;
  readonly stepId: string;
  /** The record that it goes on from. */
  readonly stored: StepRecord | undefined;
  readonly given: StepContextInput | undefined;
  readonly output: PinnedOutput;
  /** It holds the state and request context that the epoch begins with. */
  readonly hasShared: boolean;
}

/** Where the output of a pin comes from. */
export type PinnedOutput =
  | { readonly from: 'value'; readonly value: unknown }
  /** That of the stored record, undefined when it has none. */
  | { readonly from: 'stored' }
  /** Those of the arms. */
  | { readonly from: 'arms' };

/** A run, as far as pins are derived from it; `header` is that of the new epoch. */
export interface PinView {
  readonly header: RunHeader;
  readonly records: readonly StepRecord[];
  readonly graph: Graph;
}

/** Statuses of an arm that somebody may still write. */
const unsettled: ReadonlySet<StepRecord['status']> = new Set(['running', 'due', 'child']);

/** The record of a place that counts in the epoch. */
export function storedAt({ header, records }: PinView, key: RecordKey): StepRecord | undefined {
  return records.find(
    (record) => sameKey(record.key, key) && isVisible(parseTurn(record.turn).epoch, key.entry, header),
  );
}

/** Pins of all entries before `target`, in graph order, the arms of a block before the block. */
export function pinsBefore(view: PinView, target: number, parameters: TravelParameters): Pin[] {
  return view.graph.slice(0, target).flatMap((definition, entry) => {
    const place = { definition, entry, isLast: entry === target - 1 };
    return hasOwnResult(definition) ? entryPins(view, place, parameters) : blockPins(view, place, parameters);
  });
}

function outputOf(
  given: StepContextInput | undefined,
  isLast: boolean,
  { hasInput, inputData }: TravelParameters,
): PinnedOutput {
  if (isLast && hasInput) return { from: 'value', value: inputData };
  return given !== undefined && 'output' in given
    ? { from: 'value', value: given.output }
    : { from: 'stored' };
}

interface Place {
  readonly definition: GraphEntry;
  readonly entry: number;
  /** It is the one just before the target. */
  readonly isLast: boolean;
}

function entryPins(view: PinView, { definition, entry, isLast }: Place, parameters: TravelParameters): Pin[] {
  const key = { entry };
  const stepId = entryId(definition, entry);
  const stored = storedAt(view, key);
  const given = givenFor(parameters.context, stepId);
  if (!isLast && given === undefined && stored?.status === 'success') return [];
  return [{ key, stepId, stored, given, output: outputOf(given, isLast, parameters), hasShared: isLast }];
}

function blockPins(view: PinView, { definition, entry, isLast }: Place, parameters: TravelParameters): Pin[] {
  const key = { entry };
  const stored = storedAt(view, key);
  const arms = graphSteps(definition);
  const armPins = arms.flatMap(({ id }, arm): Pin[] => {
    const given = givenFor(parameters.context, id);
    const before = storedAt(view, { entry, arm });
    // Whoever still works on an arm must not come to a result beside the one of the block.
    if (given === undefined && (before === undefined || !unsettled.has(before.status))) return [];
    const output = outputOf(given, false, parameters);
    return [{ key: { entry, arm }, stepId: id, stored: before, given, output, hasShared: false }];
  });
  if (!isLast && armPins.length === 0 && stored?.status === 'success') return [];
  const isKept = armPins.length === 0 && stored?.status === 'success';
  const output: PinnedOutput =
    isLast && parameters.hasInput
      ? { from: 'value', value: parameters.inputData }
      : isKept
        ? { from: 'stored' }
        : { from: 'arms' };
  const stepId = entryId(definition, entry);
  return [...armPins, { key, stepId, stored, given: undefined, output, hasShared: isLast }];
}
