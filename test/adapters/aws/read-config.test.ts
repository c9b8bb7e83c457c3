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
    schedules: undefined,
    lanes: [],
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

const lane = {
  name: 'long',
  queueUrl: 'https://sqs.eu-central-1.amazonaws.com/123456789012/long',
  queueArn: 'arn:aws:sqs:eu-central-1:123456789012:long',
  stepsOver: 60_000,
};
const scheduling = {
  [environment.queueArn]: 'arn:aws:sqs:eu-central-1:123456789012:work',
  [environment.scheduleGroup]: 'timers',
  [environment.scheduleRole]: 'arn:aws:iam::123456789012:role/timers',
};

test('lanes, and where timers are kept, are read', () => {
  const lanes = [lane, { ...lane, name: 'big-2', workflows: ['w'], steps: ['w/s', 'v/a/b'] }];
  const deadLetterArn = 'arn:aws:sqs:eu-central-1:123456789012:dead';
  const config = readAwsConfig({
    ...least,
    ...scheduling,
    [environment.scheduleDeadLetters]: deadLetterArn,
    [environment.lanes]: JSON.stringify(lanes),
  });
  expect(config.lanes).toEqual(lanes);
  expect(config.schedules).toEqual({
    group: 'timers',
    roleArn: scheduling[environment.scheduleRole],
    queueArn: scheduling[environment.queueArn],
    deadLetterArn,
  });
});

test('a queue or a role without a group sets no schedules', () => {
  const { [environment.scheduleGroup]: _, ...rest } = scheduling;
  expect(readAwsConfig({ ...least, ...rest }).schedules).toBeUndefined();
});

test.each<[string, unknown, string]>([
  ['no JSON', '[', 'is no JSON'],
  ['no array', lane, 'is no array'],
  [
    'no name of a rule',
    [{ ...lane, name: 'a lane' }],
    'is not a name of 1 to 40 letters, digits and hyphens',
  ],
  ['a name that is too long', [{ ...lane, name: 'x'.repeat(41) }], 'is not a name'],
  ['a name twice', [lane, lane], 'has a name twice'],
  ['no queue', [{ ...lane, queueUrl: 'long' }], 'is not a URL'],
  ['no ARN', [{ ...lane, queueArn: 'long' }], 'is not an ARN'],
  ['nothing to do', [{ ...lane, stepsOver: undefined }], 'has none of workflows, steps and stepsOver'],
  ['a step without its workflow', [{ ...lane, steps: ['s'] }], 'is not an array of <workflow id>/<step id>'],
  ['part of a millisecond', [{ ...lane, stepsOver: 0.5 }], 'is not a whole number of milliseconds'],
  ['a field that nobody reads', [{ ...lane, step: ['w/s'] }], 'is no field of a lane'],
])('a lane with %s is refused', (_, value, message) => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  expect(() => readAwsConfig({ ...least, [environment.lanes]: text })).toThrow(
    expect.objectContaining({
      code: 'WORKFLOW_DEFINITION_INVALID',
      message: expect.stringMatching(new RegExp(`${environment.lanes}.*${message}`)) as unknown,
    }),
  );
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
  [environment.scheduleRole, { ...scheduling, [environment.scheduleRole]: undefined }],
  [environment.queueArn, { ...scheduling, [environment.queueArn]: undefined }],
  [environment.scheduleRole, { ...scheduling, [environment.scheduleRole]: 'timers' }],
  [environment.scheduleDeadLetters, { ...scheduling, [environment.scheduleDeadLetters]: 'dead' }],
  [environment.scheduleGroup, { ...scheduling, [environment.scheduleGroup]: '' }],
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
