import { defineConfig, mergeConfig } from 'vitest/config';
import { localNames, PLACES_VARIABLE } from './test/parity/places/names.ts';
import { longestFirst, NEEDS_EMULATOR, shared } from './vitest.shared.ts';

/** `npm test`: everything that needs nothing but Node. */
export default mergeConfig(
  shared,
  defineConfig({
    test: {
      include: ['test/**/*.test.ts'],
      exclude: ['**/node_modules/**', 'test/types/**', ...NEEDS_EMULATOR],
      sequence: { sequencer: longestFirst(/\/test\/(simulation|kill|examples|docs)\//) },
      setupFiles: ['test/parity/places/setup.ts'],
      // The other places have a suite of their own: `npm run test:parity`.
      env: { [PLACES_VARIABLE]: process.env[PLACES_VARIABLE] ?? localNames.memory },
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
