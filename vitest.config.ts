import { defineConfig, mergeConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { localNames, PLACES_VARIABLE } from './test/parity/places/names.ts';
import { NEEDS_EMULATOR, shared } from './vitest.shared.ts';

/** Where files take longest: those that begin last would keep one worker when the others have nothing left. */
const long = /\/test\/(?:simulation|kill|examples)\//u;

/** What takes longest comes first. Vitest itself knows how long files take only when it has run them before. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- it is no array that sorts
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => long.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

/** `npm test`: everything that needs nothing but Node. */
export default mergeConfig(
  shared,
  defineConfig({
    test: {
      include: ['test/**/*.test.ts'],
      exclude: ['**/node_modules/**', 'test/types/**', ...NEEDS_EMULATOR],
      sequence: { sequencer: LongestFirst },
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
