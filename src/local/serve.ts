import { WorkflowError } from '../core/errors.ts';
import { createHttpApp, type HttpAppOptions, problemOf, problemResponse } from '../http/index.ts';
import type { Runtime } from '../runtime/index.ts';
import { refusal } from './guard.ts';
import { type Listener, listen, localAddress } from './listen.ts';

/** Options of {@link serve}. */
export interface ServeOptions
  extends Pick<HttpAppOptions, 'heartbeatMs' | 'bodyLimits' | 'maxInFlight' | 'onError'> {
  /** Makes the runtime, once the port is ours. Closed with the server. */
  readonly open: () => Promise<Runtime>;
  /** 0 to 65,535; 0 takes a free one. */
  readonly port: number;
  readonly token: string | undefined;
  /** Time for requests in flight when the server closes, ms; then they are cut off. */
  readonly graceMs: number;
}

/** A server on 127.0.0.1. */
export interface LocalServer {
  /** Where it listens, such as `http://127.0.0.1:4400`, without a slash at its end. */
  readonly url: string;
  readonly runtime: Runtime;
  /**
   * Ends event streams and waits, answers the requests in flight, lets running steps finish, and closes the file. Runs
   * that are not over go on when a server is started on the file again. Idempotent.
   */
  close(): Promise<void>;
}

/** Serves a runtime on 127.0.0.1. Rejects with WORKFLOW_ARGUMENT_INVALID when that port cannot be had. */
export async function serve(options: ServeOptions): Promise<LocalServer> {
  checkOptions(options);
  const app = Promise.withResolvers<(request: Request) => Promise<Response>>();
  // The port first: whoever finds it taken must not have begun to work on runs.
  const listener = await listen(options.port, async (request) => (await app.promise)(request));
  const shutdown = new AbortController();
  let runtime: Runtime | undefined;
  try {
    runtime = await options.open();
    app.resolve(guarded(options, listener.port, runtime, shutdown.signal));
  } catch (error) {
    // Whoever asked meanwhile would wait for ever.
    app.resolve(async () => problemResponse(problemOf(error)));
    await listener.close(0);
    await runtime?.close();
    throw error;
  }
  const served = runtime;
  let closed: Promise<void> | undefined;
  return {
    url: `http://${localAddress}:${listener.port}`,
    runtime: served,
    close: () => (closed ??= close(listener, served, shutdown, options.graceMs)),
  };
}

function guarded(
  { token, heartbeatMs, bodyLimits, maxInFlight, onError }: ServeOptions,
  port: number,
  runtime: Runtime,
  shutdown: AbortSignal,
): (request: Request) => Promise<Response> {
  const app = createHttpApp({
    runtime,
    serverSentEvents: true,
    shutdown,
    ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
    ...(bodyLimits === undefined ? {} : { bodyLimits }),
    ...(maxInFlight === undefined ? {} : { maxInFlight }),
    ...(onError === undefined ? {} : { onError }),
  });
  return async (request) => {
    const refused = refusal(request, { port, token });
    return refused === undefined ? app.fetch(request) : problemResponse(refused);
  };
}

async function close(
  listener: Listener,
  runtime: Runtime,
  shutdown: AbortController,
  graceMs: number,
): Promise<void> {
  shutdown.abort();
  try {
    await listener.close(graceMs);
  } finally {
    await runtime.close();
  }
}

function checkOptions({ port, token }: ServeOptions): void {
  const refuse = (field: string, text: string): never => {
    throw new WorkflowError('WORKFLOW_ARGUMENT_INVALID', text, { details: { field } });
  };
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    refuse('port', `port is ${String(port)}: give a whole number from 0 to 65,535 (0 takes a free one)`);
  }
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    refuse(
      'token',
      'token is empty or has characters that no header carries: give printable ASCII without spaces',
    );
  }
}
