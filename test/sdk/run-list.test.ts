import { createWorkflow, type ListRunsOptions, type WorkflowStateField } from 'evented-workflows';
import { describe, expect, test } from 'vitest';
import { bindRuntime } from '../../src/core/host.ts';
import { headerOf, RecordingHost, stateOf } from './recording-host.ts';
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
  expect(host.requests[0]).toEqual(['get', { runId: 'r1', workflowId: 'numbers' }]);
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

  test('are all there when none are named', async () => {
    const { workflow } = setUp();
    expect(await workflow.getWorkflowRunById('r1', {})).toStrictEqual(stateOf('r1'));
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
    host.states = {
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
          snapshot: stateOf('r0'),
          createdAt: new Date(1),
          updatedAt: new Date(2),
        },
        {
          workflowName: 'numbers',
          runId: 'r1',
          resourceId: 'user',
          snapshot: stateOf('r1'),
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
    expect(host.requests.filter(([method]) => method === 'get')).toHaveLength(2);
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
