import { parsePlaces, type Place, type Places } from '../../core/concurrency.ts';
import { type RunHeader, terminalStatuses } from '../../core/records.ts';

/** What a watch says when something is wrong. */
type Violate = (what: string) => void;

/** Holds what must hold of the runs under a concurrency key, by what is stored of them. */
export class PlacesWatch {
  /** Runs that have waited for a place. */
  readonly waited = new Set<string>();
  readonly #limit: number;
  readonly #violate: Violate;
  readonly #places = new Map<string, Places>();
  /** Root runs of which something was begun, and that are not over. */
  readonly #goingOn = new Set<string>();

  constructor(limit: number, violate: Violate) {
    this.#limit = limit;
    this.#violate = violate;
  }

  /** Places that runs have. */
  get holding(): readonly Place[] {
    return [...this.#places.values()].flatMap(({ holders }) => holders);
  }

  /** Runs that wait for a place. */
  get waiting(): readonly string[] {
    return [...this.#places.values()].flatMap(({ waiting }) => waiting.map(({ runId }) => runId));
  }

  /** Something of a run was begun. */
  begun(rootId: string): void {
    this.#goingOn.add(rootId);
    if (this.#goingOn.size > this.#limit)
      this.#violate(`${[...this.#goingOn].join(', ')} go on at once, and ${this.#limit} may`);
  }

  /** The header of a root run was written. */
  header({ runId, status }: RunHeader): void {
    if (terminalStatuses.has(status)) this.#goingOn.delete(runId);
  }

  /** What stands under a key was written. */
  named(name: string, text: string | undefined): void {
    if (!name.startsWith('limit:')) return;
    const before = this.#places.get(name) ?? parsePlaces(undefined);
    const after = parsePlaces(text);
    this.#places.set(name, after);
    if (after.holders.length > this.#limit)
      this.#violate(`${after.holders.length} places are held, and there are ${this.#limit}`);
    for (const { runId } of after.waiting) this.waited.add(runId);
    const held = new Set(before.holders.map(({ runId }) => runId));
    const admitted = after.holders.map(({ runId }) => runId).filter((runId) => !held.has(runId));
    const stays = new Set(after.waiting.map(({ runId }) => runId));
    // Whoever still waits was behind all who got in.
    const order = before.waiting.map(({ runId }) => runId);
    const first = order.findIndex((runId) => stays.has(runId));
    const isOvertaken = (runId: string): boolean =>
      order.indexOf(runId) === -1 || order.indexOf(runId) > first;
    if (first !== -1 && admitted.some(isOvertaken))
      this.#violate(`${admitted.join(', ')} did not wait for ${order[first]}`);
  }
}
