import { expect, test } from 'vitest';
import { defaults, environment } from '../../../src/adapters/aws/config.ts';
import { readAwsConfig } from '../../../src/adapters/aws/index.ts';
import { isWorkflowError } from '../../../src/core/errors.ts';

const least = {
  [environment.table]: 'runs',
  [environment.bus]: 'bus',
  [environment.queueUrl]: 'https://sqs.eu-central-1.amazonaws.com/123456789012/work',
  [environment.bucket]: 'payloads',
};

test('what the construct may leave out has its default', () => {
  expect(readAwsConfig(least)).toEqual({
    tableName: 'runs',
    busName: 'bus',
    queueUrl: least[environment.queueUrl],
    bucket: 'payloads',
    leaseMs: defaults.leaseSeconds * 1000,
    retentionMs: defaults.retentionDays * 86_400_000,
    stepEnds: true,
    listing: true,
    history: 'none',
  });
});

test('what the construct sets is read', () => {
  const config = readAwsConfig({
    ...least,
    [environment.leaseSeconds]: '90',
    [environment.retentionDays]: '7',
    [environment.stepEnds]: 'off',
    [environment.listing]: 'off',
    [environment.history]: 'full',
    PATH: '/bin',
  });
  expect(config).toMatchObject({
    leaseMs: 90_000,
    retentionMs: 7 * 86_400_000,
    stepEnds: false,
    listing: false,
    history: 'full',
  });
});

test.each<[string, Record<string, string | undefined>]>([
  [environment.table, { [environment.table]: undefined }],
  [environment.bus, { [environment.bus]: '' }],
  [environment.queueUrl, { [environment.queueUrl]: 'work' }],
  [environment.bucket, { [environment.bucket]: undefined }],
  [environment.leaseSeconds, { [environment.leaseSeconds]: 'long' }],
  [environment.leaseSeconds, { [environment.leaseSeconds]: '0' }],
  [environment.retentionDays, { [environment.retentionDays]: '-1' }],
  [environment.stepEnds, { [environment.stepEnds]: 'true' }],
  [environment.listing, { [environment.listing]: '' }],
  [environment.history, { [environment.history]: 'on' }],
])('a variable that is missing or malformed is named: %s', (name, change) => {
  try {
    readAwsConfig({ ...least, ...change });
  } catch (error) {
    if (!isWorkflowError(error, 'WORKFLOW_DEFINITION_INVALID')) throw error;
    expect(error.message).toContain(name);
    expect(error.details.issues?.map(({ path }) => path)).toEqual([name]);
    return;
  }
  expect.unreachable('it was read');
});

test('all that is wrong is named at once', () => {
  expect(() => readAwsConfig({})).toThrow(
    expect.objectContaining({
      details: { issues: Object.keys(least).map((path) => expect.objectContaining({ path }) as unknown) },
    }),
  );
});
