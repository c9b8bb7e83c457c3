import { Match, type Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { schedulesOf, type WorkflowScheduleProps } from '../../lib/schedule-settings.ts';
import { type Resource, resourcesOf, synth } from './synth.ts';

/** The template of a deployment with schedules. */
const synthSchedules = (schedules: readonly WorkflowScheduleProps[] = []): Template => synth({ schedules });

describe('the function that sets schedules', () => {
  test('is called with each deployment that changes its code', () => {
    const template = synthSchedules([{ id: 'a', workflowId: 'w', cron: '0 6 * * *', inputData: { a: 1 } }]);
    template.hasResourceProperties('Custom::WorkflowSchedules', {
      ServiceToken: { 'Fn::GetAtt': [Match.stringLikeRegexp('^WorkflowsSchedules'), 'Arn'] },
      // Longer than the function itself may take.
      ServiceTimeout: '360',
      group: Match.stringLikeRegexp('Timers'),
      roleArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^WorkflowsTimersRole'), 'Arn'] },
      queueArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^WorkflowsWork'), 'Arn'] },
      deadLetterArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^WorkflowsRoutingDeadLetters'), 'Arn'] },
      schedules: '[{"id":"a","workflowId":"w","cron":"0 6 * * *","inputData":{"a":1}}]',
      code: { s3Key: Match.anyValue() },
    });
    const [resource] = Object.values(template.findResources('Custom::WorkflowSchedules'));
    const depends = (resource as { DependsOn: string[] }).DependsOn.join();
    // Its permissions go last when the stack is deleted.
    expect(depends).toContain('SchedulesRoleDefaultPolicy');
    template.hasResourceProperties('AWS::Lambda::Function', {
      Description: 'Sets the schedules that workflows declare',
      Timeout: 300,
      Architectures: ['arm64'],
      Runtime: 'nodejs24.x',
    });
  });

  test('is called when what the workflows are told changes, and nothing else does', () => {
    const called = (props: Parameters<typeof synth>[0]): Resource['Properties'] => {
      const [resource] = resourcesOf(synth(props), 'Custom::WorkflowSchedules');
      return (resource as Resource).Properties;
    };
    const environment = { CRON: '0 6 * * *' };
    const before = called({ environment });
    expect(called({ environment })).toEqual(before);
    const lane = { workflows: ['invoice'] };
    const after = [
      called({ environment: { CRON: '0 7 * * *' } }),
      called({ environment, functions: { billing: lane } }),
      called({ environment, functions: { billing: { workflows: ['order'] } } }),
    ];
    const { variables: _, ...rest } = before;
    for (const { variables, ...same } of after) {
      expect(variables).toMatch(/^[0-9a-f]{64}$/);
      expect(same).toEqual(rest);
    }
    expect(new Set([before, ...after].map(({ variables }) => variables)).size).toBe(4);
    expect(JSON.stringify(before)).not.toContain(environment.CRON);
  });

  test('may do no more than that, in its group, with the one role', () => {
    const [policy, ...others] = resourcesOf(synthSchedules(), 'AWS::IAM::Policy').filter(({ Properties }) =>
      JSON.stringify(Properties).includes('scheduler:ListSchedules'),
    );
    expect(others).toEqual([]);
    const { Statement: statements } = (policy as Resource).Properties['PolicyDocument'] as {
      Statement: { Sid: string; Action: unknown; Resource: unknown; Condition?: unknown }[];
    };
    expect(statements.slice(0, 4).map(({ Sid, Action }) => [Sid, Action])).toEqual([
      ['ListCrons', 'scheduler:ListSchedules'],
      ['SetCrons', ['scheduler:CreateSchedule', 'scheduler:DeleteSchedule', 'scheduler:UpdateSchedule']],
      ['GiveRole', 'iam:PassRole'],
      ['Logs', ['logs:CreateLogStream', 'logs:PutLogEvents']],
    ]);
    const [, set, give] = statements;
    expect(JSON.stringify(set?.Resource)).toContain('/cron-*"');
    expect(give).toMatchObject({
      Resource: { 'Fn::GetAtt': [expect.stringMatching(/^WorkflowsTimersRole/), 'Arn'] },
      Condition: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
    });
  });
});

describe('the schedules of a deployment', () => {
  const right = { id: 'a', workflowId: 'w', cron: '0 6 * * *' };

  test('are accepted as they are', () => {
    const full = {
      ...right,
      timezone: 'Europe/Berlin',
      inputData: { list: [1, null], text: '' },
      initialState: {},
      requestContext: { tenant: 't' },
      owner: 'arn:aws:iam::1:role/ops',
      enabled: false,
    };
    expect(schedulesOf([right, { ...full, id: 'b' }, { ...right, workflowId: 'x' }])).toHaveLength(3);
  });

  test.each([
    [3, 'schedules is invalid: it is no array'],
    [[{ ...right, id: '' }], 'schedules[0].id is invalid: it is no text; write an id'],
    [[right, { ...right, workflowId: 3 }], 'schedules[1].workflowId is invalid: it is no text'],
    [
      [{ ...right, id: 'x'.repeat(200) }],
      "schedules[0].id is invalid: with the workflow's id it takes 202 characters",
    ],
    [[{ ...right, cron: 3 }], "schedules[0].cron is invalid: it is no text: write '0 6 * * *'"],
    [
      [{ ...right, cron: '61 * * * *' }],
      "schedules[0].cron is invalid: the minute '61' has 61: write 0 to 59",
    ],
    [
      [{ ...right, cron: '*/5 * * * * *' }],
      'schedules[0].cron is invalid: EventBridge Scheduler knows no seconds',
    ],
    [
      [{ ...right, timezone: 'Berlin' }],
      'schedules[0].timezone is invalid: it is "Berlin"; write a name such as',
    ],
    [[{ ...right, owner: '' }], 'schedules[0].owner is invalid: it is no text of 1 to 200 characters'],
    [[{ ...right, enabled: 'no' }], 'schedules[0].enabled is invalid: it is neither true nor false'],
    [
      [{ ...right, inputData: { at: new Date(0) } }],
      'schedules[0].inputData is invalid: it has what JSON cannot hold',
    ],
    [[{ ...right, inputData: () => 1 }], 'schedules[0].inputData is invalid: it has what JSON cannot hold'],
    [
      [{ ...right, requestContext: { a: undefined } }],
      'schedules[0].requestContext is invalid: it has what JSON',
    ],
    [[right, right], 'schedules is invalid: two of them are w:a; write another id for one of them'],
  ])('%j are refused', (schedules, message) => {
    expect(() => schedulesOf(schedules as never)).toThrow(
      expect.objectContaining({ code: 'PROPS_INVALID', message: expect.stringContaining(message) }),
    );
  });

  test('are refused for what JSON cannot hold at all', () => {
    const schedules = [{ ...right, initialState: { a: 1n } }];
    expect(() => schedulesOf(schedules)).toThrow('schedules[0].initialState is invalid: JSON cannot hold it');
  });
});
