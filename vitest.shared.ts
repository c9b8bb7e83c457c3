import { fileURLToPath } from 'node:url';
import type { ViteUserConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Makes the package's own public name mean its sources; the same name stands in package.json and tsconfig.json. */
const CONDITION = 'evented-workflows-source';

/**
 * Vite replaces its default conditions by those that are given, so they have to be given again. Not its `module`: Node
 * runs what is found, and the files that the AWS clients offer under that name are for bundlers only.
 */
const conditions = [CONDITION, 'node', 'development|production'];

/** Not for Vitest: the emulators that these need are started by commands of their own. */
export const NEEDS_EMULATOR = ['test/contract/dynamodb-*.test.ts', 'test/integration/**', 'test/services/**'];

/** What every Vitest configuration of the repository has in common. */
export const shared = {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // For what a test's worker imports itself, past Vite: a child process, a module path made at run time.
    execArgv: [`--conditions=${CONDITION}`],
    environment: 'node',
    // Processes that tests start find the sources compiled by those before them: more than half of the time of a short one.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('.cache/compiled', import.meta.url)) },
    // A worker goes through many files, and each of them would load the sources and schema libraries anew: half of the time.
    // So a test that changes something of its process puts it back.
    isolate: false,
    // One core less is Vitest's default, which on two cores is one worker.
    maxWorkers: '100%',
    // Two cores that are shared with other work take longer than Vitest's default allows for a cold CDK synth.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    restoreMocks: true,
  },
} satisfies ViteUserConfig;

/**
 * Files that take longest begin first: at the end they would keep one worker when the others have nothing left. Vitest itself
 * knows how long files take only when it has run them before.
 */
export function longestFirst(longest: RegExp): typeof BaseSequencer {
  return class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      const isLong = ({ moduleId }: TestSpecification): boolean => longest.test(moduleId);
      // oxlint-disable-next-line unicorn/no-array-sort -- the sequencer's own method, which answers with another array
      const sorted = await super.sort(files);
      return sorted.toSorted((one, other) => Number(isLong(other)) - Number(isLong(one)));
    }
  };
}
