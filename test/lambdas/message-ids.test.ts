import type { SQSRecord } from 'aws-lambda';
import { expect, test } from 'vitest';
import type { Delivery } from '../../lambdas/each-record.ts';
import { messageIds } from '../../lambdas/message-ids.ts';
import { jsonOf } from '../../src/adapters/aws/fields.ts';
import { runEvent, stepEvent } from '../../src/core/event.ts';
import { formatQueueMessage } from '../../src/adapters/aws/index.ts';

function delivery(body: string): Delivery {
  const record = { messageId: 'm', body, attributes: { ApproximateReceiveCount: '3' } } as SQSRecord;
  return { record, content: jsonOf(body) };
}

const own = { messageId: 'm', receiveCount: 3 };
const base = { workflowId: 'w', runId: 'r', epoch: 1, hop: 1, time: 0 };

test('an event of a step says which attempt of which step it is', () => {
  const key = { entry: 1, arm: 0 };
  const event = stepEvent(base, 'workflow.step.run', {
    key,
    turn: '0001.000002.0000.003',
    stepId: 's',
  });
  expect(messageIds(delivery(formatQueueMessage(event)))).toEqual({
    ...own,
    type: 'workflow.step.run',
    workflowId: 'w',
    runId: 'r',
    stepId: 's',
    path: [1, 0],
    turn: '0001.000002.0000.003',
    attempt: 3,
  });
});

test('an event of a run says which one', () => {
  const event = runEvent(base, 'workflow.end', 'success', { work: true });
  const ids = { type: 'workflow.end', workflowId: 'w', runId: 'r', path: [] };
  expect(messageIds(delivery(formatQueueMessage(event)))).toEqual({ ...own, ...ids });
});

test('a request says what it is about, and none of its values', () => {
  const body = JSON.stringify({
    source: 'shop',
    'detail-type': 'workflow.start',
    detail: {
      type: 'card 4242',
      workflowId: 'w',
      runId: { card: '4242' },
      path: [4, 2, 4, 2],
      turn: 'card 4242',
      inputData: { card: '4242' },
      requestId: '7',
    },
  });
  expect(messageIds(delivery(body))).toEqual({
    ...own,
    type: 'workflow.start',
    workflowId: 'w',
    eventRequestId: '7',
  });
});

test.each([
  '',
  'no JSON: 4242',
  'null',
  '[1]',
  '{"detail":4242}',
  '{"detail":{"path":["4242"]}}',
  '{"detail":{"type":"4242"}}',
  '{"detail":{"path":[42.42,-4]}}',
])('%j says nothing but which message it is', (body) => {
  expect(messageIds(delivery(body))).toEqual(own);
});
