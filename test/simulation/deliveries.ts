import type { WorkflowEvent } from '../../src/core/event.ts';
import type { Backend, Clock } from '../../src/ports/index.ts';
import type { Random } from '../../src/testing/simulator/random.ts';

interface Message {
  readonly event: WorkflowEvent;
  readonly dueAt: number;
}

/**
 * A queue in the hands of a test: it delivers what is due in an order that a seed decides, several at once, and lets time go
 * on only when nothing is due.
 */
export class Deliveries {
  readonly clock: Clock;
  private readonly random: Random;
  private now = Date.UTC(2026, 0, 1);
  private messages: Message[] = [];

  constructor(random: Random) {
    this.random = random;
    // Leases are not renewed here: nothing takes any time.
    this.clock = { now: () => this.now, timer: () => () => {} };
  }

  /** The same backend, whose events come here. */
  of(backend: Backend): Backend {
    const add = async (event: WorkflowEvent, dueAt: number): Promise<void> => {
      if (event.work) this.messages.push({ event, dueAt });
    };
    const { source: _, ...rest } = backend;
    return {
      ...rest,
      bus: {
        publish: async (events) => {
          for (const event of events) await add(event, this.now);
        },
      },
      timers: { schedule: add },
    };
  }

  /** Delivers everything, and what comes of it, up to `most` messages; false when there are more. */
  async deliver(handle: (event: WorkflowEvent) => Promise<void>, most = 5_000): Promise<boolean> {
    for (let count = 0; this.messages.length > 0; ) {
      const batch = this.take();
      count += batch.length;
      if (count > most) return false;
      await Promise.all(batch.map(({ event }) => handle(event)));
    }
    return true;
  }

  /** Some of what is due, one to four messages; when nothing is, what is due next. */
  private take(): Message[] {
    const first = Math.min(...this.messages.map(({ dueAt }) => dueAt));
    this.now = Math.max(this.now, first);
    const due = this.messages.filter(({ dueAt }) => dueAt <= this.now);
    const batch: Message[] = [];
    for (let wanted = this.random.between(1, 4); wanted > 0 && due.length > 0; wanted -= 1) {
      batch.push(...due.splice(this.random.below(due.length), 1));
    }
    this.messages = this.messages.filter((message) => !batch.includes(message));
    return batch;
  }
}
