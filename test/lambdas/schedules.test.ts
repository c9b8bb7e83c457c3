import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  ConflictException,
  CreateScheduleCommand,
  DeleteScheduleCommand,
  ListSchedulesCommand,
  ResourceNotFoundException,
  SchedulerClient,
  ThrottlingException,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { cronSchedules } from '../../src/adapters/aws/cron-schedules.ts';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import { createWorkflow } from '../../src/index.ts';
import { any, echo } from '../runtime/steps.ts';
import { captureLog, context } from './log.ts';

vi.stubEnv('AWS_REGION', 'eu-central-1');
vi.stubEnv('EVENTED_TABLE', 'table');
vi.stubEnv('EVENTED_BUS', 'bus');
vi.stubEnv('EVENTED_QUEUE_URL', 'https://sqs.test/work');
vi.stubEnv('EVENTED_BUCKET', 'bucket');

const entry: { workflows?: readonly WorkflowDefinition[]; failure?: Error } = {};
vi.mock('evented-workflows:entry', () => ({
  get workflows() {
    if (entry.failure !== undefined) throw entry.failure;
    return entry.workflows;
  },
  default: undefined,
}));
const { handler } = await import('../../lambdas/schedules.ts');

const scheduler = mockClient(SchedulerClient);
let log: ReturnType<typeof captureLog>;

/** What the stack was answered, and how many answers it refuses before. */
const answers: Record<string, unknown>[] = [];
let refused = 0;
const contentTypes: (string | undefined)[] = [];
const stack = createServer((request, response) => {
  let text = '';
  request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  request.on('end', () => {
    contentTypes.push(request.headers['content-type']);
    refused -= 1;
    if (refused < 0) answers.push(JSON.parse(text) as Record<string, unknown>);
    response.writeHead(refused < 0 ? 200 : 503).end();
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    stack.listen(0, '127.0.0.1', resolve);
  });
});

beforeEach(() => {
  scheduler.reset();
  scheduler.on(ListSchedulesCommand).resolves({ Schedules: [] });
  scheduler.on(CreateScheduleCommand).resolves({});
  scheduler.on(UpdateScheduleCommand).resolves({});
  scheduler.on(DeleteScheduleCommand).resolves({});
  answers.length = 0;
  contentTypes.length = 0;
  refused = 0;
  delete entry.failure;
  vi.stubEnv('EVENTED_LANES', undefined);
  entry.workflows = [daily];
  log = captureLog();
});

afterAll(() => {
  stack.close();
  scheduler.restore();
  vi.unstubAllEnvs();
});

const daily = createWorkflow({
  id: 'daily',
  inputSchema: any,
  outputSchema: any,
  schedule: { cron: '0 6 * * *', timezone: 'Europe/Berlin', inputData: 'secret of the input' },
})
  .then(echo('only'))
  .commit();
const [expected] = cronSchedules([daily], []);
const name = expected?.name ?? '';

/** Calls the function as a stack does, and gives what the stack was answered. */
async function call(
  type: CloudFormationCustomResourceEvent['RequestType'],
  properties: Readonly<Record<string, string>> = {},
  remainingMs = 60_000,
): Promise<Record<string, unknown> | undefined> {
  const { port } = stack.address() as AddressInfo;
  const event = {
    RequestType: type,
    ResponseURL: `http://127.0.0.1:${port}/answer?signature=credential`,
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'Crons',
    ResourceProperties: {
      ServiceToken: 'token',
      group: 'group',
      queueArn: 'arn:queue',
      roleArn: 'arn:role',
      schedules: '[]',
      ...properties,
    },
  } as unknown as CloudFormationCustomResourceEvent;
  await handler(event, { ...context, getRemainingTimeInMillis: () => remainingMs });
  expect(answers).toHaveLength(1);
  return answers[0];
}

function named(...names: string[]): { Name: string }[] {
  return names.map((each) => ({ Name: each }));
}

const inputs = {
  created: () => scheduler.commandCalls(CreateScheduleCommand).map(({ args: [{ input }] }) => input),
  updated: () => scheduler.commandCalls(UpdateScheduleCommand).map(({ args: [{ input }] }) => input),
  deleted: () => scheduler.commandCalls(DeleteScheduleCommand).map(({ args: [{ input }] }) => input.Name),
};

const success = {
  Status: 'SUCCESS',
  PhysicalResourceId: 'group/crons',
  StackId: 'stack',
  RequestId: 'request',
  LogicalResourceId: 'Crons',
};

describe('a deployment', () => {
  test('of functions that take some of the work is like any other', async () => {
    const lane = { name: 'billing', queueUrl: 'https://sqs.test/b', queueArn: 'arn:aws:sqs:b' };
    vi.stubEnv('EVENTED_LANES', JSON.stringify([{ ...lane, workflows: ['daily'] }]));
    expect(await call('Create')).toEqual(success);
    expect(inputs.created()).toHaveLength(1);
  });

  test('creates what the workflows declare, and what the construct says', async () => {
    const more = [{ id: 'own', workflowId: 'daily', cron: '@hourly', enabled: false, inputData: 1 }];
    const answer = await call('Create', { schedules: JSON.stringify(more), deadLetterArn: 'arn:dead' });
    expect(answer).toEqual(success);
    // Signed without one.
    expect(contentTypes).toEqual(['']);
    const [first, second, ...others] = inputs.created();
    expect(others).toEqual([]);
    expect(first).toEqual({
      GroupName: 'group',
      Name: name,
      Description: 'Schedule "daily"',
      ScheduleExpression: 'cron(0 6 * * ? *)',
      ScheduleExpressionTimezone: 'Europe/Berlin',
      State: 'ENABLED',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: 'arn:queue',
        RoleArn: 'arn:role',
        Input: expected?.input,
        DeadLetterConfig: { Arn: 'arn:dead' },
      },
    });
    expect(second).toMatchObject({ State: 'DISABLED', ScheduleExpression: 'cron(0 * * * ? *)' });
    expect([inputs.updated(), inputs.deleted()]).toEqual([[], []]);
  });

  test('replaces what is there, and removes what is not declared any more, on all pages', async () => {
    scheduler
      .on(ListSchedulesCommand, { GroupName: 'group', NamePrefix: 'cron-' })
      .resolves({ Schedules: named('cron-old-1', 'not-ours'), NextToken: 'next' })
      .on(ListSchedulesCommand, { GroupName: 'group', NamePrefix: 'cron-', NextToken: 'next' })
      .resolves({ Schedules: named(name, 'cron-old-2') });
    expect(await call('Update')).toEqual(success);
    expect(inputs.created()).toEqual([]);
    expect(inputs.updated().map(({ Name }) => Name)).toEqual([name]);
    // A timer that the prefix would have left out is left alone even when it is listed.
    expect(new Set(inputs.deleted())).toEqual(new Set(['cron-old-1', 'cron-old-2']));
  });

  test('does not mind what others did meanwhile', async () => {
    scheduler.on(ListSchedulesCommand).resolves({ Schedules: named('cron-old') });
    const missing = { message: 'gone', $metadata: {}, Message: 'gone' };
    scheduler.on(DeleteScheduleCommand).rejects(new ResourceNotFoundException(missing));
    scheduler.on(CreateScheduleCommand).rejects(new ConflictException(missing));
    expect(await call('Update')).toEqual(success);
    expect(inputs.updated().map(({ Name }) => Name)).toEqual([name]);
  });

  test('tries again what was throttled', async () => {
    const busy = new ThrottlingException({ message: 'busy', $metadata: {}, Message: 'busy' });
    scheduler.on(CreateScheduleCommand).rejectsOnce(busy).resolves({});
    expect(await call('Create')).toEqual(success);
    expect(inputs.created()).toHaveLength(2);
  });

  test('removes the crons with the stack, also when the group is gone', async () => {
    scheduler.on(ListSchedulesCommand).resolves({ Schedules: named('cron-a', 'cron-b') });
    // Whatever became of the code: nothing of it is needed.
    entry.failure = new TypeError('no such module');
    expect(await call('Delete')).toEqual(success);
    expect(new Set(inputs.deleted())).toEqual(new Set(['cron-a', 'cron-b']));
    answers.length = 0;
    const missing = { message: 'gone', $metadata: {}, Message: 'gone' };
    scheduler.on(ListSchedulesCommand).rejects(new ResourceNotFoundException(missing));
    expect(await call('Delete')).toEqual(success);
  });
});

describe('what fails is answered', () => {
  test('a schedule that cannot be', async () => {
    const more = [{ id: 'a', workflowId: 'gone', cron: '@daily' }];
    const answer = await call('Create', { schedules: JSON.stringify(more) });
    expect(answer).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'group/crons' });
    expect(answer?.['Reason']).toContain('which its entry does not export');
    expect(inputs.created()).toEqual([]);
  });

  test('workflows that cannot be loaded', async () => {
    entry.failure = new TypeError('DATABASE_URL is missing');
    expect((await call('Update'))?.['Reason']).toContain('DATABASE_URL is missing');
  });

  test.each([
    [{ workflows: ['dayly'] }, 'Lane "billing" names dayly among its workflows, and the entry has no such'],
    [{ steps: ['daily/gone'] }, 'Lane "billing" names daily/gone among its steps'],
  ])('a function for what the workflows do not have: %j', async (taken, message) => {
    const lane = { name: 'billing', queueUrl: 'https://sqs.test/b', queueArn: 'arn:aws:sqs:b', ...taken };
    vi.stubEnv('EVENTED_LANES', JSON.stringify([lane]));
    const answer = await call('Create');
    expect(answer).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'group/crons' });
    expect(answer?.['Reason']).toContain(message);
    expect(inputs.created()).toEqual([]);
    answers.length = 0;
    // The stack that rolls back, or goes, is not held up by it.
    expect(await call('Delete')).toEqual(success);
  });

  test('a service that refuses, in no more than a stack can take', async () => {
    scheduler.on(CreateScheduleCommand).rejects(new Error('x'.repeat(9_000)));
    const answer = await call('Create');
    expect(answer?.['Status']).toBe('FAILED');
    expect(String(answer?.['Reason']).length).toBeLessThanOrEqual(1_000);
  });

  test('time that is over', async () => {
    scheduler.on(CreateScheduleCommand).callsFake(() => new Promise(() => {}));
    expect((await call('Create', {}, 15_010))?.['Reason']).toContain('were not set within 0 s: deploy again');
  });

  test('again, until the stack has it', async () => {
    refused = 2;
    expect(await call('Create')).toEqual(success);
  });

  test('and nothing of what runs are started with, nor where the answer goes, is told', async () => {
    scheduler.on(CreateScheduleCommand).rejects(new Error('not now'));
    await call('Create');
    const lines = log().filter(({ level }) => level !== undefined);
    expect(lines).toMatchObject([
      {
        level: 'ERROR',
        message: 'The schedules were not set.',
        requestId: 'request-1',
        group: 'group',
        error: { name: 'Error' },
      },
    ]);
    const text = JSON.stringify([log(), answers]);
    expect(text).not.toContain('secret of the input');
    expect(text).not.toContain('credential');
  });
});
