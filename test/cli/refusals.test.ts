import { createServer } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { run, serve } from './run.ts';

/** A server that refuses everything. */
function refusing(status: number, problem: object | string, headers: Record<string, string> = {}) {
  const isText = typeof problem === 'string';
  return {
    fetch: () =>
      new Response(isText ? problem : JSON.stringify(problem), {
        status,
        headers: { 'content-type': isText ? 'text/html' : 'application/problem+json', ...headers },
      }),
  };
}

const problem = (status: number, code: string, detail: string) => ({
  type: `urn:problem-type:evented-workflows:${code}`,
  title: 'Refused',
  status,
  detail,
  code,
});

describe('the exit code says what the server made of it', () => {
  test.each([
    [400, 'WORKFLOW_ARGUMENT_INVALID', 7],
    [401, 'WORKFLOW_UNAUTHENTICATED', 4],
    [403, 'WORKFLOW_RUN_FORBIDDEN', 4],
    [404, 'WORKFLOW_RUN_NOT_FOUND', 5],
    [409, 'WORKFLOW_RUN_CONFLICT', 6],
    [413, 'WORKFLOW_LIMIT_EXCEEDED', 7],
    [422, 'WORKFLOW_SCHEMA_VALIDATION_FAILED', 7],
    [429, 'HTTP_TOO_MANY_REQUESTS', 8],
    [500, 'HTTP_INTERNAL_ERROR', 1],
    [503, 'WORKFLOW_BACKEND_UNAVAILABLE', 8],
  ])('%i %s is %i', async (status, code, expected) => {
    const said = 'Not this time: \u001B[31mtry another';
    const server = refusing(status, problem(status, code, said), { 'retry-after': '0' });
    for (const argv of [
      ['runs'],
      ['show', 'r'],
      ['show', 'r', '--watch'],
      ['events', 'r'],
      ['cancel', 'r'],
      ['restart', 'r'],
      ['delete', 'r'],
      ['time-travel', 'r', 's'],
      ['resume', 'r', '{}'],
      ['start', 'w', '{}'],
      ['graph', 'w'],
      ['workflows'],
    ]) {
      const outcome = await run([...argv, '--retries', '0'], server);
      expect([argv[0], outcome.code, outcome.out]).toEqual([argv[0], expected, '']);
      expect(outcome.err).toContain(`Not this time: try another (${code}, HTTP ${status})`);
    }
  });

  test('of a gateway that answers in its own form', async () => {
    const outcome = await run(['runs', '--retries', '0'], refusing(403, '<h1>Forbidden</h1>'));
    expect(outcome.code).toBe(4);
    expect(outcome.err).toMatch(/HTTP 403/);
    // The gateway of AWS, which wants requests signed by somebody who may.
    expect(outcome.err).toMatch(/sign by --sigv4 <region>/);
    const server = refusing(403, problem(403, 'WORKFLOW_RUN_FORBIDDEN', 'Of somebody else'));
    expect((await run(['show', 'r'], server)).err).not.toContain('--sigv4');
  });

  test('401 says how to authenticate', async () => {
    const server = refusing(401, problem(401, 'WORKFLOW_UNAUTHENTICATED', 'No token'));
    expect((await run(['runs'], server)).err).toContain('--token or EVENTED_TOKEN');
  });

  test('a server that is down is 3, and the message says how to start one', async () => {
    // A port that was just free.
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as { port: number };
    await new Promise((closed) => probe.close(closed));
    const outcome = await run(['runs', '--retries', '0', '--url', `http://127.0.0.1:${port}`], {
      fetch: (request) => fetch(request),
    });
    expect([outcome.code, outcome.out]).toEqual([3, '']);
    expect(outcome.err).toContain(`127.0.0.1:${port}`);
    expect(outcome.err).toContain('evented dev');
  });

  test('an answer that is no JSON is 1', async () => {
    const outcome = await run(['workflows', '--retries', '0'], {
      fetch: () => new Response('<html>', { status: 200 }),
    });
    expect(outcome.code).toBe(1);
  });

  test('Ctrl-C is 130', async () => {
    const end = new AbortController();
    const outcome = await run(['show', 'r', '--watch'], {
      signal: end.signal,
      fetch: (request) =>
        new Promise((_, reject) => {
          request.signal.addEventListener('abort', () => reject(request.signal.reason as Error));
          end.abort(new DOMException('Ended by Ctrl-C', 'AbortError'));
        }),
    });
    expect(outcome).toEqual({ code: 130, out: '', err: '' });
  });
});

describe('what is sent', () => {
  test('token and URL are those of the options, else of the environment', async () => {
    const seen: string[] = [];
    const fetch = (request: Request) => {
      seen.push(`${request.url} ${request.headers.get('authorization')}`);
      return Response.json({ workflows: [] });
    };
    const env = { EVENTED_URL: 'https://a.example/base/', EVENTED_TOKEN: 'secret' };
    await run(['workflows'], { fetch, env });
    await run(['workflows', '--url', 'http://b.example', '--token', 'other'], { fetch, env });
    await run(['--url', 'http://c.example', 'workflows'], { fetch });
    expect(seen).toEqual([
      'https://a.example/base/workflows Bearer secret',
      'http://b.example/workflows Bearer other',
      'http://c.example/workflows null',
    ]);
  });

  test('--sigv4 signs with the credentials of the environment', async () => {
    let authorization = '';
    const fetch = (request: Request) => {
      authorization = request.headers.get('authorization') ?? '';
      return Response.json({ workflows: [] });
    };
    const env = {
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'wJalr',
      AWS_SESSION_TOKEN: 'session',
    };
    const { code } = await run(['workflows', '--sigv4', 'eu-central-1'], { fetch, env });
    expect(code).toBe(0);
    expect(authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/execute-api\/aws4_request/,
    );
  });

  test('an unknown run and an unknown workflow of a real server', async () => {
    const { evented } = serve();
    expect(await evented(['show', 'nobody'])).toMatchObject({ code: 5, out: '' });
    expect(await evented(['graph', 'nothing'])).toMatchObject({ code: 5, out: '' });
    expect(await evented(['start', 'nothing'])).toMatchObject({ code: 5, out: '' });
    expect(await evented(['resume', 'nobody'])).toMatchObject({ code: 5, out: '' });
  });
});
