import type { RemoteHistoryPage } from '../../client/index.ts';
import type { Graph, GraphEntry, GraphStep } from '../../core/graph.ts';

/** One entry of a history, as it arrives. */
type HistoryEntry = RemoteHistoryPage['entries'][number];

/**
 * What the history of a run says that the run itself does not: attempts, times at which something is due, and how far a
 * foreach has come. Entries are given in their order, page by page; all of it is of the newest epoch of each place.
 */

/** Of a step: what its last state is. */
export interface StepFacts {
  readonly status: string;
  readonly epoch: number;
  /** From 0. */
  readonly attempt: number;
  /** ms since 1970. */
  readonly dueAt?: number;
  readonly error?: unknown;
  readonly suspendPayload?: unknown;
}

/** Of a foreach. */
export interface ForeachFacts {
  readonly epoch: number;
  readonly total: number;
  /** Its items that have begun, by their numbers. */
  readonly items: ReadonlyMap<number, StepFacts>;
}

interface Scope {
  /** Names of the steps that lead to the run, with a dot behind each, as the run names them: `each[3].`. */
  readonly prefix: string;
  readonly graph: Graph;
}

/** See above. */
export class RunFacts {
  readonly #scopes = new Map<string, Scope>();
  readonly #steps = new Map<string, StepFacts>();
  readonly #foreachs = new Map<string, ForeachFacts & { readonly items: Map<number, StepFacts> }>();

  constructor(runId: string, graph: Graph) {
    this.#scopes.set(runId, { prefix: '', graph });
  }

  /** Of a step, by the name that the run gives it. */
  step(name: string): StepFacts | undefined {
    return this.#steps.get(name);
  }

  /** Of a foreach, by its name. */
  foreach(name: string): ForeachFacts | undefined {
    return this.#foreachs.get(name);
  }

  /** Reads the next entries. */
  note(entries: readonly HistoryEntry[]): void {
    for (const entry of entries) {
      const scope = this.#scopes.get(entry.runId);
      if (scope === undefined) continue;
      if (entry.type === 'block') this.#open(scope, entry);
      if (entry.type === 'step') this.#noteStep(scope, entry);
    }
  }

  #open({ prefix, graph }: Scope, { path, stepId, epoch, total }: Extract<HistoryEntry, { type: 'block' }>) {
    if (graph[path[0] ?? 0]?.type !== 'foreach') return;
    this.#foreachs.set(`${prefix}${stepId}`, { epoch, total, items: new Map() });
  }

  #noteStep({ prefix, graph }: Scope, entry: Extract<HistoryEntry, { type: 'step' }>): void {
    const { stepId, path, status, epoch, attempt, dueAt, error, suspendPayload, nestedRunId } = entry;
    const [index = 0, member] = path;
    const at = graph[index];
    const isItem = at?.type === 'foreach' && member !== undefined;
    const name = `${prefix}${stepId}`;
    const facts: StepFacts = {
      status,
      epoch,
      attempt,
      ...(dueAt === undefined ? {} : { dueAt }),
      ...(error === undefined ? {} : { error }),
      ...(suspendPayload === undefined ? {} : { suspendPayload }),
    };
    if (isItem) this.#foreachs.get(name)?.items.set(member, facts);
    else this.#steps.set(name, facts);
    const nested = stepOf(at, member)?.nested;
    if (nestedRunId === undefined || nested === undefined) return;
    const inside = isItem ? `${name}[${member}].` : `${name}.`;
    if (!isItem && !this.#scopes.has(nestedRunId)) this.#forget(inside);
    this.#scopes.set(nestedRunId, { prefix: inside, graph: nested.graph });
  }

  /** The next iteration of a loop is another nested run. */
  #forget(prefix: string): void {
    for (const known of [this.#steps, this.#foreachs]) {
      for (const name of known.keys()) if (name.startsWith(prefix)) known.delete(name);
    }
  }
}

function stepOf(entry: GraphEntry | undefined, member: number | undefined): GraphStep | undefined {
  switch (entry?.type) {
    case 'step':
      return entry;
    case 'loop':
    case 'foreach':
      return entry.step;
    case 'parallel':
    case 'conditional':
      return entry.arms[member ?? 0];
    default:
      return undefined;
  }
}
