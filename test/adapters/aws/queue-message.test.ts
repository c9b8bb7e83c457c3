import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { event } from './samples.ts';
import { eventSource } from '../../../src/adapters/aws/config.ts';
import { formatQueueMessage, parseQueueMessage } from '../../../src/adapters/aws/index.ts';
import { isWorkflowError } from '../../../src/core/errors.ts';
import { firstTurn, formatTurn } from '../../../src/core/turn.ts';
import { stepEvent } from '../../../src/core/event.ts';

const base = { workflowId: 'workflow', runId: 'run', epoch: 1, hop: 3, time: 1_800_000_000_000 };
const at = { key: { entry: 2, arm: 1 }, turn: formatTurn(firstTurn(1)), stepId: 'step' };
const stepRun = stepEvent(base, 'workflow.step.run', at);

/** What the rule of the bus delivers. */
function delivered(detail: unknown, change: Record<string, unknown> = {}): string {
  return JSON.stringify({
    version: '0',
    id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
    'detail-type': 'workflow.step.run',
    source: eventSource,
    account: '123456789012',
    time: '2026-11-23T00:00:00Z',
    region: 'eu-central-1',
    resources: [],
    detail,
    ...change,
  });
}

describe('a message of the work queue', () => {
  test('of a timer holds any event', () => {
    fc.assert(
      fc.property(event, (sent) => {
        expect(parseQueueMessage(formatQueueMessage(sent))).toStrictEqual(structuredClone(sent));
      }),
    );
  });

  test('of the bus is read by the same parser', () => {
    expect(parseQueueMessage(delivered(stepRun))).toStrictEqual(stepRun);
  });

  test('of a lane is read like any other: the lane is for the rules alone', () => {
    expect(parseQueueMessage(delivered({ ...stepRun, lane: 'long' }))).toStrictEqual(stepRun);
  });

  test('may have fields that a later version added', () => {
    expect(parseQueueMessage(delivered({ ...stepRun, shade: 'blue' }))).toStrictEqual(stepRun);
  });

  test.each<[string, string, string]>([
    ['text', 'hello', ''],
    ['nothing', '', ''],
    ['null', 'null', ''],
    ['a list', '[]', ''],
    ['an event of another source', delivered(stepRun, { source: 'shop' }), 'source'],
    ['a type that is none', delivered(stepRun, { 'detail-type': 'workflow.explode' }), 'detail-type'],
    [
      'a type that is not that of the detail',
      delivered(stepRun, { 'detail-type': 'workflow.end' }),
      'detail-type',
    ],
    ['no detail', delivered(undefined), 'detail'],
    ['a later format', delivered({ ...stepRun, format: 2 }), 'detail.format'],
    ['no run', delivered({ ...stepRun, runId: '' }), 'detail.runId'],
    ['an epoch that is none', delivered({ ...stepRun, epoch: 0.5 }), 'detail.epoch'],
    ['a path of three', delivered({ ...stepRun, path: [1, 2, 3] }), 'detail.path'],
    ['a path that is none', delivered({ ...stepRun, path: [-1] }), 'detail.path'],
    ['a status that is none', delivered({ ...stepRun, status: 'happy' }), 'detail.status'],
    ['a number for a turn', delivered({ ...stepRun, turn: 7 }), 'detail.turn'],
  ])('is refused, naming the field: %s', (_, body, path) => {
    const failure = catchError(() => parseQueueMessage(body));
    if (!isWorkflowError(failure, 'WORKFLOW_ARGUMENT_INVALID')) throw failure;
    expect(failure.details.issues?.map((issue) => issue.path)).toContain(path);
  });
});

function catchError(call: () => unknown): unknown {
  try {
    return { returned: call() };
  } catch (error) {
    return error;
  }
}
