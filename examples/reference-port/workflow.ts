import { createStep, createWorkflow } from 'evented-workflows';
import { z } from 'zod';

const rates: Record<string, number> = { EUR: 1, USD: 0.9, GBP: 1.15 };
const limitCents = 20_000;
const transferCents = 30_000;

const item = z.object({ what: z.string(), amount: z.number(), currency: z.string() });
const report = z.object({ employee: z.string(), items: z.array(item) });
const line = z.object({ what: z.string(), cents: z.number() });
const claim = z.object({ employee: z.string(), lines: z.array(line), totalCents: z.number() });
const findings = z.object({ findings: z.array(z.string()) });
const checked = z.object({
  claim,
  limits: z.array(z.string()),
  doubles: z.array(z.string()),
});
const decision = z.object({ approvedCents: z.number(), by: z.string() });
const payment = z.object({ leftCents: z.number(), paidCents: z.number() });

const progress = z.object({
  overLimit: z.number().optional(),
  doubled: z.number().optional(),
  reviewer: z.string().optional(),
  transfers: z.number().optional(),
});

const readReport = createStep({
  id: 'read-report',
  inputSchema: report,
  outputSchema: z.array(item),
  execute: async ({ inputData }) => inputData.items.filter(({ amount }) => amount > 0),
});

const convert = createStep({
  id: 'convert',
  inputSchema: item,
  outputSchema: line,
  retries: 2,
  execute: async ({ inputData, retryCount }) => {
    const { what, amount, currency } = inputData;
    const rate = rates[currency];
    if (rate === undefined) throw new Error(`No rate for ${currency}`);
    if (currency === 'GBP' && retryCount === 0) throw new Error('The rates are not there yet');
    return { what, cents: Math.round(amount * rate * 100) };
  },
});

const addUp = createStep({
  id: 'add-up',
  inputSchema: z.array(line),
  outputSchema: claim,
  execute: async ({ inputData, getInitData }) => {
    const { employee } = getInitData<z.infer<typeof report>>();
    return { employee, lines: inputData, totalCents: inputData.reduce((sum, { cents }) => sum + cents, 0) };
  },
});

const checkLimits = createStep({
  id: 'check-limits',
  inputSchema: claim,
  outputSchema: findings,
  stateSchema: progress,
  execute: async ({ inputData, state, setState }) => {
    const above = inputData.lines.filter(({ cents }) => cents > limitCents);
    await setState({ ...state, overLimit: above.length });
    return { findings: above.map(({ what }) => `${what} is above the limit`) };
  },
});

const checkDoubles = createStep({
  id: 'check-doubles',
  inputSchema: claim,
  outputSchema: findings,
  stateSchema: progress,
  execute: async ({ inputData, state, setState }) => {
    const names = inputData.lines.map(({ what }) => what);
    const doubles = [...new Set(names.filter((what, index) => names.indexOf(what) < index))];
    await setState({ ...state, doubled: doubles.length });
    return { findings: doubles.map((what) => `${what} is claimed more than once`) };
  },
});

const approve = createStep({
  id: 'approve',
  inputSchema: checked,
  outputSchema: decision,
  execute: async ({ inputData }) => ({ approvedCents: inputData.claim.totalCents, by: 'the rules' }),
});

const gather = createStep({
  id: 'gather',
  inputSchema: checked,
  outputSchema: z.object({ claim, findings: z.array(z.string()) }),
  execute: async ({ inputData }) => ({
    claim: inputData.claim,
    findings: [...inputData.limits, ...inputData.doubles],
  }),
});

const askReviewer = createStep({
  id: 'ask-reviewer',
  inputSchema: z.object({ claim, findings: z.array(z.string()) }),
  outputSchema: decision,
  resumeSchema: z.object({ approvedCents: z.number(), by: z.string() }),
  suspendSchema: z.object({ question: z.string(), findings: z.array(z.string()) }),
  stateSchema: progress,
  execute: async ({ inputData, resumeData, suspend, state, setState }) => {
    if (!resumeData) {
      const question = `How much of ${inputData.claim.totalCents} cents does ${inputData.claim.employee} get?`;
      return await suspend({ question, findings: inputData.findings });
    }
    await setState({ ...state, reviewer: resumeData.by });
    return {
      approvedCents: Math.min(resumeData.approvedCents, inputData.claim.totalCents),
      by: resumeData.by,
    };
  },
});

const review = createWorkflow({
  id: 'review',
  inputSchema: checked,
  outputSchema: decision,
  stateSchema: progress,
})
  .then(gather)
  .then(askReviewer)
  .commit();

const transfer = createStep({
  id: 'transfer',
  inputSchema: payment,
  outputSchema: payment,
  stateSchema: progress,
  execute: async ({ inputData, state, setState }) => {
    const cents = Math.min(inputData.leftCents, transferCents);
    await setState({ ...state, transfers: (state.transfers ?? 0) + (cents > 0 ? 1 : 0) });
    return { leftCents: inputData.leftCents - cents, paidCents: inputData.paidCents + cents };
  },
});

const summarize = createStep({
  id: 'summarize',
  inputSchema: payment,
  outputSchema: z.object({ text: z.string(), paidCents: z.number(), progress }),
  stateSchema: progress,
  execute: async ({ inputData, state, getInitData }) => {
    const { employee } = getInitData<z.infer<typeof report>>();
    const text = `${employee} gets ${inputData.paidCents} cents in ${state.transfers ?? 0} transfers`;
    return { text, paidCents: inputData.paidCents, progress: state };
  },
});

export const expenses = createWorkflow({
  id: 'expenses',
  inputSchema: report,
  outputSchema: z.object({ text: z.string(), paidCents: z.number(), progress }),
  stateSchema: progress,
})
  .then(readReport)
  .foreach(convert, { concurrency: 3 })
  .then(addUp)
  .parallel([checkLimits, checkDoubles])
  .map({
    claim: { step: addUp, path: '.' },
    limits: { step: checkLimits, path: 'findings' },
    doubles: { step: checkDoubles, path: 'findings' },
  })
  .branch([
    [async ({ inputData }) => inputData.limits.length + inputData.doubles.length === 0, approve],
    [async ({ inputData }) => inputData.limits.length + inputData.doubles.length > 0, review],
  ])
  .map({
    leftCents: { step: [approve, review], path: 'approvedCents' },
    paidCents: { value: 0, schema: z.number() },
  })
  .dountil(transfer, async ({ inputData }) => inputData.leftCents === 0)
  .then(summarize)
  .commit();
