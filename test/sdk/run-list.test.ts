import {
  createWorkflow,
  type ListRunsOptions,
  WorkflowError,
  type WorkflowStateField,
} from 'evented-workflows';
import { describe, expect, test } from 'vitest';
import { bindRuntime } from '../../src/core/host.ts';
import { headerOf, RecordingHost, snapshotOf, stateOf } from './recording-host.ts';
import { adding, numbers } from './steps.ts';

function setUp(count = 5) {
  const host = new RecordingHost();
  host.headers = Array.from({ length: count }, (_, n) => headerOf(`r${n}`));
  const workflow = createWorkflow(numbers).then(adding('a')).commit();
  workflow[bindRuntime](host);
  const ids = async (options?: ListRunsOptions) => {
    const { runs, total } = await workflow.listWorkflowRuns(options);
    return [runs.map(({ runId }) => runId), total];
  };
  return { host, workflow, ids };
}

test('a run is found by its id, among those of the workflow', async () => {
  const { host, workflow } = setUp();
  expect(await workflow.getWorkflowRunById('r1')).toEqual(stateOf('r1'));
  host.removed.add('r2');
  expect(await workflow.getWorkflowRunById('r2')).toBeNull();
  expect(host.requests[0]).toEqual(['get', { runId: 'r1', workflowId: 'numbers', nested: true }]);
});

describe('fields of a run', () => {
  const metadata = {
    runId: 'r1',
    workflowName: 'numbers',
    createdAt: new Date(1),
    updatedAt: new Date(2),
    status: 'success',
  };

  test.each<[WorkflowStateField[], object]>([
    [[], {}],
    [['steps', 'result'], { steps: {}, result: 5 }],
    [['error', 'suspendedPaths'], { suspendedPaths: {} }],
  ])('asked for %j: no others are there', async (fields, expected) => {
    const { host, workflow } = setUp();
    host.states = { r1: { result: 5, resourceId: 'user' } };
    expect(await workflow.getWorkflowRunById('r1', { fields })).toStrictEqual({
      ...metadata,
      resourceId: 'user',
      ...expected,
    });
  });

  test('are all there when none are named, but the request context', async () => {
    const { host, workflow } = setUp();
    host.states = { r1: { requestContext: { token: 'secret' } } };
    expect(await workflow.getWorkflowRunById('r1', {})).toStrictEqual(stateOf('r1'));
    expect(await workflow.getWorkflowRunById('r1', { fields: ['requestContext'] })).toMatchObject({
      requestContext: { token: 'secret' },
    });
  });

  test('of nested workflows are left out on request', async () => {
    const { host, workflow } = setUp();
    await workflow.getWorkflowRunById('r1', { withNestedWorkflows: false });
    expect(host.requests).toEqual([['get', { runId: 'r1', workflowId: 'numbers', nested: false }]]);
  });

  test('of no run are null', async () => {
    const { host, workflow } = setUp();
    host.removed.add('r1');
    expect(await workflow.getWorkflowRunById('r1', { fields: ['steps'] })).toBeNull();
  });

  test.each<[unknown, string]>([
    [
      { fields: ['result', 'steps.a'] },
      'the string "steps.a" as one of its fields: possible are initialState',
    ],
    [{ withNestedWorkflows: 'no' }, 'the string "no" as withNestedWorkflows: give true or false'],
    [{ fields: ['status'] }, 'the string "status" as one of its fields'],
    [{ fields: ['constructor'] }, 'the string "constructor" as one of its fields'],
    [{ fields: [1] }, 'the number 1 as one of its fields'],
    [{ fields: 'steps' }, 'the string "steps" as fields: give an array of names'],
    ['steps', 'the string "steps" as its options: give { fields }'],
  ])('are refused: %j', async (options, message) => {
    const { host, workflow } = setUp();
    const call = workflow.getWorkflowRunById('r1', options as { fields: [] });
    await expect(call).rejects.toMatchObject({
      code: 'WORKFLOW_ARGUMENT_INVALID',
      message: expect.stringContaining(`getWorkflowRunById was given ${message}`),
    });
    expect(host.requests).toEqual([]);
  });
});

describe('listActiveWorkflowRuns', () => {
  test('gives those that run or wait, newest first, each once', async () => {
    const { host, workflow } = setUp(0);
    host.filters = true;
    host.headers = [
      headerOf('waits', { status: 'waiting', createdAt: 5 }),
      headerOf('done', { createdAt: 4 }),
      headerOf('changes', { status: 'running', createdAt: 3 }),
      headerOf('runs', { status: 'running', createdAt: 6 }),
      headerOf('ended', { status: 'running', createdAt: 2 }),
      headerOf('changes', { status: 'waiting', createdAt: 3 }),
      headerOf('gone', { status: 'waiting', createdAt: 1 }),
    ];
    host.removed.add('gone');
    host.snapshots = {
      waits: { status: 'waiting' },
      changes: { status: 'waiting' },
      runs: { status: 'running' },
    };
    const { runs, total } = await workflow.listActiveWorkflowRuns();
    expect(runs.map(({ runId, snapshot }) => [runId, snapshot.status])).toEqual([
      ['runs', 'running'],
      ['waits', 'waiting'],
      ['changes', 'waiting'],
    ]);
    expect(total).toBe(3);
    expect(host.requests.filter(([method]) => method === 'list')).toEqual([
      ['list', { workflowId: 'numbers', limit: 1000, status: 'running' }],
      ['list', { workflowId: 'numbers', limit: 1000, status: 'running', cursor: '2' }],
      ['list', { workflowId: 'numbers', limit: 1000, status: 'waiting' }],
      ['list', { workflowId: 'numbers', limit: 1000, status: 'waiting', cursor: '2' }],
    ]);
  });
});

describe('listWorkflowRuns', () => {
  test('gives each run in full', async () => {
    const { host, workflow } = setUp(1);
    host.headers = [headerOf('r0'), headerOf('r1', { resourceId: 'user' })];
    expect(await workflow.listWorkflowRuns()).toEqual({
      runs: [
        {
          workflowName: 'numbers',
          runId: 'r0',
          snapshot: snapshotOf('r0'),
          createdAt: new Date(1),
          updatedAt: new Date(2),
        },
        {
          workflowName: 'numbers',
          runId: 'r1',
          resourceId: 'user',
          snapshot: snapshotOf('r1'),
          createdAt: new Date(1),
          updatedAt: new Date(2),
        },
      ],
      total: 2,
    });
  });

  test('walks through all pages of the place', async () => {
    const { host, ids } = setUp(5);
    expect(await ids()).toEqual([['r0', 'r1', 'r2', 'r3', 'r4'], 5]);
    expect(host.requests.filter(([method]) => method === 'list')).toEqual([
      ['list', { workflowId: 'numbers', limit: 1000 }],
      ['list', { workflowId: 'numbers', limit: 1000, cursor: '2' }],
      ['list', { workflowId: 'numbers', limit: 1000, cursor: '4' }],
    ]);
  });

  test('reads the runs of the page only, and counts the others', async () => {
    const { host, ids } = setUp(5);
    expect(await ids({ page: 1, perPage: 2 })).toEqual([['r2', 'r3'], 5]);
    expect(host.requests.filter(([method]) => method === 'snapshot')).toHaveLength(2);
    expect(await ids({ page: 2, perPage: 2 })).toEqual([['r4'], 5]);
    expect(await ids({ page: 3, perPage: 2 })).toEqual([[], 5]);
  });

  test.each<[string, ListRunsOptions]>([
    ['a page without a size', { page: 1 }],
    ['a size without a page', { perPage: 2 }],
    ['no size', { page: 1, perPage: false }],
  ])('%s means all runs', async (_, options) => {
    expect(await setUp(3).ids(options)).toEqual([['r0', 'r1', 'r2'], 3]);
  });

  test('keeps the order over many reads, without runs that are gone', async () => {
    const { host, ids } = setUp(50);
    host.removed.add('r7');
    const expected = Array.from({ length: 50 }, (_, n) => `r${n}`).filter((id) => id !== 'r7');
    expect(await ids()).toEqual([expected, 50]);
  });

  test('passes the conditions on', async () => {
    const { host, ids } = setUp(0);
    await ids({ status: 'failed', resourceId: 'user', fromDate: new Date(5), toDate: new Date(9) });
    expect(host.requests).toEqual([
      [
        'list',
        {
          workflowId: 'numbers',
          limit: 1000,
          status: 'failed',
          resourceId: 'user',
          createdFrom: 5,
          createdTo: 9,
        },
      ],
    ]);
  });

  test.each<[object, string]>([
    [{ page: -1 }, 'listWorkflowRuns was given the number -1 as page: give a whole number from 0'],
    [{ page: 0.5 }, 'as page'],
    [
      { perPage: 0 },
      'listWorkflowRuns was given the number 0 as perPage: give a whole number from 1, or false',
    ],
    [{ perPage: true }, 'the boolean true as perPage'],
    [{ fromDate: new Date(Number.NaN) }, 'as fromDate: give a valid Date'],
    [{ toDate: '2026-01-01' }, 'the string "2026-01-01" as toDate: give a valid Date'],
  ])('refuses %j', async (options, message) => {
    const { host, ids } = setUp();
    await expect(ids(options as ListRunsOptions)).rejects.toMatchObject({
      code: 'WORKFLOW_ARGUMENT_INVALID',
      message: expect.stringContaining(message),
    });
    expect(host.requests).toEqual([]);
  });
});

test('a run is deleted, and created anew afterwards', async () => {
  const { host, workflow } = setUp();
  const run = await workflow.createRun({ runId: 'r' });
  expect(await workflow.createRun({ runId: 'r' })).toBe(run);
  await workflow.deleteWorkflowRunById('r');
  expect(host.requests.at(-1)).toEqual(['remove', { runId: 'r', workflowId: 'numbers' }]);
  expect(await workflow.createRun({ runId: 'r' })).not.toBe(run);
});

describe('restartAllActiveWorkflowRuns', () => {
  const active = ['a', 'b', 'c'].map((id) => headerOf(id, { status: 'running' }));

  /** A host that refuses to restart some runs. */
  class RefusingHost extends RecordingHost {
    readonly errors: Readonly<Record<string, Error>>;
    constructor(errors: Readonly<Record<string, Error>>) {
      super();
      this.errors = errors;
      this.headers = active;
      this.filters = true;
    }
    override async restart(request: { readonly runId: string }) {
      const stored = await super.restart(request);
      const error = this.errors[request.runId];
      if (error !== undefined) throw error;
      return stored;
    }
  }

  const restartAll = async (errors: Readonly<Record<string, Error>>) => {
    const host = new RefusingHost(errors);
    const workflow = createWorkflow(numbers).then(adding('a')).commit();
    workflow[bindRuntime](host);
    const outcome = await workflow.restartAllActiveWorkflowRuns().then(
      () => 'done',
      (error: unknown) => error,
    );
    const restarted = host.requests.filter(([method]) => method === 'restart').map(([, request]) => request);
    return { outcome, restarted };
  };
  const all = active.map(({ runId }) => ({ runId, workflowId: 'numbers' }));

  test('restarts each of them', async () => {
    expect(await restartAll({})).toEqual({ outcome: 'done', restarted: all });
  });

  test('passes over those that are active no longer', async () => {
    const refused = new WorkflowError('WORKFLOW_RUN_NOT_ACTIVE', 'This workflow run was not active');
    const gone = new WorkflowError('WORKFLOW_RUN_NOT_FOUND', 'no such run');
    expect(await restartAll({ a: refused, b: gone })).toEqual({ outcome: 'done', restarted: all });
  });

  test('tries all, and tells the first error', async () => {
    const [first, second] = [new TypeError('first'), new TypeError('second')];
    expect(await restartAll({ a: first, b: second })).toEqual({ outcome: first, restarted: all });
  });
});
