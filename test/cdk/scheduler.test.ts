import { isDeepStrictEqual } from 'node:util';
import { Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { environment } from '../../src/adapters/aws/config.ts';
import { createApp, createStack, idOf, resourcesOf, resourceWith, synth } from './synth.ts';

const template = synth();
const group = idOf(template, 'AWS::Scheduler::ScheduleGroup', 'WorkflowsTimers');
const role = idOf(template, 'AWS::IAM::Role', 'WorkflowsTimersRole');
const deadLetters = idOf(template, 'AWS::SQS::Queue', 'WorkflowsRoutingDeadLetters');
const queues = ['WorkflowsWork', 'WorkflowsLongStepsWork'].map((path) =>
  idOf(template, 'AWS::SQS::Queue', path),
);

const arnOf = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });

/** In any order. */
const arnsOf = (ids: readonly string[]): unknown =>
  expect.toSatisfy((found: unknown) => isDeepStrictEqual(new Set([found].flat()), new Set(ids.map(arnOf))));

interface Statement {
  readonly Sid?: string;
  readonly Action: unknown;
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** Statements of a role's policy, by their ids. */
function statementsOf(of: Template, roleId: string): ReadonlyMap<string | undefined, Statement> {
  const { Properties } = resourceWith(of, 'AWS::IAM::Policy', { Roles: [{ Ref: roleId }] });
  const { Statement: statements } = Properties['PolicyDocument'] as {
    readonly Statement: readonly Statement[];
  };
  return new Map(statements.map((statement) => [statement.Sid, statement]));
}

/** The name of the group, as the template has it. */
const groupName = resourcesOf(template, 'AWS::Scheduler::ScheduleGroup')[0]?.Properties['Name'];

describe('the timers of a deployment', () => {
  test('have a group of their own', () => {
    template.resourceCountIs('AWS::Scheduler::ScheduleGroup', 1);
    expect(groupName).toMatch(/^[\w.-]{1,64}$/);
  });

  test('are carried out by a role that the Scheduler takes for this group only', () => {
    expect(template.findResources('AWS::IAM::Role')[role]?.['Properties']).toMatchObject({
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Action: 'sts:AssumeRole',
            Effect: 'Allow',
            Principal: { Service: 'scheduler.amazonaws.com' },
            Condition: {
              StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' }, 'aws:SourceArn': arnOf(group) },
            },
          },
        ],
      },
    });
  });

  test('are put into the work queues, or the dead letters, and nothing else is allowed', () => {
    expect([...statementsOf(template, role).values()]).toEqual([
      {
        Sid: 'Send',
        Action: 'sqs:SendMessage',
        Effect: 'Allow',
        Resource: arnsOf([...queues, deadLetters]),
      },
    ]);
  });

  test('go into queues that are closed to everybody but the engine', () => {
    for (const id of queues) {
      template.hasResourceProperties('AWS::SQS::QueuePolicy', {
        Queues: [{ Ref: id }],
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({
              Sid: 'OnlyTheEngine',
              Effect: 'Deny',
              Condition: {
                ArnNotEquals: Match.objectLike({
                  'aws:PrincipalArn': Match.arrayWith([
                    arnOf(idOf(template, 'AWS::IAM::Role', 'WorkflowsApiFunctionRole')),
                    arnOf(role),
                  ]),
                }),
              },
            }),
          ]),
        },
      });
    }
  });

  test('use the key of the queues through SQS', () => {
    const app = createApp();
    const encryptionKey = new Key(new Stack(app, 'Keys'), 'Key');
    const encrypted = Template.fromStack(createStack({ encryptionKey }, app));
    const id = idOf(encrypted, 'AWS::IAM::Role', 'WorkflowsTimersRole');
    expect(statementsOf(encrypted, id).get('Keys')).toMatchObject({
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Condition: { StringEquals: { 'kms:ViaService': expect.anything() as unknown } },
    });
  });
});

describe('a function that sets timers', () => {
  const setting = ['Processor', 'LongStepsProcessor', 'Sweeper', 'ApiFunction'];

  test.each(setting)('may make schedules of the group, and give them this role: %s', (name) => {
    const statements = statementsOf(template, idOf(template, 'AWS::IAM::Role', `Workflows${name}Role`));
    const { Resource: schedules } = statements.get('Timers') ?? {};
    expect(statements.get('Timers')).toMatchObject({ Action: 'scheduler:CreateSchedule' });
    expect(JSON.stringify(schedules)).toContain(`:schedule/${String(groupName)}/*`);
    expect(statements.get('TimersRole')).toEqual({
      Sid: 'TimersRole',
      Action: 'iam:PassRole',
      Effect: 'Allow',
      Resource: arnOf(role),
      Condition: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
    });
    expect(statements.get('Delay')).toMatchObject({ Action: 'sqs:SendMessage', Resource: arnsOf(queues) });
  });

  test('is told where they are; the expiry function, which sets none, may not', () => {
    template.allResourcesProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          [environment.queueArn]: arnOf(queues[0] ?? ''),
          [environment.scheduleGroup]: groupName,
          [environment.scheduleRole]: arnOf(role),
          [environment.scheduleDeadLetters]: arnOf(deadLetters),
        }),
      },
    });
    const expiry = statementsOf(template, idOf(template, 'AWS::IAM::Role', 'WorkflowsExpiryRole'));
    expect(JSON.stringify([...expiry.values()])).not.toContain('scheduler:');
  });
});
