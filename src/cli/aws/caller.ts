import type { SQSClient } from '@aws-sdk/client-sqs';
import type { Console } from '../console.ts';
import { CommandError } from '../exit.ts';

/** Version of the query API of STS (STS API reference). */
const query = 'Action=GetCallerIdentity&Version=2011-06-15';

/**
 * ARN of whose credentials a client has: any of them is allowed to ask for that. A request signed here, instead of one more client
 * to install.
 */
export async function callerArn(client: SQSClient, { fetch, env, signal }: Console): Promise<string> {
  const [{ signer }, region, credentials] = await Promise.all([
    import('../../client/sigv4.ts'),
    client.config.region(),
    client.config.credentials(),
  ]);
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const endpoint =
    env['AWS_ENDPOINT_URL_STS'] ?? env['AWS_ENDPOINT_URL'] ?? `https://sts.${region}.${domain}`;
  const sign = signer({ region, credentials, service: 'sts' });
  const request = new Request(new URL('/', endpoint), {
    method: 'POST',
    body: query,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    signal,
  });
  const response = await fetch(await sign(request));
  const [, arn] = /<Arn>([^<]{1,2048})<\/Arn>/.exec(await response.text()) ?? [];
  if (response.ok && arn !== undefined) return arn;
  throw new CommandError('CLI_FAILED', `STS does not say who the caller is: status ${response.status}`);
}
