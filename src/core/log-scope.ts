import type { Graph } from './graph.ts';
import { stepIdAt } from './graph.ts';
import type { LogEntry } from './history.ts';
import { firstSuspended, type JoinKey, type JoinOpening } from './join.ts';
import {
  formatKey,
  type RecordKey,
  type RunHeader,
  type RunInput,
  type StepRecord,
  type StoredValue,
} from './records.ts';
import { parseTurn } from './turn.ts';

/**
 * What an entry of a log has to be seen together with: the graph of its run, the steps under which a nested run stands,
 * and what its step got. A reader that read the log from its beginning has seen all of it there; one that began in the
 * middle asks the store, and where the run has begun a new epoch since, it reads the log from its beginning.
 */

/** What a reader of a log asks for; each has the answer that {@link LogAnswers} names. */
export type LogNeed =
  | { readonly type: 'run'; readonly runId: string }
  /** Of the workflow of a run; where that is not there, as far as the run came. */
  | { readonly type: 'graph'; readonly runId: string; readonly workflowId: string }
  /** Whether streams tell of the steps of a workflow. */
  | { readonly type: 'emitsSteps'; readonly workflowId: string }
  | { readonly type: 'input'; readonly runId: string }
  | { readonly type: 'record'; readonly runId: string; readonly key: RecordKey }
  /** What a block was opened with, and its log so far. */
  | ({ readonly type: 'opening' } & JoinKey)
  /** Entries of the log from the one after `after` on, -1 at first: those before the first that was projected, and maybe more. */
  | { readonly type: 'past'; readonly after: number }
  /** A stored value, decoded. */
  | { readonly type: 'value'; readonly runId: string; readonly stored: StoredValue };

/** Answers to {@link LogNeed}, by its type; undefined for what is not there (any more). */
export interface LogAnswers {
  readonly run: RunHeader | undefined;
  readonly graph: Graph;
  readonly emitsSteps: boolean;
  readonly input: RunInput | undefined;
  readonly record: StepRecord | undefined;
  readonly opening: (JoinOpening & { readonly tokens: readonly number[] }) | undefined;
  /** Undefined: there are no more. */
  readonly past: { readonly entries: readonly LogEntry[]; readonly next: number } | undefined;
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

/** Values by a place of a run and the epoch that gave them. */
class ByEpoch {
  readonly #values = new Map<string, Map<number, StoredValue>>();

  set(at: string, epoch: number, value: StoredValue): void {
    const epochs = this.#values.get(at) ?? new Map<number, StoredValue>();
    this.#values.set(at, epochs.set(epoch, value));
  }

  /** What stands in an epoch: an earlier one gave it, where that epoch began behind the place. */
  get(at: string, epoch: number): StoredValue | undefined {
    const epochs = [...(this.#values.get(at) ?? [])].filter(([one]) => one <= epoch);
    return epochs.toSorted(([a], [b]) => b - a)[0]?.[1];
  }
}

/** What is known of the runs of one log. */
export class LogScope {
  readonly #runId: string;
  readonly #isWhole: boolean;
  readonly #emits = new Map<string, boolean>();
  readonly #scopes = new Map<string, RunScope | undefined>();
  readonly #headers = new Map<string, RunHeader>();
  readonly #inputs = new Map<string, StoredValue>();
  readonly #outputs = new ByEpoch();
  readonly #errors = new ByEpoch();
  readonly #items = new Map<string, Map<number, StepRecord>>();
  readonly #openings = new Map<string, JoinOpening>();

  #past: LogScope | undefined;

  /** `runId`: the run whose stream is read. `isWhole`: it is read from its beginning. */
  constructor(runId: string, isWhole: boolean) {
    this.#runId = runId;
    this.#isWhole = isWhole;
  }

  /** Remembers what later entries may have to be seen together with. */
  note(entry: LogEntry): void {
    if (entry.kind === 'run') {
      const { runId, epoch } = entry.header;
      this.#headers.set(runId, entry.header);
      if (entry.input !== undefined) this.#outputs.set(place(runId, { entry: -1 }), epoch, entry.input.input);
    }
    if (entry.kind === 'step') this.#noteStep(entry);
    if (entry.kind === 'opened') this.#openings.set(blockOf(entry), entry.opening);
  }

  #noteStep({ runId, record, input }: Extract<LogEntry, { kind: 'step' }>): void {
    const at = place(runId, record.key);
    if (record.key.item !== undefined) {
      const block = blockOf({ runId, entry: record.key.entry, epoch: parseTurn(record.turn).epoch });
      const items = this.#items.get(block) ?? new Map<number, StepRecord>();
      this.#items.set(block, items.set(record.key.item, record));
      return;
    }
    if (input !== undefined) this.#inputs.set(at, input);
    const { status, output, error } = record;
    const { epoch } = parseTurn(record.turn);
    if (status === 'success' && output !== undefined) this.#outputs.set(at, epoch, output);
    if (status === 'failed' && error !== undefined) this.#errors.set(at, epoch, error);
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

  *#graphOf({ runId, workflowId }: RunHeader): Asking<Graph> {
    return yield* ask({ type: 'graph', runId, workflowId });
  }

  /** What a record executes, or was executed, with. */
  *inputOf(runId: string, record: StepRecord): Asking<unknown> {
    const stored = record.input ?? this.#inputs.get(place(runId, record.key));
    if (stored !== undefined) return yield* this.read(runId, stored);
    if (record.inputFrom === undefined) return undefined;
    return yield* this.outputOf(runId, record.inputFrom, parseTurn(record.turn).epoch);
  }

  /** Output of an entry as it stands in an epoch; of entry -1, the input of the run. */
  *outputOf(runId: string, entry: number, epoch: number): Asking<unknown> {
    const at = place(runId, { entry });
    const seen = this.#outputs.get(at, epoch);
    if (seen !== undefined) return yield* this.read(runId, seen);
    const found = yield* entry < 0
      ? this.#inputStored(runId, epoch)
      : this.#recordStored(runId, entry, epoch);
    return yield* this.read(
      runId,
      found === undefined ? (yield* this.#whole()).#outputs.get(at, epoch) : found.output,
    );
  }

  /** Error with which an entry failed in an epoch. */
  *errorOf(runId: string, entry: number, epoch: number): Asking<unknown> {
    const at = place(runId, { entry });
    const seen = this.#errors.get(at, epoch);
    if (seen !== undefined) return yield* this.read(runId, seen);
    const found = yield* this.#recordStored(runId, entry, epoch);
    return yield* this.read(
      runId,
      found === undefined ? (yield* this.#whole()).#errors.get(at, epoch) : found.error,
    );
  }

  /** Undefined where the store has that of a later epoch. The header is read after it, so it is none of a former one. */
  *#inputStored(runId: string, epoch: number): Asking<Pick<StepRecord, 'output'> | undefined> {
    const input = yield* ask({ type: 'input', runId });
    const header = yield* ask({ type: 'run', runId });
    if (header === undefined || header.epoch > epoch) return undefined;
    return input === undefined ? {} : { output: input.input };
  }

  /** Undefined where the store has that of a later epoch, or none. */
  *#recordStored(runId: string, entry: number, epoch: number): Asking<StepRecord | undefined> {
    const record = yield* ask({ type: 'record', runId, key: { entry } });
    return record === undefined || parseTurn(record.turn).epoch > epoch ? undefined : record;
  }

  /** Of a reader that began in the middle, what the log told before that, too; of another one, itself. */
  *#whole(): Asking<LogScope> {
    if (this.#isWhole) return this;
    if (this.#past !== undefined) return this.#past;
    const past = new LogScope(this.#runId, true);
    for (let after = -1; ; ) {
      const page = yield* ask({ type: 'past', after });
      if (page === undefined) break;
      for (const entry of page.entries) past.note(entry);
      after = page.next;
    }
    this.#past = past;
    return past;
  }

  /** What a block was opened with; undefined when nothing is left of it. */
  *openingOf({ runId, entry, epoch }: JoinKey): Asking<JoinOpening | undefined> {
    const at = { runId, entry, epoch };
    return this.#openings.get(blockOf(at)) ?? (yield* ask({ type: 'opening', ...at }));
  }

  /** An item of a foreach as it was seen last in an epoch; else as it is stored. */
  *itemOf(at: JoinKey, item: number): Asking<StepRecord | undefined> {
    const seen = this.#itemSeen(at, item);
    if (seen !== undefined || this.#isWhole) return seen;
    const { runId, entry, epoch } = at;
    const record = yield* ask({ type: 'record', runId, key: { entry, item } });
    if (record !== undefined && parseTurn(record.turn).epoch === epoch) return record;
    return (yield* this.#whole()).#itemSeen(at, item);
  }

  #itemSeen(at: JoinKey, item: number): StepRecord | undefined {
    return this.#items.get(blockOf(at))?.get(item);
  }

  /**
   * The first item of a foreach that was suspended when its log had `length` tokens. One that has gone on since still shows
   * its last suspension.
   */
  *suspendedItem(at: JoinKey, length: number): Asking<StepRecord | undefined> {
    if (this.#isWhole) {
      const seen = [...(this.#items.get(blockOf(at)) ?? [])];
      const waiting = seen.filter(([, { status }]) => status === 'suspended');
      return waiting.toSorted(([a], [b]) => a - b)[0]?.[1];
    }
    const join = yield* ask({ type: 'opening', ...at });
    const first = firstSuspended(join?.tokens.slice(0, length) ?? []);
    return first === undefined ? undefined : yield* this.itemOf(at, first);
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
