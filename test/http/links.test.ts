import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createHttpApp } from './conforming.ts';
import { objectOf, post, problemIn, realApp } from './fixtures.ts';
import { expiresAt, large, linkedRuntime } from './linked.ts';

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const megabytes = (count: number) => 'x'.repeat(count * 1_048_576);
const value = `/runs/run/value`;

const identify = (request: Request) => request.headers.get('x-owner') ?? undefined;

function open() {
  const linked = linkedRuntime();
  const app = createHttpApp({ runtime: linked.runtime, identify });
  return { ...linked, app };
}

const as = (owner: string, init: RequestInit = {}): RequestInit => ({
  ...init,
  headers: { ...init.headers, 'x-owner': owner },
});

/** A run of Ada with this input, and the link to it. */
async function started({ app, runtime }: Pick<ReturnType<typeof open>, 'app' | 'runtime'>, text: string) {
  await runtime.start({ workflowId: 'large', runId: 'run', inputData: text, owner: 'Ada' });
  await runtime.settled({ runId: 'run' });
  const body = await objectOf(await app.request('/runs/run', as('Ada')));
  return (body['payload'] as { $value: { href: string; sha256: string } }).$value;
}

describe('a value that is too large for an answer', () => {
  test('is answered by a redirection to where it can be had', async () => {
    const place = open();
    const text = megabytes(6);
    const { href } = await started(place, text);
    const answer = await place.app.request(href, as('Ada'));
    expect(answer.status).toBe(307);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const found = await place.objects(new Request(answer.headers.get('location') ?? ''));
    expect(await found.json()).toBe(text);
  });

  test('has a link, for who must not be redirected', async () => {
    const place = open();
    const text = megabytes(6);
    const { href } = await started(place, text);
    const answer = await place.app.request(href.replace('/value?', '/value/link?'), as('Ada'));
    const link = await objectOf(answer);
    expect(link).toEqual({
      url: expect.stringMatching(/^https:\/\/objects\.test\/run\/[0-9a-f]{64}$/) as string,
      expiresAt: new Date(expiresAt).toISOString(),
    });
    expect(await (await place.objects(new Request(String(link['url'])))).json()).toBe(text);
  });

  test('is not for others', async () => {
    const place = open();
    const { href } = await started(place, megabytes(6));
    for (const path of [href, href.replace('/value?', '/value/link?')]) {
      const refused = await problemIn(await place.app.request(path, as('Bob')));
      expect(refused.code).toBe('WORKFLOW_RUN_FORBIDDEN');
    }
    expect(place.seen).toEqual([]);
  });

  test('is answered as it is where it fits, and where the place has no links', async () => {
    const fitting = open();
    const { href } = await started(fitting, megabytes(4));
    expect((await fitting.app.request(href, as('Ada'))).status).toBe(200);
    const plain = realApp({ workflows: [large], identify });
    const { href: own } = await started(plain, megabytes(6));
    const answer = await plain.app.request(own, as('Ada'));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toBe(megabytes(6));
    expect(
      await objectOf(await plain.app.request(own.replace('/value?', '/value/link?'), as('Ada'))),
    ).toEqual({});
  });
});

describe('a value that is too large for a request', () => {
  const text = JSON.stringify(megabytes(7));
  const sha256 = hashOf(text);
  const path = `/runs/run/values/${sha256}`;
  const asked = (bytes: unknown = text.length) => post({ bytes });

  test('is kept by a link, and used by its hash', async () => {
    const { app, runtime, objects } = open();
    const link = await objectOf(await app.request(`${path}/link`, as('Ada', asked())));
    const headers = link['headers'] as Record<string, string>;
    const put = new Request(String(link['url']), { method: 'PUT', body: text, headers });
    expect((await objects(put)).status).toBe(200);
    const start = post({ runId: 'run', inputValue: sha256 });
    expect((await app.request('/workflows/large/runs', as('Ada', start))).status).toBe(201);
    await runtime.settled({ runId: 'run' });
    expect(await runtime.result({ runId: 'run' })).toMatchObject({ status: 'success', result: megabytes(7) });
  });

  test('is not used when other bytes are there', async () => {
    const { app, runtime } = open();
    const { payloads } = { payloads: await nameOfUpload(app) };
    expect(payloads).toMatch(/^[0-9a-f]{64}$/);
    const start = post({ runId: 'run', inputValue: sha256 });
    const refused = await problemIn(await app.request('/workflows/large/runs', as('Ada', start)));
    expect(refused).toMatchObject({ status: 404, code: 'WORKFLOW_VALUE_NOT_FOUND' });
    expect(await runtime.get({ runId: 'run' })).toBeNull();
  });

  async function nameOfUpload(app: ReturnType<typeof open>['app']): Promise<string> {
    const link = await objectOf(await app.request(`${path}/link`, as('Ada', asked())));
    return String(link['url']).split('/').at(-1) ?? '';
  }

  test('is looked at when it is used, as a body is when it comes', async () => {
    const { app, objects } = open();
    for (const [body, status] of [
      [`${'['.repeat(600)}${']'.repeat(600)}`, 413],
      ['{', 400],
    ] as const) {
      const hash = hashOf(body);
      const ask = post({ bytes: body.length });
      const link = await objectOf(await app.request(`/runs/run/values/${hash}/link`, as('Ada', ask)));
      const headers = link['headers'] as Record<string, string>;
      await objects(new Request(String(link['url']), { method: 'PUT', body, headers }));
      const start = post({ runId: 'run', inputValue: hash });
      const refused = await problemIn(await app.request('/workflows/large/runs', as('Ada', start)));
      expect(refused.status).toBe(status);
    }
  });

  test.each<[string, string, RequestInit, number]>([
    ['more than a value may have', path, asked(64 * 1_048_576 + 1), 413],
    ['no number of bytes', path, asked('many'), 400],
    ['nothing', path, asked(0), 400],
    ['no hash', '/runs/run/values/abc', asked(), 400],
  ])('is refused with %s', async (_, at, init, status) => {
    const { app } = open();
    expect((await problemIn(await app.request(`${at}/link`, as('Ada', init)))).status).toBe(status);
  });

  test('is not for a run of somebody else', async () => {
    const place = open();
    await started(place, megabytes(1));
    const refused = await problemIn(await place.app.request(`${path}/link`, as('Bob', asked())));
    expect(refused.code).toBe('WORKFLOW_RUN_FORBIDDEN');
  });

  test('needs no link where the place has none', async () => {
    const { app } = realApp({ workflows: [large], identify });
    expect(await objectOf(await app.request(`${path}/link`, as('Ada', asked())))).toEqual({});
  });
});

test('a reference of a value that is another by now leads nowhere, by a link either', async () => {
  const place = open();
  await started(place, megabytes(1));
  const query = new URLSearchParams({ of: 'run', at: '/payload', sha256: hashOf('"x"') });
  const answer = await place.app.request(`${value}/link?${query.toString()}`, as('Ada'));
  expect((await problemIn(answer)).code).toBe('WORKFLOW_VALUE_NOT_FOUND');
});
