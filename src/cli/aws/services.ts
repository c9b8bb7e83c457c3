import type { Console } from '../console.ts';
import { CommandError, usageError } from '../exit.ts';
import { printable } from '../text.ts';

/** The module of a client, loaded when a command needs it: few who use the command line have AWS. */
export const services = {
  sqs: () => loaded('@aws-sdk/client-sqs', () => import('@aws-sdk/client-sqs')),
  dynamodb: () => loaded('@aws-sdk/client-dynamodb', () => import('@aws-sdk/client-dynamodb')),
  s3: () => loaded('@aws-sdk/client-s3', () => import('@aws-sdk/client-s3')),
  cloudformation: () =>
    loaded('@aws-sdk/client-cloudformation', () => import('@aws-sdk/client-cloudformation')),
  cloudwatch: () => loaded('@aws-sdk/client-cloudwatch', () => import('@aws-sdk/client-cloudwatch')),
  lambda: () => loaded('@aws-sdk/client-lambda', () => import('@aws-sdk/client-lambda')),
} as const;

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

/** Those of a client of SQS. An endpoint that was given is called, and not the host that an emulator has in its queues' URLs. */
export function sqsOptions(region: string | undefined, env: Console['env']) {
  const { AWS_ENDPOINT_URL_SQS: own, AWS_ENDPOINT_URL: given } = env;
  return { ...clientOptions(region), useQueueUrlAsEndpoint: (own ?? given) === undefined };
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
