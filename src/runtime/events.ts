import { lifecycleEvents } from '../core/lifecycle.ts';
import { logOf } from '../core/records.ts';
import { isToldAnyway } from '../core/stream.ts';
import type { EventPage, EventsRequest } from './api.ts';
import type { Engine } from './engine.ts';
import { emitsSteps, logEvents } from './log-reader.ts';
import { existingHeader } from './access.ts';
import { poll } from './queries.ts';
import { existingView } from './run-view.ts';
import { logSignal } from './run-signals.ts';

/** Longest wait of one call for events, ms: an HTTP API ends a request after 30 s (API Gateway quota, not adjustable). */
const longestWaitMs = 25_000;

/**
 * Lifecycle events after a cursor; waits for one when there is none yet. They are read from the log of a run that has a
 * history, else derived from its records.
 */
export async function eventsOf(engine: Engine, ref: EventsRequest): Promise<EventPage> {
  const timeoutMs = Math.min(Math.max(0, ref.waitMs ?? 0), longestWaitMs);
  const wait = { timeoutMs, signal: ref.signal };
  const header = await existingHeader(engine, ref);
  const log = logOf(header);
  const isNews = (page: EventPage, last: boolean): boolean => page.events.length > 0 || page.done || last;
  if (log === undefined) {
    return poll(engine, ref.runId, wait, async (last) => {
      const all = lifecycleEvents(await existingView(engine, ref), ref.cursor);
      const isQuiet = !emitsSteps(engine, header.workflowId);
      const page = isQuiet ? { ...all, events: all.events.filter(isToldAnyway) } : all;
      return isNews(page, last) ? page : undefined;
    });
  }
  // Nothing of this process may ever resume a run that waits for somebody, or start one that is pending.
  const keepAlive = header.status === 'running' || header.status === 'waiting';
  const pauseMs = engine.backend.logPollMs;
  return poll(engine, logSignal(log), { ...wait, pauseMs, keepAlive }, async (last) => {
    const page = await logEvents(engine, await existingHeader(engine, ref), log, ref.cursor);
    return isNews(page, last) ? page : undefined;
  });
}
