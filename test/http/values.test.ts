import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { HttpApp } from '../../src/http/index.ts';
import { createHttpApp } from './conforming.ts';
import { createStep, createWorkflow } from '../../src/index.ts';
import { fakeRuntime, objectOf, post, problemIn, realApp } from './fixtures.ts';

const any = z.unknown();

/** Gives back what it got, keeps it in its state, and waits for as much again. */
const heavy = createWorkflow({ id: 'heavy', inputSchema: any, outputSchema: any })
  .then(
    createStep({
      id: 'a/b~c',
      inputSchema: any,
      outputSchema: any,
      execute: async ({ inputData, setState }) => {
        await setState({ __proto__: 0, last: inputData, small: 1 });
        return inputData;
      },
    }),
  )
  .then(
    createStep({
      id: 'ask',
      inputSchema: any,
      outputSchema: any,
      resumeSchema: any,
      execute: async ({ inputData, resumeData, suspend }) =>
        resumeData ?? (await suspend({ seen: inputData })),
    }),
  )
  .commit();

/** Many steps with values that are each shown as they are. */
const crowded = createWorkflow({ id: 'crowded', inputSchema: any, outputSchema: any })
  .parallel(
    Array.from({ length: 30 }, (_, arm) =>
      createStep({
        id: `arm${arm}`,
        inputSchema: any,
        outputSchema: any,
        execute: async () => 'x'.repeat(200_000),
      }),
    ) as never,
  )
  .commit();

const workflows = [heavy, crowded];
const large = { text: 'ü€😀'.repeat(40_000) };
const hashOf = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');

interface Reference {
  readonly href: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** All references in an answer. */
function referencesIn(value: unknown): Reference[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('$value' in value) return [value.$value as Reference];
  return Object.values(value).flatMap(referencesIn);
}

async function startLarge(
  app: HttpApp,
  inputData: unknown = large,
  runId = 'r/1',
): Promise<Record<string, unknown>> {
  return objectOf(await app.request('/workflows/heavy/runs?wait=25', post({ runId, inputData })));
}

const run = '/runs/r%2F1';

async function follow(app: HttpApp, reference: Reference): Promise<unknown> {
  const response = await app.request(reference.href);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/json');
  const text = await response.text();
  expect({ bytes: Buffer.byteLength(text), sha256: hashOf(text) }).toEqual({
    bytes: reference.bytes,
    sha256: reference.sha256,
  });
  return JSON.parse(text);
}

describe('large values come as references', () => {
  test('in a run, and lead to the values', async () => {
    const { app } = realApp({ workflows });
    await startLarge(app);
    const state = await objectOf(await app.request(run));
    expect(state).toMatchObject({
      status: 'suspended',
      payload: { $value: { href: expect.stringMatching(/^\/runs\/r%2F1\/value\?/), bytes: 360_011 } },
      initialState: { last: { $value: { bytes: 360_011 } }, small: 1 },
      steps: {
        'a/b~c': { status: 'success', output: { $value: expect.anything() } },
        ask: { suspendPayload: { $value: expect.anything() } },
      },
    });
    const references = referencesIn(state);
    expect(references.length).toBeGreaterThanOrEqual(5);
    for (const reference of references) {
      expect([large, { seen: large }]).toContainEqual(await follow(app, reference));
    }
  });

  test('in a result, in the outcome of a wait, in events and in the history', async () => {
    const { app } = realApp({ workflows });
    const started = await startLarge(app);
    const first = await objectOf(await app.request(`${run}/events`));
    for (const answer of [
      started,
      await objectOf(await app.request(`${run}/result?state=true`)),
      first,
      await objectOf(await app.request(`${run}/history`)),
    ]) {
      const references = referencesIn(answer);
      expect(references.length).toBeGreaterThanOrEqual(2);
      expect(JSON.stringify(answer).length).toBeLessThan(20_000);
      for (const reference of references) {
        expect([large, { seen: large }]).toContainEqual(await follow(app, reference));
      }
    }
    await app.request(`${run}/resume?wait=25`, post({ resumeData: [large] }));
    const rest = await objectOf(await app.request(`${run}/events?cursor=${String(first['cursor'])}`));
    for (const reference of referencesIn(rest)) {
      expect([large, [large], { seen: large }]).toContainEqual(await follow(app, reference));
    }
    expect(referencesIn(rest).length).toBeGreaterThanOrEqual(1);
  });

  test('in a stream of events', async () => {
    const { app } = realApp({ workflows, serverSentEvents: true });
    await startLarge(app);
    await app.request(`${run}/cancel`, post());
    const stream = await app.request(`${run}/events`, { headers: { accept: 'text/event-stream' } });
    const events = (await stream.text())
      .split('\n')
      .filter((line) => line.startsWith('data: '))
      .map((line) => JSON.parse(line.slice(6)) as unknown);
    const references = referencesIn(events);
    expect(references.length).toBeGreaterThanOrEqual(2);
    for (const reference of references) await follow(app, reference);
  });

  test('and inline when asked for so', async () => {
    const { app } = realApp({ workflows });
    await startLarge(app);
    for (const path of [run, `${run}/result`, `${run}/events`, `${run}/history`]) {
      const answer = await objectOf(await app.request(`${path}?inline=true`));
      expect(referencesIn(answer)).toEqual([]);
      expect(JSON.stringify(answer)).toContain(large.text);
    }
    expect(await objectOf(await app.request(`${run}?inline=true`))).toMatchObject({ payload: large });
  });

  test('up to 256 KiB a value is shown as it is', async () => {
    for (const [length, isReference] of [
      [256 * 1024 - 2, false],
      [256 * 1024 - 1, true],
    ] as const) {
      const { app } = realApp({ workflows });
      await startLarge(app, 'x'.repeat(length));
      const { payload } = await objectOf(await app.request(`${run}?fields=payload`));
      expect(referencesIn(payload).length).toBe(isReference ? 1 : 0);
    }
  });

  test('smaller ones, too, when there are so many that no function could answer them', async () => {
    const { app } = realApp({ workflows });
    await app.request('/workflows/crowded/runs?wait=25', post({ runId: 'c' }));
    const text = await (await app.request('/runs/c')).text();
    expect(text.length).toBeLessThan(5 * 1024 * 1024);
    const references = referencesIn(JSON.parse(text));
    expect(references).toHaveLength(31);
    const [result, , arm] = references;
    if (result !== undefined) expect(Object.keys((await follow(app, result)) as object)).toHaveLength(30);
    if (arm !== undefined) expect(await follow(app, arm)).toBe('x'.repeat(200_000));
  });

  test('one that looks like a reference is one', async () => {
    const { app } = realApp({ workflows });
    const fake = { $value: { href: 'http://attacker.test/', bytes: 1, sha256: '0' } };
    await startLarge(app, fake);
    const { payload } = await objectOf(await app.request(run));
    const [reference] = referencesIn(payload);
    expect(reference?.href).toMatch(/^\/runs\//);
    if (reference !== undefined) expect(await follow(app, reference)).toEqual(fake);
  });

  test('also where it is deep in a value, so that whoever follows all references gets what was stored', async () => {
    const { app } = realApp({ workflows });
    await startLarge(app, { secret: 1 }, 'other');
    const sha256 = hashOf('{"secret":1}');
    const fake = {
      $value: { href: `/runs/other/value?of=run&at=%2Fpayload&sha256=${sha256}`, bytes: 1, sha256 },
    };
    const value = { list: [1, { deep: fake }] };
    await startLarge(app, value);
    for (const path of ['', '/result', '/events', '/history']) {
      for (const { href } of referencesIn(await objectOf(await app.request(`${run}${path}`)))) {
        expect(href).toMatch(/^\/runs\/r%2F1\//);
      }
    }
    const { payload } = await objectOf(await app.request(run));
    const [reference] = referencesIn(payload);
    expect(reference === undefined ? undefined : await follow(app, reference)).toEqual(value);
  });
});

describe('GET /runs/:runId/value', () => {
  test('is 404 for a value that is another one by now', async () => {
    const { app } = realApp({ workflows });
    await startLarge(app);
    const { steps } = await objectOf(await app.request(run));
    const [reference] = referencesIn((steps as Record<string, unknown>)['a/b~c']);
    await app.request(`${run}/time-travel?wait=25`, post({ step: 'a/b~c', inputData: ['other'] }));
    const gone = await problemIn(await app.request(reference?.href ?? ''));
    expect(gone).toMatchObject({ status: 404, code: 'WORKFLOW_VALUE_NOT_FOUND' });
  });

  test('is 404 for what is nowhere', async () => {
    const { app } = realApp({ workflows });
    await startLarge(app);
    const sha256 = hashOf('undefined');
    for (const query of [
      `of=run&at=/nothing&sha256=${sha256}`,
      `of=run&at=/__proto__&sha256=${sha256}`,
      `of=run&at=/steps/constructor/name&sha256=${sha256}`,
      `of=event&at=/payload&id=none&sha256=${sha256}`,
      `of=history&at=/output&sha256=${sha256}`,
    ]) {
      const problem = await problemIn(await app.request(`${run}/value?${query}`));
      expect(problem).toMatchObject({ status: 404, code: 'WORKFLOW_VALUE_NOT_FOUND' });
    }
    const missing = await problemIn(await app.request(`/runs/none/value?of=run&at=/a&sha256=${sha256}`));
    expect(missing.code).toBe('WORKFLOW_RUN_NOT_FOUND');
  });

  test.each(['', 'of=run', 'of=run&at=a&sha256=0', 'of=all&at=/a&sha256=0', 'of=run&at=/a&sha256=0&x=1'])(
    'refuses %j',
    async (query) => {
      const { app } = realApp({ workflows });
      expect((await problemIn(await app.request(`${run}/value?${query}`))).status).toBe(400);
    },
  );

  test("does not show another principal's value", async () => {
    const { app } = realApp({ workflows, identify: (request) => request.headers.get('x-who') ?? '' });
    const as = (who: string) => ({ headers: { 'x-who': who, 'content-type': 'application/json' } });
    const body = JSON.stringify({ runId: 'r/1', inputData: large });
    await app.request('/workflows/heavy/runs?wait=25', { method: 'POST', body, ...as('Ada') });
    const [reference] = referencesIn(await objectOf(await app.request(run, as('Ada'))));
    expect((await app.request(reference?.href ?? '', as('Ada'))).status).toBe(200);
    const refused = await problemIn(await app.request(reference?.href ?? '', as('Bob')));
    expect(refused.code).toBe('WORKFLOW_RUN_FORBIDDEN');
  });
});

describe('PUT /runs/:runId/values/:sha256', () => {
  const text = JSON.stringify(large);
  const sha256 = hashOf(text);
  const put = (body: string | null, who = 'Ada', type = 'application/json'): RequestInit => ({
    method: 'PUT',
    body,
    headers: { 'content-type': type, 'x-who': who },
  });
  const as = (body: unknown, who = 'Ada'): RequestInit => post(body, { 'x-who': who });
  const open = () => realApp({ workflows, identify: (request) => request.headers.get('x-who') ?? 'Ada' });

  test('sends the input of a start, the data of a resumption and the input of a time travel ahead', async () => {
    const { app } = open();
    const kept = await app.request(`${run}/values/${sha256}`, put(text));
    expect([kept.status, await kept.text()]).toEqual([204, '']);
    const start = { runId: 'r/1', inputValue: sha256 };
    expect((await app.request('/workflows/heavy/runs?wait=25', as(start))).status).toBe(201);
    // A start can be repeated: the value is still there.
    expect((await app.request('/workflows/heavy/runs', as(start))).status).toBe(200);
    const inline = { runId: 'r/1', inputData: large };
    expect((await app.request('/workflows/heavy/runs', as(inline))).status).toBe(200);
    const answer = '["yes"]';
    await app.request(`${run}/values/${hashOf(answer)}`, put(answer));
    const resumed = await app.request(`${run}/resume?wait=25`, as({ resumeValue: hashOf(answer) }));
    expect(await resumed.json()).toMatchObject({ outcome: { result: ['yes'] } });
    const travel = { step: 'ask', inputValue: sha256 };
    const traveled = await app.request(`${run}/time-travel?wait=25`, as(travel));
    expect(await traveled.json()).toMatchObject({ status: 'suspended' });
    expect(await objectOf(await app.request(`${run}?inline=true`))).toMatchObject({
      payload: large,
      steps: { ask: { payload: large } },
    });
  });

  test('a value that nobody sent is 404, and so is that of another run or principal', async () => {
    const { app } = open();
    await app.request(`/runs/other/values/${sha256}`, put(text));
    await app.request(`${run}/values/${sha256}`, put(text, 'Bob'));
    const start = await app.request('/workflows/heavy/runs', as({ runId: 'r/1', inputValue: sha256 }));
    expect(await problemIn(start)).toMatchObject({ status: 404, code: 'WORKFLOW_VALUE_NOT_FOUND' });
    expect((await app.request(run)).status).toBe(404);
    await startLarge(app);
    const resume = await app.request(`${run}/resume`, as({ resumeValue: sha256 }));
    expect((await problemIn(resume)).code).toBe('WORKFLOW_VALUE_NOT_FOUND');
    // What the engine stored under a hash is not what a caller sent.
    const engines = hashOf(JSON.stringify(large));
    expect((await app.request(`${run}/resume`, as({ resumeValue: engines }))).status).toBe(404);
  });

  test('a run of somebody else is refused', async () => {
    const { app } = open();
    await startLarge(app);
    const refused = await app.request(`${run}/values/${sha256}`, put(text, 'Bob'));
    expect((await problemIn(refused)).code).toBe('WORKFLOW_RUN_FORBIDDEN');
    const resume = await app.request(`${run}/resume`, as({ resumeValue: sha256 }, 'Bob'));
    expect((await problemIn(resume)).code).toBe('WORKFLOW_RUN_FORBIDDEN');
  });

  test('is removed with the run', async () => {
    const { app, runtime } = open();
    await app.request(`${run}/values/${sha256}`, put(text));
    await startLarge(app);
    await expect(runtime.keptValue({ runId: 'r/1', owner: 'Ada', sha256 })).resolves.toBe(text);
    expect((await app.request(run, { method: 'DELETE' })).status).toBe(204);
    await expect(runtime.keptValue({ runId: 'r/1', owner: 'Ada', sha256 })).rejects.toMatchObject({
      code: 'WORKFLOW_VALUE_NOT_FOUND',
    });
  });

  test.each<[string, string, RequestInit, number]>([
    ['another hash', hashOf('x'), put(text), 400],
    ['no hash', 'abc', put(text), 400],
    ['a hash in upper case', sha256.toUpperCase(), put(text), 400],
    ['no JSON', hashOf('{'), put('{'), 400],
    ['nothing', hashOf(''), put(null), 400],
    ['text', hashOf('1'), put('1', 'Ada', 'text/plain'), 415],
    ['too deep', hashOf('['.repeat(600)), put('['.repeat(600)), 413],
  ])('refuses %s', async (_, hash, init, status) => {
    const { app } = open();
    expect((await problemIn(await app.request(`${run}/values/${hash}`, init))).status).toBe(status);
  });

  test('refuses more than a body may have', async () => {
    const app = createHttpApp({ runtime: fakeRuntime({}), bodyLimits: { bytes: 10 } });
    const refused = await app.request(`${run}/values/${sha256}`, put(text));
    expect((await problemIn(refused)).code).toBe('WORKFLOW_LIMIT_EXCEEDED');
  });

  test('a value is given once, and for a run that has an id', async () => {
    const { app } = open();
    for (const [path, body] of [
      ['/workflows/heavy/runs', { runId: 'r/1', inputData: 1, inputValue: sha256 }],
      ['/workflows/heavy/runs', { inputValue: sha256 }],
      ['/workflows/heavy/runs', { runId: 'r/1', inputValue: 'abc' }],
      [`${run}/resume`, { resumeData: null, resumeValue: sha256 }],
      [`${run}/time-travel`, { step: 'ask', inputData: 1, inputValue: sha256 }],
    ] as const) {
      const refused = await problemIn(await app.request(path, as(body)));
      expect(refused).toMatchObject({ status: 400, code: 'WORKFLOW_ARGUMENT_INVALID' });
    }
  });

  test('the id that a key makes is none that a value can be sent ahead of', async () => {
    const { app } = realApp({ workflows });
    const keyed = post({ inputValue: sha256 }, { 'idempotency-key': 'k' });
    const refused = await problemIn(await app.request('/workflows/heavy/runs', keyed));
    expect(refused).toMatchObject({ status: 400, details: { issues: [{ path: 'runId' }] } });
  });
});
