import type { RecordKey, StepRecord } from '../core/records.ts';
import type { TravelParameters } from '../core/travel.ts';
import { formatTurn } from '../core/turn.ts';
import { type Handling, logged } from './handling.ts';
import { stepAt } from './registry.ts';
import { validate } from './validation.ts';

/** A place that a time travel begins at, and the record that it had before. */
export interface PlaceBefore {
  readonly key: RecordKey;
  readonly stepId: string;
  readonly before: StepRecord | undefined;
}

/**
 * Puts the record of a place as if it had been suspended and resumed in this epoch, with the data that the time travel gave:
 * the turn that is to be published finds them there. Undefined when it gave none, or none that fits the step.
 */
export async function resumeAnew(
  handling: Handling,
  parameters: TravelParameters,
  { key, stepId, before }: PlaceBefore,
): Promise<StepRecord | undefined> {
  const { engine, runId, epoch } = handling;
  const data = parameters.hasResume ? await resumeDataOf(handling, parameters, key) : undefined;
  if (data === undefined) return undefined;
  const { suspendPayload, suspendedAt, startedAt } = before ?? {};
  const now = engine.backend.clock.now();
  const record: StepRecord = {
    key,
    stepId,
    turn: formatTurn({ epoch, iteration: 0, generation: 1, attempt: 0 }),
    status: 'due',
    startedAt: startedAt ?? now,
    resumedAt: now,
    inputFrom: key.entry - 1,
    resumeData: await engine.values.store(runId, data.value, 'resumeData'),
    ...(suspendPayload === undefined ? {} : { suspendPayload }),
    ...(suspendedAt === undefined ? {} : { suspendedAt }),
    sharedFrom: key.entry - 1,
    ...logged(handling),
  };
  await engine.backend.store.closeBlock({ runId, record });
  return record;
}

/** Undefined when the step's schema refuses it: then the step begins without. */
async function resumeDataOf(
  { engine, workflow, runId }: Handling,
  { resumeData }: TravelParameters,
  key: RecordKey,
): Promise<{ value: unknown } | undefined> {
  const { validateInputs } = workflow.definition;
  const schema = validateInputs ? stepAt(workflow, key)?.resumeSchema : undefined;
  try {
    const subject = {
      code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
      headline: 'Invalid resume data',
    } as const;
    return { value: await validate(schema, resumeData, subject) };
  } catch (error) {
    engine.logger.warn('The resume data of a time travel does not fit and is ignored', { runId, error });
    return undefined;
  }
}
