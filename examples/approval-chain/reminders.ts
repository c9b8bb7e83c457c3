import { createStep, createWorkflow } from 'evented-workflows';
import { z } from 'zod';
import { roles, type Role, type World } from './request.ts';

/** The questions that are reminded of, as far as a reminder has to know them. */
export interface Questions {
  /** Whether nobody has answered yet, and the purchase is still wanted. */
  isOpen(runId: string, role: Role): Promise<boolean>;
  /** Hands the question on to the deputy. False when somebody was faster with an answer. */
  escalate(runId: string, role: Role, reminders: number): Promise<boolean>;
}

const watched = z.object({
  /** Run of the purchase. */
  runId: z.string(),
  role: z.enum(roles),
  everyMs: z.int(),
  most: z.int(),
  outcome: z.enum(['open', 'answered', 'escalated']).default('open'),
});
/** When the reminders were sent, ms since 1970. */
const sent = z.object({ sent: z.array(z.number()).optional() });

/** Id of the run that reminds of one question. Derived, so that a question that is asked again has no second one. */
export function remindersOf(runId: string, role: Role): string {
  return `${runId}.${role}`;
}

/**
 * Sleeps and reminds by turns, until the question is answered or handed on. A run of its own beside the purchase, and no part of
 * it: a run is suspended, and a bail ends it, only when none of its arms works or sleeps any more.
 */
export function remindersWorkflow(questions: Questions, { tell, now }: World) {
  const remind = createStep({
    id: 'remind',
    description: 'Reminds of an open question; after the last reminder it is handed on',
    inputSchema: watched,
    outputSchema: watched,
    stateSchema: sent,
    execute: async ({ inputData, state, setState, idempotencyKey }) => {
      const { runId, role, most } = inputData;
      if (!(await questions.isOpen(runId, role))) return { ...inputData, outcome: 'answered' as const };
      const before = state.sent ?? [];
      const count = before.length;
      if (count >= most) {
        const wasOpen = await questions.escalate(runId, role, count);
        return { ...inputData, outcome: wasOpen ? ('escalated' as const) : ('answered' as const) };
      }
      const text = `reminder ${count + 1} of ${most}: your answer is waited for`;
      await tell({ id: idempotencyKey, runId, kind: 'reminder', to: role, text });
      await setState({ sent: [...before, now()] });
      return inputData;
    },
  });

  const round = createWorkflow({
    id: 'reminder-round',
    inputSchema: watched,
    outputSchema: watched,
    stateSchema: sent,
    retryConfig: { attempts: 3, delay: 1_000 },
  })
    .sleep(async ({ inputData }) => inputData.everyMs, { id: 'wait' })
    .then(remind)
    .commit();

  return createWorkflow({
    id: 'reminders',
    description: 'Reminds of one question of a purchase, until it is answered or handed on',
    inputSchema: watched,
    outputSchema: watched,
    stateSchema: sent,
  })
    .dountil(round, async ({ inputData }) => inputData.outcome !== 'open')
    .commit();
}
