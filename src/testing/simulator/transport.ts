import type { WorkflowEvent } from '../../core/event.ts';
import type { Faults } from './faults.ts';
import type { Random } from './random.ts';
import type { ActionSource, Actor, Scheduler } from './scheduler.ts';

/** A message that was received and neither acknowledged nor returned becomes visible again after this: the function's 120 s and 30 s, ms. */
const visibilityMs = 150_000;
/** Longest lateness of an event, ms: three days. */
const latestMs = 3 * 86_400_000;
/** First and longest pause before a returned message comes again, ms. */
const pauseMs = { first: 100, longest: 30_000 } as const;

/** An event on its way, as often as it was accepted. */
interface Message {
  readonly event: WorkflowEvent;
  readonly name: string;
  readonly actor: Actor;
  /** When it can be received, ms since 1970. */
  dueAt: number;
  receives: number;
}

/** Takes deliveries. */
export interface Receiver {
  readonly actor: Actor;
  /** Whether it takes one more at the moment. */
  readonly hasRoom: boolean;
  /** Resolves: acknowledge. Rejects: deliver again. Never settles when the process dies. */
  handle(event: WorkflowEvent): Promise<void>;
}

/**
 * What is between a publication and a handler: at least once, in any order. Each accepted event is received by any of the
 * processes at any time from its due time on.
 */
export class Transport implements ActionSource {
  /** Told about every accepted event, also about facts that are no work. */
  onAccepted: (event: WorkflowEvent, isTimer: boolean) => void = () => undefined;
  /** Told about every delivery, with the name of the process. */
  onDelivered: (event: WorkflowEvent, process: string) => void = () => undefined;
  /** Deliveries of messages that had been delivered before, and neither acknowledged nor returned in time. */
  redeliveries = 0;
  readonly #scheduler: Scheduler;
  readonly #faults: Faults;
  readonly #random: Random;
  readonly #receivers: () => readonly Receiver[];
  #messages: Message[] = [];

  constructor(options: {
    readonly scheduler: Scheduler;
    readonly faults: Faults;
    readonly random: Random;
    readonly receivers: () => readonly Receiver[];
  }) {
    this.#scheduler = options.scheduler;
    this.#faults = options.faults;
    this.#random = options.random;
    this.#receivers = options.receivers;
  }

  /** Accepts an event of the bus, or with `timer` one that comes at that time; what is no work is only told. */
  accept(event: WorkflowEvent, timer?: number): void {
    const dueAt = timer ?? this.#scheduler.now;
    this.onAccepted(event, timer !== undefined);
    if (!event.work) return;
    if (this.#faults.strikes('event-lost')) {
      this.#scheduler.note(`lost ${describe(event)}`);
      return;
    }
    const copies = this.#faults.strikes('event-tenfold') ? 10 : this.#faults.strikes('event-twice') ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const late = this.#faults.strikes('event-late') ? this.#random.below(latestMs) : 0;
      this.#push(event, dueAt + late);
    }
  }

  /** Delivers an event once more that came long ago. */
  deliverAgain(event: WorkflowEvent): void {
    this.#push(event, this.#scheduler.now);
  }

  #push(event: WorkflowEvent, dueAt: number): void {
    const name = `deliver ${describe(event)}`;
    this.#messages.push({ event, name, actor: { name: 'bus' }, dueAt, receives: 0 });
  }

  *actions() {
    const now = this.#scheduler.now;
    const due = this.#messages.filter((message) => message.dueAt <= now);
    if (due.length === 0) return;
    const receivers = this.#receivers().filter(
      ({ actor, hasRoom }) => hasRoom && (actor.heldUntil ?? 0) <= now,
    );
    if (receivers.length === 0) return;
    for (const message of due) {
      yield {
        actor: message.actor,
        name: message.name,
        go: () => this.#deliver(message, this.#random.pick(receivers)),
      };
    }
  }

  nextTime(): number | undefined {
    const later = this.#messages.flatMap(({ dueAt }) => (dueAt > this.#scheduler.now ? dueAt : []));
    return later.length === 0 ? undefined : Math.min(...later);
  }

  #deliver(message: Message, receiver: Receiver): void {
    if (message.receives > 0) this.redeliveries += 1;
    message.receives += 1;
    message.dueAt = this.#scheduler.now + visibilityMs;
    this.#scheduler.note(`to ${receiver.actor.name}`);
    this.onDelivered(message.event, receiver.actor.name);
    const { receives } = message;
    receiver.handle(message.event).then(
      () => {
        this.#messages = this.#messages.filter((other) => other !== message);
      },
      () => {
        // Received again meanwhile: that delivery decides.
        if (message.receives !== receives) return;
        const pause = Math.min(pauseMs.longest, pauseMs.first * 2 ** (receives - 1));
        message.dueAt = this.#scheduler.now + pause;
      },
    );
  }
}

/** An event in a trace. */
function describe({ type, runId, path, turn, to }: WorkflowEvent): string {
  const range = to === undefined ? '' : `-${to}`;
  return `${type.slice('workflow.'.length)} ${runId.slice(0, 6)}[${path.join(',')}${range}]${turn ?? ''}`;
}
