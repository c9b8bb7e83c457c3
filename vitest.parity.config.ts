import { defineConfig, mergeConfig } from 'vitest/config';
import { localPlaces } from './test/parity/places/local.ts';
import { PLACES_VARIABLE } from './test/parity/places/names.ts';
import { shared } from './vitest.shared.ts';

/** `npm run test:parity`: the same tests in every place that needs nothing but this machine. */
export default mergeConfig(
  shared,
  defineConfig({
    test: {
      include: ['test/parity/**/*.test.ts'],
    },
  }),
);
