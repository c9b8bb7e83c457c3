import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { DescribeEventBusCommand } from '@aws-sdk/client-eventbridge';
import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { dynamodb, eventbridge, s3, sqs, stack } from '../deployed.ts';

const named = (name: string) => expect.objectContaining({ name }) as Error;

test('the table is gone', async () => {
  const description = dynamodb.send(new DescribeTableCommand({ TableName: stack.TableName }));
  await expect(description).rejects.toThrow(named('ResourceNotFoundException'));
});

test('the bucket is gone', async () => {
  const head = s3.send(new HeadBucketCommand({ Bucket: stack.BucketName }));
  await expect(head).rejects.toThrow(named('NotFound'));
});

test('the bus is gone', async () => {
  const description = eventbridge.send(new DescribeEventBusCommand({ Name: stack.BusName }));
  await expect(description).rejects.toThrow(named('ResourceNotFoundException'));
});

test.each([stack.WorkQueueUrl, stack.WorkDeadLetterQueueUrl, stack.RoutingDeadLetterQueueUrl])(
  'the queue %s is gone',
  async (QueueUrl) => {
    const attributes = sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
    await expect(attributes).rejects.toThrow(named('QueueDoesNotExist'));
  },
);
