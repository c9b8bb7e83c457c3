import { describe, expect, test } from 'vitest';
import type { RequestSource } from '../../src/adapters/aws/config.ts';
import { isWorkflowError, WorkflowError } from '../../src/core/errors.ts';
import type { Runtime } from '../../src/runtime/index.ts';
import { bodies, fixture, put, shop } from './request-fixture.ts';

const start = (more: object = {}) =>
  put('workflow.start', { workflowId: 'orders', inputData: { pieces: 3 }, ...more });

async function runs(runtime: Runtime): Promise<readonly string[]> {
  const { headers } = await runtime.list({ limit: 100 });
  return headers.map(({ runId }) => runId);
}

describe('a request to start', () => {
  test('starts a run of the source, and the same event no second one', async () => {
    const { deliver, runtime, refused } = fixture();
    const request = start();
    await Promise.all([deliver(request), deliver(request), deliver(request)]);
    await deliver(request);
    const [runId = '', ...others] = await runs(runtime);
    expect(others).toEqual([]);
    expect(runId).toMatch(/^event-[0-9a-f]{40}$/);
    expect(await runtime.get({ runId, owner: 'events:shop' })).toMatchObject({ status: 'suspended' });
    expect(refused).toEqual([]);
  });

  test('that is put twice with one request id starts one run; with two, two', async () => {
    const { deliver, runtime } = fixture();
    await deliver(start({ requestId: 'a' }));
    await deliver(start({ requestId: 'a' }));
    await deliver(start({ requestId: 'b' }));
    expect(await runs(runtime)).toHaveLength(2);
  });

  test('says how long its run may take', async () => {
    const { deliver, runtime, drain, refused } = fixture();
    const began = Date.now();
    await deliver(start({ runId: 'r', timeoutMs: 1 }));
    await deliver(start({ runId: 'none', timeoutMs: 0 }));
    expect(refused).toMatchObject([{ code: 'WORKFLOW_ARGUMENT_INVALID', runId: 'none' }]);
    const { headers } = await runtime.list({ limit: 10 });
    expect(headers).toMatchObject([{ runId: 'r', timeoutMs: 1 }]);
    expect(headers[0]?.deadlineAt).toBeGreaterThan(began);
    await drain();
  });

  test('names its run, or is refused where another has that id', async () => {
    const { deliver, runtime, refused } = fixture([shop, { source: 'store' }]);
    await deliver(start({ runId: 'r' }));
    await deliver(start({ runId: 'r' }));
    expect(await runs(runtime)).toEqual(['r']);
    await deliver(start({ runId: 'r', inputData: { pieces: 4 } }));
    await deliver(
      put('workflow.start', { workflowId: 'orders', runId: 'r', inputData: { pieces: 3 } }, 'store'),
    );
    expect(refused.map(({ code, source, runId, request }) => [code, source, runId, request])).toEqual([
      ['WORKFLOW_RUN_CONFLICT', 'shop', 'r', 'workflow.start'],
      ['WORKFLOW_RUN_FORBIDDEN', 'store', 'r', 'workflow.start'],
    ]);
  });

  test('that finds no place is refused, queued or done by the run that has it, as its workflow says', async () => {
    const { deliver, runtime, refused } = fixture();
    for (const workflowId of ['reject', 'queue', 'return'])
      for (const id of ['a', 'b', 'b'])
        await deliver(start({ workflowId, requestId: `${workflowId} ${id}` }));
    const [refusal] = refused;
    expect(refused).toEqual([refusal, refusal]);
    expect(refusal).toMatchObject({
      type: 'workflow.request.refused',
      request: 'workflow.start',
      code: 'WORKFLOW_CONCURRENCY_LIMIT',
      workflowId: 'reject',
      id: 'reject b',
    });
    const { headers } = await runtime.list({ limit: 100 });
    expect(headers.map(({ workflowId, status }) => `${workflowId} ${status}`).toSorted()).toEqual([
      'queue suspended',
      'queue waiting',
      'reject suspended',
      'return suspended',
    ]);
  });

  test('is refused without a value of it, each time by the same answer', async () => {
    const { deliver, runtime, refused } = fixture();
    const request = start({ inputData: { pieces: 'a secret' }, requestId: 'mine' });
    await deliver(request);
    await deliver(request);
    expect(refused).toEqual([refused[0], refused[0]]);
    expect(refused[0]).toEqual({
      type: 'workflow.request.refused',
      work: false,
      id: 'mine',
      source: 'shop',
      request: 'workflow.start',
      code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
      message: 'A value of the request does not fit its schema (pieces): send what the workflow asks for',
      workflowId: 'orders',
      time: 7,
    });
    expect(await runs(runtime)).toEqual([]);
  });

  test.each<[string, object, string]>([
    ['an unknown workflow', { workflowId: 'nothing' }, 'WORKFLOW_NOT_FOUND'],
    ['an unknown field', { owner: 'me' }, 'WORKFLOW_ARGUMENT_INVALID'],
    [
      'a value that is nested too deep',
      { inputData: nested(600), workflowId: 'other' },
      'WORKFLOW_LIMIT_EXCEEDED',
    ],
  ])('is refused with %s', async (_, more, code) => {
    const { deliver, refused, runtime } = fixture();
    await deliver(start(more));
    expect(refused.map((refusal) => refusal.code)).toEqual([code]);
    expect(await runs(runtime)).toEqual([]);
  });
});

function nested(depth: number): unknown {
  return JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);
}

describe('a request to resume', () => {
  const resume = (by: string, more: object = {}) =>
    put('workflow.resume', { runId: 'r', resumeData: { by }, ...more });

  test('resumes once, however often and late it comes, and a later suspension needs another', async () => {
    const { deliver, runtime, refused } = fixture();
    await deliver(start({ runId: 'r' }));
    const first = resume('again');
    await Promise.all([deliver(first), deliver(first), deliver(first)]);
    const second = resume('again', { requestId: 'second' });
    await deliver(second);
    for (const late of [first, second, resume('again', { requestId: 'second' })]) await deliver(late);
    expect(bodies).toEqual(['again', 'again']);
    await deliver(resume('Ada', { step: 'approve' }));
    for (const late of [first, second]) await deliver(late);
    expect(refused).toEqual([]);
    expect(await runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: { by: 'Ada' } });
  });

  test('is done when it comes again after its worker died between the write and the events', async () => {
    let died = false;
    const { deliver, runtime, refused } = fixture([shop], (whole) => ({
      runtime: {
        start: (request) => whole.start(request),
        cancel: (request) => whole.cancel(request),
        resumeByKey: (request) => whole.resumeByKey(request),
        resume: async (request) => {
          const resumed = await whole.resume(request);
          if (died) return resumed;
          died = true;
          throw new WorkflowError('WORKFLOW_BACKEND_UNAVAILABLE', 'The bus does not answer');
        },
      },
    }));
    await deliver(start({ runId: 'r' }));
    const request = resume('Ada');
    await expect(deliver(request)).rejects.toThrow('does not answer');
    await deliver(request);
    expect(await runtime.result({ runId: 'r' })).toMatchObject({ status: 'success' });
    expect([bodies, refused]).toEqual([['Ada'], []]);
  });

  test.each<[string, object, string]>([
    ['an unknown run', { runId: 'nobody' }, 'WORKFLOW_RUN_NOT_FOUND'],
    ['both a run and a key', { key: 'k' }, 'WORKFLOW_ARGUMENT_INVALID'],
    ['neither a run nor a key', { runId: undefined }, 'WORKFLOW_ARGUMENT_INVALID'],
    ['a key and a step', { runId: undefined, key: 'k', step: 'approve' }, 'WORKFLOW_ARGUMENT_INVALID'],
    ['a key of nobody', { runId: undefined, key: 'secret-key' }, 'WORKFLOW_RESUME_KEY_NOT_FOUND'],
    ['data that does not fit', { resumeData: { by: 7 } }, 'WORKFLOW_SCHEMA_VALIDATION_FAILED'],
    ['a step that is not suspended', { step: 'pay' }, 'WORKFLOW_RUN_NOT_SUSPENDED'],
    ['a label that nobody has', { label: 'x' }, 'WORKFLOW_RESUME_LABEL_NOT_FOUND'],
  ])('is refused with %s', async (_, more, code) => {
    const { deliver, refused, runtime } = fixture();
    await deliver(start({ runId: 'r' }));
    await deliver(resume('Ada', more));
    expect(refused.map((refusal) => refusal.code)).toEqual([code]);
    expect(JSON.stringify(refused)).not.toMatch(/secret-(label|key)/);
    expect(await runtime.get({ runId: 'r' })).toMatchObject({ status: 'suspended' });
  });

  test('resumes by a key, once, however often and late it comes', async () => {
    const { deliver, refused, runtime } = fixture();
    await deliver(start({ runId: 'r' }));
    const byKey = put('workflow.resume', { key: "r's key", resumeData: { by: 'Ada' } });
    for (const _ of [1, 2]) await deliver(byKey);
    expect(await runtime.result({ runId: 'r' })).toMatchObject({ status: 'success' });
    expect([bodies, refused]).toEqual([['Ada'], []]);
  });

  test('finds no key of another owner, nor one of a workflow that the source may not ask for', async () => {
    const till: RequestSource = { source: 'till', owner: 'events:shop', workflows: ['other'] };
    const { deliver, refused } = fixture([shop, till, { source: 'store' }]);
    await deliver(start({ runId: 'r' }));
    for (const source of ['store', 'till']) {
      await deliver(put('workflow.resume', { key: "r's key", resumeData: { by: 'Ada' } }, source));
    }
    expect(refused.map(({ code }) => code)).toEqual([
      'WORKFLOW_RESUME_KEY_NOT_FOUND',
      'WORKFLOW_RUN_FORBIDDEN',
    ]);
    expect(bodies).toEqual([]);
  });

  test('is refused where the run belongs to somebody else', async () => {
    const { deliver, refused, runtime } = fixture([
      shop,
      { source: 'till', owner: 'events:shop' },
      { source: 'store' },
    ]);
    await runtime.start({
      workflowId: 'orders',
      runId: 'r',
      inputData: { pieces: 1 },
      owner: 'arn:aws:iam::1:role/a',
    });
    await deliver(resume('Ada'));
    await deliver(put('workflow.cancel', { runId: 'r' }));
    expect(refused.map(({ code }) => code)).toEqual(['WORKFLOW_RUN_FORBIDDEN', 'WORKFLOW_RUN_FORBIDDEN']);
    await deliver(start({ runId: 's' }));
    await deliver(put('workflow.cancel', { runId: 's' }, 'store'));
    await deliver(put('workflow.cancel', { runId: 's' }, 'till'));
    expect(refused).toHaveLength(3);
    expect(await runtime.get({ runId: 's' })).toMatchObject({ status: 'canceled' });
  });
});

describe('a request to cancel', () => {
  test('cancels, and is done when it comes again', async () => {
    const { deliver, runtime, refused } = fixture();
    await deliver(start({ runId: 'r' }));
    const cancel = put('workflow.cancel', { runId: 'r' });
    await Promise.all([deliver(cancel), deliver(cancel), deliver(cancel)]);
    await deliver(put('workflow.cancel', { runId: 'r' }));
    expect(refused).toEqual([]);
    await runtime.timeTravel({ runId: 'r', step: 'approve', inputData: { pieces: 1 } });
    await deliver(cancel);
    expect(await runtime.get({ runId: 'r' })).toMatchObject({ status: 'suspended' });
  });
});

describe('a source', () => {
  test('may ask for what it was allowed, and for nothing else', async () => {
    const { deliver, runtime, refused } = fixture([
      { source: 'shop', may: ['start'], workflows: ['orders'] },
      { source: 'till', may: ['cancel', 'resume'], workflows: ['other'], owner: 'events:shop' },
    ]);
    await deliver(start({ runId: 'r' }));
    await deliver(put('workflow.start', { workflowId: 'other' }));
    await deliver(put('workflow.resume', { runId: 'r', resumeData: { by: 'Ada' } }));
    await deliver(put('workflow.cancel', { runId: 'r' }, 'till'));
    await deliver(put('workflow.resume', { runId: 'r', resumeData: { by: 'Ada' } }, 'till'));
    expect(refused.map(({ code, source }) => [code, source])).toEqual([
      ['WORKFLOW_RUN_FORBIDDEN', 'shop'],
      ['WORKFLOW_RUN_FORBIDDEN', 'shop'],
      ['WORKFLOW_RUN_FORBIDDEN', 'till'],
      ['WORKFLOW_RUN_FORBIDDEN', 'till'],
    ]);
    expect(await runs(runtime)).toEqual(['r']);
    expect(await runtime.get({ runId: 'r' })).toMatchObject({ status: 'suspended' });
  });

  test('states no facts: an event of the engine from it is refused, and changes nothing', async () => {
    const { deliver, runtime, refused } = fixture();
    await deliver(start({ runId: 'r' }));
    const fact = {
      format: 1,
      work: true,
      workflowId: 'orders',
      runId: 'r',
      epoch: 1,
      path: [0],
      hop: 1,
      time: 1,
    };
    for (const type of ['workflow.step.run', 'workflow.cancel', 'workflow.start', 'workflow.resume']) {
      await deliver(put(type, { ...fact, id: 'forged', type }));
    }
    expect(refused.map(({ code, request }) => [code, request])).toEqual(
      ['workflow.step.run', 'workflow.cancel', 'workflow.start', 'workflow.resume'].map((type) => [
        'WORKFLOW_ARGUMENT_INVALID',
        type,
      ]),
    );
    expect(await runtime.get({ runId: 'r' })).toMatchObject({ status: 'suspended' });
  });

  test.each<[string, object]>([
    ['that nobody allowed', put('workflow.start', { workflowId: 'orders' }, 'stranger')],
    [
      'of the engine that no rule delivers',
      put('workflow.start', { workflowId: 'orders' }, 'evented-workflows.other'),
    ],
    [
      'of the engine whose event is none',
      put('workflow.start', { workflowId: 'orders' }, 'evented-workflows'),
    ],
    ['without an envelope', { source: 'shop', detail: {} }],
    ['without a name', { detail: {} }],
  ])('%s ends as a dead letter', async (_, message) => {
    const { deliver, refused } = fixture();
    const failure: unknown = await deliver(message).catch((error: unknown) => error);
    expect(isWorkflowError(failure, 'WORKFLOW_ARGUMENT_INVALID')).toBe(true);
    expect(refused).toEqual([]);
  });
});

test('what fails for now comes again, and nobody is told; so does an answer that could not be given', async () => {
  const unavailable = new WorkflowError('WORKFLOW_BACKEND_UNAVAILABLE', 'The table does not answer');
  const counted: unknown[] = [];
  const metrics = { count: (...count: unknown[]) => void counted.push(count) };
  const failing = fixture([shop], () => ({
    metrics,
    runtime: {
      start: () => Promise.reject(unavailable),
      resume: () => Promise.reject(new TypeError('a bug')),
      resumeByKey: () => Promise.reject(new Error()),
      cancel: () => Promise.reject(new WorkflowError('WORKFLOW_RUN_NOT_FOUND', 'No such run')),
    },
    refuse: () => Promise.reject(unavailable),
  }));
  await expect(failing.deliver(start())).rejects.toBe(unavailable);
  await expect(failing.deliver(put('workflow.resume', { runId: 'r' }))).rejects.toThrow('a bug');
  await expect(failing.deliver(put('workflow.cancel', { runId: 'r' }))).rejects.toBe(unavailable);
  expect(failing.refused).toEqual([]);
  expect(counted).toEqual([]);
  const answering = fixture([shop], () => ({ metrics }));
  await answering.deliver(put('workflow.cancel', { runId: 'r' }));
  expect(counted).toEqual([['request.refused', { code: 'WORKFLOW_RUN_NOT_FOUND' }]]);
});

test('a long reason is cut', async () => {
  const { deliver, refused } = fixture([shop], () => ({
    runtime: {
      start: () => Promise.reject(new WorkflowError('WORKFLOW_RUN_CONFLICT', '🐙'.repeat(2_000))),
      resume: () => Promise.reject(new Error()),
      resumeByKey: () => Promise.reject(new Error()),
      cancel: () => Promise.reject(new Error()),
    },
  }));
  await deliver(start());
  expect(Array.from(refused[0]?.message ?? '')).toHaveLength(1_000);
});
