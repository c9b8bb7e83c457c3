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

/** With how many findings are acknowledged: one more has to be a decision. */
test.each<[string, number, Partial<WorkflowStackProps>]>([
  ['callers sign', 26, { auth: 'iam' }],
  ['callers have tokens', 26, { auth: { issuer: 'https://issuer.example', audience: 'workflows' } }],
  ['everybody may call', 27, { auth: 'none' }],
  ['without listing, one function for all', 21, { listing: false, longSteps: false }],
  ['without traces', 27, { tracing: Tracing.DISABLED }],
  ['with a function of its own', 31, { functions: { billing: { workflows: ['invoice'], batchSize: 10 } } }],
])('the checks find nothing without a reason: %s', (_, count, props) => {
  const app = checkedApp();
  createStack(props, app);
  expect(() => app.synth()).not.toThrow();
  const reasons = acknowledged(app);
  expect(reasons.filter(([, reason]) => reason.length < 30)).toEqual([]);
  expect(new Set(reasons.map(([finding]) => finding)).size).toBe(reasons.length);
  expect(reasons).toHaveLength(count);
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
