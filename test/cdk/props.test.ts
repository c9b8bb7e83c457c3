import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import type { WorkflowStackProps } from '../../lib/index.ts';
import { createStack } from './synth.ts';

/** Props as plain JavaScript may give them. */
function untyped(props: Record<string, unknown>): Partial<WorkflowStackProps> {
  return props;
}

/** The code and the message of what the construct throws. */
function refused(props: Record<string, unknown>): string {
  try {
    createStack(untyped(props));
  } catch (error) {
    if (error instanceof Error && 'code' in error) return `${String(error.code)} ${error.message}`;
    throw error;
  }
  return 'accepted';
}

test('without a choice of who may call the API, there is no deployment', () => {
  expect(refused({ auth: undefined })).toBe(
    "AUTH_MISSING WorkflowRuntime: auth is missing. Write auth: 'iam' (signed requests of AWS principals), auth: { " +
      "issuer: 'https://...', audience: '...' } (tokens), or, for an API that is open to everybody, auth: 'none'",
  );
});

describe('a prop out of bounds says what to write', () => {
  test.each([
    [{ entry: 'no/such/file.ts' }, /^PROPS_INVALID .*entry.*no file .*no\/such\/file\.ts.*write the path/],
    [{ auth: 'open' }, /auth is invalid.*'iam', 'none' and \{ issuer, audience \}; write one/],
    [{ auth: null }, /auth is invalid.*write one/],
    [{ auth: { issuer: 'http://a.example', audience: 'b' } }, /auth\.issuer.*no https URL; write/],
    [{ auth: { audience: 'b' } }, /auth\.issuer.*no https URL; write/],
    [{ auth: { issuer: 'https://a.example', audience: [] } }, /auth\.audience.*empty; write/],
    [{ auth: { issuer: 'https://a.example' } }, /auth\.audience.*empty; write/],
    [
      { auth: { issuer: 'https://a.example', audience: 'b', ownerClaim: '' } },
      /auth\.ownerClaim.*write a claim/,
    ],
    [{ memorySize: 127 }, /memorySize.*it is 127; write a whole number of MiB from 128 to 10240/],
    [{ memorySize: 10_241 }, /memorySize/],
    [{ memorySize: 512.5 }, /memorySize.*it is 512\.5/],
    [{ timeout: Duration.seconds(901) }, /timeout.*it is 901; write a whole number of s from 12 to 900/],
    [{ timeout: Duration.seconds(11) }, /timeout.*it is 11/],
    [
      { maximumConcurrency: 1 },
      /maximumConcurrency.*it is 1; write a whole number of invocations from 2 to 1000/,
    ],
    [{ maximumConcurrency: 1_001 }, /maximumConcurrency/],
    [
      { sweepInterval: Duration.seconds(90) },
      /sweepInterval.*it is 1\.5; write a whole number of minutes from 1/,
    ],
    [{ sweepInterval: Duration.seconds(30) }, /sweepInterval.*it is 0\.5/],
    [{ sweepInterval: Duration.minutes(61) }, /sweepInterval.*it is 61; write .* from 1 to 60/],
    [{ removalPolicy: RemovalPolicy.SNAPSHOT }, /removalPolicy.*write RemovalPolicy\.RETAIN or/],
    [{ lease: Duration.seconds(2) }, /lease.*it is 2; write a whole number of s from 3 to 900/],
    [{ runRetention: Duration.hours(12) }, /runRetention.*it is 0\.5; write a whole number of days/],
    [{ payloadExpiration: Duration.days(0) }, /payloadExpiration.*it is 0; write/],
    [{ history: 'stream' }, /history.*it is "stream"; write 'full' or 'none'/],
    [{ environment: { EVENTED_TABLE: 'mine' } }, /environment.*EVENTED_TABLE belongs to the runtime/],
  ])('%j', (props, message) => {
    expect(refused(props)).toMatch(message);
  });

  test.each([
    { timeout: Duration.seconds(12) },
    { timeout: Duration.minutes(15) },
    { memorySize: 128 },
    { memorySize: 10_240 },
    { maximumConcurrency: 2 },
    { maximumConcurrency: 1_000 },
    { sweepInterval: Duration.seconds(60) },
    { sweepInterval: Duration.hours(1) },
    { lease: Duration.seconds(3) },
    { environment: { NODE_OPTIONS: '--no-warnings' } },
  ])('%j is within them', (props) => {
    expect(refused(props)).toBe('accepted');
  });
});
