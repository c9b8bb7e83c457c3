import type { SQSEvent, SQSRecord } from 'aws-lambda';

/** A batch of the work queue, whose messages are called `message-0`, `message-1`, ... */
export function batch(...bodies: string[]): SQSEvent {
  return { Records: bodies.map((body, at) => record(`message-${at}`, body)) };
}

function record(messageId: string, body: string): SQSRecord {
  return {
    messageId,
    body,
    receiptHandle: 'handle',
    attributes: {
      ApproximateReceiveCount: '2',
      SentTimestamp: '0',
      SenderId: 'sender',
      ApproximateFirstReceiveTimestamp: '0',
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:eu-central-1:123456789012:work',
    awsRegion: 'eu-central-1',
  };
}
