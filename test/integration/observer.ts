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

/** Somebody else who watches the bus: a rule, and a queue that its events come to. */
export interface Observer {
  /** The messages that have come so far and not been taken, as they are. */
  take(): Promise<string[]>;
  remove(): Promise<void>;
}

const factsPattern = JSON.stringify({ source: factPattern.source, 'detail-type': factPattern.detailType });

/** `pattern` is an event pattern in JSON. @default all facts of all runs */
export async function observe(name: string, pattern = factsPattern): Promise<Observer> {
  const NAME = `workflow-observer-${name}`;
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: NAME }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  await eventbridge.send(
    new PutRuleCommand({
      Name: NAME,
      EventBusName: stack.BusName,
      EventPattern: pattern,
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
