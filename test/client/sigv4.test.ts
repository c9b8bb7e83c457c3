import { describe, expect, test } from 'vitest';
import { signer } from '../../src/client/sigv4.ts';
import { json, scripted, stored } from './fixtures.ts';

/** Keys, time and host of the test suite that AWS publishes for Signature Version 4. */
const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const suite = {
  region: 'us-east-1',
  service: 'service',
  credentials: keys,
  now: () => new Date('2015-08-30T12:36:00Z'),
};
const host = 'https://example.amazonaws.com';

const signatureOf = (request: Request): string | undefined =>
  /Signature=(?<hex>[0-9a-f]{64})$/.exec(request.headers.get('authorization') ?? '')?.groups?.['hex'];

describe('Signature Version 4', () => {
  test.each<[string, Request, string]>([
    ['get-vanilla', new Request(host), '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    [
      'get-vanilla-query-order-key-case',
      new Request(`${host}/?Param2=value2&Param1=value1`),
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    ],
    [
      'post-vanilla',
      new Request(host, { method: 'POST' }),
      '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
    ],
    [
      'post-x-www-form-urlencoded',
      new Request(host, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: 'Param1=value1',
      }),
      'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
    ],
  ])('signs %s of the suite of AWS', async (_, request, signature) => {
    const signed = await signer(suite)(request);
    expect(signatureOf(signed)).toBe(signature);
    expect(signed.headers.get('x-amz-date')).toBe('20150830T123600Z');
  });

  test('method, path, query, headers and body count; what is on the way does not', async () => {
    const sign = signer(suite);
    const post = (path: string, init: RequestInit = {}): Request =>
      new Request(`${host}${path}`, { method: 'POST', body: '{}', ...init });
    const variants = [
      post('/runs/a?wait=1'),
      post('/runs/a?wait=1', { method: 'PUT' }),
      post('/runs/b?wait=1'),
      post('/runs/a?wait=2'),
      post('/runs/a?wait=1', { body: '[]' }),
      post('/runs/a?wait=1', { headers: { 'idempotency-key': 'k' } }),
    ];
    const signatures = await Promise.all(variants.map(async (one) => signatureOf(await sign(one))));
    expect(new Set(signatures).size).toBe(variants.length);
    const same = await sign(post('/runs/a?wait=1', { headers: { 'user-agent': 'other', accept: 'x/y' } }));
    expect(signatureOf(same)).toBe(signatures[0]);
  });

  test('the request stays as it is, with what the signature adds', async () => {
    const controller = new AbortController();
    const request = new Request(`${host}/a%20b?x=%2B`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-trace': '1' },
      body: '{"ü":1}',
      signal: controller.signal,
    });
    const signed = await signer({ ...suite, credentials: { ...keys, sessionToken: 'session' } })(request);
    expect([signed.method, signed.url]).toEqual(['POST', request.url]);
    expect(Object.fromEntries(signed.headers)).toMatchObject({
      'content-type': 'application/json',
      'x-trace': '1',
      'x-amz-security-token': 'session',
      authorization: expect.stringContaining(
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=content-type;host;',
      ),
    });
    expect(await signed.text()).toBe('{"ü":1}');
    controller.abort();
    expect(signed.signal.aborted).toBe(true);
  });

  test('what a redirection and cookies are to be is kept', async () => {
    const request = new Request(host, { redirect: 'manual', credentials: 'include' });
    expect(await signer(suite)(request)).toMatchObject({ redirect: 'manual', credentials: 'include' });
  });

  test('keys are asked for with each request, and the service is API Gateway', async () => {
    let count = 0;
    const credentials = async (): Promise<typeof keys> => ({ ...keys, accessKeyId: `KEY${++count}` });
    const sign = signer({ region: 'eu-central-1', credentials });
    const ids: (string | null)[] = [];
    for (const _ of [1, 2]) ids.push((await sign(new Request(host))).headers.get('authorization'));
    expect(ids[0]).toMatch(/Credential=KEY1\/\d{8}\/eu-central-1\/execute-api\//);
    expect(ids[1]).toContain('Credential=KEY2/');
  });

  test('a client sends what was signed', async () => {
    const { client, sent } = scripted([stored(), json({ runs: [] })], { sign: signer(suite) });
    await client.workflow('orders').start({ inputData: { pieces: 1 }, wait: 1 });
    await client.runs({ status: 'failed' });
    expect(sent[0]?.body).toEqual({ inputData: { pieces: 1 } });
    for (const { headers } of sent) expect(headers['authorization']).toContain('AWS4-HMAC-SHA256');
    expect(sent[0]?.headers['authorization']).toContain('content-type;host;idempotency-key;x-amz-date');
  });
});
