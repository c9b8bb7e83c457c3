import { describe, expect, test } from 'vitest';
import {
  formatScheduleMessage,
  isScheduleMessage,
  parseScheduleMessage,
  type ScheduledStart,
} from '../../../src/adapters/aws/schedule-message.ts';
import { WorkflowError } from '../../../src/core/errors.ts';

/** What the Scheduler makes of the input of a target. */
function sent(scheduled: ScheduledStart, time = '2026-11-26T06:00:00Z'): unknown {
  return JSON.parse(
    formatScheduleMessage(scheduled)
      .replace('<aws.scheduler.scheduled-time>', time)
      .replace('<aws.scheduler.execution-id>', 'd32c5kddcf5bb8c3'),
  );
}

describe('a message of the Scheduler', () => {
  test('tells which tick it is for, by the time of the schedule', () => {
    const message = sent({ workflowId: 'w' });
    expect(isScheduleMessage(message)).toBe(true);
    expect(parseScheduleMessage(message)).toEqual({
      tick: { workflowId: 'w', at: Date.UTC(2026, 10, 26, 6) },
    });
    expect(message).toMatchObject({ id: 'd32c5kddcf5bb8c3', 'detail-type': 'workflow.start' });
  });

  test('brings what the deployment starts runs with', () => {
    const start = { inputData: { a: [1] }, initialState: {}, requestContext: { tenant: 't' }, owner: 'ops' };
    const { tick, start: given } = parseScheduleMessage(sent({ workflowId: 'w', scheduleId: 's', start }));
    expect(tick).toMatchObject({ workflowId: 'w', scheduleId: 's' });
    expect(given).toEqual(start);
    expect(parseScheduleMessage(sent({ workflowId: 'w', scheduleId: 's', start: {} })).start).toBeDefined();
  });

  test('is no other message', () => {
    for (const value of [null, 3, 'x', [], {}, { source: 'evented-workflows' }]) {
      expect(isScheduleMessage(value)).toBe(false);
    }
  });

  test.each([
    ['time', sent({ workflowId: 'w' }, 'soon')],
    // Sent by hand, with nobody to fill in the time.
    ['time', JSON.parse(formatScheduleMessage({ workflowId: 'w' }))],
    ['detail.workflowId', sent({ workflowId: '' })],
    [
      'detail.start.owner',
      { ...(sent({ workflowId: 'w' }) as object), detail: { workflowId: 'w', start: { owner: 3 } } },
    ],
    ['source', { source: 'somebody' }],
  ])('is refused for its %s', (field, value) => {
    try {
      parseScheduleMessage(value);
    } catch (error) {
      expect(error).toBeInstanceOf(WorkflowError);
      expect(error).toMatchObject({ code: 'WORKFLOW_ARGUMENT_INVALID' });
      expect((error as WorkflowError).message).toContain(`(${field}: `);
      return;
    }
    throw new TypeError('It was accepted');
  });
});
