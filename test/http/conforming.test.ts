import { describe, expect, test } from 'vitest';
import { conforming, createHttpApp, NotDescribed } from './conforming.ts';
import { fakeRuntime, objectOf, post, realApp } from './fixtures.ts';

/** A suspended run as the API shows it. */
async function shownRun(): Promise<Record<string, unknown>> {
  const { app, runtime } = realApp();
  await app.request('/workflows/orders/runs', post({ runId: 'a', inputData: { pieces: 2 } }));
  await runtime.settled({ runId: 'a' });
  return objectOf(await app.request('/runs/a'));
}

/** Status, content type and headers of an answer. */
interface Expected {
  readonly status?: number;
  readonly type?: string;
  readonly location?: string;
}

/** What comes of an answer of this kind to a request. */
async function verdict(
  request: string,
  body: unknown,
  { status = 200, type = 'application/json', ...headers }: Expected = {},
): Promise<string> {
  const [method = '', path = ''] = request.split(' ');
  const init = { status, headers: { 'content-type': type, ...headers } };
  const answer = new Response(typeof body === 'string' ? body : JSON.stringify(body), init);
  try {
    const passed = await conforming({ method, url: `http://x.test${path}` }, answer);
    await passed.text();
    return 'fits';
  } catch (error) {
    if (!(error instanceof NotDescribed)) throw error;
    return error.message.split('\n')[0] ?? '';
  }
}

const stored = { runId: 'a', workflowId: 'w', status: 'running', changed: true };
const location = { location: '/runs/a' };

describe('an answer is found that', () => {
  test('has a field of a wrong name', async () => {
    const run = await shownRun();
    expect(await verdict('GET /runs/a', run)).toBe('fits');
    const { resumeLabels, ...rest } = run;
    expect(await verdict('GET /runs/a', { ...rest, labels: resumeLabels })).toContain('labels');
    const steps = { price: { status: 'success', outputs: 1 } };
    expect(await verdict('GET /runs/a', { ...run, steps })).toContain('steps.price: Unrecognized key');
  });

  test('lacks a field', async () => {
    const { changed: _, ...lacking } = stored;
    expect(await verdict('POST /workflows/w/runs', stored, { status: 201, ...location })).toBe('fits');
    expect(await verdict('POST /workflows/w/runs', lacking, { status: 201, ...location })).toContain(
      'changed',
    );
  });

  test('has fewer fields than it should, when nobody asked for fewer', async () => {
    expect(await verdict('GET /runs/a?fields=status', { status: 'running' })).toBe('fits');
    expect(await verdict('GET /runs/a', { status: 'running' })).toContain('runId');
  });

  test('has a value of a wrong type', async () => {
    const run = await shownRun();
    expect(await verdict('GET /runs/a', { ...run, createdAt: 1 })).toContain('createdAt');
    expect(await verdict('GET /runs/a', { ...run, createdAt: 'today' })).toContain('createdAt');
    expect(await verdict('GET /runs/a', { ...run, status: 'done' })).toContain('status');
    expect(await verdict('GET /runs/a', { ...run, error: 'no' })).toContain('error');
  });

  test('has a status that the operation does not declare', async () => {
    expect(await verdict('POST /runs/a/cancel', stored)).toBe('fits');
    expect(await verdict('POST /runs/a/cancel', stored, { status: 202 })).toContain('does not declare');
    expect(await verdict('GET /health', { status: 'ok' }, { status: 503 })).toContain('does not declare');
  });

  test('has a content type that the status does not declare', async () => {
    expect(await verdict('GET /runs', { runs: [] }, { type: 'text/plain' })).toContain('text/plain');
    expect(await verdict('GET /runs', 'nothing', { type: 'text/event-stream' })).toContain(
      'text/event-stream',
    );
  });

  test('lacks a header', async () => {
    expect(await verdict('POST /workflows/w/runs', stored)).toContain('Location');
  });

  test('is of no operation, and no refusal', async () => {
    expect(await verdict('GET /run/a', {})).toContain('no operation');
    expect(await verdict('PATCH /runs/a', {})).toContain('no operation');
  });

  test('was asked for by a parameter that the operation does not have', async () => {
    expect(await verdict('GET /runs?owner=me', { runs: [] })).toContain('owner');
  });
});

describe('a problem is found that', () => {
  const refusal = {
    type: 'urn:problem-type:evented-workflows:WORKFLOW_RUN_NOT_FOUND',
    title: 'No such run',
    status: 404,
    detail: 'There is none',
    code: 'WORKFLOW_RUN_NOT_FOUND',
    details: { runId: 'a' },
  };
  const as = { status: 404, type: 'application/problem+json' };

  test('is no problem document', async () => {
    expect(await verdict('GET /runs/a', refusal, as)).toBe('fits');
    expect(await verdict('GET /runs/a', refusal, { ...as, type: 'application/json' })).toContain('declared');
    const { code: _, ...rest } = refusal;
    expect(await verdict('GET /runs/a', rest, as)).toContain('code');
    expect(await verdict('GET /runs/a', { ...rest, code: 'NO_SUCH_CODE' }, as)).toContain('code');
  });

  test('the operation does not have', async () => {
    const code = 'WORKFLOW_RESUME_LABEL_NOT_FOUND';
    expect(await verdict('POST /runs/a/resume', { ...refusal, code }, as)).toBe('fits');
    expect(await verdict('GET /runs/a', { ...refusal, code }, as)).toContain('code');
  });

  test('says another status than its answer', async () => {
    expect(await verdict('GET /runs/a', { ...refusal, status: 409 }, as)).toContain('status');
  });
});

describe('in a stream', () => {
  const event = { id: '1', type: 'workflow-start', runId: 'a', from: 'WORKFLOW', time: 1 };
  const as = { type: 'text/event-stream' };
  const streamed = async (...messages: readonly string[]): Promise<string> =>
    verdict('GET /runs/a/events', messages.map((message) => `${message}\n\n`).join(''), as);

  test('each message is compared', async () => {
    const right = `id: c\ndata: ${JSON.stringify({ ...event, payload: { workflowId: 'w' } })}`;
    expect(await streamed('retry: 1000', right, ': nothing new', 'event: done\ndata: {"cursor":"c"}')).toBe(
      'fits',
    );
    const wrong = `data: ${JSON.stringify({ ...event, payload: { workflow: 'w' } })}`;
    expect(await streamed(right, wrong)).toContain('payload.workflowId');
    expect(await streamed('event: done\ndata: {}')).toContain('cursor');
    expect(await streamed('event: end\ndata: {}')).toContain('named end');
    expect(await streamed('event: problem\ndata: {}')).toContain('code');
  });
});

test('the app under test rejects where its answer does not fit', async () => {
  const app = createHttpApp({
    runtime: fakeRuntime({
      events: async () => ({ events: [], cursor: 'c', done: false, next: 'c' }),
    }),
  });
  await expect(app.request('/runs/a/events')).rejects.toThrow(NotDescribed);
});
