import type { ScheduleDefinition, WorkflowDefinition } from '../core/definition.ts';
import { scheduledRunId, type ScheduleTick } from '../core/schedule.ts';
import { type CronTimes, cronTimes } from './cron-times.ts';
import type { Engine } from './engine.ts';
import { startScheduled } from './schedule-start.ts';

/**
 * Longest pause between two looks at the clock, ms: after it was set, or the machine slept, no timer comes when it should. A
 * start that failed for a while is tried again then, too.
 */
const longestPauseMs = 60_000;

/**
 * Ticks that came this long before a look are all started, so that a store may fail for a while; of older ones the newest only.
 * ms.
 */
const lateMs = 5 * longestPauseMs;

/** Ticks that are looked back at for one that had a run: an hourly schedule may have rested for four days. */
const ticksBack = 100;

/** Which schedule it is. */
interface Scheduled {
  readonly workflowId: string;
  readonly schedule: ScheduleDefinition;
}

/**
 * Starts the runs of the schedules of `workflows` when they are due. Any number of processes may do so at a time: a tick is the
 * id of its run, and a run is started once. Nothing is stored beside the runs: which ticks were missed is seen from those that
 * had one.
 */
export class ScheduleLoop {
  readonly #schedules: readonly ScheduleTimer[];

  constructor(engine: Engine, workflows: readonly WorkflowDefinition[]) {
    this.#schedules = workflows.flatMap(({ id, schedules = [] }) =>
      schedules.map((schedule) => new ScheduleTimer(engine, { workflowId: id, schedule })),
    );
  }

  /** Starts what was missed, and from now on what comes. */
  start(): void {
    for (const schedule of this.#schedules) schedule.start();
  }

  /** Starts nothing any more; resolves when what is being started is stored. */
  async stop(): Promise<void> {
    await Promise.all(this.#schedules.map((schedule) => schedule.stop()));
  }
}

/** One schedule. Each waits for itself: a start that takes long, in a callback of its author, holds up no other. */
class ScheduleTimer {
  readonly #engine: Engine;
  readonly #scheduled: Scheduled;
  /** Time up to which its ticks are dealt with, ms since 1970. */
  #seenTo: number;
  #caughtUp: boolean;
  #cancelTimer = (): void => {};
  #looking: Promise<void> = Promise.resolve();

  constructor(engine: Engine, scheduled: Scheduled) {
    this.#engine = engine;
    this.#scheduled = scheduled;
    this.#seenTo = engine.backend.clock.now();
    this.#caughtUp = scheduled.schedule.catchUp === 'none';
  }

  start(): void {
    const started = this.#engine.backend.clock.now();
    const lookAndWait = async (times: CronTimes): Promise<void> => {
      await this.#look(times, started);
      if (!this.#engine.closing.aborted) this.#arm(times, () => void (this.#looking = lookAndWait(times)));
    };
    // Not before: functions have workflows with schedules, too, and nothing that knows the times.
    this.#looking = lookAndWait(cronTimes(this.#scheduled.schedule));
  }

  async stop(): Promise<void> {
    this.#cancelTimer();
    await this.#looking;
  }

  /** One timer: for the next tick, or for the next look at the clock. */
  #arm(times: CronTimes, callback: () => void): void {
    const { clock } = this.#engine.backend;
    const now = clock.now();
    // Not for one that is due: it is one that could not be started, which the next look tries again.
    const next = times.after(now) ?? Infinity;
    this.#cancelTimer = clock.timer(Math.min(longestPauseMs, next - now), callback);
  }

  /** Starts the ticks that are due. Those that could not be started are due again at the next look. */
  async #look(times: CronTimes, started: number): Promise<void> {
    const now = this.#engine.backend.clock.now();
    // A clock that was set back: a tick that comes again then has its run.
    this.#seenTo = Math.min(this.#seenTo, now);
    try {
      if (!this.#caughtUp) await this.#catchUp(times, started);
      for (const at of dueTicks(times, this.#seenTo, now)) {
        if (this.#engine.closing.aborted) return;
        await startScheduled(this.#engine, tickOf(this.#scheduled, at));
        this.#seenTo = at;
      }
      this.#seenTo = now;
    } catch (error) {
      if (this.#engine.closing.aborted) return;
      this.#engine.logger.warn('A scheduled run could not be started and is tried again', {
        workflowId: this.#scheduled.workflowId,
        scheduleId: this.#scheduled.schedule.id,
        error,
      });
    }
  }

  /** Makes the newest tick that was missed when the process began due, if the schedule was served before. */
  async #catchUp(times: CronTimes, started: number): Promise<void> {
    const [newest, ...before] = times.upTo(started, ticksBack + 1);
    if (newest !== undefined && !(await this.#hasRun(newest))) {
      const known = await Promise.all(before.map((at) => this.#hasRun(at)));
      if (known.includes(true)) this.#seenTo = newest - 1;
    }
    this.#caughtUp = true;
  }

  /** Whether the run of a tick was started; a pending one was not. */
  async #hasRun(at: number): Promise<boolean> {
    const { store } = this.#engine.backend;
    const header = await store.loadHeader(scheduledRunId(tickOf(this.#scheduled, at)));
    const isOurs = header?.workflowId === this.#scheduled.workflowId;
    return isOurs && header.status !== 'pending';
  }
}

function tickOf({ workflowId, schedule: { id } }: Scheduled, at: number): ScheduleTick {
  return id === undefined ? { workflowId, at } : { workflowId, scheduleId: id, at };
}

/** The ticks after `from` up to `now`: those of the last {@link lateMs}, or else the newest. In their order. */
function dueTicks(times: CronTimes, from: number, now: number): readonly number[] {
  const ticks: number[] = [];
  let at = times.after(Math.max(from, now - lateMs));
  for (; at !== undefined && at <= now; at = times.after(at)) ticks.push(at);
  if (ticks.length > 0) return ticks;
  return times.upTo(now, 1).filter((newest) => newest > from);
}
