import { Duration } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { describe, expect, test } from 'vitest';
import type { WorkflowAuth, WorkflowRuntime } from '../../lib/index.ts';
import { httpRoutes } from '../../src/http/index.ts';
import { routes } from '../../lib/routes.ts';
import { createStack, idOf, resourcesOf, synth } from './synth.ts';

const tokens = { issuer: 'https://issuer.example', audience: ['workflows', 'studio'] } as const;

const signing = synth();

/** Routes with how each is authorized. */
function authorization(template: Template): unknown[][] {
  return resourcesOf(template, 'AWS::ApiGatewayV2::Route').map(({ Properties }) => [
    Properties.RouteKey,
    Properties.AuthorizationType,
    Properties.AuthorizerId,
  ]);
}

function everyRoute(...how: unknown[]): unknown[][] {
  return routes.map(({ method, path }) => [`${method} ${path}`, ...how]);
}

test('the routes are those of the HTTP app', () => {
  expect(routes.map(({ method, path }) => `${method} ${path}`)).toEqual(
    httpRoutes.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`),
  );
});

describe('each route asks for', () => {
  test('a signature', () => {
    expect(authorization(signing)).toEqual(everyRoute('AWS_IAM', undefined));
  });

  test('a token of the issuer for one of the audiences', () => {
    const template = synth({ auth: tokens });
    const authorizer = Object.keys(template.findResources('AWS::ApiGatewayV2::Authorizer'))[0];
    expect(authorization(template)).toEqual(everyRoute('JWT', { Ref: authorizer }));
    template.resourceCountIs('AWS::ApiGatewayV2::Authorizer', 1);
    template.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
      AuthorizerType: 'JWT',
      IdentitySource: ['$request.header.Authorization'],
      JwtConfiguration: { Issuer: tokens.issuer, Audience: tokens.audience },
    });
  });

  test('nothing, when that was written', () => {
    expect(authorization(synth({ auth: 'none' }))).toEqual(everyRoute('NONE', undefined));
  });
});

describe('the API function', () => {
  test.each<[WorkflowAuth, Record<string, unknown>]>([
    ['iam', { EVENTED_AUTH: 'iam', EVENTED_OWNER_CLAIM: Match.absent() }],
    ['none', { EVENTED_AUTH: 'none', EVENTED_OWNER_CLAIM: Match.absent() }],
    [tokens, { EVENTED_AUTH: 'jwt', EVENTED_OWNER_CLAIM: 'sub' }],
    [
      { ...tokens, ownerClaim: 'email' },
      { EVENTED_AUTH: 'jwt', EVENTED_OWNER_CLAIM: 'email' },
    ],
  ])('knows whom to take for the owner: %j', (auth, variables) => {
    synth({ auth }).hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike(variables) },
    });
  });

  test('is given up before the API gives it up', () => {
    signing.hasResourceProperties('AWS::Lambda::Function', { Timeout: 29, RecursiveLoop: Match.absent() });
  });
});

test('requests are logged, as JSON and without what names a run, and are not without limit', () => {
  const [stage, ...others] = resourcesOf(signing, 'AWS::ApiGatewayV2::Stage');
  expect(others).toEqual([]);
  expect(stage?.Properties).toMatchObject({
    StageName: '$default',
    AutoDeploy: true,
    DefaultRouteSettings: { ThrottlingRateLimit: 500, ThrottlingBurstLimit: 1_000 },
    AccessLogSettings: {
      DestinationArn: {
        'Fn::GetAtt': [idOf(signing, 'AWS::Logs::LogGroup', 'WorkflowsAccessLogs'), 'Arn'],
      },
    },
  });
  const settings = stage?.Properties.AccessLogSettings as { Format: string } | undefined;
  const format = settings?.Format ?? '';
  expect(JSON.parse(format)).toMatchObject({ route: '$context.routeKey', status: '$context.status' });
  expect(format).not.toContain('$context.path');
});

test('the limits of requests are props', () => {
  synth({ throttling: { rateLimit: 7 } }).hasResourceProperties('AWS::ApiGatewayV2::Stage', {
    DefaultRouteSettings: { ThrottlingRateLimit: 7, ThrottlingBurstLimit: 1_000 },
  });
});

describe('pages of other origins', () => {
  test('may not call it', () => {
    signing.hasResourceProperties('AWS::ApiGatewayV2::Api', { CorsConfiguration: Match.absent() });
  });

  test('may when they are named, with what the client of this package sends', () => {
    const template = synth({ cors: { allowOrigins: ['https://shop.example'] } });
    const [api] = resourcesOf(template, 'AWS::ApiGatewayV2::Api');
    expect(api?.Properties.CorsConfiguration).toEqual({
      AllowOrigins: ['https://shop.example'],
      AllowMethods: ['GET', 'POST', 'DELETE', 'PUT'],
      AllowHeaders: [
        'authorization',
        'content-type',
        'idempotency-key',
        'last-event-id',
        'x-amz-content-sha256',
        'x-amz-date',
        'x-amz-security-token',
      ],
      ExposeHeaders: ['retry-after'],
      MaxAge: 3_600,
    });
  });

  test('may send other headers, and remember the answer for another time', () => {
    const cors = { allowOrigins: ['*'], allowHeaders: ['x-mine'], maxAge: Duration.minutes(1) };
    synth({ cors }).hasResourceProperties('AWS::ApiGatewayV2::Api', {
      CorsConfiguration: { AllowOrigins: ['*'], AllowHeaders: ['x-mine'], MaxAge: 60 },
    });
  });
});

test('the outputs say where everything is', () => {
  expect(Object.keys(signing.findOutputs('*'))).toEqual([
    'Url',
    'ApiId',
    'TableName',
    'BucketName',
    'BusName',
    'WorkQueueUrl',
    'WorkDeadLetterQueueUrl',
    'RoutingDeadLetterQueueUrl',
    'UndeliverableQueueUrl',
    'ExpiryDeadLetterQueueUrl',
    'SweepDeadLetterQueueUrl',
  ]);
});

describe('grants', () => {
  type Grant = `grant${'Start' | 'Resume' | 'Cancel' | 'Restart' | 'Delete' | 'Read'}`;

  /** The routes that a role may call, as `METHOD/path`. */
  function callable(grant: Grant): string[] {
    const stack = createStack();
    const role = new Role(stack, 'Caller', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') });
    stack.runtime[grant](role).assertSuccess();
    const template = Template.fromStack(stack);
    const [policy, ...others] = resourcesOf(template, 'AWS::IAM::Policy').filter(
      ({ Properties }) =>
        JSON.stringify(Properties.Roles) ===
        JSON.stringify([stack.resolve({ Ref: idOf(template, 'AWS::IAM::Role', 'Caller') })]),
    );
    expect(others).toEqual([]);
    const document = policy?.Properties.PolicyDocument as {
      Statement: { Action: string; Resource: unknown }[];
    };
    return document.Statement.flatMap(({ Action, Resource }) => {
      expect(Action).toBe('execute-api:Invoke');
      return [Resource]
        .flat()
        .map((resource) => JSON.stringify(resource).replace(/^.*"\/\*\/([^"]*)".*$/, '$1'));
    });
  }

  test.each([
    ['grantStart', 'start'],
    ['grantResume', 'resume'],
    ['grantCancel', 'cancel'],
    ['grantRestart', 'restart'],
    ['grantDelete', 'delete'],
    ['grantRead', 'read'],
  ] as const)('%s', (grant, access) => {
    const granted = routes.filter((route) => route.access.includes(access));
    expect(granted.length).toBeGreaterThan(0);
    expect(callable(grant).toSorted()).toEqual(
      granted.map(({ method, path }) => `${method}${path.replaceAll(/\{[^}]+\}/g, '*')}`).toSorted(),
    );
  });

  test.each<WorkflowAuth>(['none', tokens])('are refused where no AWS principal calls: %j', (auth) => {
    const stack = createStack({ auth });
    const role = new Role(stack, 'Caller', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') });
    const runtime: WorkflowRuntime = stack.runtime;
    expect(() => runtime.grantStart(role)).toThrow(/write auth: 'iam'/);
  });
});
