import type { StepDefinition } from '../core/definition.ts';
import { encodeToken } from '../core/join.ts';
import { memberOf, type RecordKey, type StepRecord } from '../core/records.ts';
import type { TravelParameters } from '../core/travel.ts';
import { formatTurn } from '../core/turn.ts';
import { entryTurn, type Handling, begunBy } from './handling.ts';
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
 * the turn that is to be published finds them there. Undefined when it gave none, or there is no step that they fit.
 */
export async function resumeAnew(
  handling: Handling,
  parameters: TravelParameters,
  { key, stepId, before }: PlaceBefore,
): Promise<StepRecord | undefined> {
  const { engine, runId, epoch } = handling;
  const step = stepAt(handling.workflow, key);
  if (!parameters.hasResume || step === undefined) return undefined;
  const data = await resumeDataOf(handling, parameters, step);
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
    ...begunBy(handling, key.entry),
  };
  await logResumption(handling, key);
  await engine.backend.store.closeBlock({ runId, record, epoch });
  return record;
}

/** The log of its block says of a member that it was suspended and is resumed, as it will stand. */
async function logResumption({ engine, runId, epoch }: Handling, key: RecordKey): Promise<void> {
  const member = memberOf(key);
  if (member === undefined) return;
  const turn = entryTurn({ epoch });
  for (const [generation, kind] of (['suspended', 'resumed'] as const).entries()) {
    const token = encodeToken({ generation, kind, hasDelta: false, member });
    const at = { runId, entry: key.entry, epoch, turn };
    await engine.backend.store.appendToken({ ...at, token, fromSegment: 0 });
  }
}

/** Undefined when the step's schema refuses it: then the step begins without. */
async function resumeDataOf(
  { engine, workflow, runId }: Handling,
  { resumeData }: TravelParameters,
  { resumeSchema }: StepDefinition,
): Promise<{ value: unknown } | undefined> {
  const schema = workflow.definition.validateInputs ? resumeSchema : undefined;
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
