import type { OpenPlace, OpenReason } from './open.ts';
import type { Ending, InterpretedStep, RunOutcome } from './outcome.ts';
import { type BlockPlace, formatPlace, isWithin, type Place, type PlaceStep } from './place.ts';
import { type Change, namesOf, type Shared } from './shared.ts';
import type { WorkflowLike } from './types.ts';

/** What the resumption of a suspension gives when nobody resumes it. */
export const leaveSuspended: unique symbol = Symbol('leaveSuspended');

/** A step that waits to be resumed. */
export interface Suspension {
  /** Ids of steps from the outermost run. */
  readonly path: readonly string[];
  readonly payload: unknown;
  readonly labels: readonly string[];
  readonly place: Place;
}

/** What the world around a run decides. */
export interface World {
  /**
   * What a suspended step is resumed with, or {@link leaveSuspended}, also as a promise.
   * @default every suspended step is left as it is
   */
  readonly resume?: ((suspension: Suspension) => unknown) | undefined;
  /**
   * The order in which the members of a block settled, by their numbers: state and request context are merged in it. A member
   * is in it for each of its suspensions and for its end. Members that it leaves out changed nothing. @default by their numbers
   */
  readonly settlementOrder?: ((block: BlockPlace) => readonly number[] | undefined) | undefined;
}

/** Executions of one body at one place. */
export interface Execution {
  readonly place: Place;
  readonly stepId: string;
  /** Resumptions before it. */
  readonly generation: number;
  /** Failed attempts of this generation before it. */
  readonly attempt: number;
  readonly times: number;
}

/** What is noted of a whole interpretation. */
export class Notes {
  readonly executions: Execution[] = [];
  readonly open: OpenPlace[] = [];

  isOpen(place: Place): boolean {
    return this.open.some(
      ({ place: around, what }) => what === 'run' || (what === 'place' && isWithin(place, around)),
    );
  }
}

/** Executes a run, with what it is given of state and request context. */
export type ExecuteRun = (frame: Frame, shared: Shared) => Promise<RunOutcome>;

/** A run that is being interpreted: the outermost one, or one that is nested in it. */
export class Frame {
  readonly workflow: WorkflowLike;
  readonly world: World;
  readonly notes: Notes;
  readonly place: Place;
  readonly path: readonly string[];
  /** Validated input. */
  readonly init: unknown;
  /** How runs are executed that are nested in it: given, as runs and steps contain each other. */
  readonly executeRun: ExecuteRun;
  /** Entries of `steps` by id. */
  readonly steps = new Map<string, InterpretedStep>();
  /** Outputs of what has succeeded, by id. */
  readonly outputs = new Map<string, unknown>();
  /** What of these entries is open. */
  readonly openIds = new Map<string, ReadonlySet<OpenPlace['what']>>();
  /** Runs nested in it: of each place the last one. */
  readonly nested = new Map<string, { readonly prefix: string; readonly frame: Frame }>();
  /** What has been changed at some time of state and request context, in nested runs too: see `touch`. */
  readonly #touched = new Set<string>();

  constructor(parts: Pick<Frame, 'workflow' | 'world' | 'notes' | 'place' | 'path' | 'init' | 'executeRun'>) {
    this.workflow = parts.workflow;
    this.world = parts.world;
    this.notes = parts.notes;
    this.place = parts.place;
    this.path = parts.path;
    this.init = parts.init;
    this.executeRun = parts.executeRun;
  }

  /** Keeps what a place came to, for `steps` and for `getStepResult`. */
  keep(stepId: string, entry: InterpretedStep, ending: Ending): void {
    this.steps.set(stepId, entry);
    if (ending.status === 'success') this.outputs.set(stepId, ending.output);
    else this.outputs.delete(stepId);
  }

  /** Notes that something is open: of a step's place, or of the run when there is no step. */
  open(at: PlaceStep, stepId: string, what: OpenPlace['what'], reason: OpenReason): void {
    const place = [...this.place, at];
    const path = stepId === '' ? this.path : [...this.path, stepId];
    // Items have no entries of their own.
    const isItem = at.member !== undefined && this.workflow.flow[at.entry]?.type === 'foreach';
    if (!isItem) this.openIds.set(stepId, new Set([...(this.openIds.get(stepId) ?? []), what]));
    const isKnown = this.notes.open.some(
      (known) => known.what === what && formatPlace(known.place) === formatPlace(place),
    );
    if (!isKnown) this.notes.open.push({ place, path, what, reason });
  }

  /** Notes what a place has changed, and what the run that is nested there has. */
  touch(change: Change, nested?: Frame): void {
    for (const name of namesOf(change)) this.#touched.add(name);
    for (const name of nested === undefined ? [] : nested.#touched) this.#touched.add(name);
  }

  /** Whether the run has changed something that it does not differ in. */
  hasPutBack(difference: Change): boolean {
    const differs = new Set(namesOf(difference));
    return [...this.#touched].some((name) => !differs.has(name));
  }

  /** All entries, those of nested runs under `<id>.<inner id>`, with the number of the item in a foreach. */
  flatSteps(): Record<string, InterpretedStep> {
    const inner = [...this.nested.values()].flatMap(({ prefix, frame }) =>
      Object.entries(frame.flatSteps()).map(([id, entry]) => [`${prefix}.${id}`, entry] as const),
    );
    return { ...Object.fromEntries(this.steps), ...Object.fromEntries(inner) };
  }

  /** What is open of {@link flatSteps}, by the same ids. */
  openSteps(): [string, ReadonlySet<OpenPlace['what']>][] {
    const isWhole = this.place.length > 0 && this.notes.isOpen(this.place);
    const own = [...this.steps.keys()].map((id): [string, ReadonlySet<OpenPlace['what']>] => [
      id,
      isWhole ? new Set(['place']) : (this.openIds.get(id) ?? new Set()),
    ]);
    const inner = [...this.nested.values()].flatMap(({ prefix, frame }) =>
      frame
        .openSteps()
        .map(([id, open]): [string, ReadonlySet<OpenPlace['what']>] => [`${prefix}.${id}`, open]),
    );
    return [...own, ...inner];
  }
}
