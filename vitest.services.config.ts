import { defineConfig, mergeConfig } from 'vitest/config';
import { shared } from './vitest.shared.ts';

/** For `npm run test:services`, which starts the emulator that these tests call. */
export default mergeConfig(
  shared,
  defineConfig({
    test: {
      include: ['test/services/*.test.ts'],
      fileParallelism: false,
      testTimeout: 60_000,
      hookTimeout: 60_000,
    },
  }),
);
