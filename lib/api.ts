import { Duration } from 'aws-cdk-lib';
import {
  type CorsHttpMethod,
  type CorsPreflightOptions,
  HttpApi,
  HttpNoneAuthorizer,
  HttpStage,
  type IHttpRouteAuthorizer,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer, HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { authEnvironment } from './environment.ts';
import { WorkflowRuntimeError } from './errors.ts';
import { type FunctionPart, createFunction, createLogGroup } from './function.ts';
import type { Parts } from './parts.ts';
import { apiPermissions } from './permissions.ts';
import type { Cors, WorkflowAuth } from './props.ts';
import { type Access, routes } from './routes.ts';

/** An HTTP API waits 30 s for its function and not longer (API Gateway quotas); a wait takes at most 25 s. */
const TIMEOUT = Duration.seconds(29);

/** What is logged of each request. The path is a template, so that no id of a run is in it. */
const ACCESS_LOG = {
  requestId: '$context.requestId',
  time: '$context.requestTime',
  ip: '$context.identity.sourceIp',
  route: '$context.routeKey',
  status: '$context.status',
  protocol: '$context.protocol',
  bytes: '$context.responseLength',
  latencyMs: '$context.responseLatency',
  error: '$context.error.message',
  integrationError: '$context.integrationErrorMessage',
} as const;

/** Headers of the client of this package, and of signed requests. */
const REQUEST_HEADERS = [
  'authorization',
  'content-type',
  'idempotency-key',
  'last-event-id',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-security-token',
] as const;

/** The API and its function. */
export interface Api extends FunctionPart {
  readonly gateway: HttpApi;
  readonly url: string;
  readonly auth: WorkflowAuth;
}

/** The HTTP API with a function behind it. Each route is named, so that each can be granted, metered and throttled. */
export function createApi(scope: Construct, parts: Parts): Api {
  const { settings } = parts;
  const api = createFunction(scope, 'ApiFunction', parts, {
    module: 'api',
    description: 'Starts, resumes, cancels and reads workflows',
    timeout: TIMEOUT,
    permissions: apiPermissions(parts),
    environment: authEnvironment(settings),
    // No `recursiveLoop`: this function consumes no events, so a loop through it is a mistake that Lambda may stop.
  });
  const gateway = new HttpApi(scope, 'Api', {
    createDefaultStage: false,
    ...(settings.cors && { corsPreflight: preflightOf(settings.cors) }),
    description: 'Starts, resumes, cancels and reads workflows',
  });
  const stage = new HttpStage(scope, 'Stage', {
    httpApi: gateway,
    autoDeploy: true,
    throttle: settings.throttling,
    accessLogSettings: {
      destination: new LogGroupLogDestination(createLogGroup(scope, 'AccessLogs', settings)),
      format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
    },
  });
  addRoutes(gateway, api.handler, settings.auth);
  if (settings.auth === 'none') {
    acknowledge(
      gateway,
      'AwsSolutions-APIG4',
      "Whoever deploys this wrote auth: 'none', which has no default.",
    );
  }
  return { ...api, gateway, url: stage.url, auth: settings.auth };
}

function addRoutes(gateway: HttpApi, handler: IFunction, auth: WorkflowAuth): void {
  const integration = new HttpLambdaIntegration('ApiIntegration', handler, {
    // One permission for the whole API; one for each route would fill the function's policy.
    scopePermissionToRoute: false,
  });
  const authorizer = authorizerOf(auth);
  for (const { method, path } of routes) {
    gateway.addRoutes({ path, methods: [method], integration, authorizer });
  }
}

function preflightOf({
  allowOrigins,
  allowHeaders = REQUEST_HEADERS,
  maxAge = Duration.hours(1),
}: Cors): CorsPreflightOptions {
  return {
    allowOrigins: [...allowOrigins],
    allowMethods: [...new Set(routes.map(({ method }) => method as string as CorsHttpMethod))],
    allowHeaders: [...allowHeaders],
    exposeHeaders: ['retry-after'],
    maxAge,
  };
}

function authorizerOf(auth: WorkflowAuth): IHttpRouteAuthorizer {
  if (auth === 'iam') return new HttpIamAuthorizer();
  if (auth === 'none') return new HttpNoneAuthorizer();
  return new HttpJwtAuthorizer('Authorizer', auth.issuer, { jwtAudience: [auth.audience].flat() });
}

/** Lets an IAM principal call the routes of one kind. Throws {@link WorkflowRuntimeError} when the API has others. */
export function grantRoutes(api: Api, access: Access, grantee: IGrantable): Grant {
  if (api.auth !== 'iam') {
    throw new WorkflowRuntimeError(
      'GRANT_UNSUPPORTED',
      "WorkflowRuntime: grants are for AWS principals, and this API does not ask for one; write auth: 'iam'",
    );
  }
  return Grant.addToPrincipal({
    grantee,
    actions: ['execute-api:Invoke'],
    // Not the routes' own `grantInvoke`: it cuts a path at its first variable, and who may resume a run could cancel it.
    resourceArns: routes
      .filter((route) => route.access.includes(access))
      .map(({ method, path }) => api.gateway.arnForExecuteApi(method, path.replaceAll(/\{\w+\}/g, '*'), '*')),
  });
}
