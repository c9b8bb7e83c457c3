import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { WorkflowError } from '../core/errors.ts';

/** The only address a local server listens on: nothing outside of this machine reaches it. */
export const localAddress = '127.0.0.1';

/** A listening HTTP server. */
export interface Listener {
  readonly port: number;
  /** Takes no further connection and resolves when the requests in flight are answered, or cut off after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/**
 * Listens on 127.0.0.1. `port` 0 takes a free one. Rejects with WORKFLOW_ARGUMENT_INVALID when the port is taken or may
 * not be used.
 */
export async function listen(
  port: number,
  fetch: (request: Request) => Promise<Response>,
): Promise<Listener> {
  // Other servers in this process keep their own Request and Response.
  const server = createAdaptorServer({
    fetch,
    hostname: localAddress,
    overrideGlobalObjects: false,
  }) as Server;
  let closing = false;
  // A connection that is kept alive after its last answer would hold the server.
  server.on('request', (_request, response) => {
    response.once('close', () => {
      if (closing) setImmediate(() => server.closeIdleConnections());
    });
  });
  server.listen(port, localAddress);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw portRefused(port, cause);
  }
  return {
    port: (server.address() as AddressInfo).port,
    async close(graceMs) {
      closing = true;
      const closed = once(server, 'close');
      server.close();
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use: stop the process that listens there, or choose another port (0 takes a free one)',
  EACCES: 'may not be used by this process: choose one above 1023 (0 takes a free one)',
};

function portRefused(port: number, cause: unknown): WorkflowError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  const reason = reasons[code] ?? 'cannot be listened on: the cause says why';
  return new WorkflowError('WORKFLOW_ARGUMENT_INVALID', `Port ${port} of ${localAddress} ${reason}`, {
    cause,
    details: { port, reason: code },
  });
}
