import { handle } from 'hono/aws-lambda';
import { createHttpApp } from '../src/http/index.ts';
import { withInvocation } from '../src/adapters/aws/invocation.ts';
import { invocationOfCall } from './handling.ts';
import { type Authenticated, identifyBy } from './identify.ts';
import { startRuntime } from './runtime.ts';

const identify = identifyBy(process.env);

const app = createHttpApp<{ readonly event: Authenticated }>({
  runtime: startRuntime(),
  identify: (_request, { event }) => identify(event),
  onError: (error, { method, url }) => console.error(`${method} ${new URL(url).pathname} failed.`, error),
});

// oxlint-disable-next-line typescript/no-deprecated -- its successor is a package of its own, for the next major version
const answer = handle(app);
type Event = Parameters<typeof answer>[0];
type Context = NonNullable<Parameters<typeof answer>[1]>;

/**
 * Answers the HTTP API. Nothing goes on after the answer, when Lambda freezes the process: what a request starts is stored
 * and published before.
 */
export function handler(event: Event, context: Context): ReturnType<typeof answer> {
  return withInvocation(invocationOfCall(context), () => answer(event, context));
}
