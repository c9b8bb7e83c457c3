import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { WorkflowError } from '../core/errors.ts';
import { problem, problemResponse } from '../http/index.ts';

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
  const listener = getRequestListener(fetch, {
    hostname: localAddress,
    // Other servers in this process keep their own Request and Response.
    overrideGlobalObjects: false,
    // Nothing of ours throws: this is a request that no URL can be made of.
    errorHandler: () =>
      problemResponse(
        problem('WORKFLOW_ARGUMENT_INVALID', 'The request names no valid host and path: correct its URL'),
      ),
  });
  const server = createServer((request, response) => void listener(request, response));
  const connections = trackConnections(server);
  server.listen(port, localAddress);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw portRefused(port, cause);
  }
  return {
    port: (server.address() as AddressInfo).port,
    async close(graceMs) {
      const closed = once(server, 'close');
      server.close();
      connections.closeIdle();
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

/**
 * Closes each connection when no request is open on it. Node itself keeps those on which nothing was ever asked, and those
 * that are kept alive after their last answer.
 */
function trackConnections(server: Server): { closeIdle(): void } {
  const open = new Map<Socket, number>();
  let closing = false;
  const add = (socket: Socket, requests: number): void => {
    // A response can end after its connection did.
    if (socket.destroyed) return;
    const left = (open.get(socket) ?? 0) + requests;
    open.set(socket, left);
    if (closing && left === 0) socket.destroySoon();
  };
  server.on('connection', (socket) => {
    add(socket, 0);
    socket.once('close', () => open.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    add(socket, 1);
    response.once('close', () => add(socket, -1));
  });
  return {
    closeIdle() {
      closing = true;
      for (const socket of open.keys()) add(socket, 0);
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
