import { isWorkflowError, type ErrorCode } from '../../core/errors.ts';
import type { Runtime } from '../../runtime/index.ts';
import type { ActionSource, Actor, Scheduler } from './scheduler.ts';
import type { SimulatedProcess } from './process.ts';

/** A process that answers calls, with the runtime on it. */
export interface ApiProcess {
  readonly process: SimulatedProcess;
  readonly runtime: Runtime;
}

/** A call that somebody makes, again and again until it is answered. */
export interface Call {
  readonly name: string;
  /** When it is made first: at this decision at the earliest. */
  readonly fromDecision: number;
  readonly perform: (runtime: Runtime) => Promise<unknown>;
  /** Refusals that are answers, too. */
  readonly refusals: readonly ErrorCode[];
  /** Whoever made the call has gone after the first try, answered or not. @default false */
  readonly once?: boolean;
  /** Told of the answer; `again` when it is none to what was asked for. */
  readonly onAnswer?: (answer: unknown) => 'again' | void;
  /** Refusals after which the caller asks again, much later. @default none */
  readonly refusedForNow?: readonly ErrorCode[];
}

interface Pending extends Omit<Call, 'fromDecision'> {
  fromDecision: number;
  readonly actor: Actor;
  dueAt: number;
  tries: number;
}

/** Pause before a call that failed is made again, ms. */
const againMs = 1_000;
/** The same for one that was refused for now, ms. */
const laterMs = 3_600_000;
/** Tries after which a caller is taken to be in an endless loop. */
const mostTries = 200;

/** Everybody outside: starts, resumes, cancels. A call whose process dies is made again by the next one. */
export class Callers implements ActionSource {
  /** Calls that were answered by something else than an answer. */
  readonly failures: string[] = [];
  readonly #scheduler: Scheduler;
  readonly #process: () => ApiProcess;
  #pending: Pending[] = [];
  readonly #underWay = new Set<string>();
  #open = 0;

  constructor(scheduler: Scheduler, process: () => ApiProcess) {
    this.#scheduler = scheduler;
    this.#process = process;
  }

  add(call: Call): void {
    this.#pending.push({ ...call, actor: { name: 'caller' }, dueAt: 0, tries: 0 });
  }

  /** Calls that are to be made, or are under way. */
  get open(): number {
    return this.#pending.length + this.#open;
  }

  /** The same for one name. */
  isOpen(name: string): boolean {
    return this.#underWay.has(name) || this.#pending.some((call) => call.name === name);
  }

  /** What was to happen at a later decision happens now. False when nothing was. */
  hurry(): boolean {
    const later = this.#pending.filter((call) => call.fromDecision > this.#scheduler.decisions);
    for (const call of later) call.fromDecision = 0;
    return later.length > 0;
  }

  *actions() {
    const { now, decisions } = this.#scheduler;
    for (const call of this.#pending) {
      if (call.dueAt > now || call.fromDecision > decisions) continue;
      yield { actor: call.actor, name: `call ${call.name}`, go: () => void this.#make(call) };
    }
  }

  nextTime(): number | undefined {
    const times = this.#pending.flatMap(({ dueAt }) => (dueAt > this.#scheduler.now ? dueAt : []));
    return times.length === 0 ? undefined : Math.min(...times);
  }

  async #make(call: Pending): Promise<void> {
    this.#pending = this.#pending.filter((other) => other !== call);
    this.#underWay.add(call.name);
    this.#open += 1;
    call.tries += 1;
    const { process, runtime } = this.#process();
    this.#scheduler.note(`on ${process.name}`);
    try {
      const answer = await Promise.race([call.perform(runtime), process.death]);
      if (process.isDead) this.#unanswered(call);
      else if (call.onAnswer?.(answer) === 'again') this.#unanswered(call, laterMs);
    } catch (error) {
      if (isWorkflowError(error, 'WORKFLOW_BACKEND_UNAVAILABLE')) this.#unanswered(call);
      else if (isAmong(error, call.refusedForNow ?? [])) this.#unanswered(call, laterMs);
      else if (!isAmong(error, call.refusals))
        this.failures.push(`${call.name} was refused: ${String(error)}`);
    } finally {
      this.#open -= 1;
      this.#underWay.delete(call.name);
    }
  }

  #unanswered(call: Pending, pauseMs = againMs): void {
    if (call.once === true) return;
    // What goes wrong all the time stops some day, and whoever is in the way may sleep for weeks.
    if (!this.#scheduler.calm || pauseMs === laterMs) call.tries = 0;
    if (call.tries >= mostTries) {
      this.failures.push(`${call.name} was tried ${call.tries} times in vain`);
      return;
    }
    call.dueAt = this.#scheduler.now + pauseMs;
    this.#pending.push(call);
  }
}

function isAmong(error: unknown, codes: readonly ErrorCode[]): boolean {
  return isWorkflowError(error) && codes.includes(error.code);
}
