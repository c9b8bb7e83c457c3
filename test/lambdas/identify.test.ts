import { describe, expect, test } from 'vitest';
import { type Authenticated, identifyBy } from '../../lambdas/identify.ts';
import { environment } from '../../src/adapters/aws/config.ts';

type Authorizer = Authenticated['requestContext']['authorizer'];

/** A request as API Gateway hands it on, reduced to what is read of it. */
function request(authorizer?: Authorizer): Authenticated {
  return { requestContext: { authorizer } as Authenticated['requestContext'] };
}

const signed = (userArn?: string) => request(userArn === undefined ? { iam: {} } : { iam: { userArn } });

describe('a signed request', () => {
  const identify = identifyBy({ [environment.auth]: 'iam' });

  test.each([
    ['arn:aws:iam::123456789012:user/dev/ann', 'arn:aws:iam::123456789012:user/dev/ann'],
    ['arn:aws:iam::123456789012:root', 'arn:aws:iam::123456789012:root'],
    ['arn:aws:sts::123456789012:assumed-role/Shop/i-0abc', 'arn:aws:sts::123456789012:assumed-role/Shop'],
    [
      'arn:aws-cn:sts::123456789012:assumed-role/Shop/ann@x.cn',
      'arn:aws-cn:sts::123456789012:assumed-role/Shop',
    ],
    ['arn:aws:sts::123456789012:federated-user/ann', 'arn:aws:sts::123456789012:federated-user/ann'],
  ])('%s belongs to %s', (arn, owner) => {
    expect(identify(signed(arn))).toBe(owner);
  });

  test.each([
    ['no authorizer', request()],
    ['no principal', signed()],
    ['an empty one', signed('')],
    ['a token instead', request({ jwt: { claims: { sub: 'ann' } } })],
  ])('%s: unauthenticated', (_, event) => {
    expect(() => identify(event)).toThrow(expect.objectContaining({ code: 'WORKFLOW_UNAUTHENTICATED' }));
  });
});

describe('a request with a token', () => {
  const identify = identifyBy({ [environment.auth]: 'jwt', [environment.ownerClaim]: 'email' });

  test('belongs to whom the claim names', () => {
    expect(identify(request({ jwt: { claims: { sub: '1', email: 'ann@x.example' } } }))).toBe(
      'ann@x.example',
    );
  });

  test.each([
    ['no authorizer', request()],
    ['no claims', request({ jwt: {} })],
    ['another claim', request({ jwt: { claims: { sub: '1' } } })],
    ['an empty claim', request({ jwt: { claims: { email: '' } } })],
    ['a claim that is no text', request({ jwt: { claims: { email: ['ann'] } } })],
    ['a signature instead', signed('arn:aws:iam::123456789012:user/ann')],
  ])('%s: unauthenticated', (_, event) => {
    expect(() => identify(event)).toThrow(expect.objectContaining({ code: 'WORKFLOW_UNAUTHENTICATED' }));
  });
});

test('an open API has no owners, whatever a request brings', () => {
  const identify = identifyBy({ [environment.auth]: 'none' });
  expect(identify(request())).toBeUndefined();
  expect(identify(signed('arn:aws:iam::123456789012:user/ann'))).toBeUndefined();
});

test.each([
  [{}],
  [{ [environment.auth]: '' }],
  [{ [environment.auth]: 'open' }],
  [{ [environment.auth]: 'jwt' }],
  [{ [environment.auth]: 'jwt', [environment.ownerClaim]: '' }],
])('%j does not start', (variables) => {
  expect(() => identifyBy(variables)).toThrow(
    expect.objectContaining({ code: 'WORKFLOW_DEFINITION_INVALID' }),
  );
});
