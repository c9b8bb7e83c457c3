import { defineConfig, mergeConfig } from 'vitest/config';
import { shared } from './vitest.shared.ts';

/** The same tests in every place that `PARITY_PLACES` names: for `npm run test:parity` and `npm run test:dynamodb`. */
export default mergeConfig(
  shared,
  defineConfig({
    test: {
      include: ['test/parity/**/*.test.ts'],
    },
  }),
);
