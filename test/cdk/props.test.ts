import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Table } from 'aws-cdk-lib/aws-dynamodb';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, test } from 'vitest';
import { WorkflowRuntimeError, type WorkflowStackProps } from '../../lib/index.ts';
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
    if (error instanceof WorkflowRuntimeError) return `${error.code} ${error.message}`;
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
    [{ entry: undefined }, /entry.*missing; write the path of the module/],
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
    [{ batchSize: 0 }, /batchSize.*it is 0; write a whole number of events from 1 to 10/],
    [{ batchSize: 11 }, /batchSize.*it is 11/],
    [{ stepEndEvents: 'off' }, /stepEndEvents.*it is "off"; write true or false/],
    [{ listing: 1 }, /listing.*it is 1; write true or false/],
    [{ deletionProtection: 'yes' }, /deletionProtection.*write true or false/],
    [{ logRetention: 31 }, /logRetention.*it is 31; write a member of RetentionDays/],
    [{ tracing: 'on' }, /tracing.*it is "on"; write Tracing\.ACTIVE, Tracing\.PASS_THROUGH or/],
    [
      { throttling: { rateLimit: 0 } },
      /throttling\.rateLimit.*it is 0; write a whole number of requests a second, 1/,
    ],
    [{ throttling: { burstLimit: 0.5 } }, /throttling\.burstLimit.*it is 0\.5; write/],
    [{ cors: { allowOrigins: [] } }, /cors\.allowOrigins.*it is empty; write origins as/],
    [
      { cors: { allowOrigins: ['https://a.example/shop'] } },
      /one is "https:\/\/a\.example\/shop"; write origins as/,
    ],
    [{ cors: { allowOrigins: ['*'], maxAge: Duration.days(2) } }, /cors\.maxAge.*it is 172800; write/],
    [
      { warmThroughput: { readUnitsPerSecond: 11_999, writeUnitsPerSecond: 4_000 } },
      /warmThroughput\.readUnitsPerSecond.*it is 11999; write a whole number of read units, 12000 at least/,
    ],
    [
      { warmThroughput: { readUnitsPerSecond: 12_000, writeUnitsPerSecond: 3_999 } },
      /warmThroughput\.writeUnitsPerSecond.*it is 3999; write .* 4000 at least/,
    ],
    [
      { longSteps: { timeout: Duration.seconds(120) } },
      /longSteps\.timeout.*it is 120 s, and timeout 120 s; write more, or longSteps: false/,
    ],
    [{ longSteps: { memorySize: 1 } }, /longSteps\.memorySize.*it is 1; write/],
    [{ longSteps: { maximumConcurrency: 1 } }, /longSteps\.maximumConcurrency.*it is 1; write/],
    [
      { functions: { 'a b': { workflows: ['w'] } } },
      /functions\.a b.*its name is not 1 to 40 .*; write one that is/,
    ],
    [{ functions: { a: {} } }, /functions\.a .*nothing would run in it; write workflows/],
    [{ functions: { a: { workflows: [''] } } }, /functions\.a\.workflows.*write ids of workflows/],
    [
      { functions: { a: { steps: ['bill'] } } },
      /functions\.a\.steps.*one is "bill"; write "<workflow id>\/<step id>"/,
    ],
    [
      { functions: { a: { workflows: ['w'], timeout: Duration.hours(1) } } },
      /functions\.a\.timeout.*it is 3600; write/,
    ],
    [{ functions: { a: { workflows: ['w'], batchSize: 11 } } }, /functions\.a\.batchSize.*it is 11; write/],
    [
      { functions: { a: { workflows: ['w'], environment: { EVENTED_BUS: 'b' } } } },
      /functions\.a\.environment/,
    ],
    [
      { functions: { a: { workflows: ['w', 'w'] } } },
      /functions\.a\.workflows.*w is in it twice; write it once/,
    ],
    [
      { functions: { a: { steps: ['w/s'] }, b: { steps: ['w/s'] } } },
      /functions\.b\.steps.*w\/s is in functions\.a too; write it once/,
    ],
    [{ functions: { 'long-steps': { workflows: ['w'] } } }, /functions\.long-steps.*choose another/],
    [
      { functions: { a: { workflows: Array.from({ length: 300 }, (_, at) => `workflow-${at}`) } } },
      /environment.*the variables of ApiFunction are about \d+ bytes, and Lambda takes 4096; write fewer or shorter/,
    ],
    [{ environment: { TEXT: 'x'.repeat(4_000) } }, /environment.*Lambda takes 4096/],
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
    { batchSize: 10 },
    { longSteps: { timeout: Duration.seconds(121) } },
    { longSteps: false, functions: { 'long-steps': { workflows: ['w'] } } },
    { throttling: { rateLimit: 1, burstLimit: 1 } },
    { cors: { allowOrigins: ['*'], maxAge: Duration.days(1) } },
    { warmThroughput: { readUnitsPerSecond: 12_000, writeUnitsPerSecond: 4_000 } },
    { environment: { NODE_OPTIONS: '--no-warnings' } },
  ])('%j is within them', (props) => {
    expect(refused(props)).toBe('accepted');
  });
});

describe('props that say the same twice are refused', () => {
  const stack = new Stack();
  const table = Table.fromTableName(stack, 'Table', 'runs');
  const bucket = Bucket.fromBucketName(stack, 'Bucket', 'payloads');
  const warmThroughput = { readUnitsPerSecond: 12_000, writeUnitsPerSecond: 4_000 };

  test.each([
    [{ table, deletionProtection: true }, /deletionProtection.*beside table; set it on the table, or leave/],
    [{ table, warmThroughput }, /warmThroughput.*beside table; set it on the table/],
    [{ bucket, payloadExpiration: Duration.days(9) }, /payloadExpiration.*beside bucket; give the bucket a/],
    [{ storage: { table, bucket }, table }, /table is invalid.*beside storage; write it on the storage/],
    [{ storage: { table, bucket }, bucket }, /bucket is invalid.*beside storage/],
    [{ storage: { table, bucket }, warmThroughput }, /warmThroughput.*beside storage/],
    [
      { storage: { table, bucket }, payloadExpiration: Duration.days(9) },
      /payloadExpiration.*beside storage/,
    ],
    [{ storage: { table, bucket }, deletionProtection: false }, /deletionProtection.*beside storage/],
    [
      { deadLetterQueue: Queue.fromQueueArn(stack, 'Dead', 'arn:aws:sqs:eu-central-1:123456789012:dead') },
      /deadLetterQueue.*write queue too/,
    ],
  ])('%#', (props, message) => {
    expect(refused(props)).toMatch(message);
  });
});
