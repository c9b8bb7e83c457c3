import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { environment } from '../../src/adapters/aws/config.ts';
import { formatQueueMessage } from '../../src/adapters/aws/index.ts';
import { WorkflowError } from '../../src/core/errors.ts';
import { runEvent } from '../../src/core/event.ts';
import type { Audit, Runtime } from '../../src/runtime/index.ts';
import { captureLog, context, type LogLine } from './log.ts';

const audit = vi.fn<(runId: string) => Promise<Audit>>();
const start = vi.fn<Runtime['start']>();

vi.mock('../../lambdas/runtime.ts', () => ({ startRuntime: () => ({ audit, start }) }));
vi.stubEnv('AWS_REGION', 'eu-central-1');
vi.stubEnv(environment.table, 'runs');
vi.stubEnv(environment.bus, 'bus');
vi.stubEnv(environment.bucket, 'bucket');
vi.stubEnv(environment.queueUrl, 'https://queue.example/work');
vi.stubEnv(environment.requestSources, JSON.stringify([{ source: 'shop' }]));
afterAll(() => vi.unstubAllEnvs());

const { handler } = await import('../../lambdas/dead-letter.ts');

let written: () => readonly LogLine[];

beforeEach(() => {
  audit.mockReset();
  written = captureLog();
});

function batch(...bodies: string[]): SQSEvent {
  const record = (body: string, at: number): SQSRecord =>
    ({ messageId: `m${at}`, body, attributes: { ApproximateReceiveCount: '1' } }) as SQSRecord;
  return { Records: bodies.map(record) };
}

function timer(runId: string): string {
  const base = { workflowId: 'w', runId, epoch: 1, hop: 1, time: 0 };
  return formatQueueMessage(runEvent(base, 'workflow.cancel', 'canceled'));
}

/** As EventBridge gives it to the dead-letter queue of a rule. */
function undelivered(runId: string): string {
  const { detail } = JSON.parse(timer(runId)) as { detail: object };
  return JSON.stringify({
    version: '0',
    id: '7bf73129-1428-4cd3-a780-95db273d1602',
    'detail-type': 'workflow.cancel',
    source: 'evented-workflows',
    account: '123456789012',
    time: '2030-01-01T00:00:00Z',
    region: 'eu-central-1',
    resources: [],
    detail,
  });
}

function request(source: string): string {
  const detail = { workflowId: 'orders', inputData: { card: '4242' } };
  return undelivered('r')
    .replace('"source":"evented-workflows"', `"source":"${source}"`)
    .replace('"detail-type":"workflow.cancel"', '"detail-type":"workflow.start"')
    .replace(/"detail":\{.*\}/, `"detail":${JSON.stringify(detail)}}`);
}

test('the run of each message is audited, whatever is found, and the message goes', async () => {
  const found: readonly Audit[] = ['over', 'published', 'nothing-due', 'parked', 'unknown'];
  for (const one of found) audit.mockResolvedValueOnce(one);
  const bodies = [timer('r0'), undelivered('r1'), timer('r2'), timer('r3'), undelivered('r4')];
  expect(await handler(batch(...bodies), context)).toEqual({ batchItemFailures: [] });
  expect(audit.mock.calls).toEqual([['r0'], ['r1'], ['r2'], ['r3'], ['r4']]);
  const lines = written().filter(({ level }) => level !== undefined);
  expect(lines).toMatchObject(found.map((one, at) => ({ level: 'WARN', runId: `r${at}`, found: one })));
});

test('a message of a format that this version does not know is audited all the same', async () => {
  audit.mockResolvedValue('nothing-due');
  const message = JSON.parse(timer('r')) as { detail: object };
  const newer = JSON.stringify({ ...message, detail: { ...message.detail, format: 99, more: true } });
  expect(await handler(batch(newer), context)).toEqual({ batchItemFailures: [] });
  expect(audit).toHaveBeenCalledExactlyOnceWith('r');
});

test.each([
  ['no JSON', 'r'],
  ['null', 'null'],
  ['about no run', '{"source":"evented-workflows","detail":{}}'],
  ['of somebody whom nobody allowed', request('stranger')],
])('what is %s comes again, without its body in the log', async (_, body) => {
  expect(await handler(batch(body), context)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
  expect(audit).not.toHaveBeenCalled();
  expect(written().filter(({ level }) => level === 'ERROR')).toMatchObject([
    { messageId: 'm0', error: { name: 'WorkflowError' } },
  ]);
  expect(JSON.stringify(written())).not.toContain('4242');
});

test('a request that could not be processed is tried once more', async () => {
  start.mockResolvedValue({} as Awaited<ReturnType<Runtime['start']>>);
  expect(await handler(batch(request('shop')), context)).toEqual({ batchItemFailures: [] });
  expect(start).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ workflowId: 'orders', inputData: { card: '4242' }, owner: 'events:shop' }),
  );
  expect(audit).not.toHaveBeenCalled();
});

test('a run that cannot be looked at now comes again, and keeps no other', async () => {
  audit.mockImplementation(async (runId) => {
    if (runId === 'r1') throw new WorkflowError('WORKFLOW_BACKEND_UNAVAILABLE', 'The table is not there');
    return 'over';
  });
  const answer = await handler(batch(timer('r0'), timer('r1'), timer('r2')), context);
  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
  expect(audit).toHaveBeenCalledTimes(3);
});
