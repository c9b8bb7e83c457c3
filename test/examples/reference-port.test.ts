import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { memoryBackend } from 'evented-workflows/memory';
import { createRuntime, type Runtime } from 'evented-workflows/runtime';
import { compareWithInterpreter, interpret, leaveSuspended } from 'evented-workflows/testing';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { expenses } from '../../examples/reference-port/workflow.ts';

const fileOf = (name: string): string =>
  fileURLToPath(new URL(`../../examples/reference-port/${name}`, import.meta.url));

const harmless = {
  employee: 'Bob',
  items: [
    { what: 'Train', amount: 89.5, currency: 'EUR' },
    { what: 'Taxi', amount: 31, currency: 'USD' },
    { what: 'Lunch', amount: 12, currency: 'GBP' },
  ],
};
const doubtful = {
  employee: 'Ada',
  items: [
    { what: 'Hotel', amount: 480, currency: 'GBP' },
    { what: 'Taxi', amount: 31, currency: 'USD' },
    { what: 'Taxi', amount: 31, currency: 'USD' },
    { what: 'Voucher', amount: 0, currency: 'EUR' },
  ],
};
const answer = { approvedCents: 60_000, by: 'Grace' };

test('only the import line is not that of the reference', () => {
  const original = readFileSync(fileOf('original.txt'), 'utf8').split('\n');
  const ported = readFileSync(fileOf('workflow.ts'), 'utf8').split('\n');
  expect(original[0]).toBe("import { createStep, createWorkflow } from '@mastra/core/workflows';");
  expect(ported[0]).toBe("import { createStep, createWorkflow } from 'evented-workflows';");
  expect(ported.slice(1)).toEqual(original.slice(1));
});

test('it uses what is said of it', () => {
  const types = expenses.stepGraph.map(({ type }) => type);
  for (const type of ['step', 'foreach', 'parallel', 'mapping', 'conditional', 'loop']) {
    expect(types).toContain(type);
  }
});

describe('a run is what the semantics of the reference say', () => {
  let runtime: Runtime;
  beforeEach(() => {
    runtime = createRuntime({ workflows: [expenses], backend: memoryBackend() });
  });
  afterEach(() => runtime.close());

  const runId = 'run-1';
  const start = async (inputData: unknown) => {
    await runtime.start({ workflowId: 'expenses', runId, inputData, initialState: {} });
    await runtime.settled({ runId });
  };
  /** What the run came to other than the interpreter says, in its result and as it is stored. */
  const differences = async (interpreted: Awaited<ReturnType<typeof interpret>>) => {
    const stored = await runtime.get({ runId });
    if (stored === null) throw new Error('The run is not stored.');
    const shown = { ...stored, state: stored.initialState ?? {} };
    return [
      ...compareWithInterpreter(await runtime.result({ runId, includeState: true }), interpreted),
      ...compareWithInterpreter(shown, interpreted, { nested: true }),
    ];
  };

  it('when the rules approve', async () => {
    await start(harmless);
    const interpreted = await interpret(expenses, {
      inputData: harmless,
      initialState: {},
      resume: () => leaveSuspended,
    });
    expect(interpreted).toMatchObject({
      status: 'success',
      open: [],
      result: { text: 'Bob gets 13120 cents in 1 transfers', progress: { overLimit: 0, doubled: 0 } },
    });
    expect(await differences(interpreted)).toEqual([]);
  });

  it('while a person is asked, and when the answer has come', async () => {
    await start(doubtful);
    const asked = await interpret(expenses, {
      inputData: doubtful,
      initialState: {},
      resume: () => leaveSuspended,
    });
    expect(asked).toMatchObject({ status: 'suspended', open: [], suspended: [['review', 'ask-reviewer']] });
    // What is stored shows the step of a nested workflow that waits as running, and what it waits for within it.
    expect(compareWithInterpreter(await runtime.result({ runId, includeState: true }), asked)).toEqual([]);
    expect((await runtime.get({ runId }))?.steps['review.ask-reviewer']).toMatchObject({
      status: 'suspended',
      suspendPayload: {
        question: 'How much of 60780 cents does Ada get?',
        findings: ['Hotel is above the limit', 'Taxi is claimed more than once'],
      },
    });

    await runtime.resume({ runId, step: ['review', 'ask-reviewer'], resumeData: answer });
    await runtime.settled({ runId });
    const answered = await interpret(expenses, {
      inputData: doubtful,
      initialState: {},
      resume: () => answer,
    });
    const progress = { overLimit: 1, doubled: 1, reviewer: 'Grace', transfers: 2 };
    expect(answered).toMatchObject({ status: 'success', open: [], result: { paidCents: 60_000, progress } });
    expect(answered.nestedSteps['review.ask-reviewer']).toMatchObject({ resumePayload: answer });
    expect(await differences(answered)).toEqual([]);
  });

  it('when a step fails', async () => {
    const foreign = { ...harmless, items: [{ what: 'Ferry', amount: 10, currency: 'NOK' }] };
    await start(foreign);
    const interpreted = await interpret(expenses, {
      inputData: foreign,
      initialState: {},
      resume: () => leaveSuspended,
    });
    expect(interpreted.error?.message).toBe('No rate for NOK');
    expect(await differences(interpreted)).toEqual([]);
  });
});

test('the command prints the result', async () => {
  const call = ['--conditions=evented-workflows-source', fileOf('run.ts')];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, call);
  expect(stderr).toBe('');
  const readme = readFileSync(fileOf('README.md'), 'utf8');
  expect(readme).toContain(stdout);
  expect(stdout).toContain("text: 'Ada gets 64150 cents in 3 transfers'");
});
