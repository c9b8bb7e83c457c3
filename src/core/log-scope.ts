import type { Graph } from './graph.ts';
import { stepIdAt } from './graph.ts';
import type { LogEntry } from './history.ts';
import type { JoinKey, JoinOpening } from './join.ts';
import {
  formatKey,
  type RecordKey,
  type RunHeader,
  type RunInput,
  type StepRecord,
  type StoredValue,
} from './records.ts';

/**
 * What an entry of a log has to be seen together with: the graph of its run, the steps under which a nested run stands,
 * and what its step got. A reader that read the log from its beginning has seen all of it there; one that began in the
 * middle asks the store.
 */

/** What a reader of a log asks for; each has the answer that {@link LogAnswers} names. */
export type LogNeed =
  | { readonly type: 'run'; readonly runId: string }
  | { readonly type: 'graph'; readonly workflowId: string }
  /** Whether streams tell of the steps of a workflow. */
  | { readonly type: 'emitsSteps'; readonly workflowId: string }
  | { readonly type: 'input'; readonly runId: string }
  | { readonly type: 'record'; readonly runId: string; readonly key: RecordKey }
  /** All items of the foreach at `entry`, in the order of their numbers. */
  | { readonly type: 'items'; readonly runId: string; readonly entry: number }
  /** What a block was opened with. */
  | ({ readonly type: 'opening' } & JoinKey)
  /** A stored value, decoded. */
  | { readonly type: 'value'; readonly runId: string; readonly stored: StoredValue };

/** Answers to {@link LogNeed}, by its type; undefined for what is not there (any more). */
export interface LogAnswers {
  readonly run: RunHeader | undefined;
  readonly graph: Graph;
  readonly emitsSteps: boolean;
  readonly input: RunInput | undefined;
  readonly record: StepRecord | undefined;
  readonly items: readonly StepRecord[];
  readonly opening: JoinOpening | undefined;
  readonly value: unknown;
}

/** A computation that asks for what it needs on its way: whoever drives it decides where that comes from. */
export type Asking<T> = Generator<LogNeed, T, unknown>;

function* ask<Type extends keyof LogAnswers>(
  need: Extract<LogNeed, { type: Type }>,
): Asking<LogAnswers[Type]> {
  return (yield need) as LogAnswers[Type];
}

/** Where the events of a run appear in the stream of another one. */
export interface RunScope {
  readonly runId: string;
  readonly workflowId: string;
  readonly graph: Graph;
  /** Step ids that lead to it, each with a dot behind it; empty for the run itself. */
  readonly prefix: string;
}

/** What is known of the runs of one log. */
export class LogScope {
  readonly #runId: string;
  readonly #emits = new Map<string, boolean>();
  readonly #scopes = new Map<string, RunScope | undefined>();
  readonly #headers = new Map<string, RunHeader>();
  readonly #inputs = new Map<string, StoredValue>();
  readonly #outputs = new Map<string, StoredValue>();
  readonly #errors = new Map<string, StoredValue>();
  readonly #items = new Map<string, Map<number, StepRecord>>();
  readonly #openings = new Map<string, JoinOpening>();

  /** `runId`: the run whose stream is read. */
  constructor(runId: string) {
    this.#runId = runId;
  }

  /** Remembers what later entries may have to be seen together with. */
  note(entry: LogEntry): void {
    if (entry.kind === 'run') {
      this.#headers.set(entry.header.runId, entry.header);
      if (entry.input !== undefined)
        this.#outputs.set(place(entry.header.runId, { entry: -1 }), entry.input.input);
    }
    if (entry.kind === 'step') this.#noteStep(entry);
    if (entry.kind === 'opened') this.#openings.set(blockOf(entry), entry.opening);
  }

  #noteStep({ runId, record, input }: Extract<LogEntry, { kind: 'step' }>): void {
    const at = place(runId, record.key);
    if (record.key.item !== undefined) {
      const block = place(runId, { entry: record.key.entry });
      const items = this.#items.get(block) ?? new Map<number, StepRecord>();
      this.#items.set(block, items.set(record.key.item, record));
      return;
    }
    if (input !== undefined) this.#inputs.set(at, input);
    if (record.status === 'success' && record.output !== undefined) this.#outputs.set(at, record.output);
    if (record.status === 'failed' && record.error !== undefined) this.#errors.set(at, record.error);
  }

  /** Where the events of a run appear; undefined for one that is not nested in the run whose stream is read. */
  *scopeOf(runId: string): Asking<RunScope | undefined> {
    if (this.#scopes.has(runId)) return this.#scopes.get(runId);
    const scope = yield* this.#findScope(runId);
    this.#scopes.set(runId, scope);
    return scope;
  }

  *#findScope(runId: string): Asking<RunScope | undefined> {
    const header = this.#headers.get(runId) ?? (yield* ask({ type: 'run', runId }));
    if (header === undefined) return undefined;
    const { workflowId } = header;
    if (runId === this.#runId) {
      return { runId, workflowId, graph: yield* this.#graphOf(header), prefix: '' };
    }
    if (header.parent === undefined) return undefined;
    const parent = yield* this.scopeOf(header.parent.runId);
    if (parent === undefined) return undefined;
    const stepId = stepIdAt(parent.graph, header.parent.key) ?? header.workflowId;
    const graph = yield* this.#graphOf(header);
    return { runId, workflowId, graph, prefix: `${parent.prefix}${stepId}.` };
  }

  /** Whether streams tell of the steps of a run: what its own workflow says, nested or not. */
  *emitsSteps({ workflowId }: RunScope): Asking<boolean> {
    const known = this.#emits.get(workflowId) ?? (yield* ask({ type: 'emitsSteps', workflowId }));
    this.#emits.set(workflowId, known);
    return known;
  }

  *#graphOf({ workflowId }: RunHeader): Asking<Graph> {
    return yield* ask({ type: 'graph', workflowId });
  }

  /** What a record executes, or was executed, with. */
  *inputOf(runId: string, record: StepRecord): Asking<unknown> {
    const stored = record.input ?? this.#inputs.get(place(runId, record.key));
    if (stored !== undefined) return yield* this.read(runId, stored);
    return record.inputFrom === undefined ? undefined : yield* this.outputOf(runId, record.inputFrom);
  }

  /** Output of an entry; of entry -1, the input of the run. */
  *outputOf(runId: string, entry: number): Asking<unknown> {
    const known = this.#outputs.get(place(runId, { entry }));
    const stored =
      known ??
      (entry < 0
        ? (yield* ask({ type: 'input', runId }))?.input
        : (yield* ask({ type: 'record', runId, key: { entry } }))?.output);
    return yield* this.read(runId, stored);
  }

  /** Error with which an entry failed. */
  *errorOf(runId: string, entry: number): Asking<unknown> {
    const key = { entry };
    const known = this.#errors.get(place(runId, key));
    return yield* this.read(runId, known ?? (yield* ask({ type: 'record', runId, key }))?.error);
  }

  /** What a block was opened with; undefined when nothing is left of it. */
  *openingOf({ runId, entry, epoch }: JoinKey): Asking<JoinOpening | undefined> {
    const at = { runId, entry, epoch };
    return this.#openings.get(blockOf(at)) ?? (yield* ask({ type: 'opening', ...at }));
  }

  /** An item of a foreach that was resumed. */
  *resumedItem(runId: string, entry: number, item: number): Asking<StepRecord | undefined> {
    return this.itemSeen(runId, entry, item) ?? (yield* ask({ type: 'record', runId, key: { entry, item } }));
  }

  /** An item of a foreach as it was seen last. */
  itemSeen(runId: string, entry: number, item: number): StepRecord | undefined {
    return this.#items.get(place(runId, { entry }))?.get(item);
  }

  /** The first suspended item of a foreach. */
  *suspendedItem(runId: string, entry: number): Asking<StepRecord | undefined> {
    const seen = [...(this.#items.get(place(runId, { entry })) ?? [])];
    const waiting = seen.filter(([, { status }]) => status === 'suspended');
    const [first] = waiting.toSorted(([a], [b]) => a - b);
    if (first !== undefined) return first[1];
    return (yield* ask({ type: 'items', runId, entry })).find(wasSuspended);
  }

  /** A stored value, decoded; undefined stays undefined. */
  *read(runId: string, stored: StoredValue | undefined): Asking<unknown> {
    return stored === undefined ? undefined : yield* ask({ type: 'value', runId, stored });
  }
}

function place(runId: string, key: RecordKey): string {
  return `${runId}/${formatKey(key)}`;
}

function blockOf({ runId, entry, epoch }: JoinKey): string {
  return `${place(runId, { entry })}/${epoch}`;
}

/** An item that has gone on since then still shows its last suspension. */
function wasSuspended(record: StepRecord): boolean {
  return record.suspendedAt !== undefined;
}
