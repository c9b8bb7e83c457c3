import { createRuntime, type Runtime } from 'evented-workflows/runtime';
import { memoryWithVirtualTime } from 'evented-workflows/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { remindersOf } from '../../examples/approval-chain/reminders.ts';
import {
  type Answer,
  type Notice,
  type PurchaseRequest,
  purchaseResult,
  type Role,
  roles,
  trail,
} from '../../examples/approval-chain/request.ts';
import { approvalChain, trailLines } from '../../examples/approval-chain/workflow.ts';

const hour = 3_600_000;
const runId = 'p1';
const request = {
  item: 'scanner',
  amountCents: 489_900,
  requester: 'Iris',
  reminders: { everyMs: hour, most: 2 },
};
const yes: Readonly<Record<Role, Answer>> = {
  manager: { action: 'approve', by: 'Mona', note: 'needed' },
  finance: { action: 'approve', by: 'Fred', costCentre: '4711' },
  security: { action: 'approve', by: 'Sam', conditions: ['own network'] },
};
const no: Answer = { action: 'reject', by: 'Nora', reason: 'no money' };

const open: Runtime[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((runtime) => runtime.close()));
});

/** A purchase that three are asked about, in virtual time. */
async function start(input: Partial<PurchaseRequest> = {}, failing = 0) {
  const notices: Notice[] = [];
  const attempts = new Map<string, number>();
  const { clock, backend } = memoryWithVirtualTime();
  const { workflows } = approvalChain({
    tell: (notice) => {
      const attempt = (attempts.get(notice.id) ?? 0) + 1;
      attempts.set(notice.id, attempt);
      if (attempt <= failing) throw new Error('The mail server is down.');
      notices.push(notice);
    },
    now: () => clock.now(),
  });
  const runtime = createRuntime({ workflows, backend });
  open.push(runtime);
  await runtime.start({ workflowId: 'purchase', runId, inputData: { ...request, ...input } });
  await clock.settle();
  return {
    runtime,
    clock,
    notices,
    told: () => notices.map(({ kind, to }) => `${kind} ${to}`),
    resume: async (label: string, resumeData: unknown) => {
      const resumed = runtime.resume({ runId, label, resumeData });
      await clock.runUntil(Promise.allSettled([resumed]));
      await clock.settle();
      return resumed;
    },
    result: () => runtime.result({ runId, includeState: true, includeResumeLabels: true }),
    reminders: async (role: Role) => (await runtime.get({ runId: remindersOf(runId, role) }))?.status,
    trail: async () => {
      const { state } = await runtime.result({ runId, includeState: true });
      return trailLines(trail.parse(state)).map((line) => line.replaceAll(/ {2,}/g, ' '));
    },
  };
}

describe('the approval chain', () => {
  it('asks all three at once, each under its label', async () => {
    const { result, told, notices, reminders } = await start();
    expect(await result()).toMatchObject({
      status: 'suspended',
      suspended: [['manager'], ['finance'], ['security']],
      suspendPayload: {
        finance: {
          label: 'finance',
          to: 'finance',
          text: 'May Iris buy "scanner" for 4899.00?',
          isEscalated: false,
        },
      },
      resumeLabels: {
        manager: { stepId: 'manager' },
        finance: { stepId: 'finance' },
        security: { stepId: 'security' },
      },
    });
    expect(told().toSorted()).toEqual(['question finance', 'question manager', 'question security']);
    expect(new Set(notices.map(({ id }) => id)).size).toBe(3);
    for (const role of roles) expect(await reminders(role)).toBe('running');
  });

  const orders: Role[][] = [
    ['manager', 'finance', 'security'],
    ['manager', 'security', 'finance'],
    ['finance', 'manager', 'security'],
    ['finance', 'security', 'manager'],
    ['security', 'manager', 'finance'],
    ['security', 'finance', 'manager'],
  ];
  it.each(orders)('orders what all agreed to, answered by %s, %s, %s', async (...order) => {
    const { runtime, resume, result, reminders, told, trail: lines, clock } = await start();
    for (const [at, role] of order.entries()) {
      expect(Object.keys((await runtime.get({ runId }))?.resumeLabels ?? {}).toSorted()).toEqual(
        order.slice(at).toSorted(),
      );
      await resume(role, yes[role]);
      expect(await reminders(role)).toBe('canceled');
    }
    const { status, result: ended } = await result();
    expect(status).toBe('success');
    expect(purchaseResult.parse(ended)).toEqual({
      outcome: 'ordered',
      orderNumber: 'PO-p1',
      costCentre: '4711',
      conditions: ['own network'],
    });
    await clock.advance(10 * hour);
    expect(told().slice(3)).toEqual(['end Iris']);
    expect((await lines()).filter((line) => line.includes(' approved '))).toHaveLength(3);
  });

  it('reminds who does not answer, hands the question on, and then waits for the deputy without end', async () => {
    const { clock, resume, told, result, reminders, trail: lines } = await start();
    await resume('finance', yes.finance);
    await resume('security', yes.security);
    await clock.advance(hour - 1);
    expect(told().slice(3)).toEqual([]);
    await clock.advance(1);
    expect(told().slice(3)).toEqual(['reminder manager']);
    await clock.advance(hour);
    await clock.advance(hour);
    expect(told().slice(3)).toEqual([
      'reminder manager',
      'reminder manager',
      'escalation head of department',
    ]);
    expect(await reminders('manager')).toBe('success');
    await clock.advance(24 * hour);
    expect(told()).toHaveLength(6);
    expect(await result()).toMatchObject({
      status: 'suspended',
      suspended: [['manager']],
      suspendPayload: { manager: { to: 'head of department', isEscalated: true } },
    });

    await resume('manager', { action: 'approve', by: 'Dora' });
    expect((await result()).status).toBe('success');
    expect((await lines()).filter((line) => line.includes(' manager '))).toEqual([
      '2026-01-01T00:00:00.000Z manager asked manager',
      '2026-01-01T01:00:00.000Z manager reminded manager',
      '2026-01-01T02:00:00.000Z manager reminded manager',
      '2026-01-01T03:00:00.000Z manager escalated head of department',
      '2026-01-02T03:00:00.000Z manager approved Dora',
    ]);
  });

  it('takes an answer between two reminders at once', async () => {
    const { clock, resume, result, told } = await start({ reminders: { everyMs: 60_000, most: 5 } });
    await clock.advance(90_000);
    const before = clock.now();
    for (const role of roles) await resume(role, yes[role]);
    expect(clock.now()).toBe(before);
    expect((await result()).status).toBe('success');
    await clock.advance(hour);
    expect(told().filter((line) => line.startsWith('reminder'))).toHaveLength(3);
  });

  it('hands on at the first tick where there are no reminders', async () => {
    const { clock, told } = await start({ reminders: { everyMs: 1, most: 0 } });
    await clock.advance(1);
    expect(told().slice(3).toSorted()).toEqual([
      'escalation chief financial officer',
      'escalation chief information security officer',
      'escalation head of department',
    ]);
  });

  it('ends with the first rejection, whoever has not answered, and reminds nobody any more', async () => {
    const { clock, resume, result, reminders, told, runtime } = await start();
    await resume('manager', yes.manager);
    await resume('finance', no);
    const ended = await result();
    expect(ended).toMatchObject({
      status: 'success',
      result: { outcome: 'rejected', role: 'finance', by: 'Nora', reason: 'no money' },
    });
    expect(ended.steps).not.toHaveProperty('order');
    expect(await reminders('security')).toBe('canceled');
    await clock.advance(10 * hour);
    expect(told().slice(3)).toEqual(['end Iris']);
    await expect(resume('security', yes.security)).rejects.toMatchObject({
      code: 'WORKFLOW_RUN_NOT_SUSPENDED',
      details: { status: 'success' },
    });
    expect(runtime.workflows.map(({ id }) => id)).toEqual(['purchase', 'reminders']);
  });

  it('tells the requester of a canceled purchase, and reminds nobody any more', async () => {
    const { clock, runtime, told, reminders } = await start();
    await runtime.cancel({ runId });
    await clock.settle();
    expect(told().slice(3)).toEqual(['end Iris']);
    for (const role of roles) expect(await reminders(role)).toBe('canceled');
    await clock.advance(10 * hour);
    expect(told()).toHaveLength(4);
  });

  it('hands a question on once, however often it is asked to', async () => {
    const { resume, told, result, trail: lines } = await start();
    await resume('finance', { action: 'escalate', reminders: 0 });
    await resume('finance', { action: 'escalate', reminders: 0 });
    expect(told().slice(3)).toEqual(['escalation chief financial officer']);
    expect((await lines()).filter((line) => line.includes('escalated'))).toHaveLength(1);
    expect(await result()).toMatchObject({
      status: 'suspended',
      suspendPayload: { finance: { isEscalated: true } },
    });
  });

  it('tells again, under the same id, what could not be told', async () => {
    const { clock, result, told, notices } = await start({}, 3);
    await clock.advance(3_000);
    expect((await result()).status).toBe('suspended');
    expect(told().toSorted()).toEqual(['question finance', 'question manager', 'question security']);
    await clock.advance(hour + 3_000);
    expect(told().slice(3).toSorted()).toEqual(['reminder finance', 'reminder manager', 'reminder security']);
    expect(new Set(notices.map(({ id }) => id)).size).toBe(6);
  });

  it('survives that an answer and the handing on meet', async () => {
    const { clock, runtime, resume, result, told } = await start({ reminders: { everyMs: 60_000, most: 0 } });
    await resume('manager', yes.manager);
    await resume('security', yes.security);
    // The answer is on its way when the time comes.
    await clock.advance(59_999);
    const answer = runtime.resume({ runId, label: 'finance', resumeData: yes.finance });
    await clock.advance(1);
    const [met] = await Promise.allSettled([answer]);
    if (met?.status === 'rejected') {
      expect(met.reason).toMatchObject({ code: 'WORKFLOW_RESUME_ALREADY_CLAIMED' });
      await resume('finance', yes.finance);
    }
    expect((await result()).status).toBe('success');
    expect(told().filter((line) => line === 'end Iris')).toHaveLength(1);
  });
});

describe('what does not fit is refused, and changes nothing', () => {
  it.each<[string, unknown, string]>([
    ['manager', undefined, ''],
    ['manager', 'yes', ''],
    ['manager', { action: 'agree', by: 'Mona' }, 'action'],
    ['manager', { action: 'approve', by: '' }, 'by'],
    ['manager', { action: 'approve', by: 'Mona', costCentre: '4711' }, 'costCentre'],
    ['finance', { action: 'approve', by: 'Fred' }, 'costCentre'],
    ['finance', { action: 'approve', by: 'Fred', costCentre: '47' }, 'four digits'],
    ['finance', { action: 'reject', by: 'Fred' }, 'reason'],
    ['security', { action: 'approve', by: 'Sam', conditions: 'none' }, 'conditions'],
    ['security', { action: 'escalate', reminders: -1 }, 'reminders'],
  ])('an answer of %s: %j', async (label, resumeData, named) => {
    const { resume, result, told, reminders } = await start();
    const before = await result();
    await expect(resume(label, resumeData)).rejects.toMatchObject({
      code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
      message: expect.stringMatching(new RegExp(`^Invalid resume data: \\n[^]*${named}`)),
    });
    expect(await result()).toEqual(before);
    expect(told()).toHaveLength(3);
    for (const role of roles) expect(await reminders(role)).toBe('running');
  });

  it('an unknown label, and an answer that says nobody', async () => {
    const { resume, runtime } = await start();
    await expect(resume('accounting', yes.finance)).rejects.toMatchObject({
      code: 'WORKFLOW_RESUME_LABEL_NOT_FOUND',
      message: expect.stringContaining('manager'),
    });
    await expect(runtime.resume({ runId, resumeData: yes.manager })).rejects.toMatchObject({
      code: 'WORKFLOW_RESUME_AMBIGUOUS',
    });
  });

  it('a second answer', async () => {
    const { resume } = await start();
    await resume('manager', yes.manager);
    await expect(resume('manager', no)).rejects.toMatchObject({ code: 'WORKFLOW_RESUME_LABEL_NOT_FOUND' });
  });

  it.each([
    [{ item: '' }],
    [{ amountCents: 0.5 }],
    [{ reminders: { everyMs: 0, most: 2 } }],
    [{ reminders: { everyMs: 1, most: 101 } }],
  ])('a purchase with %j', async (input) => {
    await expect(start(input)).rejects.toMatchObject({ code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED' });
  });
});
