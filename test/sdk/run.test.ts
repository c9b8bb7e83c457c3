import { createWorkflow, type Run, RequestContext, WorkflowError } from 'evented-workflows';
import { describe, expect, test } from 'vitest';
import { bindRuntime } from '../../src/core/host.ts';
import { RecordingHost } from './recording-host.ts';
import { adding, numbers } from './steps.ts';

const ref = { runId: 'r', workflowId: 'numbers' };

async function setUp() {
  const host = new RecordingHost();
  const workflow = createWorkflow(numbers).then(adding('a')).commit();
  workflow[bindRuntime](host);
  const run = await workflow.createRun();
  host.requests.length = 0;
  // Without the types that keep an author from calling it wrongly.
  return { host, workflow, run, untyped: run as unknown as Run };
}

describe('createRun', () => {
  test('refuses a workflow without entries', async () => {
    const workflow = createWorkflow(numbers).commit();
    workflow[bindRuntime](new RecordingHost());
    await expect(workflow.createRun()).rejects.toMatchObject({
      code: 'WORKFLOW_EMPTY_GRAPH',
      message:
        'Execution flow of workflow is not defined. Add steps to the workflow via .then(), .branch(), etc.',
    });
  });

  test('refuses one that is not committed', async () => {
    const workflow = createWorkflow(numbers).then(adding('a'));
    workflow[bindRuntime](new RecordingHost());
    await expect(workflow.createRun()).rejects.toMatchObject({
      code: 'WORKFLOW_NOT_COMMITTED',
      message: 'Uncommitted step flow changes detected. Call .commit() to register the steps.',
    });
  });

  test('stores the run', async () => {
    const { host, workflow } = await setUp();
    host.stored = { ...host.stored, runId: 'mine', resourceId: 'user' };
    const run = await workflow.createRun({ runId: 'mine', resourceId: 'user' });
    expect(run).toMatchObject({
      runId: 'mine',
      workflowId: 'numbers',
      resourceId: 'user',
      workflowRunStatus: 'pending',
    });
    await workflow.createRun();
    expect(host.requests).toEqual([
      ['create', { workflowId: 'numbers', runId: 'mine', resourceId: 'user' }],
      ['create', { workflowId: 'numbers' }],
    ]);
  });

  test('gives the same object for the same run, with the status of now', async () => {
    const { host, workflow, run } = await setUp();
    host.stored = { ...host.stored, status: 'suspended' };
    expect(await workflow.createRun({ runId: 'r' })).toBe(run);
    expect(run.workflowRunStatus).toBe('suspended');
    host.stored = { ...host.stored, runId: 'other' };
    expect(await workflow.createRun({ runId: 'other' })).not.toBe(run);
  });

  test('gives another object in another runtime', async () => {
    const { workflow, run } = await setUp();
    const other = new RecordingHost();
    workflow[bindRuntime](other);
    const there = await workflow.createRun({ runId: 'r' });
    expect(there).not.toBe(run);
    await there.cancel();
    expect(other.requests).toEqual([
      ['create', ref],
      ['cancel', ref],
    ]);
  });
});

describe('start', () => {
  test('waits for the end and gives the result', async () => {
    const { host, run } = await setUp();
    expect(await run.start({ inputData: { n: 1 } })).toBe(host.outcome);
    expect(host.requests).toEqual([
      ['start', { ...ref, inputData: { n: 1 } }],
      ['settled', ref],
      ['result', { ...ref, includeState: false, includeResumeLabels: false }],
    ]);
    expect(run.workflowRunStatus).toBe('success');
  });

  test('passes on all that it is given', async () => {
    const { host, workflow } = await setUp();
    host.stored = { ...host.stored, runId: 'with-resource', resourceId: 'user' };
    const run = await workflow.createRun();
    host.requests.length = 0;
    await run.start({
      inputData: { n: 1 },
      initialState: { count: 1 },
      requestContext: new RequestContext({ tenant: 'a' }),
      outputOptions: { includeState: true, includeResumeLabels: true },
    });
    expect(host.requests[0]).toEqual([
      'start',
      {
        runId: 'with-resource',
        workflowId: 'numbers',
        resourceId: 'user',
        inputData: { n: 1 },
        initialState: { count: 1 },
        requestContext: { tenant: 'a' },
      },
    ]);
    expect(host.requests[2]).toEqual([
      'result',
      { runId: 'with-resource', workflowId: 'numbers', includeState: true, includeResumeLabels: true },
    ]);
  });

  test('takes a request context as a plain object too', async () => {
    const { host, run } = await setUp();
    await run.startAsync({ inputData: { n: 1 }, requestContext: { tenant: 'a' } });
    expect(host.requests).toEqual([
      ['start', { ...ref, inputData: { n: 1 }, requestContext: { tenant: 'a' } }],
    ]);
  });

  test('refuses a request context that is none', async () => {
    const { host, untyped } = await setUp();
    for (const requestContext of ['tenant', ['tenant'], new Date(0)]) {
      await expect(
        untyped.start({ requestContext } as unknown as Parameters<Run['start']>[0]),
      ).rejects.toMatchObject({
        code: 'WORKFLOW_ARGUMENT_INVALID',
        message: expect.stringMatching(/^requestContext is /),
      });
    }
    expect(host.requests).toEqual([]);
  });

  test('rejects with what the runtime rejects with', async () => {
    const { host, run } = await setUp();
    const refusal = new WorkflowError('WORKFLOW_RUN_CONFLICT', 'other input');
    host.start = () => Promise.reject(refusal);
    await expect(run.start({ inputData: { n: 1 } })).rejects.toBe(refusal);
    await expect(run.startAsync({ inputData: { n: 1 } })).rejects.toBe(refusal);
  });

  test('startAsync waits for nothing', async () => {
    const { host, run } = await setUp();
    host.stored = { ...host.stored, status: 'running' };
    expect(await run.startAsync({ inputData: { n: 1 } })).toEqual({ runId: 'r' });
    expect(host.requests.map(([method]) => method)).toEqual(['start']);
    expect(run.workflowRunStatus).toBe('running');
  });

  test('needs no argument when the input may be anything', async () => {
    const { host, untyped } = await setUp();
    await untyped.start();
    await untyped.startAsync();
    expect(host.requests[0]).toEqual(['start', { ...ref, inputData: undefined }]);
  });
});

describe('resume', () => {
  const step = adding('a');

  test.each<[string, object | undefined, object]>([
    ['the only suspended step', undefined, {}],
    ['a step', { step }, { step: 'a' }],
    ['a step by its id', { step: 'a' }, { step: 'a' }],
    ['a path of one', { step: [step] }, { step: 'a' }],
    ['a path', { step: ['outer', step] }, { step: ['outer', 'a'] }],
    ['a label', { label: 'l' }, { label: 'l' }],
    ['with a request context', { requestContext: { tenant: 'a' } }, { requestContext: { tenant: 'a' } }],
  ])('%s', async (_, options, request) => {
    const { host, untyped } = await setUp();
    host.outcome = { ...host.outcome, status: 'suspended' };
    expect(await untyped.resume(options && { resumeData: 1, ...options })).toBe(host.outcome);
    expect(host.requests).toEqual([
      ['resume', { ...ref, resumeData: options && 1, ...request }],
      ['settled', ref],
      ['result', { ...ref, includeState: false, includeResumeLabels: false }],
    ]);
    expect(untyped.workflowRunStatus).toBe('suspended');
  });

  test.each([[1], [{}], [''], [['a', null]]])('refuses %j as a step', async (given) => {
    const { host, untyped } = await setUp();
    await expect(untyped.resume({ step: given as unknown as string })).rejects.toMatchObject({
      code: 'WORKFLOW_ARGUMENT_INVALID',
      message: expect.stringContaining('as its step: give a step, its id, or an array of these'),
    });
    expect(host.requests).toEqual([]);
  });
});

test('cancel', async () => {
  const { host, run } = await setUp();
  host.stored = { ...host.stored, status: 'canceled' };
  await run.cancel();
  expect(host.requests).toEqual([['cancel', ref]]);
  expect(run.workflowRunStatus).toBe('canceled');
});
