import { describe, expect, test } from 'vitest';
import { ordersWorkflow, run, serve } from './run.ts';

describe('a server', () => {
  test('that is well', async () => {
    const { evented, runtime } = serve();
    await runtime.start({ workflowId: 'orders', runId: 'r', inputData: { pieces: 1 } });
    const { code, out } = await evented(['doctor']);
    expect(code).toBe(0);
    expect(out).toMatch(/^ok {7}api: .*: orders\nok {7}version: [\d.]+, as .*\nok {7}runs: \d under way/);
  });

  test('that lacks the workflow of a run', async () => {
    const { runtime } = serve();
    const runs = { runs: [{ runId: 'r', workflowId: 'gone', status: 'running' }] };
    const fetch = ({ url }: Request): Response =>
      Response.json(
        url.includes('/runs') ? runs : { workflows: [{ id: 'orders' }], info: { version: '99.0.0' } },
      );
    const { code, out } = await run(['doctor', '--json'], { fetch });
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      healthy: false,
      findings: [
        { check: 'api', verdict: 'ok' },
        { check: 'version', verdict: 'warning', text: expect.stringMatching(/^99\.0\.0 answers/) as string },
        { check: 'runs', verdict: 'failed', text: expect.stringContaining('gone') as string },
      ],
    });
    expect(runtime.workflows).toEqual([ordersWorkflow]);
  });

  test.each([
    [401, 'WORKFLOW_UNAUTHENTICATED', /--sigv4/],
    [403, 'WORKFLOW_RUN_FORBIDDEN', /not allowed/],
  ])('that answers %i says what to give', async (status, code, remedy) => {
    const fetch = (): Response =>
      new Response(JSON.stringify({ status, code, detail: 'No', title: 'No', type: 'urn:x' }), {
        status,
        headers: { 'content-type': 'application/problem+json' },
      });
    const result = await run(['doctor', '--retries', '0'], { fetch });
    expect(result).toMatchObject({ code: 1, out: expect.stringMatching(remedy) as string });
  });

  test('behind a gateway that wants signed requests says how to sign, unless they were', async () => {
    const fetch = (): Response => Response.json({ message: 'Forbidden' }, { status: 403 });
    const unsigned = await run(['doctor'], { fetch });
    expect(unsigned.code).toBe(1);
    expect(unsigned.out).toMatch(/api: http:\/\/127\.0\.0\.1:4400: .* sign by --sigv4 <region>/);
    const env = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' };
    const signed = await run(['doctor', '--sigv4', 'eu-central-1'], { fetch, env });
    expect(signed.out).toMatch(/this caller is not allowed/);
    expect((await run(['doctor', '--token', 't'], { fetch })).out).toMatch(/this caller is not allowed/);
  });

  test('with runs of every status that are not over, and more than are looked at', async () => {
    const asked: (string | null)[] = [];
    const fetch = ({ url }: Request): Response => {
      const { pathname, searchParams } = new URL(url);
      if (!pathname.endsWith('/runs')) return Response.json({ workflows: [{ id: 'orders' }] });
      const status = searchParams.get('status');
      asked.push(searchParams.get('parked') === 'true' ? 'parked' : status);
      const runs = status === 'paused' ? [{ runId: 'r', workflowId: 'gone', status }] : [];
      return Response.json({ runs, ...(status === 'running' ? { cursor: 'more' } : {}) });
    };
    const { out } = await run(['doctor'], { fetch });
    expect(new Set(asked)).toEqual(
      new Set(['parked', 'pending', 'running', 'waiting', 'suspended', 'paused']),
    );
    expect(out).toMatch(/FAILED {3}runs: 1 of the newest 1,000 of each status wait .*\(gone\)/);
  });

  test('with runs that are parked, whose workflows are there', async () => {
    const fetch = ({ url }: Request): Response => {
      const { pathname, searchParams } = new URL(url);
      if (!pathname.endsWith('/runs')) return Response.json({ workflows: [{ id: 'orders' }] });
      const runs = [{ runId: 'r', workflowId: 'orders', status: 'suspended' }];
      return Response.json(searchParams.has('parked') ? { runs, cursor: 'more' } : { runs: [] });
    };
    const { out } = await run(['doctor'], { fetch });
    expect(out).toMatch(/FAILED {3}runs: 1 or more parked: .*evented runs --parked/);
  });

  test('that is older and knows no parked runs is well as far as it can be asked', async () => {
    const { fetch: current, runtime } = serve();
    await runtime.start({ workflowId: 'orders', runId: 'r', inputData: { pieces: 1 } });
    // Names of parameters that a server does not know it refuses.
    const fetch = (request: Request) =>
      current(new Request(request.url.replace('parked=', 'bogus='), request));
    const { code, out } = await run(['doctor'], { fetch });
    expect(out).toMatch(
      /runs: \d under way.*; which are parked, this server is too old to say: deploy it again/,
    );
    expect(code).toBe(0);
  });

  test('that is interrupted ends with 130, and without findings', async () => {
    const user = new AbortController();
    const fetch = (): never => {
      user.abort(new DOMException('Ended by Ctrl-C', 'AbortError'));
      throw user.signal.reason;
    };
    const outcome = await run(['doctor'], { fetch, signal: user.signal });
    expect(outcome).toEqual({ code: 130, out: '', err: '' });
  });

  test('that does not answer', async () => {
    const fetch = (): never => {
      throw new TypeError('fetch failed');
    };
    const { code, out } = await run(['doctor', '--retries', '0'], { fetch });
    expect(code).toBe(1);
    expect(out).toMatch(/^FAILED {3}api: /);
  });
});
