import { describe, expect, test } from 'vitest';
import {
  formatScheduleMessage,
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

/** When the queue got it: some time after that of the schedule. */
const now = Date.UTC(2026, 10, 26, 7, 59, 31, 5);

describe('a message of the Scheduler', () => {
  test('tells which tick it is for, by the time of the schedule', () => {
    const message = sent({ workflowId: 'w' });
    expect(parseScheduleMessage(message, now)).toEqual({
      tick: { workflowId: 'w', at: Date.UTC(2026, 10, 26, 6) },
    });
    expect(message).toMatchObject({ id: 'd32c5kddcf5bb8c3', 'detail-type': 'workflow.start' });
  });

  test('brings what the deployment starts runs with', () => {
    const start = { inputData: { a: [1] }, initialState: {}, requestContext: { tenant: 't' }, owner: 'ops' };
    const { tick, start: given } = parseScheduleMessage(
      sent({ workflowId: 'w', scheduleId: 's', start }),
      now,
    );
    expect(tick).toMatchObject({ workflowId: 'w', scheduleId: 's' });
    expect(given).toEqual(start);
    expect(
      parseScheduleMessage(sent({ workflowId: 'w', scheduleId: 's', start: {} }), now).start,
    ).toBeDefined();
  });

  test('is of the minute that it came in, where nobody fills in its time', () => {
    const message: unknown = JSON.parse(formatScheduleMessage({ workflowId: 'w' }));
    expect(parseScheduleMessage(message, now).tick.at).toBe(Date.UTC(2026, 10, 26, 7, 59));
  });

  test.each([
    ['time', sent({ workflowId: 'w' }, 'soon')],
    ['detail.workflowId', sent({ workflowId: '' })],
    [
      'detail.start.owner',
      { ...(sent({ workflowId: 'w' }) as object), detail: { workflowId: 'w', start: { owner: 3 } } },
    ],
    ['source', { source: 'somebody' }],
  ])('is refused for its %s', (field, value) => {
    try {
      parseScheduleMessage(value, now);
    } catch (error) {
      expect(error).toBeInstanceOf(WorkflowError);
      expect(error).toMatchObject({ code: 'WORKFLOW_ARGUMENT_INVALID' });
      expect((error as WorkflowError).message).toContain(`(${field}: `);
      return;
    }
    throw new TypeError('It was accepted');
  });
});
