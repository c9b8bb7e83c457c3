import { expect, test } from 'vitest';
import { createClient } from '../../src/client/index.ts';
import { createHttpApp } from '../../src/http/index.ts';
import type { ValueRef } from '../../src/client/index.ts';
import { large, linkedRuntime } from '../http/linked.ts';

type Workflows = readonly [typeof large];

/** A client of an app on a place with links; `change` is what becomes of the answers of the objects. */
function open(change: (response: Response) => Response | Promise<Response> = (response) => response) {
  const linked = linkedRuntime();
  const app = createHttpApp({ runtime: linked.runtime, identify: () => 'Ada' });
  const asked: string[] = [];
  const signed: string[] = [];
  const client = createClient<Workflows>({
    url: 'http://api.test',
    token: 'secret',
    headers: { 'x-own': 'header' },
    sign: (request) => {
      signed.push(request.url);
      request.headers.set('x-amz-security-token', 'secret');
      return request;
    },
    fetch: async (request) => {
      asked.push(`${request.method} ${new URL(request.url).pathname.replaceAll(/[0-9a-f]{64}/g, '<hash>')}`);
      if (!request.url.startsWith('https://objects.test/')) return await app.fetch(request);
      return await change(await linked.objects(request));
    },
  });
  /** The reference to the input of the run. */
  const input = async (): Promise<ValueRef> => {
    const answer = await app.request('/runs/run?fields=payload');
    return ((await answer.json()) as { readonly payload: ValueRef }).payload;
  };
  return { ...linked, client, asked, signed, input };
}

const text = 'x'.repeat(5.2 * 1_048_576);

test('a large value is kept, started with and read by links, which bear nothing that is for the API alone', async () => {
  const { client, runtime, seen, asked, signed, input } = open();
  const run = client.workflow('large').run('run');
  const inputValue = await run.keepValue(text);
  await client.workflow('large').start({ runId: 'run', inputValue });
  await runtime.settled({ runId: 'run' });
  expect((await client.value(await input())) === text).toBe(true);
  expect(asked).toContain('POST /runs/run/values/<hash>/link');
  expect(asked).toContain('PUT /run/<hash>');
  expect(asked).toContain('GET /runs/run/value/link');
  expect(asked).not.toContain('GET /runs/run/value');
  expect(seen.length).toBeGreaterThan(1);
  for (const { headers } of seen) {
    for (const name of ['authorization', 'x-amz-security-token', 'x-own'])
      expect(headers.has(name)).toBe(false);
  }
  expect(signed.filter((url) => url.startsWith('https://objects.test/'))).toEqual([]);
});

test('what a link leads to is compared with what the API said', async () => {
  const { client, runtime, input } = open((response) =>
    response.ok && response.body !== null ? new Response('"another"') : response,
  );
  await runtime.start({ workflowId: 'large', runId: 'run', inputData: text, owner: 'Ada' });
  await runtime.settled({ runId: 'run' });
  await expect(client.value(await input())).rejects.toMatchObject({
    code: 'CLIENT_ANSWER_INVALID',
  });
});

test('a link that fails for now is followed again', async () => {
  let failures = 0;
  const { client, runtime, input } = open((response) => {
    failures += 1;
    return failures === 1 ? new Response(null, { status: 503, headers: { 'retry-after': '0' } }) : response;
  });
  await runtime.start({ workflowId: 'large', runId: 'run', inputData: text, owner: 'Ada' });
  await runtime.settled({ runId: 'run' });
  expect((await client.value(await input())) === text).toBe(true);
  expect(failures).toBe(2);
});

test.each(['a place without links', 'a server that is older than links'])(
  'from %s, values of any size come as they are',
  async (which) => {
    const place = linkedRuntime({ links: false });
    const { runtime } = place;
    const app = createHttpApp({ runtime });
    const client = createClient<Workflows>({
      url: 'http://api.test',
      fetch: (request) =>
        which.includes('older') && request.url.includes('/link')
          ? Response.json({ message: 'Not Found' }, { status: 404 })
          : app.fetch(request),
    });
    const run = client.workflow('large').run('run');
    await client.workflow('large').start({ runId: 'run', inputValue: await run.keepValue(text) });
    await runtime.settled({ runId: 'run' });
    const answer = await app.request('/runs/run?fields=payload');
    const { payload } = (await answer.json()) as { readonly payload: ValueRef };
    expect((await client.value(payload)) === text).toBe(true);
  },
);
