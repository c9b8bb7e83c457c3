import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { measure, type Results, settings } from '../../bench/cost/measure.ts';
import { ENDPOINT_VARIABLE } from './endpoint.ts';

/**
 * The counts of the settings without history, with the ends of steps and without, are those of this version: what docs/cost.md
 * says of steps and workloads. Those with history are measured with the document only.
 */
test('what workloads use without history is what the document says', async () => {
  const path = join(import.meta.dirname, '../../bench/cost/results.json');
  const kept = JSON.parse(readFileSync(path, 'utf8')) as Results[];
  const measured = await measure(process.env[ENDPOINT_VARIABLE] ?? '', settings.slice(0, 2));
  expect(measured.map(({ setting }) => setting.history)).toEqual(['none', 'none']);
  expect(measured).toEqual(kept.slice(0, 2));
});
