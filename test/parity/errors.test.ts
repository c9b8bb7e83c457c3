import { describe, expect, it } from 'vitest';
import { inPlace } from '../runtime/places.ts';
import { authorsCalls, type AuthorsWorkflow, runId, type SeenRun } from './errors/calls.ts';
import type { Failed, Refused } from './errors/case.ts';
import { failedEntries, unfitValues } from './errors/failed.ts';
import { refusedChanges, refusedResumptions } from './errors/refused.ts';
import { refusedValues } from './errors/refused-values.ts';
import { jsonOf, named, refusalOf } from './errors/shown.ts';
import { thrownErrors } from './errors/thrown.ts';
import { places } from './places/index.ts';

/** Errors of every situation, by all that they have; test/http and test/runtime look at the same over HTTP and after a restart. */
describe.each(places)('errors in $name', (place) => {
  const refuses = async (_: string, { workflow: make, before, call, error }: Refused): Promise<void> => {
    const workflow = make();
    await inPlace(place, [workflow], async () => {
      const calls = await authorsCalls(workflow);
      await before?.(calls);
      expect(await refusalOf(call(calls))).toEqual(error);
    });
  };

  it.each(named(refusedValues))('R15 refuses a call: %s', refuses);
  it.each(named(refusedResumptions))('R16 refuses to resume: %s', refuses);
  it.each(named(refusedChanges))('R17 refuses a change: %s', refuses);

  const fails = async (_: string, { workflow: make, inputData = {}, ...shown }: Failed): Promise<void> => {
    const workflow = make();
    await inPlace(place, [workflow], async () => {
      const run = await workflow.createRun({ runId });
      expectError(await run.start({ inputData }), shown);
      expectError(await storedRun(workflow), shown);
    });
  };

  it.each(named(thrownErrors))('R18 fails with what a body throws: %s', fails);
  it.each(named(unfitValues))('R19 fails with a value: %s', fails);
  it.each(named(failedEntries))('R20 fails between bodies: %s', fails);
});

async function storedRun(workflow: AuthorsWorkflow): Promise<SeenRun> {
  const stored = await workflow.getWorkflowRunById(runId);
  if (stored === null) throw new TypeError('There is no run');
  return stored;
}

/** The error of the run and that of its step are this one, as an Error. */
function expectError(
  run: SeenRun,
  { error, stepId = 'fails', type = Error }: Pick<Failed, 'error' | 'stepId' | 'type'>,
): void {
  expect(run.status).toBe('failed');
  const step = run.steps[stepId] as { readonly error?: unknown } | undefined;
  for (const shown of [run.error, step?.error]) {
    expect(shown).toBeInstanceOf(type);
    expect(jsonOf(shown)).toEqual(error);
  }
}
