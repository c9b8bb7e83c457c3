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

/** Ticks that came this long before a look are all started; of older ones the newest only. ms. */
const lateMs = 60_000;

/** Ticks that are looked back at for one that had a run: an hourly schedule may have rested for four days. */
const ticksBack = 100;

/** A schedule of a workflow. */
interface Scheduled {
  readonly workflowId: string;
  readonly schedule: ScheduleDefinition;
  readonly times: CronTimes;
  /** Time up to which its ticks are dealt with, ms since 1970. */
  seenTo: number;
  /** The tick after that; undefined when there is none. */
  next: number | undefined;
}

/**
 * Starts the runs of the schedules of `workflows` when they are due. Any number of processes may do so at a time: a tick is the
 * id of its run, and a run is started once. Nothing is stored beside the runs: which ticks were missed is seen from those that
 * had one.
 */
export class ScheduleLoop {
  readonly #engine: Engine;
  readonly #schedules: readonly Scheduled[];
  #cancelTimer = (): void => {};
  #looking: Promise<void> = Promise.resolve();

  constructor(engine: Engine, workflows: readonly WorkflowDefinition[]) {
    this.#engine = engine;
    const now = engine.backend.clock.now();
    this.#schedules = workflows.flatMap(({ id, schedules = [] }) =>
      schedules.map((schedule) => {
        const times = cronTimes(schedule);
        return { workflowId: id, schedule, times, seenTo: now, next: times.after(now) };
      }),
    );
  }

  /** Starts what was missed, and from now on what comes. */
  start(): void {
    if (this.#schedules.length === 0) return;
    const now = this.#engine.backend.clock.now();
    this.#looking = Promise.all(this.#schedules.map((scheduled) => this.#catchUp(scheduled, now)))
      .then(() => this.#lookAll())
      .catch((error: unknown) => this.#warn('What the schedules missed could not be found', error));
    this.#arm();
  }

  /** Starts nothing any more; resolves when what is being started is stored. */
  async stop(): Promise<void> {
    this.#cancelTimer();
    await this.#looking;
  }

  #warn(message: string, error: unknown): void {
    this.#engine.logger.warn(message, { error });
  }

  /** One timer: for the next tick, or for the next look at the clock. */
  #arm(): void {
    const { clock } = this.#engine.backend;
    const now = clock.now();
    // One that is due already is one that could not be started.
    const pauses = this.#schedules.flatMap(({ next = 0 }) => (next > now ? [next - now] : []));
    const pause = Math.min(longestPauseMs, ...pauses);
    this.#cancelTimer = clock.timer(pause, () => {
      this.#looking = this.#looking
        .then(() => this.#lookAll())
        .then(() => {
          if (!this.#engine.closing.aborted) this.#arm();
        });
    });
  }

  async #lookAll(): Promise<void> {
    await Promise.all(this.#schedules.map((scheduled) => this.#look(scheduled)));
  }

  /** Starts the due ticks of one schedule. Those that could not be started are due again at the next look. */
  async #look(scheduled: Scheduled): Promise<void> {
    const { workflowId, times } = scheduled;
    const now = this.#engine.backend.clock.now();
    if (now < scheduled.seenTo) {
      // The clock was set back: a tick that comes again then has its run.
      scheduled.seenTo = now;
      scheduled.next = times.after(now);
    }
    try {
      if ((scheduled.next ?? Infinity) <= now) {
        for (const at of dueTicks(times, scheduled.seenTo, now)) {
          if (this.#engine.closing.aborted) return;
          await startScheduled(this.#engine, tickOf(scheduled, at));
        }
        scheduled.next = times.after(now);
      }
      scheduled.seenTo = now;
    } catch (error) {
      if (this.#engine.closing.aborted) return;
      this.#engine.logger.warn('A scheduled run could not be started and is tried again', {
        workflowId,
        scheduleId: scheduled.schedule.id,
        error,
      });
    }
  }

  /** Makes the newest tick that was missed due, if the schedule was served before. */
  async #catchUp(scheduled: Scheduled, now: number): Promise<void> {
    if (scheduled.schedule.catchUp === 'none') return;
    const [newest, ...before] = scheduled.times.upTo(now, ticksBack + 1);
    if (newest === undefined || (await this.#hasRun(scheduled, newest))) return;
    const known = await Promise.all(before.map((at) => this.#hasRun(scheduled, at)));
    if (!known.includes(true)) return;
    scheduled.seenTo = newest - 1;
    scheduled.next = newest;
  }

  /** Whether the run of a tick was started; a pending one was not. */
  async #hasRun(scheduled: Scheduled, at: number): Promise<boolean> {
    const { store } = this.#engine.backend;
    const header = await store.loadHeader(scheduledRunId(tickOf(scheduled, at)));
    return header !== undefined && header.status !== 'pending';
  }
}

function tickOf({ workflowId, schedule: { id } }: Scheduled, at: number): ScheduleTick {
  return id === undefined ? { workflowId, at } : { workflowId, scheduleId: id, at };
}

/** The ticks after `from` up to `now`, of which there is one: those of the last minute, or the newest. In their order. */
function dueTicks(times: CronTimes, from: number, now: number): readonly number[] {
  const ticks: number[] = [];
  let at = times.after(Math.max(from, now - lateMs));
  for (; at !== undefined && at <= now; at = times.after(at)) ticks.push(at);
  return ticks.length > 0 ? ticks : times.upTo(now, 1);
}
