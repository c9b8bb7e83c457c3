import { describe, expect, test } from 'vitest';
import { type ResumeSelector, resumeTargets, type SuspendedPlace } from '../../src/core/resume-target.ts';
import type { StepRecord } from '../../src/core/records.ts';
import { header, record } from './builders.ts';

/** A suspended record as the only step on its path, or with the path and item given. */
function place(at: StepRecord, more: Partial<SuspendedPlace> = {}): SuspendedPlace {
  return { runId: 'r1', record: at, runs: [{ runId: 'r1', epoch: 1 }], path: [at.stepId], ...more };
}

const asks = record([1, 0], { stepId: 'ask', status: 'suspended', labels: ['by-phone', 'by-mail'] });
const signs = record([1, 1], { stepId: 'sign', status: 'suspended' });
const suspendedRun = header({ status: 'suspended', runId: 'r1', workflowId: 'w' });

function refusal(places: readonly SuspendedPlace[], selector: ResumeSelector, run = suspendedRun): unknown {
  const target = resumeTargets(run, places, selector);
  if ('places' in target) throw new Error(`it found ${target.places[0].record.stepId}`);
  const { refusal: error, mayCome } = target;
  return { code: error.code, message: error.message, details: error.details, mayCome };
}

const details = { runId: 'r1', workflowId: 'w', status: 'suspended' };

describe('given one suspended step', () => {
  test.each<[string, ResumeSelector]>([
    ['nothing', {}],
    ['its id', { step: 'ask' }],
    ['a path', { step: ['ask'] }],
    ['a label', { label: 'by-mail' }],
    ['a label, which wins over a step', { label: 'by-mail', step: 'sign' }],
  ])('it is found by %s', (_name, selector) => {
    expect(resumeTargets(suspendedRun, [place(asks)], selector)).toEqual({ places: [place(asks)] });
  });

  test('the run need not be suspended as a whole', () => {
    expect(resumeTargets(header({ status: 'running' }), [place(asks)], {})).toEqual({
      places: [place(asks)],
    });
  });

  test('another step is not suspended', () => {
    expect(refusal([place(asks)], { step: 's0' })).toEqual({
      code: 'WORKFLOW_RUN_NOT_SUSPENDED',
      message: 'This workflow step "s0" was not suspended. Available suspended steps: [ask]',
      details,
      mayCome: false,
    });
    expect(refusal([place(asks)], { step: ['inner', 'leaf'] })).toMatchObject({
      message: 'This workflow step "inner.leaf" was not suspended. Available suspended steps: [ask]',
    });
  });

  test('an unknown label is refused', () => {
    expect(refusal([place(asks)], { label: 'by-fax' })).toEqual({
      code: 'WORKFLOW_RESUME_LABEL_NOT_FOUND',
      message: 'Resume label "by-fax" not found. Available labels: [by-phone, by-mail]',
      details,
      mayCome: false,
    });
    expect(refusal([place(signs)], { label: 'by-fax' })).toMatchObject({
      message: 'Resume label "by-fax" not found. Available labels: []',
    });
  });
});

describe('given several suspended steps', () => {
  test('each is found by its id', () => {
    const places = [place(asks), place(signs)];
    expect(resumeTargets(suspendedRun, places, { step: 'sign' })).toEqual({ places: [place(signs)] });
  });

  test('one has to be named, and no other can come that would decide it', () => {
    expect(refusal([place(asks), place(signs)], {}, header({ status: 'running' }))).toMatchObject({
      code: 'WORKFLOW_RESUME_AMBIGUOUS',
      message:
        'Multiple suspended steps found: [ask], [sign]. Please specify which step to resume using the "step" parameter.',
      mayCome: false,
    });
  });
});

describe('given steps suspended in nested workflows', () => {
  const inner = place(asks, { path: ['outer', 'inner', 'ask'] });
  const beside = place(signs, { path: ['outer', 'sign'] });

  test.each<[string, ResumeSelector]>([
    ['the whole path', { step: ['outer', 'inner', 'ask'] }],
    ['the whole path as one text', { step: 'outer.inner.ask' }],
    ['the nested workflow that it is in', { step: ['outer', 'inner'] }],
    ['a label', { label: 'by-mail' }],
  ])('one is found by %s', (_name, selector) => {
    expect(resumeTargets(suspendedRun, [inner, beside], selector)).toEqual({ places: [inner] });
  });

  test('a nested workflow with several does not say which', () => {
    expect(refusal([inner, beside], { step: 'outer' })).toMatchObject({
      code: 'WORKFLOW_RESUME_AMBIGUOUS',
      message: expect.stringContaining('[outer.inner.ask], [outer.sign]'),
    });
  });

  test('an id with a dot is taken as it is before it is taken apart', () => {
    const dotted = place(asks, { path: ['outer.sign'] });
    expect(resumeTargets(suspendedRun, [beside, dotted], { step: 'outer.sign' })).toEqual({
      places: [dotted],
    });
  });

  test('a step that is there by itself wins over those below its id', () => {
    const own = place(signs, { path: ['outer'] });
    expect(resumeTargets(suspendedRun, [inner, own], { step: 'outer' })).toEqual({ places: [own] });
  });
});

describe('given suspended items of a foreach', () => {
  const items = [0, 2].map((item) => place(asks, { item }));

  test('all of them are meant, or the one whose number is given', () => {
    expect(resumeTargets(suspendedRun, items, {})).toEqual({ places: items });
    expect(resumeTargets(suspendedRun, items, { step: 'ask', forEachIndex: 2 })).toEqual({
      places: [items[1]],
    });
  });

  test('one that does not wait is refused', () => {
    expect(refusal(items, { forEachIndex: 1 })).toEqual({
      code: 'WORKFLOW_RUN_NOT_SUSPENDED',
      message: 'Item 1 of step "ask" was not suspended. Suspended items: [0, 2]',
      details,
      mayCome: false,
    });
    expect(refusal([place(asks)], { forEachIndex: 0 })).toMatchObject({
      message: 'Item 0 of step "ask" was not suspended. Suspended items: []',
    });
  });
});

describe('given no suspended step', () => {
  test.each(['pending', 'running', 'waiting', 'paused'] as const)(
    'of a run that is %s, one may still come',
    (status) => {
      expect(refusal([], {}, header({ status }))).toMatchObject({
        code: 'WORKFLOW_RUN_NOT_SUSPENDED',
        message: 'This workflow run was not suspended',
        mayCome: true,
      });
    },
  );

  test('of a suspended run, another caller has resumed it', () => {
    expect(refusal([], {})).toMatchObject({ code: 'WORKFLOW_RUN_NOT_SUSPENDED', mayCome: false });
  });
});

test.each([
  ['a step', { step: 'sign' }],
  ['a label', { label: 'by-fax' }],
] as const)('while the run goes on, %s that does not wait yet may come to wait', (_name, selector) => {
  expect(refusal([place(asks)], selector, header({ status: 'running' }))).toMatchObject({ mayCome: true });
});

test('given a run that has paused beside a suspended step, then it goes on by a time travel only', () => {
  expect(refusal([place(asks)], { step: 'ask' }, header({ status: 'paused' }))).toMatchObject({
    code: 'WORKFLOW_RUN_NOT_SUSPENDED',
    message: 'This workflow run was not suspended',
  });
});

test.each(['success', 'failed', 'tripwire', 'canceled'] as const)(
  'given a run that is over (%s), then nobody can resume what waited in it',
  (status) => {
    for (const selector of [{}, { step: 'ask' }, { label: 'by-mail' }]) {
      expect(refusal([place(asks), place(signs)], selector, header({ status }))).toMatchObject({
        code: 'WORKFLOW_RUN_NOT_SUSPENDED',
        message: 'This workflow run was not suspended',
        details: { status },
        mayCome: false,
      });
    }
  },
);
