import { createHash, timingSafeEqual } from 'node:crypto';
import { WorkflowError } from '../core/errors.ts';
import { type Problem, problem, problemOf } from '../http/index.ts';

/** What a local server lets in. */
export interface GuardOptions {
  readonly port: number;
  readonly token: string | undefined;
}

/** Names under which a server on 127.0.0.1 is called. */
const names = ['127.0.0.1', 'localhost'] as const;

/**
 * Why a request is refused; undefined when it is let in. A page from anywhere can make a browser call 127.0.0.1: with DNS
 * rebinding under a name of its own, which `Host` gives away, and without it across origins, which `Origin` gives away.
 */
export function refusal(request: Request, { port, token }: GuardOptions): Problem | undefined {
  const hosts = names.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]));
  const host = request.headers.get('host') ?? '';
  if (!hosts.includes(host.toLowerCase())) {
    return problem(
      'HTTP_HOST_REFUSED',
      `This server does not go by the name "${host}": call it as http://${hosts[0]}`,
    );
  }
  const origin = request.headers.get('origin');
  if (origin !== null && !hosts.some((own) => origin.toLowerCase() === `http://${own}`)) {
    return problem(
      'HTTP_ORIGIN_REFUSED',
      `Pages of ${origin} may not call this server: call it from a page of its own, or outside of a browser`,
    );
  }
  if (token === undefined || new URL(request.url).pathname === '/health') return undefined;
  return hasToken(request.headers.get('authorization'), token) ? undefined : unauthenticated;
}

const unauthenticated = problemOf(
  new WorkflowError(
    'WORKFLOW_UNAUTHENTICATED',
    "The request lacks the server's token: send it as Authorization: Bearer <token>",
  ),
);

function hasToken(authorization: string | null, token: string): boolean {
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token));
}

/** Of one length whatever the text, so that a comparison tells nothing about it. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
