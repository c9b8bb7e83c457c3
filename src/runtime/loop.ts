import { WorkflowError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { StepRecord } from '../core/records.ts';
import { parseTurn } from '../core/turn.ts';
import type { Handling } from './handling.ts';
import type { LoopEntry } from './registry.ts';
import { evaluateLoop, type ReadExecution } from './step-executor.ts';

/**
 * Asks the condition of a loop after an iteration, whose output is the input of `execution`; resolves with whether another
 * one follows. Rejects with what the condition throws, and with WORKFLOW_LIMIT_EXCEEDED when there are no more turns.
 */
export async function askLoop(
  { runId }: Pick<Handling, 'runId'>,
  loop: LoopEntry,
  { turn }: Pick<StepRecord, 'turn'>,
  execution: ReadExecution,
): Promise<boolean> {
  const { iteration } = parseTurn(turn);
  const { id } = loop.step;
  const { stepResults, input } = execution;
  const again = await evaluateLoop(
    loop,
    {
      ...execution,
      stepResults: {
        init: () => stepResults.init(),
        output: (stepId) => (stepId === id ? input : stepResults.output(stepId)),
      },
      retryCount: -1,
    },
    iteration + 1,
  );
  if (!again || iteration < limits.iterations) return again;
  throw new WorkflowError(
    'WORKFLOW_LIMIT_EXCEEDED',
    `The loop over "${id}" was to run more than ${limits.iterations + 1} iterations: check its condition, or split the work over several runs`,
    { details: { runId, stepId: id, limit: 'iterations', allowed: limits.iterations + 1 } },
  );
}
