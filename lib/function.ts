import type { Duration } from 'aws-cdk-lib';
import { type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Function as LambdaFunction, type FunctionProps, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcard } from './acknowledge.ts';
import { bundledCode, type FunctionModule } from './bundling.ts';
import { keyPermissions } from './encryption.ts';
import { checkEnvironment, commonEnvironment } from './environment.ts';
import type { Parts } from './parts.ts';
import { logPermission } from './permissions.ts';
import { acknowledgeTimers } from './scheduler.ts';
import type { Settings } from './settings.ts';

/** What sets a function apart from the others of its deployment. */
export interface FunctionDefinition {
  readonly module: FunctionModule;
  readonly description: string;
  readonly timeout: Duration;
  /** MiB. */
  readonly memorySize?: number;
  /** What its role may do, beside writing its log. */
  readonly permissions: readonly PolicyStatement[];
  /** Variables beside those that all functions have. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Why a permission has to be one on everything; undefined: none of its own is. */
  readonly onEverything?: string;
  readonly options?: Pick<FunctionProps, 'maxEventAge' | 'recursiveLoop'>;
}

/** A function, its own role and its own log. */
export interface FunctionPart {
  readonly handler: LambdaFunction;
  readonly role: Role;
  readonly logGroup: LogGroup;
}

/** Makes the function `id`, the role `<id>Role` that can do what the definition says and nothing else, and the log `<id>Logs`. */
export function createFunction(
  scope: Construct,
  id: string,
  parts: Parts,
  definition: FunctionDefinition,
): FunctionPart {
  const { settings } = parts;
  const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  const logGroup = createLogGroup(scope, `${id}Logs`, settings);
  const permissions = [...definition.permissions, ...keyPermissions(parts), logPermission(logGroup)];
  for (const statement of permissions) role.addToPolicy(statement);
  const environment = { ...commonEnvironment(parts), ...definition.environment };
  checkEnvironment(scope, id, environment);
  const handler = new LambdaFunction(scope, id, {
    ...bundledCode(definition.module, settings.entry),
    ...definition.options,
    description: definition.description,
    memorySize: definition.memorySize ?? settings.memorySize,
    timeout: definition.timeout,
    environment,
    tracing: settings.tracing,
    role,
    logGroup,
  });
  acknowledgeFindings({ handler, role, logGroup }, parts, definition);
  return { handler, role, logGroup };
}

function acknowledgeFindings(
  { handler, role }: FunctionPart,
  { bucket, scheduler, settings: { tracing } }: Parts,
  { permissions, onEverything }: FunctionDefinition,
): void {
  acknowledge(
    handler,
    'Serverless-LambdaDLQ',
    'Nothing is lost with an invocation that fails: a message and a record of a stream end in the dead letters of their ' +
      'queue and of their mapping, a request is answered, a scheduled call is made again, and a stack that gets no answer fails.',
  );
  if (tracing !== Tracing.ACTIVE) {
    acknowledge(
      handler,
      'Serverless-LambdaTracing',
      'Whoever deploys this wrote another tracing than the default.',
    );
  }
  const traces = 'X-Ray takes traces by permissions that have no resource (Service Authorization Reference).';
  const reasons = [
    ...(tracing === Tracing.DISABLED ? [] : [traces]),
    ...(onEverything ? [onEverything] : []),
  ];
  if (reasons.length > 0) acknowledge(role, 'AwsSolutions-IAM5[Resource::*]', reasons.join(' '));
  if (permissions.some(({ resources }) => resources.includes(scheduler.schedulesArn))) {
    acknowledgeTimers(role, scheduler);
  }
  const payloads = bucket.arnForObjects('*');
  if (!permissions.some(({ resources }) => resources.includes(payloads))) return;
  acknowledgeWildcard(
    role,
    payloads,
    'The objects of the one bucket that holds nothing but the payloads of runs; their names are not known before.',
  );
}

/** A log that does not grow for ever. */
export function createLogGroup(scope: Construct, id: string, settings: Settings): LogGroup {
  return new LogGroup(scope, id, {
    retention: settings.logRetention,
    removalPolicy: settings.removalPolicy,
    ...(settings.encryptionKey && { encryptionKey: settings.encryptionKey }),
  });
}
