import { createHash } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import type { ValueRef } from '../../src/client/index.ts';
import { json, networkFailure, refusal, scripted, stored } from './fixtures.ts';

describe('values above 256 KiB', () => {
  const text = 'x'.repeat(300_000);
  const ref = (n: number): ValueRef => ({
    $value: { href: `/base/runs/r/value?p=%2Fn${n}&h=1`, bytes: 300_002, sha256: 'ab' },
  });

  test('are in their places in a result, a run and an outcome', async () => {
    const big = { status: 'success', result: ref(1), steps: { a: { output: [1, ref(2)] } }, __proto__x: 1 };
    const filled = { ...big, result: text, steps: { a: { output: [1, { of: text }] } } };
    const values = (): Response[] => [json(text), json({ of: text })];
    const replies = [json(big), ...values(), json(big), ...values(), stored({ outcome: big }), ...values()];
    const { client, sent, until } = scripted(replies, { url: 'https://api.test/base' });
    expect(await until(client.run('r').result())).toEqual(filled);
    expect(await until(client.run('r').get())).toEqual(filled);
    expect((await until(client.run('r').resume({ wait: 1 }))).outcome).toEqual(filled);
    expect(sent.slice(1, 3)).toMatchObject([
      { method: 'GET', path: '/base/runs/r/value?p=%2Fn1&h=1' },
      { method: 'GET', path: '/base/runs/r/value?p=%2Fn2&h=1' },
    ]);
  });

  test('are not fetched of a result that is still waited for', async () => {
    const { client, sent, until } = scripted([
      json({ status: 'running', steps: { a: { output: ref(1) } } }),
      json({ status: 'success', steps: { a: { output: ref(1) } } }),
      json(text),
    ]);
    expect(await until(client.run('r').result())).toEqual({
      status: 'success',
      steps: { a: { output: text } },
    });
    expect(sent.length).toBe(3);
  });

  test('that have changed meanwhile are asked for with the rest', async () => {
    const gone = (): Response => refusal(404, 'WORKFLOW_RUN_NOT_FOUND');
    const whole = { status: 'success', result: text };
    const { client, sent, until } = scripted([
      json({ status: 'success', result: ref(1) }),
      gone(),
      json(whole),
    ]);
    expect(await until(client.run('r').result({ includeState: true }))).toEqual(whole);
    expect(sent[2]?.path).toBe('/runs/r/result?state=true&inline=true');
    const other = scripted([stored({ outcome: { result: ref(1) } }), gone(), json(whole)]);
    expect((await other.until(other.client.run('r').resume({ wait: 1 }))).outcome).toEqual(whole);
    expect(other.sent[2]?.path).toBe('/runs/r/result?inline=true');
  });

  test('that cannot be fetched do not make a change look refused', async () => {
    const busy = refusal(429, 'HTTP_TOO_MANY_REQUESTS');
    const replies = [stored({ outcome: { result: ref(1) } }), busy];
    const { client, until } = scripted(replies, { retries: 0 });
    const run = await until(client.run('r').resume({ wait: 1 }));
    expect([run.changed, run.outcome]).toEqual([true, undefined]);
  });

  test('whose fetching is aborted end the call', async () => {
    const controller = new AbortController();
    const abort = (): Response => {
      controller.abort(new RangeError('enough'));
      return json(text);
    };
    const { client, failure } = scripted([stored({ outcome: { result: ref(1) } }), abort]);
    const resumed = client.run('r').resume({ wait: 1, signal: controller.signal });
    expect(await failure(resumed)).toBeInstanceOf(RangeError);
  });

  test('are fetched by their reference', async () => {
    const { client, sent, until, failure } = scripted([json(text), refusal(404, 'WORKFLOW_RUN_NOT_FOUND')]);
    expect(await until(client.value(ref(1)))).toBe(text);
    expect(sent[0]?.path).toBe('/runs/r/value?p=%2Fn1&h=1');
    expect(await failure(client.value(ref(1)))).toMatchObject({ status: 404 });
  });

  test.each([
    'https://attacker.test/x',
    '/workflows',
    '/runs/r',
    '/runs/a/b/value?x',
    '/runs/\\..\\..\\x/value?x',
    '//attacker.test/',
  ])('lead nowhere else: %s', async (href) => {
    const fake = { $value: { href, bytes: 1, sha256: 'ab' } };
    const { client, sent, failure, until } = scripted([json({ output: fake }), json({ output: fake })]);
    expect(await failure(client.value(fake))).toMatchObject({ code: 'CLIENT_ARGUMENT_INVALID' });
    // A step can write what looks like one: it stays as it is.
    expect(await until(client.run('r').get())).toEqual({ output: fake });
    expect(sent.map(({ path }) => path)).toEqual(['/runs/r', '/runs/r?inline=true']);
  });

  test('that look like references stay as they are', async () => {
    const values = [{ $value: 1 }, { $value: { href: 'x' } }, { ...ref(1), more: 1 }, { $value: null }];
    const { client, until } = scripted([json({ values })]);
    expect(await until(client.run('r').get())).toEqual({ values });
  });

  test('are kept for a start or a resumption by their hash', async () => {
    const { client, sent, until } = scripted([
      networkFailure('ECONNRESET'),
      new Response(null, { status: 204 }),
      stored(),
      stored(),
    ]);
    const run = client.workflow('orders').run('r');
    const kept = run.keepValue({ pieces: 1, note: 'ü' });
    // Hashing is done by another thread, of which the clock knows nothing.
    await vi.waitFor(() => expect(sent.length).toBe(1));
    const hash = await until(kept);
    expect(hash).toBe(createHash('sha256').update('{"pieces":1,"note":"ü"}').digest('hex'));
    expect(sent[1]).toMatchObject({
      method: 'PUT',
      path: `/runs/r/values/${hash}`,
      body: { pieces: 1, note: 'ü' },
    });
    await until(client.workflow('orders').start({ runId: 'r', inputValue: hash }));
    await until(run.resume({ resumeValue: hash }));
    expect(sent.slice(2).map(({ body }) => body)).toEqual([
      { runId: 'r', inputValue: hash },
      { resumeValue: hash },
    ]);
  });
});
