import { type ErrorCode, isWorkflowError, WorkflowError } from '../core/errors.ts';
import type { Engine } from './engine.ts';

/** What is kept of a request that can come again: what it meant, or why it was refused. */
type Decision<Meaning> =
  | { readonly meaning: Meaning }
  | {
      readonly refused: {
        readonly code: ErrorCode;
        readonly message: string;
        /** Absent in what a former version kept. */
        readonly details?: WorkflowError['details'];
      };
    };

/** Refusals that say what the run was like at that time: it may be otherwise when the request comes again. */
const passing: readonly ErrorCode[] = [
  'WORKFLOW_RUN_NOT_SUSPENDED',
  'WORKFLOW_RESUME_AMBIGUOUS',
  'WORKFLOW_RESUME_LABEL_NOT_FOUND',
];

/**
 * What a request means that can come more than once: what `find` finds when it comes first, and the same ever after, its
 * refusal included. `request` tells it from all others about the run, whatever they ask for. Of several that come at the same time one decides, and all of them act on that.
 */
export async function decideOnce<Meaning>(
  engine: Engine,
  runId: string,
  request: string,
  find: () => Promise<Meaning>,
): Promise<Meaning> {
  const { values, backend } = engine;
  const found = await decisionOf(find);
  const decision = await values.store(runId, found, 'decision');
  const { image } = await backend.store.decideRequest({ runId, request, decision, now: backend.clock.now() });
  const kept = image === undefined ? found : ((await values.load(runId, image)) as Decision<Meaning>);
  if ('meaning' in kept) return kept.meaning;
  const { code, message, details } = kept.refused;
  throw new WorkflowError(code, message, { details: { ...details, runId } });
}

async function decisionOf<Meaning>(find: () => Promise<Meaning>): Promise<Decision<Meaning>> {
  try {
    return { meaning: await find() };
  } catch (error) {
    if (!isWorkflowError(error, ...passing)) throw error;
    const { code, message, details } = error;
    return { refused: { code, message, details } };
  }
}
