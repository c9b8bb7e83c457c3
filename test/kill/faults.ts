import type { StepRecord } from '../../src/core/records.ts';
import type { Backend, ClaimWrite, EventHandler, RunStore, Write } from '../../src/ports/index.ts';
import { wrapped } from './watch.ts';

/** Long enough that some publication is always under way while there is work, ms. */
const lateMs = 10;

/**
 * Planted mistakes, to show that the checks find them: each breaks one promise of a place in a way that only a process that
 * dies at the wrong moment brings to light.
 */
export const faults = {
  /** An event is acknowledged before it is handled. */
  'early-acknowledgement': (inner: Backend): Backend =>
    withHandler(inner, (handler) => async (event) => {
      void handler(event);
    }),

  /** What a commit publishes is not in its transaction, but in a later one. */
  'late-publication': (inner: Backend): Backend => ({
    ...inner,
    bus: {
      publish: async (events) => {
        setTimeout(() => void inner.bus.publish(events), lateMs);
      },
    },
  }),

  /** A claim is answered before it is on the disk. */
  'early-claim': (inner: Backend): Backend =>
    withClaim(inner, async (write) => {
      const stored = inner.store.claim(write);
      const image = inner.store.readRecordSync?.(write.runId, write.key);
      return image?.owner === write.owner ? { won: true, image } : stored;
    }),

  /** A start or a resume is answered before it is on the disk. */
  'early-answer': (inner: Backend): Backend => ({
    ...inner,
    store: wrapped(inner.store, (name, call) => (name === 'durable' ? async () => {} : call)),
  }),

  /** What is published comes once more, when all is long over. */
  'late-repetition': (inner: Backend): Backend => ({
    ...inner,
    bus: {
      publish: async (events) => {
        const later = events
          .filter(({ work }) => work)
          .map((event) => inner.timers.schedule(event, Date.now() + 3_600_000));
        await Promise.all([inner.bus.publish(events), ...later]);
      },
    },
  }),

  /** Outcomes are acknowledged later than they are stored: allowed, because the event comes again and finds the outcome. */
  'late-acknowledgement': (inner: Backend): Backend => lateAcknowledgement(inner),

  /** The same in a place that lets a step that has succeeded be claimed again. */
  'claim-of-the-finished': (inner: Backend): Backend =>
    withClaim(lateAcknowledgement(inner), async (write) => {
      const result: Write<StepRecord> = await inner.store.claim(write);
      if (result.won || result.image?.turn !== write.turn || result.image.status !== 'success') return result;
      return { won: true, image: { ...result.image, status: 'running', owner: write.owner } };
    }),
} as const;

/** Name of a planted mistake. */
export type Fault = keyof typeof faults;

function lateAcknowledgement(inner: Backend): Backend {
  return withHandler(inner, (handler) => async (event) => {
    await handler(event);
    await inner.store.durable();
  });
}

function withHandler(inner: Backend, wrap: (handler: EventHandler) => EventHandler): Backend {
  const { source } = inner;
  if (source === undefined) return inner;
  return {
    ...inner,
    source: {
      start: (handler, options) => source.start(wrap(handler), options),
      stop: () => source.stop(),
    },
  };
}

function withClaim(inner: Backend, claim: RunStore['claim']): Backend {
  const store = wrapped(inner.store, (name, call) =>
    name === 'claim' ? (...parameters) => claim(parameters[0] as ClaimWrite) : call,
  );
  return { ...inner, store };
}
