import { defineConfig, mergeConfig } from 'vitest/config';
import { localNames, PLACES_VARIABLE } from './test/parity/places/names.ts';
import { ParityRecorder } from './test/parity/recorder.ts';
import { shared } from './vitest.shared.ts';

/**
 * The same tests in every place that `PARITY_PLACES` names: `npm run test:parity` in all that need nothing but this machine,
 * `npm run test:dynamodb` in that of AWS.
 */
export default mergeConfig(
  shared,
  defineConfig({
    test: {
      include: ['test/parity/**/*.test.ts'],
      setupFiles: ['test/parity/places/setup.ts'],
      env: { [PLACES_VARIABLE]: process.env[PLACES_VARIABLE] ?? Object.values(localNames).join(';') },
      // A loop of 300 iterations is 300 functions that start cold, or 300 transitions on an emulator.
      testTimeout: 120_000,
      reporters: ['default', new ParityRecorder()],
    },
  }),
);
