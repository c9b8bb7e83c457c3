import type { LogEntry } from '../../core/history.ts';
import type { JoinKey } from '../../core/join.ts';
import {
  formatKey,
  type RecordKey,
  type RunHeader,
  type RunInput,
  type StepRecord,
  type StoredValue,
} from '../../core/records.ts';
import type { CellWrite, LogPage, LogRead, PageKey, PagesWrite, StoredDelta } from '../../ports/run-store.ts';
import { frozenCopy } from './frozen.ts';

/** One key of a block's cell: what it was set to, and by which settlement. */
interface CellField {
  readonly position: number;
  /** Absent: it was removed. */
  readonly value?: StoredValue;
}

/** What members of one block have changed. */
interface Cell {
  readonly state: Map<string, CellField>;
  readonly requestContext: Map<string, CellField>;
}

/** What is stored of one run, but for its joins and payloads. */
export class RunData {
  header: RunHeader | undefined;
  input: RunInput | undefined;
  /** By formatted key: entries and arms. */
  readonly records = new Map<string, StepRecord>();
  /** By epoch. */
  readonly travels = new Map<number, StoredValue>();
  /** What requests were found to mean, by their ids. */
  readonly decisions = new Map<string, StoredValue>();
  /** By entry, then by number. */
  readonly #items = new Map<number, Map<number, StepRecord>>();
  readonly #pages = new Map<string, readonly StoredValue[]>();
  readonly #cells = new Map<string, Cell>();

  record(key: RecordKey): StepRecord | undefined {
    if (key.item !== undefined) return this.#items.get(key.entry)?.get(key.item);
    return this.records.get(formatKey(key));
  }

  setRecord(record: StepRecord): void {
    const { key } = record;
    if (key.item === undefined) {
      this.records.set(formatKey(key), record);
      return;
    }
    const items = this.#items.get(key.entry) ?? new Map<number, StepRecord>();
    this.#items.set(key.entry, items.set(key.item, record));
  }

  items(entry: number, wanted: readonly number[] | undefined): StepRecord[] {
    const items = this.#items.get(entry);
    if (items === undefined) return [];
    const numbers = wanted ?? [...items.keys()];
    return numbers.toSorted((a, b) => a - b).flatMap((number) => items.get(number) ?? []);
  }

  putPages({ entry, epoch, pageSize, pages }: PagesWrite): void {
    this.#pages.set(`${entry}/${epoch}/${pageSize}`, frozenCopy(pages));
  }

  page({ entry, epoch, pageSize, page }: PageKey): StoredValue | undefined {
    return this.#pages.get(`${entry}/${epoch}/${pageSize}`)?.[page];
  }

  mergeCell({ entry, epoch, position, delta }: CellWrite): void {
    const name = `${entry}/${epoch}`;
    const cell = this.#cells.get(name) ?? { state: new Map(), requestContext: new Map() };
    this.#cells.set(name, cell);
    const set = (fields: Map<string, CellField>, key: string, field: CellField): void => {
      if ((fields.get(key)?.position ?? -1) < position) fields.set(key, frozenCopy(field));
    };
    for (const [key, value] of Object.entries(delta.state)) set(cell.state, key, { position, value });
    for (const [key, value] of Object.entries(delta.requestContext)) {
      set(cell.requestContext, key, { position, value });
    }
    for (const key of delta.removed) set(cell.requestContext, key, { position });
  }

  cell({ entry, epoch }: Pick<JoinKey, 'entry' | 'epoch'>): StoredDelta {
    const cell = this.#cells.get(`${entry}/${epoch}`);
    const valuesOf = (fields: Iterable<[string, CellField]>): Record<string, StoredValue> =>
      Object.fromEntries(
        [...fields].flatMap(([key, { value }]) => (value === undefined ? [] : [[key, value]])),
      );
    const context = [...(cell?.requestContext ?? [])];
    return {
      state: valuesOf(cell?.state ?? []),
      requestContext: valuesOf(context),
      removed: context.flatMap(([key, { value }]) => (value === undefined ? [key] : [])),
    };
  }
}

/** The logs of all runs with history. */
export class MemoryLogs {
  readonly #logs = new Map<string, LogEntry[]>();

  append(log: string, entry: LogEntry): void {
    const entries = this.#logs.get(log) ?? [];
    this.#logs.set(log, entries);
    entries.push(frozenCopy(entry));
  }

  read({ log, after, limit }: LogRead): LogPage {
    const entries = this.#logs.get(log)?.slice(after + 1, after + 1 + limit) ?? [];
    return { entries, next: after + entries.length };
  }

  remove(log: string): void {
    this.#logs.delete(log);
  }
}
