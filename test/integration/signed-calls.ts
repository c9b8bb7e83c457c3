import { type AwsKeys, signer } from 'evented-workflows/client/sigv4';
import { z } from 'zod';
import { ownKeys, region } from './deployed.ts';

/** Calls of services that no client is installed for, because nothing but these tests needs them. */

async function post(service: string, headers: Record<string, string>, body: string): Promise<string> {
  const url = process.env.AWS_ENDPOINT_URL ?? `https://${service}.${region}.amazonaws.com/`;
  const request = new Request(url, { method: 'POST', headers, body });
  const response = await fetch(await signer({ region, service, credentials: ownKeys })(request));
  const text = await response.text();
  if (!response.ok) throw new Error(`${service} answered ${response.status}: ${text}`);
  return text;
}

/** An action of a service that answers in XML. */
async function query(service: string, version: string, parameters: Record<string, string>): Promise<string> {
  const body = new URLSearchParams({ ...parameters, Version: version }).toString();
  return await post(service, { 'content-type': 'application/x-www-form-urlencoded' }, body);
}

/** Keys of a role that trusts this account. */
export async function assumeRole(RoleArn: string): Promise<AwsKeys> {
  const answer = await query('sts', '2011-06-15', {
    Action: 'AssumeRole',
    RoleArn,
    RoleSessionName: `suite-${crypto.randomUUID().slice(0, 8)}`,
  });
  const read = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(answer)?.[1] ?? '';
  return {
    accessKeyId: read('AccessKeyId'),
    secretAccessKey: read('SecretAccessKey'),
    sessionToken: read('SessionToken'),
  };
}

async function cognito(action: string, parameters: Record<string, unknown>): Promise<unknown> {
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': `AWSCognitoIdentityProviderService.${action}`,
  };
  return JSON.parse(await post('cognito-idp', headers, JSON.stringify(parameters)));
}

const authenticated = z.object({ AuthenticationResult: z.object({ IdToken: z.string() }) });

/** Adds a user to a pool. Returns what gets tokens of it, for any client of the pool. */
export async function addUser(
  UserPoolId: string,
  Username: string,
): Promise<(ClientId: string) => Promise<string>> {
  const Password = `Aa1!${crypto.randomUUID()}`;
  await cognito('AdminCreateUser', { UserPoolId, Username, MessageAction: 'SUPPRESS' });
  await cognito('AdminSetUserPassword', { UserPoolId, Username, Password, Permanent: true });
  return async (ClientId) => {
    const answer = await cognito('AdminInitiateAuth', {
      UserPoolId,
      ClientId,
      AuthFlow: 'ADMIN_USER_PASSWORD_AUTH',
      AuthParameters: { USERNAME: Username, PASSWORD: Password },
    });
    return authenticated.parse(answer).AuthenticationResult.IdToken;
  };
}
