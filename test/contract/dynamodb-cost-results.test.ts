import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { measure, type Results, settings } from '../../bench/cost/measure.ts';
import { ENDPOINT_VARIABLE } from './endpoint.ts';

/** The counts in docs/cost.md are those of this version. */
test('what workloads use is what the document says', async () => {
  const path = join(import.meta.dirname, '../../bench/cost/results.json');
  const kept = JSON.parse(readFileSync(path, 'utf8')) as Results[];
  const [setting] = settings;
  const measured = await measure(
    process.env[ENDPOINT_VARIABLE] ?? '',
    setting === undefined ? [] : [setting],
  );
  expect(measured).toEqual(kept.slice(0, 1));
});
