import type { RunRef } from '../core/host.ts';
import type { EventPage, Runtime } from '../runtime/api.ts';
import { commonHeaders, problemOf } from './problem.ts';
import { type JsonValue, toWire } from './wire.ts';

/** Pause after which a reader whose stream broke should connect again, ms. */
const reconnectMs = 1_000;

/** Whether a request asks for server-sent events. */
export function acceptsEventStream(accept: string | null): boolean {
  return (accept ?? '').split(',').some((item) => {
    const [type = '', ...parameters] = item.toLowerCase().split(';');
    return (
      type.trim() === 'text/event-stream' && !parameters.some((p) => /^\s*q\s*=\s*0(?:\.0*)?\s*$/.test(p))
    );
  });
}

/** A stream of one run's events. */
export interface EventStreamRequest {
  readonly runtime: Runtime;
  readonly run: RunRef;
  /** Events after this one; all when absent. */
  readonly cursor: string | undefined;
  /** Whether the reader comes back after a broken stream. */
  readonly again: boolean;
  /** Nobody will read the stream. */
  readonly headOnly: boolean;
  /** A comment is sent when nothing else was for this long, ms. */
  readonly heartbeatMs: number;
  /** Ends the stream: the reader went away, or the server stops. */
  readonly signal: AbortSignal;
  /** The events of a page as they are shown; `before` is the cursor that the page was asked for by. */
  readonly show: (page: EventPage, before: string | undefined) => Promise<readonly JsonValue[]>;
  /** Called when the stream begins; what it returns, when it is over. */
  readonly enter: () => () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Answers with server-sent events. The first page is read before the answer begins, so that a refusal is a problem
 * document. A reader who comes back to a run that is over gets 204, which is how an EventSource is told to stop.
 */
export async function eventStream(request: EventStreamRequest): Promise<Response> {
  const { runtime, run, cursor, signal } = request;
  const first = await runtime.events({ ...run, ...(cursor === undefined ? {} : { cursor }), signal });
  if (request.again && first.done && first.events.length === 0) {
    return new Response(null, { status: 204, headers: commonHeaders });
  }
  return new Response(request.headOnly ? null : bodyOf(request, first), {
    headers: { ...commonHeaders, 'content-type': 'text/event-stream' },
  });
}

function bodyOf(request: EventStreamRequest, first: EventPage): ReadableStream<Uint8Array> {
  const { runtime, run, signal, heartbeatMs } = request;
  const encoder = new TextEncoder();
  const left = new AbortController();
  const ended = AbortSignal.any([signal, left.signal]);
  let page: EventPage | undefined = first;
  let cursor = request.cursor;
  const leave = request.enter();
  let isOpen = true;
  const end = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    if (!isOpen) return;
    isOpen = false;
    leave();
    controller.close();
    // Lets go of `signal`, which can live as long as the server.
    left.abort();
  };
  // Pulled: a slow reader gets its next page when it has taken the one before, and no timer is needed for the heartbeat,
  // because a page without events comes when the wait is over.
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        controller.enqueue(encoder.encode(`retry: ${reconnectMs}\n\n`));
        ended.addEventListener('abort', () => end(controller), { once: true });
        if (ended.aborted) end(controller);
      },
      async pull(controller) {
        try {
          const after = cursor === undefined ? {} : { cursor };
          const next =
            page ?? (await runtime.events({ ...run, ...after, waitMs: heartbeatMs, signal: ended }));
          const events = await request.show(next, cursor);
          if (!isOpen) return;
          controller.enqueue(encoder.encode(textOf(next, events, page === undefined ? cursor : next.cursor)));
          page = undefined;
          cursor = next.cursor;
          if (next.done) end(controller);
        } catch (thrown) {
          if (!isOpen) return;
          request.onError(thrown);
          controller.enqueue(encoder.encode(message(toWire(problemOf(thrown)), { event: 'problem' })));
          end(controller);
        }
      },
      cancel() {
        isOpen = false;
        leave();
        left.abort();
      },
    },
    { highWaterMark: 0 },
  );
}

function textOf(page: EventPage, shown: readonly JsonValue[], before: string | undefined): string {
  const events = shown.map((event, index) => {
    // A cursor stands for a whole page: whoever breaks off in it gets the page again, and knows repeats by their ids.
    const isLast = index === shown.length - 1;
    return message(event, isLast ? { id: page.cursor } : {});
  });
  if (page.done)
    return `${events.join('')}${message({ cursor: page.cursor }, { event: 'done', id: page.cursor })}`;
  if (events.length > 0) return events.join('');
  return page.cursor === before ? ': nothing new\n\n' : `id: ${page.cursor}\n\n`;
}

function message(data: unknown, fields: { readonly event?: string; readonly id?: string }): string {
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\n`);
  return `${head.join('')}data: ${JSON.stringify(data)}\n\n`;
}
