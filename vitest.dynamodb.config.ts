import { defineConfig, mergeConfig } from 'vitest/config';
import { shared } from './vitest.shared.ts';

/** `npm run test:dynamodb`: the contract suite of the stores, on DynamoDB Local. */
export default mergeConfig(
  shared,
  defineConfig({
    test: {
      include: ['test/contract/dynamodb-*.test.ts'],
      // One emulator serves them all.
      fileParallelism: false,
      testTimeout: 120_000,
      hookTimeout: 600_000,
    },
  }),
);
