import { Duration } from 'aws-cdk-lib';
import {
  HttpApi,
  HttpNoneAuthorizer,
  type HttpRoute,
  HttpStage,
  type IHttpRouteAuthorizer,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer, HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Grant, type IGrantable, type IRole } from 'aws-cdk-lib/aws-iam';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { createLogGroup, functionProps } from './bundling.ts';
import { authEnvironment, commonEnvironment } from './environment.ts';
import { WorkflowRuntimeError } from './errors.ts';
import type { Settings, WorkflowAuth } from './props.ts';
import { type Access, routes } from './routes.ts';
import type { Storage } from './storage.ts';

/** An HTTP API waits 30 s for its function and not longer (API Gateway quotas); a poll for events takes at most 25 s. */
const TIMEOUT = Duration.seconds(29);

/** The API, its function, and its routes by what they give access to. */
export interface Api {
  readonly id: string;
  readonly url: string;
  readonly handler: NodejsFunction;
  readonly routes: ReadonlyMap<Access, readonly HttpRoute[]>;
  readonly auth: WorkflowAuth;
}

/** The HTTP API with a function behind it. Each route is named, so that each can be granted, metered and throttled. */
export function createApi(
  scope: Construct,
  storage: Storage,
  settings: Settings,
  { role, logGroup }: { readonly role: IRole; readonly logGroup: ILogGroup },
): Api {
  const handler = new NodejsFunction(scope, 'ApiFunction', {
    ...functionProps('api', settings),
    description: 'Starts, resumes, cancels and reads workflows',
    role,
    logGroup,
    timeout: TIMEOUT,
    environment: { ...commonEnvironment(storage, settings), ...authEnvironment(settings) },
    // No `recursiveLoop`: this function consumes no events, so a loop through it is a mistake that Lambda may stop.
  });
  const api = new HttpApi(scope, 'Api', {
    createDefaultStage: false,
    description: 'Starts, resumes, cancels and reads workflows',
  });
  const stage = new HttpStage(scope, 'Stage', {
    httpApi: api,
    autoDeploy: true,
    accessLogSettings: {
      destination: new LogGroupLogDestination(createLogGroup(scope, 'AccessLogs', settings)),
    },
  });
  return {
    id: api.apiId,
    url: stage.url,
    handler,
    routes: addRoutes(scope, api, handler, settings.auth),
    auth: settings.auth,
  };
}

function addRoutes(
  scope: Construct,
  api: HttpApi,
  handler: NodejsFunction,
  auth: WorkflowAuth,
): ReadonlyMap<Access, readonly HttpRoute[]> {
  const integration = new HttpLambdaIntegration('ApiIntegration', handler, {
    // One permission for the whole API; one for each route would fill the function's policy.
    scopePermissionToRoute: false,
  });
  const authorizer = authorizerOf(auth);
  const byAccess = new Map<Access, HttpRoute[]>();
  for (const { method, path, access } of routes) {
    const added = api.addRoutes({ path, methods: [method], integration, authorizer });
    byAccess.set(access, [...(byAccess.get(access) ?? []), ...added]);
  }
  if (auth === 'none') {
    acknowledge(
      scope,
      'AwsSolutions-APIG4',
      "Whoever deploys this wrote auth: 'none', which has no default.",
    );
  }
  return byAccess;
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
  const grants = (api.routes.get(access) ?? []).map((route) => route.grantInvoke(grantee));
  return grants.reduce((all, grant) => all.combine(grant), Grant.drop(grantee, `no route for ${access}`));
}
