import type { APIGatewayEventRequestContextV2 } from 'aws-lambda';
import { environment } from '../src/adapters/aws/config.ts';
import { WorkflowError } from '../src/core/errors.ts';

/** What API Gateway adds to a request that it has authenticated. */
export interface Authenticated {
  readonly requestContext: APIGatewayEventRequestContextV2 & {
    readonly authorizer?: {
      readonly iam?: { readonly userArn?: string };
      readonly jwt?: { readonly claims?: Readonly<Record<string, unknown>> };
    };
  };
}

/** Says who makes a request; undefined where everybody may do everything. */
export type Identify = (event: Authenticated) => string | undefined;

/**
 * How this deployment tells its callers apart. Anything but a value that the construct writes is refused when the function
 * starts: an API that took nobody for the owner of everything would be open.
 */
export function identifyBy(variables: Readonly<Record<string, string | undefined>>): Identify {
  const auth = variables[environment.auth];
  const claim = variables[environment.ownerClaim];
  if (auth === 'none') return () => undefined;
  if (auth === 'iam') return ({ requestContext }) => principalOf(requestContext.authorizer?.iam?.userArn);
  if (auth === 'jwt' && claim) {
    return ({ requestContext }) => claimed(claim, requestContext.authorizer?.jwt?.claims?.[claim]);
  }
  throw new WorkflowError(
    'WORKFLOW_DEFINITION_INVALID',
    `${environment.auth} is ${JSON.stringify(auth)} and ${environment.ownerClaim} ${JSON.stringify(claim)}; deploy this ` +
      'function with the WorkflowRuntime construct, which sets them.',
  );
}

/**
 * Of a role, the role: the name of a session is chosen by whoever assumes it, and changes with each renewal of the
 * credentials, so it neither proves anything nor lasts as long as a run.
 */
function principalOf(arn: string | undefined): string {
  if (!arn)
    throw unauthenticated('The request is not signed by an AWS principal; sign it with Signature Version 4.');
  return arn.replace(/^(arn:[^:]+:sts::\d+:assumed-role\/[^/]+)\/.*$/, '$1');
}

function claimed(claim: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw unauthenticated(`The token has no text as claim ${claim}; ask its issuer for one that has.`);
}

function unauthenticated(message: string): WorkflowError {
  return new WorkflowError('WORKFLOW_UNAUTHENTICATED', message);
}
