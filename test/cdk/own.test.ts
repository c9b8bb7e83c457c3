import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import {
  AttributeType,
  type ITable,
  ProjectionType,
  StreamViewType,
  Table,
  type TableProps,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Queue, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, test } from 'vitest';
import { WorkflowRuntime, type WorkflowRuntimeProps } from '../../lib/index.ts';
import { ENTRY, createApp, idOf, resourcesOf } from './synth.ts';

const keys = {
  partitionKey: { name: 'pk', type: AttributeType.STRING },
  sortKey: { name: 'sk', type: AttributeType.STRING },
};
const right: TableProps = { ...keys, timeToLiveAttribute: 'ttl', stream: StreamViewType.OLD_IMAGE };
const sweep = {
  indexName: 'sweep',
  partitionKey: { name: 'sh', type: AttributeType.STRING },
  sortKey: { name: 'sw', type: AttributeType.NUMBER },
  projectionType: ProjectionType.KEYS_ONLY,
};
const list = {
  indexName: 'list',
  partitionKey: { name: 'lp', type: AttributeType.STRING },
  sortKey: { name: 'ls', type: AttributeType.STRING },
  projectionType: ProjectionType.INCLUDE,
  nonKeyAttributes: ['st', 'rid', 'own'],
};

function tableOf(stack: Stack, props: TableProps, indexes = [sweep, list]): Table {
  const table = new Table(stack, 'Mine', props);
  for (const index of indexes) table.addGlobalSecondaryIndex(index);
  return table;
}

function newStack(): Stack {
  return new Stack(createApp(), 'Own');
}

function runtime(stack: Stack, props: Partial<WorkflowRuntimeProps> = {}, id = 'Workflows'): WorkflowRuntime {
  return new WorkflowRuntime(stack, id, { entry: ENTRY, auth: 'iam', ...props });
}

describe('with resources of its own, a deployment', () => {
  const stack = newStack();
  const table = tableOf(stack, right);
  const bucket = new Bucket(stack, 'Objects');
  const bus = new EventBus(stack, 'Events');
  const queue = new Queue(stack, 'Jobs', {
    visibilityTimeout: Duration.seconds(150),
    deadLetterQueue: { queue: new Queue(stack, 'DeadJobs'), maxReceiveCount: 10 },
  });
  const made = runtime(stack, { table, bucket, bus, queue, longSteps: false });
  const template = Template.fromStack(stack);

  test('makes none', () => {
    template.resourceCountIs('AWS::DynamoDB::Table', 1);
    template.resourceCountIs('AWS::S3::Bucket', 1);
    template.resourceCountIs('AWS::Events::EventBus', 1);
    // Beside the two: the dead letters of the routing, of the sweeps and of the expiry, and what is undeliverable.
    template.resourceCountIs('AWS::SQS::Queue', 6);
    expect([made.table, made.bucket, made.bus, made.workQueue]).toEqual([table, bucket, bus, queue]);
    expect(made.workDeadLetterQueue).toBe(queue.deadLetterQueue?.queue);
  });

  test('tells its functions of them', () => {
    template.allResourcesProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          EVENTED_TABLE: { Ref: idOf(template, 'AWS::DynamoDB::Table', 'Mine') },
          EVENTED_BUCKET: { Ref: idOf(template, 'AWS::S3::Bucket', 'Objects') },
          EVENTED_BUS: { Ref: idOf(template, 'AWS::Events::EventBus', 'Events') },
          EVENTED_QUEUE_URL: { Ref: idOf(template, 'AWS::SQS::Queue', 'Jobs') },
        }),
      },
    });
  });

  test('reserves its source on the bus, and the queue for itself', () => {
    template.hasResourceProperties('AWS::Events::EventBusPolicy', {
      EventBusName: { Ref: idOf(template, 'AWS::Events::EventBus', 'Events') },
      StatementId: 'ReserveSource',
    });
    template.hasResourceProperties('AWS::SQS::QueuePolicy', {
      Queues: [{ Ref: idOf(template, 'AWS::SQS::Queue', 'Jobs') }],
      PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Sid: 'OnlyTheEngine' })]) },
    });
  });

  test('lets the bucket forget what nobody needs', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      LifecycleConfiguration: {
        Rules: [
          Match.objectLike({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }),
          Match.objectLike({ Prefix: '~kept/', ExpirationInDays: 7 }),
        ],
      },
    });
  });
});

describe('with imported resources, a deployment', () => {
  const stack = newStack();
  const tableArn = 'arn:aws:dynamodb:eu-central-1:123456789012:table/runs';
  const arn = 'arn:aws:sqs:eu-central-1:123456789012:';
  runtime(stack, {
    table: Table.fromTableAttributes(stack, 'Mine', {
      tableArn,
      tableStreamArn: `${tableArn}/stream/2026-01-01T00:00:00.000`,
    }),
    bucket: Bucket.fromBucketName(stack, 'Objects', 'payloads'),
    bus: EventBus.fromEventBusName(stack, 'Events', 'shop'),
    queue: Queue.fromQueueArn(stack, 'Jobs', `${arn}jobs`),
    deadLetterQueue: Queue.fromQueueArn(stack, 'DeadJobs', `${arn}dead-jobs`),
  });
  const template = Template.fromStack(stack);

  test('works on them', () => {
    template.resourceCountIs('AWS::DynamoDB::Table', 0);
    template.resourceCountIs('AWS::S3::Bucket', 0);
    template.allResourcesProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          EVENTED_TABLE: 'runs',
          EVENTED_BUCKET: 'payloads',
          EVENTED_BUS: 'shop',
        }),
      },
    });
    template.hasResourceProperties('AWS::Events::EventBusPolicy', { EventBusName: 'shop' });
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', { EventSourceArn: `${arn}jobs` });
  });

  test('says what it cannot do to them', () => {
    const warnings = Annotations.fromStack(stack).findWarning(
      '*',
      Match.stringLikeRegexp('has to let the rules of the bus send to it'),
    );
    expect(warnings.map(({ id }) => id)).toEqual(['/Own/Jobs']);
    const dead = Annotations.fromStack(stack).findWarning(
      '*',
      Match.stringLikeRegexp('dead letters of its own'),
    );
    expect(dead.map(({ id }) => id)).toEqual(['/Own/DeadJobs']);
  });
});

describe('with a queue of another stack, a deployment', () => {
  const app = createApp();
  const one = new Stack(app, 'One');
  const key = new Key(one, 'Key');
  const last = new Queue(one, 'LastJobs');
  const dead = new Queue(one, 'DeadJobs', {
    encryptionMasterKey: key,
    deadLetterQueue: { queue: last, maxReceiveCount: 5 },
  });
  const queue = new Queue(one, 'Jobs', {
    visibilityTimeout: Duration.seconds(150),
    encryptionMasterKey: key,
    deadLetterQueue: { queue: dead, maxReceiveCount: 10 },
  });
  const two = new Stack(app, 'Two');
  runtime(two, { queue });
  const [queues, work] = [one, two].map((stack) => Template.fromStack(stack)) as [Template, Template];

  test('needs that stack, which does not need it', () => {
    expect(two.dependencies).toEqual([one]);
    expect(one.dependencies).toEqual([]);
  });

  test('reads its messages and its dead letters', () => {
    for (const id of ['Jobs', 'DeadJobs']) {
      work.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
        EventSourceArn: {
          'Fn::GetStackOutput': Match.objectLike({
            OutputName: Match.stringLikeRegexp(`FnGetAtt${id}[0-9A-F]{8}Arn`),
          }),
        },
      });
    }
    queues.resourceCountIs('AWS::SQS::Queue', 3);
  });

  test('has them come back after the function is over, and leaves where they end', () => {
    queues.hasResourceProperties('AWS::SQS::Queue', {
      VisibilityTimeout: 360,
      RedrivePolicy: {
        deadLetterTargetArn: { 'Fn::GetAtt': [idOf(queues, 'AWS::SQS::Queue', 'LastJobs'), 'Arn'] },
        maxReceiveCount: 5,
      },
    });
    Annotations.fromStack(one).hasNoWarning('*', Match.stringLikeRegexp('dead letters of its own'));
  });

  test('lets in EventBridge of this account', () => {
    queues.hasResourceProperties('AWS::SQS::QueuePolicy', {
      PolicyDocument: {
        Statement: [
          Match.objectLike({
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          }),
        ],
      },
    });
  });

  test('is warned of dead letters that cannot be sent on', () => {
    const other = createApp();
    const base = new Stack(other, 'One');
    const plain = new Queue(base, 'Jobs', {
      visibilityTimeout: Duration.seconds(150),
      deadLetterQueue: { queue: new Queue(base, 'DeadJobs'), maxReceiveCount: 10 },
    });
    runtime(new Stack(other, 'Two'), { queue: plain });
    Annotations.fromStack(base).hasWarning(
      '/One/DeadJobs',
      Match.stringLikeRegexp('dead letters of its own'),
    );
  });
});

describe('a table that the store cannot work on is refused with what to write', () => {
  test.each<[string, TableProps, (typeof list | typeof sweep)[], RegExp]>([
    [
      'its keys',
      { ...right, partitionKey: { name: 'id', type: AttributeType.STRING } },
      [sweep, list],
      /table is invalid: its keys are others; write partitionKey: \{ name: 'pk', type: AttributeType\.STRING \}, sortKey/,
    ],
    [
      "its sort key's type",
      { ...right, sortKey: { name: 'sk', type: AttributeType.NUMBER } },
      [sweep, list],
      /keys are others/,
    ],
    [
      'an index',
      right,
      [list],
      /index sweep is missing; write addGlobalSecondaryIndex\(\{ indexName: 'sweep', .*AttributeType\.NUMBER/,
    ],
    [
      "an index's keys",
      right,
      [sweep, { ...list, sortKey: sweep.sortKey }],
      /index list is another; .*nonKeyAttributes: \['st', 'rid', 'own'\]/,
    ],
    ["an index's attributes", right, [sweep, { ...list, nonKeyAttributes: ['st'] }], /index list is another/],
    [
      'its stream',
      { ...keys, timeToLiveAttribute: 'ttl' },
      [sweep, list],
      /write stream: StreamViewType\.OLD_IMAGE/,
    ],
    ["its stream's images", { ...right, stream: StreamViewType.KEYS_ONLY }, [sweep, list], /write stream/],
    [
      'its time to live',
      { ...right, timeToLiveAttribute: 'expires' },
      [sweep, list],
      /write timeToLiveAttribute: 'ttl'/,
    ],
  ])('%s', (_, props, indexes, message) => {
    const stack = newStack();
    expect(() => runtime(stack, { table: tableOf(stack, props, indexes) })).toThrow(message);
  });

  test('no stream of an imported one', () => {
    const stack = newStack();
    const table = Table.fromTableName(stack, 'Mine', 'runs');
    expect(() => runtime(stack, { table })).toThrow(/no stream.*import it by Table\.fromTableAttributes/);
  });

  test('in a storage that is no WorkflowStorage, too', () => {
    const stack = newStack();
    // The types of the CDK are not made for `exactOptionalPropertyTypes`.
    const storageOf = (on: Stack, indexes: Parameters<typeof tableOf>[2]) => ({
      table: tableOf(on, right, indexes) as ITable,
      bucket: new Bucket(on, 'Objects') as IBucket,
    });
    const storage = storageOf(stack, [list]);
    expect(() => runtime(stack, { storage })).toThrow(
      /storage\.table is invalid: its index sweep is missing; write addGlobalSecondaryIndex/,
    );
    const other = newStack();
    expect(() => runtime(other, { storage: storageOf(other, [sweep, list]) })).not.toThrow();
  });

  test('and one that it can is taken, with more in its index, or as a TableV2', () => {
    const { nonKeyAttributes: _left, ...all } = { ...list, projectionType: ProjectionType.ALL };
    const stack = newStack();
    const table = new TableV2(stack, 'Mine', {
      ...keys,
      timeToLiveAttribute: 'ttl',
      dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
      globalSecondaryIndexes: [sweep, all],
    });
    expect(() => runtime(stack, { table })).not.toThrow();
  });
});

describe('a queue that loses or repeats work is refused with what to write', () => {
  test.each<[string, (stack: Stack) => QueueProps, RegExp]>([
    [
      'no dead letters',
      () => ({ visibilityTimeout: Duration.minutes(10) }),
      /write deadLetterQueue: \{ queue, maxReceiveCount: 10 \}/,
    ],
    ['first in, first out', () => ({ fifo: true }), /it is a FIFO queue.*write one without fifo/],
    [
      'a short visibility',
      (stack) => ({
        visibilityTimeout: Duration.seconds(149),
        deadLetterQueue: { queue: new Queue(stack, 'Dead'), maxReceiveCount: 3 },
      }),
      /come back after 149 s.*write visibilityTimeout: Duration\.seconds\(150\)/,
    ],
    [
      'the default visibility',
      (stack) => ({ deadLetterQueue: { queue: new Queue(stack, 'Dead'), maxReceiveCount: 3 } }),
      /come back after 30 s/,
    ],
  ])('%s', (_, props, message) => {
    const stack = newStack();
    expect(() => runtime(stack, { queue: new Queue(stack, 'Jobs', props(stack)) })).toThrow(message);
  });
});

test.each(['table', 'bucket', 'bus', 'queue'] as const)('two deployments do not share a %s', (name) => {
  const stack = newStack();
  const shared = {
    table: () => tableOf(stack, right),
    bucket: () => new Bucket(stack, 'Objects'),
    bus: () => new EventBus(stack, 'Events'),
    queue: () =>
      new Queue(stack, 'Jobs', {
        visibilityTimeout: Duration.minutes(10),
        deadLetterQueue: { queue: new Queue(stack, 'Dead'), maxReceiveCount: 10 },
      }),
  };
  const props: Partial<WorkflowRuntimeProps> = { [name]: shared[name]() };
  runtime(stack, props, 'One');
  expect(() => runtime(stack, props, 'Other')).toThrow(
    new RegExp(`${name} is invalid: another WorkflowRuntime works on it.*write another`),
  );
});

test('two deployments of a stack share nothing', () => {
  const stack = newStack();
  runtime(stack, {}, 'One');
  runtime(stack, { removalPolicy: RemovalPolicy.DESTROY }, 'Other');
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::DynamoDB::Table', 2);
  expect(resourcesOf(template, 'AWS::Events::EventBus')).toHaveLength(2);
});
