import { handle } from 'hono/aws-lambda';
import { expect, test } from 'vitest';
import { realApp } from './fixtures.ts';

/** The parts of an HTTP API's event (payload format 2.0) that make a request. */
function eventOf(
  method: string,
  path: string,
  options: { query?: string; body?: string; base64?: boolean } = {},
) {
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: options.query ?? '',
    headers: { accept: 'text/event-stream', 'content-type': 'application/json' },
    body: options.body ?? null,
    isBase64Encoded: options.base64 ?? false,
    requestContext: { domainName: 'api.test', http: { method, path } },
  };
}

/** Through the adapter that the API function uses. */
function lambda() {
  const { app } = realApp();
  // oxlint-disable-next-line typescript/no-deprecated -- its successor is a package of its own, for the next major version
  const handler = handle(app);
  // The adapter's types want all of an event; it reads only these parts, and the context not at all.
  return async (event: ReturnType<typeof eventOf>) =>
    handler(event as unknown as Parameters<typeof handler>[0], {} as Parameters<typeof handler>[1]);
}

test('an HTTP API event is a request', async () => {
  const call = lambda();
  const body = Buffer.from(JSON.stringify({ runId: 'order 1', inputData: { pieces: 2 } })).toString('base64');
  const started = await call(eventOf('POST', '/workflows/orders/runs', { body, base64: true }));
  expect(started).toMatchObject({
    statusCode: 201,
    isBase64Encoded: false,
    headers: { location: '/runs/order%201', 'content-type': 'application/json' },
  });
  expect(JSON.parse(started.body)).toMatchObject({ runId: 'order 1', changed: true });
  const canceled = await call(eventOf('POST', '/runs/order%201/cancel'));
  expect(JSON.parse(canceled.body)).toMatchObject({ status: 'canceled' });
});

test('who asks for a stream gets a page', async () => {
  const call = lambda();
  await call(eventOf('POST', '/workflows/echo/runs', { body: '{"runId":"a"}' }));
  const page = await call(eventOf('GET', '/runs/a/events', { query: 'wait=0' }));
  expect(page).toMatchObject({ statusCode: 200, headers: { 'content-type': 'application/json' } });
  expect(JSON.parse(page.body)).toMatchObject({ events: expect.any(Array), cursor: expect.any(String) });
});

test('a problem is text, too', async () => {
  const answer = await lambda()(eventOf('GET', '/runs/none'));
  expect(answer).toMatchObject({
    statusCode: 404,
    isBase64Encoded: false,
    headers: { 'content-type': 'application/problem+json' },
  });
  expect(JSON.parse(answer.body)).toMatchObject({ code: 'WORKFLOW_RUN_NOT_FOUND' });
});
