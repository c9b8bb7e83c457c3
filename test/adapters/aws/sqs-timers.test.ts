import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { instantPacing } from './pacing.ts';
import { parseQueueMessage } from '../../../src/adapters/aws/index.ts';
import { withInvocation } from '../../../src/adapters/aws/invocation.ts';
import { failureBackoff } from '../../../src/adapters/aws/retry.ts';
import { Spending } from '../../../src/adapters/aws/spending.ts';
import { sqsTimers } from '../../../src/adapters/aws/sqs-timers.ts';
import { noUsage } from '../../../src/adapters/aws/usage.ts';
import { stepEvent } from '../../../src/core/event.ts';

const service = mockClient(SQSClient);

// Other files of this worker use the client as it is.
afterAll(() => service.restore());
const now = 1_800_000_000_000;
const event = stepEvent(
  { workflowId: 'workflow', runId: 'run', epoch: 1, hop: 0, time: now },
  'workflow.step.run',
  {
    key: { entry: 1 },
    turn: 'turn',
    stepId: 'step',
  },
);

beforeEach(() => {
  service.reset();
});

function timers(clock: { now(): number } = { now: () => now }) {
  const client = new SQSClient({ region: 'us-east-1' });
  return sqsTimers({
    client: () => client,
    queueUrl: () => 'https://sqs.test/queue',
    clock,
    pacing: instantPacing(),
  });
}

function sent() {
  return service.commandCalls(SendMessageCommand).map((call) => call.args[0].input);
}

test.each([
  ['now', 0, 0],
  ['in the past', -5_000, 0],
  ['in part of a second, which SQS does not know', 1, 1],
  ['in some seconds', 7_500, 8],
  ['at the limit', 900_000, 900],
  ['after the limit, when its handler looks again', 900_001, 900],
  ['in a year', 365 * 24 * 3_600_000, 900],
])('an event that is due %s', async (_, delayMs, seconds) => {
  service.on(SendMessageCommand).resolves({});
  await timers().schedule(event, now + delayMs);
  expect(sent()).toMatchObject([{ QueueUrl: 'https://sqs.test/queue', DelaySeconds: seconds }]);
  expect(parseQueueMessage(sent()[0]?.MessageBody ?? '')).toStrictEqual(event);
});

test('a timer that was refused is set again, for the time that is left', async () => {
  let time = now;
  const clock = { now: () => (time += 10_000) - 10_000 };
  service.on(SendMessageCommand).rejectsOnce(new Error('refused')).resolves({});
  await timers(clock).schedule(event, now + 60_000);
  expect(sent().map(({ DelaySeconds }) => DelaySeconds)).toEqual([60, 50]);
});

test('a timer that cannot be set rejects with the reason', async () => {
  const cause = Object.assign(new Error('gone'), { name: 'QueueDoesNotExist' });
  service.on(SendMessageCommand).rejects(cause);
  await expect(timers().schedule(event, now)).rejects.toMatchObject({
    code: 'WORKFLOW_BACKEND_UNAVAILABLE',
    cause,
  });
  expect(sent()).toHaveLength(failureBackoff.tries);
});

test('a timer carries the trace of the invocation that set it, and none without one', async () => {
  service.on(SendMessageCommand).resolves({});
  const client = new SQSClient({ region: 'us-east-1' });
  const common = {
    client: () => client,
    queueUrl: () => 'https://sqs.test/queue',
    clock: { now: () => now },
    pacing: instantPacing(),
  };
  await sqsTimers({
    ...common,
    traceHeader: () => 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1',
  }).schedule(event, now);
  await sqsTimers({ ...common, traceHeader: () => undefined }).schedule(event, now);
  expect(sent()[0]?.MessageSystemAttributes).toEqual({
    AWSTraceHeader: {
      DataType: 'String',
      StringValue: 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1',
    },
  });
  expect(sent()[1]).not.toHaveProperty('MessageSystemAttributes');
});

test.each([
  ['goes with a timer that is set', true],
  ['stays with the handling when the timer cannot be set', false],
])('what a handling has used %s', async (_, isSet) => {
  const meter = new Spending({ now: () => 0, gigabytes: 0.5, before: { invocations: 1 } });
  if (isSet) service.on(SendMessageCommand).resolves({});
  else service.on(SendMessageCommand).rejects(new Error('refused'));
  const setting = withInvocation({ deadline: Number.POSITIVE_INFINITY, meter }, () =>
    timers().schedule(event, now),
  );
  if (isSet) await setting;
  else await expect(setting).rejects.toThrow();
  expect(JSON.parse(sent()[0]?.MessageBody ?? '')).toMatchObject({ detail: { spent: { mi: 1, mq: 1 } } });
  // The message that is sent is counted by the client, when it is.
  expect(meter.take({})).toEqual({ ...noUsage(), ...(isSet ? { requests: -1 } : { invocations: 1 }) });
});
