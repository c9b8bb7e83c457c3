import { defineConfig, mergeConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { shared } from './vitest.shared.ts';

/** Files that mostly wait, for messages that come back or for deployments, begin first: the others fit beside them. */
class LongestFirst extends BaseSequencer {
  static readonly #longest = /(documents|recovery)\.test\.ts$/;

  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => LongestFirst.#longest.test(moduleId);
    // oxlint-disable-next-line unicorn/no-array-sort -- the sequencer's own method, which answers with another array
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => Number(isLong(other)) - Number(isLong(one)));
  }
}

/** For `npm run test:integration`, which deploys what these tests call. */
export default mergeConfig(
  shared,
  defineConfig({
    test: {
      include: ['test/integration/*/*.test.ts'],
      sequence: { sequencer: LongestFirst },
      // They share deployments. Most of what they do is to wait, while two cores execute the functions.
      maxWorkers: 4,
      testTimeout: 180_000,
      hookTimeout: 120_000,
    },
  }),
);
