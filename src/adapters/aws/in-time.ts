import type { Clock } from '../../ports/clock.ts';
import { currentInvocation, type Invocation } from './invocation.ts';
import { graceMs } from './retry.ts';

/** Options of a request, which ends with the time of the invocation on whose behalf it is made, the client's retries included. */
export interface RequestTime {
  readonly abortSignal?: AbortSignal;
}

type Timing = Pick<Clock, 'timer' | 'now'>;

const signals = new WeakMap<Invocation, AbortSignal>();

/** Outside of an invocation, the client's own bounds are all. */
function timeOf(clock: Timing): RequestTime {
  const invocation = currentInvocation();
  if (invocation === undefined) return {};
  const known = signals.get(invocation);
  if (known !== undefined) return { abortSignal: known };
  const controller = new AbortController();
  const ms = invocation.deadline + graceMs - clock.now();
  if (ms <= 0) controller.abort();
  else if (Number.isFinite(ms)) clock.timer(ms, () => controller.abort());
  signals.set(invocation, controller.signal);
  return { abortSignal: controller.signal };
}

const bound = new WeakSet<object>();

/** What of a client of the SDK is used here. */
export interface BindableClient {
  readonly config: {
    readonly requestHandler: { handle: (request: never, options?: RequestTime) => unknown };
  };
}

/**
 * Has each request of a client end in time by itself. Options of a call would do so, too, but then the client puts its
 * middleware together for each call anew (`cacheMiddleware`).
 */
export function bindToInvocations<Made extends BindableClient>(client: Made, clock: Timing): Made {
  const handler = client.config.requestHandler;
  const handle = handler.handle.bind(handler);
  handler.handle = (request, options) => handle(request, { ...options, ...timeOf(clock) });
  bound.add(client);
  return client;
}

/** The options by which a request of a client ends in time; none for a client that sees to it itself. */
export function inTime(client: object, clock: Timing): RequestTime | undefined {
  return bound.has(client) ? undefined : timeOf(clock);
}
