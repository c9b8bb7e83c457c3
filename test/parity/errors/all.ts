import type { Failed, Refused } from './case.ts';
import { failedEntries, unfitValues } from './failed.ts';
import { refusedChanges, refusedResumptions } from './refused.ts';
import { refusedValues } from './refused-values.ts';
import { thrownErrors } from './thrown.ts';

/** All calls that are refused, and all runs that fail. */

export const allRefused: readonly Refused[] = [...refusedValues, ...refusedResumptions, ...refusedChanges];
export const allFailed: readonly Failed[] = [...thrownErrors, ...unfitValues, ...failedEntries];
