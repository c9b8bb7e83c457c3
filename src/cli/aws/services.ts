import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { CommandError, exitCodes, usageError } from '../exit.ts';
import { printable } from '../text.ts';

/** The module of a client, loaded when a command needs it: few who use the command line have AWS. */
export const services = {
  sqs: () => loaded('@aws-sdk/client-sqs', () => import('@aws-sdk/client-sqs')),
  dynamodb: () => loaded('@aws-sdk/client-dynamodb', () => import('@aws-sdk/client-dynamodb')),
  s3: () => loaded('@aws-sdk/client-s3', () => import('@aws-sdk/client-s3')),
} as const;

/** A client of {@link services}. */
export type ServiceClient = DynamoDBClient | S3Client | SQSClient;

async function loaded<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    throw new CommandError(
      'CLI_FAILED',
      `${name} cannot be loaded: install it beside evented-workflows (${printable(String(cause))})`,
      { cause },
    );
  }
}

/** Region and bounds of a client; credentials and AWS_ENDPOINT_URL come from where the AWS tools have them. */
export function clientOptions(region: string | undefined) {
  return { ...(region === undefined ? {} : { region }), maxAttempts: 3 };
}

/** What went wrong in a call of AWS, as an error of a command. */
export function awsFailure(what: string, cause: unknown): CommandError {
  const { name, message } = cause instanceof Error ? cause : { name: 'Error', message: String(cause) };
  if (name === 'AbortError') {
    return new CommandError('CLI_INTERRUPTED', `${what}: interrupted`, { cause });
  }
  if (/region is missing/i.test(message)) {
    return usageError('The region of AWS is not known: give it by --region, AWS_REGION or a profile');
  }
  if (name === 'CredentialsProviderError') {
    return usageError('There are no credentials for AWS: set AWS_PROFILE or AWS_ACCESS_KEY_ID, or log in');
  }
  return new CommandError('CLI_FAILED', `${what}: ${printable(message)} (${printable(name)})`, { cause });
}

/** Exit code for a finding that somebody has to look at. */
export const unhealthy = exitCodes.failed;
