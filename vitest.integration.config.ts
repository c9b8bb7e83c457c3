import { defineConfig, mergeConfig } from 'vitest/config';
import { shared } from './vitest.shared.ts';

/** For `npm run test:integration`, which deploys what these tests call. */
export default mergeConfig(
  shared,
  defineConfig({
    test: {
      include: ['test/integration/*.test.ts'],
      // They share one deployment, and two cores with the emulator of it.
      fileParallelism: false,
      testTimeout: 180_000,
      hookTimeout: 60_000,
    },
  }),
);
