import { defineConfig, mergeConfig } from 'vitest/config';
import { longestFirst, shared } from './vitest.shared.ts';

/** For `npm run test:integration`, which deploys what these tests call. */
export default mergeConfig(
  shared,
  defineConfig({
    test: {
      include: ['test/integration/*/*.test.ts'],
      // They mostly wait, for messages that come back or for deployments: the others fit beside them.
      sequence: { sequencer: longestFirst(/(documents|recovery)\.test\.ts$/) },
      // They share deployments. Most of what they do is to wait, while two cores execute the functions.
      maxWorkers: 4,
      testTimeout: 180_000,
      hookTimeout: 120_000,
    },
  }),
);
