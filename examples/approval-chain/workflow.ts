import { type Bailed, createStep, createWorkflow, isWorkflowError, type Suspended } from 'evented-workflows';
import { z } from 'zod';
import { type Questions, remindersOf, remindersWorkflow } from './reminders.ts';
import {
  type Answer,
  answers,
  approval,
  deputies,
  purchaseRequest,
  type PurchaseRequest,
  purchaseResult,
  type PurchaseResult,
  question,
  type Role,
  roles,
  trail,
  type Trail,
  type TrailEntry,
  type World,
} from './request.ts';

/** What the arms have in common of their context. */
interface ArmContext {
  readonly runId: string;
  readonly inputData: PurchaseRequest;
  readonly state: Readonly<Trail>;
  readonly idempotencyKey: string;
  readonly resumeData?: Answer;
  readonly setState: (next: Trail) => Promise<void>;
  readonly suspend: (
    payload: z.infer<typeof question>,
    options: { readonly resumeLabel: string },
  ) => Promise<Suspended>;
  readonly bail: (result: PurchaseResult) => Bailed;
}

/** Statuses in which nothing is asked any more. */
const over: ReadonlySet<string> = new Set(['success', 'failed', 'canceled', 'tripwire']);

/**
 * A purchase that a manager, finance and security are asked about at the same time. Each question suspends its arm, under the
 * role as label; each has reminders, in a run of their own (reminders.ts). A rejection ends the whole run, whoever has not
 * answered yet.
 */
export function approvalChain(world: World) {
  const { tell, now } = world;

  const questions: Questions = {
    async isOpen(runId, role) {
      const stored = await purchase.getWorkflowRunById(runId, { fields: ['steps'] });
      return stored !== null && !over.has(stored.status) && stored.steps?.[role]?.status !== 'success';
    },
    async escalate(runId, role, count) {
      const run = await purchase.createRun({ runId });
      try {
        await run.resumeAsync({ label: role, resumeData: { action: 'escalate', reminders: count } });
        return true;
      } catch (error) {
        if (isWorkflowError(error, ...answeredMeanwhile)) return false;
        throw error;
      }
    },
  };
  const reminders = remindersWorkflow(questions, world);

  /** Ends the reminders of a question, and gives the times of those that were sent. Changes nothing the second time. */
  async function stopReminders(runId: string, role: Role): Promise<readonly number[]> {
    const id = remindersOf(runId, role);
    const stored = await reminders.getWorkflowRunById(id, { fields: ['initialState'] });
    if (stored === null) return [];
    if (!over.has(stored.status)) {
      const run = await reminders.createRun({ runId: id });
      await run.cancel().catch((error: unknown) => {
        if (!isWorkflowError(error, 'WORKFLOW_RUN_ALREADY_FINISHED')) throw error;
      });
    }
    return z.array(z.number()).catch([]).parse(stored.initialState?.['sent']);
  }

  async function ask(role: Role, context: ArmContext, to: string): Promise<Suspended> {
    const { inputData, runId, idempotencyKey, state, setState, suspend } = context;
    const isEscalated = to !== role;
    const price = (inputData.amountCents / 100).toFixed(2);
    const text = `May ${inputData.requester} buy "${inputData.item}" for ${price}?`;
    const before = state[role] ?? [];
    const event = isEscalated ? 'escalated' : 'asked';
    // Whoever hands a question on a second time finds that it has been done.
    if (!before.some((entry) => entry.event === event)) {
      await tell({ id: idempotencyKey, runId, kind: isEscalated ? 'escalation' : 'question', to, text });
      await setState({ [role]: [...before, { at: now(), event, who: to }] });
    }
    return suspend({ label: role, to, text, isEscalated }, { resumeLabel: role });
  }

  async function answered(
    role: Role,
    context: ArmContext,
  ): Promise<z.infer<typeof approval> | Suspended | Bailed> {
    const { resumeData: answer, runId, inputData, state, setState, bail } = context;
    if (answer === undefined) {
      const run = await reminders.createRun({ runId: remindersOf(runId, role) });
      await run.startAsync({ inputData: { runId, role, ...inputData.reminders } });
      return ask(role, context, role);
    }
    const before = state[role] ?? [];
    if (answer.action === 'escalate') return ask(role, context, deputies[role]);
    const sent = await stopReminders(runId, role);
    const event = answer.action === 'approve' ? 'approved' : 'rejected';
    const reminded = sent.map((at): TrailEntry => ({ at, event: 'reminded', who: role }));
    await setState({ [role]: [...before, ...reminded, { at: now(), event, who: answer.by }] });
    if (answer.action === 'reject') {
      return bail({ outcome: 'rejected', role, by: answer.by, reason: answer.reason });
    }
    return approval.parse(answer);
  }

  const arm = {
    inputSchema: purchaseRequest,
    outputSchema: approval,
    stateSchema: trail,
    suspendSchema: question,
  };
  const manager = createStep({
    ...arm,
    id: 'manager',
    description: 'Is it needed?',
    resumeSchema: answers.manager,
    execute: (context) => answered('manager', context),
  });
  const finance = createStep({
    ...arm,
    id: 'finance',
    description: 'Is there money for it, and whose?',
    resumeSchema: answers.finance,
    execute: (context) => answered('finance', context),
  });
  const security = createStep({
    ...arm,
    id: 'security',
    description: 'Is it safe, and under which conditions?',
    resumeSchema: answers.security,
    execute: (context) => answered('security', context),
  });

  const order = createStep({
    id: 'order',
    description: 'Orders what everybody agreed to',
    inputSchema: z.object({ manager: approval, finance: approval, security: approval }),
    outputSchema: purchaseResult,
    execute: async ({ inputData, runId }) => ({
      outcome: 'ordered' as const,
      orderNumber: `PO-${runId}`,
      costCentre: inputData.finance.costCentre ?? '',
      conditions: inputData.security.conditions ?? [],
    }),
  });

  const purchase = createWorkflow({
    id: 'purchase',
    description: 'A purchase that three have to agree to',
    inputSchema: purchaseRequest,
    outputSchema: purchaseResult,
    stateSchema: trail,
    // Whoever sends mail meets a server that is down.
    retryConfig: { attempts: 3, delay: 1_000 },
    options: {
      onFinish: async (info) => {
        const { status, runId, eventId, result } = info;
        if (!over.has(status)) return;
        // Of a rejected or canceled purchase nobody has to be reminded any more.
        for (const role of roles) await stopReminders(runId, role);
        const { requester } = purchaseRequest.parse(info.getInitData());
        await tell({ id: eventId, runId, kind: 'end', to: requester, text: endOf(status, result) });
      },
    },
  })
    .parallel([manager, finance, security])
    .then(order)
    .commit();

  return { purchase, reminders, workflows: [purchase, reminders] as const };
}

/** What a resume meets when somebody else's came first. */
const answeredMeanwhile = [
  'WORKFLOW_RESUME_ALREADY_CLAIMED',
  'WORKFLOW_RESUME_LABEL_NOT_FOUND',
  'WORKFLOW_RUN_ALREADY_FINISHED',
  'WORKFLOW_RUN_NOT_SUSPENDED',
] as const;

function endOf(status: string, result: unknown): string {
  const { data } = purchaseResult.safeParse(result);
  if (data === undefined) return `your purchase ended with status ${status}`;
  if (data.outcome === 'ordered') return `your purchase is ordered: ${data.orderNumber}`;
  return `your purchase was rejected by ${data.by} (${data.role}): ${data.reason}`;
}

/** The trail of all arms in the order of time, a line each. */
export function trailLines(state: Trail): string[] {
  const all = roles.flatMap((role) => (state[role] ?? []).map((entry) => ({ ...entry, role })));
  return all
    .toSorted((a, b) => a.at - b.at)
    .map(
      ({ at, role, event, who }) =>
        `${new Date(at).toISOString()}  ${role.padEnd(8)}  ${event.padEnd(9)}  ${who}`,
    );
}
