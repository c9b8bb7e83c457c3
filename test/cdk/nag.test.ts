import { type App, Validations } from 'aws-cdk-lib';
import { Tracing } from 'aws-cdk-lib/aws-lambda';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { expect, test } from 'vitest';
import { WorkflowStack, type WorkflowStackProps, WorkflowStorageStack } from '../../lib/index.ts';
import { ENTRY, createApp, createStack, synth } from './synth.ts';

// The first synthesis of a process loads the rules of CloudFormation, which takes seconds: not on the time of a test.
synth();

/** An app whose synthesis throws what cdk-nag finds. */
function checkedApp(): App {
  const app = createApp();
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  return app;
}

/** What was acknowledged, as `<path of the construct> <finding>`, with its reason. */
function acknowledged(app: App): [string, string][] {
  return app.node.findAll().flatMap(({ node }) =>
    node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.entries(data as Record<string, string>))
      .map(([id, reason]): [string, string] => [`${node.path} ${id.replace(/^annotation::/i, '')}`, reason]),
  );
}

/** With defaults: how many findings of a kind are acknowledged. One more has to be a decision. */
const usual = {
  // The bucket of payloads keeps no log of its accesses.
  'AwsSolutions-S1': 1,
  // Functions without the expiry and the schedules: objects of the one bucket. Without the expiry: schedules of the one group.
  // Each of the seven: traces, which take no resource.
  'AwsSolutions-IAM5': 5 + 6 + 7,
  // Dead letters that are not those of a queue: of rules, sweeps and the stream, and what is undeliverable.
  'AwsSolutions-SQS3': 4,
  // The same, and the dead letters of the two work queues: they have none, or get them after they are checked.
  'Serverless-SQSRedrivePolicy': 6,
  'Serverless-LambdaDLQ': 7,
  // What reads queues: two processors and the function of dead letters.
  'Serverless-LambdaEventSourceMappingDestination': 3,
  // The sweeper.
  'Serverless-LambdaAsyncFailureDestination': 1,
};

test.each<[string, Readonly<Record<string, number>>, Partial<WorkflowStackProps>]>([
  ['callers sign', {}, { auth: 'iam' }],
  ['callers have tokens', {}, { auth: { issuer: 'https://issuer.example', audience: 'workflows' } }],
  ['everybody may call', { 'AwsSolutions-APIG4': 1 }, { auth: 'none' }],
  [
    'without listing, one function for all',
    {
      'AwsSolutions-IAM5': 4 + 5 + 6,
      'Serverless-SQSRedrivePolicy': 5,
      'Serverless-LambdaDLQ': 6,
      'Serverless-LambdaEventSourceMappingDestination': 2,
    },
    { listing: false, longSteps: false },
  ],
  [
    'without traces',
    // Streams and schedules are still listed.
    { 'AwsSolutions-IAM5': 5 + 6 + 2, 'Serverless-LambdaTracing': 7 },
    { tracing: Tracing.DISABLED },
  ],
  [
    'with a function of its own',
    {
      'AwsSolutions-IAM5': 6 + 7 + 8,
      'Serverless-SQSRedrivePolicy': 7,
      'Serverless-LambdaDLQ': 8,
      'Serverless-LambdaEventSourceMappingDestination': 4,
    },
    { functions: { billing: { workflows: ['invoice'], batchSize: 10 } } },
  ],
])('the checks find nothing without a reason: %s', (_, others, props) => {
  const app = checkedApp();
  createStack(props, app);
  expect(() => app.synth()).not.toThrow();
  const reasons = acknowledged(app);
  expect(reasons.filter(([, reason]) => reason.length < 30)).toEqual([]);
  expect(new Set(reasons.map(([finding]) => finding)).size).toBe(reasons.length);
  const counts: Record<string, number> = {};
  for (const [finding] of reasons) {
    const kind = /^\S+ ([\w-]+)/.exec(finding)?.[1] ?? finding;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  expect(counts).toEqual({ ...usual, ...others });
});

test('nor in two stacks, with a key', () => {
  const app = checkedApp();
  const data = new WorkflowStorageStack(app, 'Runs');
  const encryptionKey = new Key(data, 'Key', { enableKeyRotation: true });
  new WorkflowStack(app, 'Shop', { entry: ENTRY, auth: 'iam', storage: data.storage, encryptionKey });
  expect(() => app.synth()).not.toThrow();
});

test('each acknowledgement is of one construct of the runtime, and of none above it', () => {
  const app = checkedApp();
  createStack({}, app);
  app.synth();
  for (const [finding] of acknowledged(app)) expect(finding).toMatch(/^Test\/Workflows\/\S+ /);
});

test('and what has no reason would be found', () => {
  const app = checkedApp();
  new Queue(createStack({}, app), 'Planted');
  expect(() => app.synth()).toThrow(/AwsSolutions-SQS3/);
});
