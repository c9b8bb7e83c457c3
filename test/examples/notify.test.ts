import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import { expensesStack } from '../../examples/notify/app.ts';
import { waitLocally } from '../../examples/notify/local.ts';

test('a person is told that a run waits, by a callback', async () => {
  const told: string[] = [];
  expect(await waitLocally((text) => told.push(text))).toEqual({ approved: true, by: 'Ann' });
  expect(told).toEqual(['Run expense-7 of workflow expense waits for you at step decide.']);
});

test('on AWS, by a rule on the bus of the runtime and a topic', () => {
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] }, analyticsReporting: false });
  const template = Template.fromStack(expensesStack(app, 'ann@example.com'));
  const [bus] = Object.keys(template.findResources('AWS::Events::EventBus'));
  const [topic] = Object.keys(template.findResources('AWS::SNS::Topic'));
  template.hasResourceProperties('AWS::Events::Rule', {
    EventBusName: { Ref: bus },
    EventPattern: {
      source: ['evented-workflows'],
      'detail-type': ['workflow.suspend'],
      detail: { status: ['suspended'], parent: { runId: [{ exists: false }] } },
    },
    Targets: [
      Match.objectLike({
        Arn: { Ref: topic },
        DeadLetterConfig: Match.anyValue(),
        InputTransformer: {
          InputPathsMap: {
            'detail-runId': '$.detail.runId',
            'detail-workflowId': '$.detail.workflowId',
            'detail-stepId': '$.detail.stepId',
          },
          InputTemplate:
            '"Run <detail-runId> of workflow <detail-workflowId> waits for you at step <detail-stepId>."',
        },
      }),
    ],
  });
  template.hasResourceProperties('AWS::SNS::Subscription', {
    Protocol: 'email',
    Endpoint: 'ann@example.com',
    TopicArn: { Ref: topic },
  });
  // The topic takes messages of EventBridge, and nothing without TLS.
  template.hasResourceProperties('AWS::SNS::TopicPolicy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        Match.objectLike({ Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' } }),
      ]),
    },
  });
});
