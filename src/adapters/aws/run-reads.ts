import type { RunHeader, RunInput } from '../../core/records.ts';
import type { RunStore } from '../../ports/run-store.ts';
import { textValue } from './attributes.ts';
import { headerSort } from './config.ts';
import {
  headerKey,
  inputKey,
  inputSort,
  type Item,
  type ItemKey,
  recordItemKey,
  runRange,
  segmentItemKey,
} from './keys.ts';
import { decodeHead, decodeHeader, decodeInput, decodeRecord, headerFields } from './record-codec.ts';
import { chargesOn } from './spending.ts';
import type { Table } from './table.ts';
import { costOf } from './usage.ts';

/** The reads of single runs: see the methods of `RunStore`. */
export function runReads(table: Table): Pick<RunStore, 'loadHeader' | 'loadStep' | 'loadRun'> {
  return {
    async loadHeader(runId, { consistent = true } = {}) {
      const item = await table.get(headerKey(runId), consistent);
      return item === undefined ? undefined : decodeHeader(item);
    },

    async loadStep({ runId, keys, input: wantsInput, join: block, consistent }) {
      const wanted: ItemKey[] = [
        headerKey(runId),
        ...keys.map((key) => recordItemKey(runId, key)),
        ...(block === undefined ? [] : [segmentItemKey({ runId, ...block }, 0)]),
        ...(wantsInput ? [inputKey(runId)] : []),
      ];
      const items = await table.getAll(wanted, consistent);
      const [headerItem] = items;
      const records = items.slice(1, 1 + keys.length).map((item) => (item ? decodeRecord(item) : undefined));
      const segment = block === undefined ? undefined : items[1 + keys.length];
      const join = segment === undefined ? {} : { join: decodeHead(segment) };
      if (headerItem === undefined) return { records, ...join };
      const header = decodeHeader(headerItem);
      const input = wantsInput
        ? (inputOf(header, headerItem, items.slice(-1)) ?? (await findInput(table, header, consistent)))
        : undefined;
      return { header, records, ...(input === undefined ? {} : { input }), ...join };
    },

    async loadRun(runId) {
      const { pk } = headerKey(runId);
      const items = await table.range(pk, runRange.from, runRange.to);
      const headerItem = items.find((item) => item['sk']?.S === headerSort);
      if (headerItem === undefined) return undefined;
      const header = decodeHeader(headerItem);
      const input = inputOf(header, headerItem, items.filter(isInput));
      const records = items.filter((item) => item['sk']?.S?.startsWith('B')).map(decodeRecord);
      const charges = chargesOn(items);
      return {
        header,
        records,
        ...(input === undefined ? {} : { input }),
        ...(charges === undefined ? {} : { cost: costOf(charges) }),
      };
    },
  };
}

function isInput(item: Item): boolean {
  return item['sk']?.S?.startsWith(inputSort) === true;
}

/** What the run was started with: in the header, or in that of `others` which has the header's hash. */
function inputOf(
  header: RunHeader,
  headerItem: Item,
  others: readonly (Item | undefined)[],
): RunInput | undefined {
  if (header.status === 'pending') return undefined;
  const inline = decodeInput(headerItem);
  if (inline !== undefined) return inline;
  const hash = textValue(header.inputHash).S;
  const own = others.find((item) => item?.[headerFields.inputHash.attribute]?.S === hash);
  return own === undefined ? undefined : decodeInput(own);
}

/**
 * Looks for an input that was not beside the header: because the two were not read at the same moment, or because another
 * start had taken the first key.
 */
async function findInput(
  table: Table,
  header: RunHeader,
  consistent: boolean,
): Promise<RunInput | undefined> {
  if (header.status === 'pending') return undefined;
  const keys = [inputKey(header.runId), inputKey(header.runId, header.inputHash)];
  return inputOf(header, {}, await table.getAll(keys, consistent));
}
