import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Lane } from '../../../src/adapters/aws/config.ts';
import { lanesOf } from '../../../src/adapters/aws/lanes.ts';
import { createStep, createWorkflow } from '../../../src/index.ts';

const any = z.any();

function step(id: string, timeoutMs?: number) {
  const time = timeoutMs === undefined ? {} : { timeoutMs };
  return createStep({ id, inputSchema: any, outputSchema: any, ...time, execute: async () => 0 });
}

const flow = (id: string) => createWorkflow({ id, inputSchema: any, outputSchema: any });

const inner = flow('inner').then(step('minutes', 300_000)).commit();
const outer = flow('outer')
  .then(step('quick'))
  .sleep(5, { id: 'nap' })
  .parallel([step('minute', 60_000), step('hour', 3_600_000)])
  .then(inner)
  .commit();
const beside = flow('beside')
  .map(async () => [1])
  .foreach(step('item', 90_000))
  .map(async () => ({ prompt: 'Who?' }))
  .then(createStep({ generate: async () => ({}), id: 'asked' }, { timeoutMs: 120_000 }))
  .commit();

function lane(name: string, what: Partial<Lane>): Lane {
  return { name, queueUrl: `https://sqs.test/${name}`, queueArn: `arn:aws:sqs:::${name}`, ...what };
}

const run = (workflowId: string, stepId: string) =>
  ({ type: 'workflow.step.run', workflowId, stepId }) as const;

describe('the lane of an event', () => {
  const laneOf = lanesOf(
    [
      lane('by-workflow', { workflows: ['beside'] }),
      lane('over-minute', { stepsOver: 60_000 }),
      lane('over-5-minutes', { stepsOver: 300_000 }),
      lane('by-step', { steps: ['outer/quick', 'outer/nap', 'beside/item', 'outer/inner'] }),
    ],
    [outer, beside],
  );

  test.each([
    ['a step that is named', run('outer', 'quick'), 'by-step'],
    ['a sleep that is named', run('outer', 'nap'), 'by-step'],
    ['a step that is named, in a workflow that is named', run('beside', 'item'), 'by-step'],
    ['a nested workflow that is named as a step', run('outer', 'inner'), 'by-step'],
    ['a step of a workflow that is named, though it is long', run('beside', 'asked'), 'by-workflow'],
    ['a long step of a nested workflow, at a bound', run('inner', 'minutes'), 'over-minute'],
    ['a step above the higher of two bounds', run('outer', 'hour'), 'over-5-minutes'],
    ['a step at the lower bound', run('outer', 'minute'), undefined],
    ['a step that nobody knows', run('outer', 'gone'), undefined],
    ['a workflow that nobody knows', run('gone', 'quick'), undefined],
    [
      'the end of a run of a workflow that is named',
      { type: 'workflow.end', workflowId: 'beside' },
      'by-workflow',
    ],
    ['the end of another run', { type: 'workflow.end', workflowId: 'outer' }, undefined],
  ] as const)('%s', (_, event, name) => {
    expect(laneOf(event)?.name).toBe(name);
  });

  test('is none where there are no lanes', () => {
    expect(lanesOf([], [outer])(run('outer', 'hour'))).toBeUndefined();
  });
});

test.each<[string, readonly Lane[], string]>([
  [
    'a workflow that is not there',
    [lane('a', { workflows: ['outher'] })],
    'Lane "a" names outher among its workflows, and the entry has no such: write the id of one, or leave it out',
  ],
  [
    'a step that is not there',
    [lane('a', { steps: ['outer/quik'] })],
    'Lane "a" names outer/quik among its steps, and the entry has no such: write <workflow id>/<step id> of one, or leave it out',
  ],
  [
    'what another lane names',
    [lane('a', { steps: ['outer/quick'] }), lane('b', { steps: ['outer/quick'] })],
    'Lanes "a" and "b" both name outer/quick among their steps: leave it to one of them',
  ],
])('a lane that names %s is refused', (_, lanes, message) => {
  expect(() => lanesOf(lanes, [outer, beside])).toThrow(
    expect.objectContaining({ code: 'WORKFLOW_DEFINITION_INVALID', message }),
  );
});
