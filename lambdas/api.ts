import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { handle } from 'hono/aws-lambda';
import { withInvocation } from '../src/adapters/aws/invocation.ts';
import { createHttpApp } from '../src/http/index.ts';
import { type Authenticated, identifyBy } from './identify.ts';
import { logRefused } from './log-refused.ts';
import { meterOfCall } from './metering.ts';
import { during, logger, observed } from './observability.ts';
import { callTime } from './remaining-time.ts';
import { startRuntime } from './runtime.ts';

const identify = identifyBy(process.env);

const app = createHttpApp<{ readonly event: Authenticated }>({
  runtime: startRuntime(),
  identify: (_request, { event }) => identify(event),
  onError: (error) => logger.error('A request failed for this reason.', { error }),
});

// oxlint-disable-next-line typescript/no-deprecated -- its successor is a package of its own, for the next major version
const answer = handle(app);

/**
 * Answers the HTTP API. Nothing goes on after the answer, when Lambda freezes the process: what a request starts is stored
 * and published before.
 */
export const handler = observed(async (event: APIGatewayProxyEventV2, context) => {
  const { routeKey, pathParameters } = event;
  // Ids of the path, and not the path: what follows it is what the caller wrote.
  return await during({ route: routeKey, ...pathParameters }, async () => {
    const invocation = { ...callTime(context, Date.now()), meter: meterOfCall() };
    const answered = await withInvocation(invocation, () =>
      answer(event as unknown as Parameters<typeof answer>[0], context),
    );
    logRefused(answered);
    return answered;
  });
});
