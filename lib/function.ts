import type { Duration } from 'aws-cdk-lib';
import { type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { NodejsFunction, type NodejsFunctionProps } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { acknowledgeWildcard } from './acknowledge.ts';
import { type FunctionModule, bundlingProps } from './bundling.ts';
import { commonEnvironment } from './environment.ts';
import type { Parts } from './parts.ts';
import { logPermission } from './permissions.ts';
import type { Settings } from './settings.ts';

/** What sets a function apart from the others of its deployment. */
export interface FunctionDefinition {
  readonly module: FunctionModule;
  readonly description: string;
  readonly timeout: Duration;
  /** What its role may do, beside writing its log. */
  readonly permissions: readonly PolicyStatement[];
  /** Variables beside those that all functions have. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly options?: Pick<NodejsFunctionProps, 'maxEventAge' | 'recursiveLoop'>;
}

/** A function, its own role and its own log. */
export interface FunctionPart {
  readonly handler: NodejsFunction;
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
  for (const statement of [...definition.permissions, logPermission(logGroup)]) role.addToPolicy(statement);
  acknowledgePayloads(role, parts, definition);
  const handler = new NodejsFunction(scope, id, {
    ...bundlingProps(definition.module, settings.entry),
    ...definition.options,
    description: definition.description,
    memorySize: settings.memorySize,
    timeout: definition.timeout,
    environment: { ...commonEnvironment(parts), ...definition.environment },
    role,
    logGroup,
  });
  return { handler, role, logGroup };
}

function acknowledgePayloads(role: Role, { bucket }: Parts, { permissions }: FunctionDefinition): void {
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
  });
}
