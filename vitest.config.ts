import { defineConfig, mergeConfig } from 'vitest/config';
import { NEEDS_EMULATOR, shared } from './vitest.shared.ts';

/** `npm test`: everything that needs nothing but Node. */
export default mergeConfig(
  shared,
  defineConfig({
    test: {
      include: ['test/**/*.test.ts'],
      exclude: ['**/node_modules/**', 'test/types/**', ...NEEDS_EMULATOR],
      coverage: {
        provider: 'v8',
        // The pure core decides what is written and published: each of its branches is a promise that a test keeps.
        include: ['src/core/**/*.ts'],
        reporter: ['text', 'html'],
        reportsDirectory: 'coverage',
        thresholds: { lines: 100, functions: 100, branches: 100, statements: 100 },
      },
    },
  }),
);
