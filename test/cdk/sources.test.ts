import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { EventBus, type IEventBus } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { AccountPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, test } from 'vitest';
import { WorkflowRuntimeError } from '../../lib/index.ts';
import {
  grantRequests,
  requestSourcesEnvironment,
  requestSourcesOf,
  routeRequests,
} from '../../lib/sources.ts';
import { environment, type RequestSource } from '../../src/adapters/aws/config.ts';
import { readRequestSources } from '../../src/adapters/aws/request-sources.ts';
import { createApp, createStack, idOf, resourcesOf, synth } from './synth.ts';

/** A bus whose requests go to a queue, and a role that may put those of `granted`. */
function routed(sources: readonly RequestSource[], granted?: string): Template {
  const stack = new Stack(createApp(), 'Test');
  const bus = new EventBus(stack, 'Bus') as IEventBus;
  const target = new SqsQueue(new Queue(stack, 'Work'));
  routeRequests(stack, { bus, sources, target });
  const role = new Role(stack, 'Producer', { assumedBy: new AccountPrincipal('123456789012') });
  if (granted !== undefined) grantRequests({ bus, sources }, granted, role);
  return Template.fromStack(stack);
}

function refusalOf(sources: unknown): string {
  try {
    requestSourcesOf(sources as RequestSource[]);
  } catch (error) {
    if (error instanceof WorkflowRuntimeError && error.code === 'PROPS_INVALID') return error.message;
    throw error;
  }
  return 'taken';
}

describe('requests of other sources', () => {
  test('come by a rule of their own, which takes requests and nothing else', () => {
    const template = routed([{ source: 'shop' }, { source: 'till', may: ['cancel'] }]);
    template.resourceCountIs('AWS::Events::Rule', 1);
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['shop', 'till'],
        'detail-type': ['workflow.start', 'workflow.resume', 'workflow.cancel'],
      },
    });
  });

  test('have no rule where nobody may ask', () => {
    routed([]).resourceCountIs('AWS::Events::Rule', 0);
  });

  test('of many sources come by as few rules as patterns have room for', () => {
    const sources = Array.from({ length: 50 }, (_, index) => ({ source: `${'x'.repeat(190)}${index}` }));
    const rules = resourcesOf(routed(requestSourcesOf(sources)), 'AWS::Events::Rule');
    expect(rules.length).toBeLessThanOrEqual(10);
    const patterns = rules.map(
      ({ Properties }) => Properties['EventPattern'] as { readonly source: string[] },
    );
    expect(patterns.flatMap(({ source }) => source)).toEqual(sources.map(({ source }) => source));
    for (const pattern of patterns) expect(JSON.stringify(pattern).length).toBeLessThan(2_048);
  });

  test('may be put by whom it was granted, of one source and of what that may ask for', () => {
    const template = routed([{ source: 'shop' }, { source: 'till', may: ['resume', 'cancel'] }], 'till');
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [
          {
            Action: 'events:PutEvents',
            Effect: 'Allow',
            Condition: {
              StringEquals: {
                'events:source': 'till',
                'events:detail-type': ['workflow.resume', 'workflow.cancel'],
              },
            },
          },
        ],
      },
    });
    expect(() => routed([{ source: 'shop' }], 'till')).toThrow(
      /requestSources is invalid: "till" is none of them/,
    );
  });

  test('are told to the functions as they read them', () => {
    const sources: RequestSource[] = [
      { source: 'shop', may: ['start'], workflows: ['orders', 'refund'], owner: 'shop' },
      { source: 'x'.repeat(193) },
    ];
    expect(readRequestSources(requestSourcesEnvironment(requestSourcesOf(sources)))).toEqual(sources);
    expect(requestSourcesEnvironment([])).toEqual({});
    expect(environment.requestSources in requestSourcesEnvironment(sources)).toBe(true);
  });

  test.each<[string, unknown, RegExp]>([
    [
      'the engine',
      [{ source: 'evented-workflows' }],
      /\[0\]\.source is invalid: "evented-workflows" is a name of the engine/,
    ],
    [
      'a name of the engine',
      [{ source: 'shop' }, { source: 'evented-workflows.schedule' }],
      /\[1\]\.source .*name of the engine/,
    ],
    ['no name', [{ source: '' }], /\[0\]\.source is invalid: it is no text of 1 to 193/],
    ['a name that is too long', [{ source: 'x'.repeat(194) }], /\[0\]\.source/],
    ['a name that is known at deployment only', [{ source: '${Token[TOKEN.7]}' }], /\[0\]\.source/],
    ['one twice', [{ source: 'shop' }, { source: 'shop' }], /"shop" is there twice/],
    [
      'nothing to ask for',
      [{ source: 'shop', may: [] }],
      /\[0\]\.may is invalid: it is empty; write some of start, resume, cancel/,
    ],
    [
      'what nobody can ask for',
      [{ source: 'shop', may: ['delete'] }],
      /\[0\]\.may is invalid: there is no "delete"/,
    ],
    ['no workflow', [{ source: 'shop', workflows: [] }], /\[0\]\.workflows/],
    [
      'an owner that is too long',
      [{ source: 'shop', owner: 'x'.repeat(201) }],
      /\[0\]\.owner is invalid: it has 201/,
    ],
    [
      'too many',
      Array.from({ length: 51 }, (_, at) => ({ source: `s${at}` })),
      /it has 51 sources; write at most 50/,
    ],
  ])('are refused at synthesis with %s', (_, sources, message) => {
    expect(refusalOf(sources)).toMatch(message);
  });
});

describe('the runtime', () => {
  const sources: readonly RequestSource[] = [{ source: 'shop', may: ['start'] }];
  const stack = createStack({ requestSources: sources });
  const producer = new Role(stack, 'Producer', { assumedBy: new AccountPrincipal('123456789012') });
  stack.runtime.grantRequests(producer, 'shop');
  const template = Template.fromStack(stack);

  test('routes requests to the work queue, with the dead letters and retries of its other work', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventBusName: { Ref: idOf(template, 'AWS::Events::EventBus', 'WorkflowsBus') },
      EventPattern: { source: ['shop'] },
      Targets: [
        {
          Arn: { 'Fn::GetAtt': [idOf(template, 'AWS::SQS::Queue', 'WorkflowsWork'), 'Arn'] },
          DeadLetterConfig: {
            Arn: { 'Fn::GetAtt': [idOf(template, 'AWS::SQS::Queue', 'WorkflowsRoutingDeadLetters'), 'Arn'] },
          },
          RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
        },
      ],
    });
  });

  test('tells the processor of the work queue, and the function of its dead letters, who may ask, and no other', () => {
    const told = resourcesOf(template, 'AWS::Lambda::Function').filter(({ Properties }) => {
      const { Environment: { Variables = {} } = {} } = Properties as {
        Environment?: { Variables?: Record<string, unknown> };
      };
      return environment.requestSources in Variables;
    });
    expect(new Set(told.map(({ Properties }) => Properties['Description']))).toEqual(
      new Set([
        'Handles the events of workflows',
        'Looks at the runs of messages that could not be processed',
      ]),
    );
    expect(told).toHaveLength(2);
    for (const { Properties } of told) {
      expect(Properties).toMatchObject({
        Environment: { Variables: { [environment.requestSources]: JSON.stringify(sources) } },
      });
    }
  });

  test('lets a principal put what was granted, on its bus', () => {
    template.hasResourceProperties('AWS::IAM::Policy', {
      Roles: [{ Ref: idOf(template, 'AWS::IAM::Role', 'Producer') }],
      PolicyDocument: {
        Statement: [
          {
            Action: 'events:PutEvents',
            Resource: { 'Fn::GetAtt': [idOf(template, 'AWS::Events::EventBus', 'WorkflowsBus'), 'Arn'] },
            Condition: {
              StringEquals: { 'events:source': 'shop', 'events:detail-type': ['workflow.start'] },
            },
          },
        ],
      },
    });
  });

  test('is not synthesized with sources that fit into no environment, or are the engine', () => {
    const many = Array.from({ length: 30 }, (_, at) => ({ source: `${'x'.repeat(150)}${at}` }));
    expect(() => synth({ requestSources: many })).toThrow(/requestSources/);
    expect(() => synth({ requestSources: [{ source: 'evented-workflows' }] })).toThrow(
      /a name of the engine/,
    );
  });
});
