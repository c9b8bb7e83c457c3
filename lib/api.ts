import { Duration } from 'aws-cdk-lib';
import {
  HttpApi,
  HttpNoneAuthorizer,
  HttpStage,
  type IHttpRouteAuthorizer,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer, HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { authEnvironment } from './environment.ts';
import { WorkflowRuntimeError } from './errors.ts';
import { type FunctionPart, createFunction, createLogGroup } from './function.ts';
import type { Parts } from './parts.ts';
import { apiPermissions } from './permissions.ts';
import type { WorkflowAuth } from './props.ts';
import { type Access, routes } from './routes.ts';

/** An HTTP API waits 30 s for its function and not longer (API Gateway quotas); a wait takes at most 25 s. */
const TIMEOUT = Duration.seconds(29);

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
    description: 'Starts, resumes, cancels and reads workflows',
  });
  const stage = new HttpStage(scope, 'Stage', {
    httpApi: gateway,
    autoDeploy: true,
    accessLogSettings: {
      destination: new LogGroupLogDestination(createLogGroup(scope, 'AccessLogs', settings)),
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
