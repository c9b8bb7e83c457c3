import { describe, expect, test } from 'vitest';
import { noUsage, withUsage } from '../../src/core/usage.ts';

describe('what agents used', () => {
  test.each([
    ['of the last chunk of a stream', { payload: { output: { usage: { inputTokens: 2 } } } }],
    ['in its payload', { payload: { usage: { inputTokens: 2 } } }],
    ['of all steps of an agent', { totalUsage: { inputTokens: 2 }, usage: { inputTokens: 1 } }],
    ['beside its type', { usage: { inputTokens: 2 } }],
    ['under older names', { usage: { promptTokens: '2' } }],
  ])('is found %s', (_, chunk) => {
    const usage = withUsage(noUsage, { type: 'finish', ...chunk });
    expect(usage).toEqual({ ...noUsage, inputTokens: 2 });
    expect(withUsage(usage, { type: 'finish', ...chunk }).inputTokens).toBe(4);
  });

  test.each([[null], ['finish'], [{ type: 'text', usage: { inputTokens: 2 } }], [{ type: 'finish' }]])(
    'is not in %j',
    (chunk) => {
      expect(withUsage(noUsage, chunk)).toEqual(noUsage);
    },
  );

  test('has no number that is none', () => {
    expect(withUsage(noUsage, { type: 'finish', usage: { totalTokens: 'many' } })).toEqual(noUsage);
  });
});
