import { expect, test } from 'vitest';
import { readOptions } from './options.ts';

test('an account and a region are enough to learn what it costs', () => {
  expect(readOptions(['--profile', 'trial', '--region', 'eu-central-1'])).toEqual({
    profile: 'trial',
    region: 'eu-central-1',
    name: 'EventedWorkflowsCanary',
    isEmulated: false,
    isKept: false,
    isConfirmed: false,
  });
});

test('it begins when it is told to, under a name that is given, and leaves what it deployed', () => {
  const argv = ['--profile=trial', '--region=us-gov-west-1', '--name=Trial-2', '--keep', '--yes'];
  expect(readOptions(argv)).toMatchObject({
    region: 'us-gov-west-1',
    name: 'Trial-2',
    isKept: true,
    isConfirmed: true,
  });
});

test('an emulator costs nothing, and is nobody’s account', () => {
  expect(readOptions(['--emulator'])).toMatchObject({
    profile: undefined,
    isEmulated: true,
    isConfirmed: true,
  });
});

test.each([
  [[], '--profile is missing'],
  [['--profile', ''], '--profile is missing'],
  [['--profile', 'trial'], '--region is missing'],
  [['--profile', 'trial', '--region', 'Frankfurt'], '--region is "Frankfurt"'],
  [['--profile', 'trial', '--region', 'eu-central-1', '--name', '1st'], '--name is "1st"'],
  [['--emulator', '--profile', 'trial'], '--emulator has no account'],
  [['--force'], "Unknown option '--force'"],
  [['trial'], "Unexpected argument 'trial'"],
])('%j is refused, with what to write', (argv, message) => {
  expect(() => readOptions(argv)).toThrow(message);
});
