import { Validations } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { expect, test } from 'vitest';
import type { WorkflowStackProps } from '../../lib/index.ts';
import { createApp, createStack } from './synth.ts';

const cases: [string, Partial<WorkflowStackProps>][] = [
  ['callers sign', { auth: 'iam' }],
  ['callers have tokens', { auth: { issuer: 'https://issuer.example', audience: 'workflows' } }],
  ['everybody may call', { auth: 'none' }],
  ['without listing', { listing: false }],
];

/** An app whose synthesis throws what cdk-nag finds. */
function checkedApp() {
  const app = createApp();
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  return app;
}

test.each(cases)('the checks find nothing without a reason: %s', (_, props) => {
  const app = checkedApp();
  createStack(props, app);
  expect(() => app.synth()).not.toThrow();
});

test('and would find it', () => {
  const app = checkedApp();
  new Queue(createStack({}, app), 'Planted');
  expect(() => app.synth()).toThrow(/AwsSolutions-SQS3/);
});
