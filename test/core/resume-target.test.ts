import { describe, expect, test } from 'vitest';
import type { StepRecord } from '../../src/core/records.ts';
import { resumeTarget, suspendedRecords, type ResumeSelector } from '../../src/core/resume-target.ts';
import { header, record } from './builders.ts';

const asks = record([1, 0], { stepId: 'ask', status: 'suspended', labels: ['by-phone', 'by-mail'] });
const signs = record([1, 1], { stepId: 'sign', status: 'suspended' });
const others = [record(0, { status: 'success' }), record([1, 2], { status: 'running' })];
const suspendedRun = header({ status: 'suspended', runId: 'r1', workflowId: 'w' });

function refusal(records: readonly StepRecord[], selector: ResumeSelector, run = suspendedRun): unknown {
  const target = resumeTarget(run, records, selector);
  if ('record' in target) throw new Error(`it found ${target.record.stepId}`);
  const { refusal: error, mayCome } = target;
  return { code: error.code, message: error.message, details: error.details, mayCome };
}

const details = { runId: 'r1', workflowId: 'w', status: 'suspended' };

test('suspended are the records that wait and count in the epoch', () => {
  const run = header({ epoch: 2, from: [[2, 1, 1]] });
  const again = record([1, 1], { status: 'suspended', turn: { epoch: 2 } });
  const before = record(0, { status: 'suspended' });
  expect(suspendedRecords(run, [before, ...others, asks, again])).toEqual([before, again]);
});

describe('given one suspended step', () => {
  test.each<[string, ResumeSelector]>([
    ['nothing', {}],
    ['its id', { step: 'ask' }],
    ['a path', { step: ['ask'] }],
    ['a label', { label: 'by-mail' }],
    ['a label, which wins over a step', { label: 'by-mail', step: 'sign' }],
  ])('it is found by %s', (_name, selector) => {
    expect(resumeTarget(suspendedRun, [...others, asks], selector)).toEqual({ record: asks });
  });

  test('the run need not be suspended as a whole', () => {
    expect(resumeTarget(header({ status: 'running' }), [...others, asks], {})).toEqual({ record: asks });
  });

  test('another step is not suspended', () => {
    expect(refusal([...others, asks], { step: 's0' })).toEqual({
      code: 'WORKFLOW_RUN_NOT_SUSPENDED',
      message: 'This workflow step "s0" was not suspended. Available suspended steps: [ask]',
      details,
      mayCome: false,
    });
    expect(refusal([...others, asks], { step: ['inner', 'leaf'] })).toMatchObject({
      message: 'This workflow step "inner.leaf" was not suspended. Available suspended steps: [ask]',
    });
  });

  test('an unknown label is refused', () => {
    expect(refusal([...others, asks], { label: 'by-fax' })).toEqual({
      code: 'WORKFLOW_RESUME_LABEL_NOT_FOUND',
      message: 'Resume label "by-fax" not found. Available labels: [by-phone, by-mail]',
      details,
      mayCome: false,
    });
    expect(refusal([signs], { label: 'by-fax' })).toMatchObject({
      message: 'Resume label "by-fax" not found. Available labels: []',
    });
  });
});

describe('given several suspended steps', () => {
  test('each is found by its id', () => {
    expect(resumeTarget(suspendedRun, [asks, signs], { step: 'sign' })).toEqual({ record: signs });
  });

  test('one has to be named, and no other can come that would decide it', () => {
    expect(refusal([asks, signs], {}, header({ status: 'running' }))).toMatchObject({
      code: 'WORKFLOW_RESUME_AMBIGUOUS',
      message:
        'Multiple suspended steps found: [ask], [sign]. Please specify which step to resume using the "step" parameter.',
      mayCome: false,
    });
  });
});

describe('given no suspended step', () => {
  test.each(['pending', 'running', 'waiting', 'paused'] as const)(
    'of a run that is %s, one may still come',
    (status) => {
      expect(refusal(others, {}, header({ status }))).toMatchObject({
        code: 'WORKFLOW_RUN_NOT_SUSPENDED',
        message: 'This workflow run was not suspended',
        mayCome: true,
      });
    },
  );

  test('of a suspended run, another caller has resumed it', () => {
    expect(refusal(others, {})).toMatchObject({ code: 'WORKFLOW_RUN_NOT_SUSPENDED', mayCome: false });
  });
});

test.each([
  ['a step', { step: 'sign' }],
  ['a label', { label: 'by-fax' }],
] as const)('while the run goes on, %s that does not wait yet may come to wait', (_name, selector) => {
  expect(refusal([asks], selector, header({ status: 'running' }))).toMatchObject({ mayCome: true });
});

test.each(['success', 'failed', 'tripwire', 'canceled'] as const)(
  'given a run that is over (%s), then nobody can resume what waited in it',
  (status) => {
    for (const selector of [{}, { step: 'ask' }, { label: 'by-mail' }]) {
      expect(refusal([asks, signs], selector, header({ status }))).toMatchObject({
        code: 'WORKFLOW_RUN_NOT_SUSPENDED',
        message: 'This workflow run was not suspended',
        details: { status },
        mayCome: false,
      });
    }
  },
);
