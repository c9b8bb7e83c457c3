import {
  DeleteRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { factPattern } from '../../src/adapters/aws/config.ts';
import { eventbridge, sqs, stack } from './deployed.ts';

const NAME = 'workflow-observer';

/** Somebody else who watches the bus: a rule for all facts, and a queue that they come to. */
export interface Observer {
  /** The messages that have come so far and not been taken, as they are. */
  take(): Promise<string[]>;
  remove(): Promise<void>;
}

export async function observe(): Promise<Observer> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: NAME }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  const { source, detailType } = factPattern;
  await eventbridge.send(
    new PutRuleCommand({
      Name: NAME,
      EventBusName: stack.BusName,
      EventPattern: JSON.stringify({ source, 'detail-type': detailType }),
    }),
  );
  await eventbridge.send(
    new PutTargetsCommand({
      Rule: NAME,
      EventBusName: stack.BusName,
      Targets: [{ Id: 'queue', Arn: Attributes?.QueueArn }],
    }),
  );
  return {
    async take() {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
      );
      if (Messages.length > 0) {
        const Entries = Messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle }));
        await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
      }
      return Messages.map(({ Body = '' }) => Body);
    },
    async remove() {
      const rule = { Rule: NAME, EventBusName: stack.BusName };
      await eventbridge.send(new RemoveTargetsCommand({ ...rule, Ids: ['queue'] }));
      await eventbridge.send(new DeleteRuleCommand({ Name: NAME, EventBusName: stack.BusName }));
      await sqs.send(new DeleteQueueCommand({ QueueUrl }));
    },
  };
}
