import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../src/core/limits.ts';
import {
  isTimezone,
  longestScheduleName,
  scheduledRunId,
  scheduleName,
  timezoneOf,
} from '../../src/core/schedule.ts';

describe('the id of a run', () => {
  test('is that of the workflow or of the schedule, and the time', () => {
    expect(scheduledRunId({ workflowId: 'w', at: 1_767_225_600_000 })).toBe('sched_w_1767225600000');
    expect(scheduledRunId({ workflowId: 'w', scheduleId: 's', at: 0 })).toBe('sched_w:s_0');
  });

  test('is of one tick alone', () => {
    const id = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', ':', '%', '_', '1', '3', 'A', '2', '5') }),
      fc.string(),
    );
    const tick = fc.record(
      { workflowId: id, scheduleId: id, at: fc.nat({ max: 20 }) },
      { requiredKeys: ['workflowId', 'at'] },
    );
    fc.assert(
      fc.property(tick, tick, (one, other) => {
        const same =
          JSON.stringify([one.workflowId, one.scheduleId, one.at]) ===
          JSON.stringify([other.workflowId, other.scheduleId, other.at]);
        expect(scheduledRunId(one) === scheduledRunId(other)).toBe(same);
      }),
      {
        examples: [
          [
            { workflowId: 'a', scheduleId: 'b', at: 1 },
            { workflowId: 'a:b', at: 1 },
          ],
          [
            { workflowId: 'a%3A', at: 1 },
            { workflowId: 'a:', at: 1 },
          ],
          [
            { workflowId: 'a_1', at: 1 },
            { workflowId: 'a', at: 1 },
          ],
        ],
      },
    );
  });

  test('is no longer than others, even at the end of time', () => {
    const workflowId = 'w'.repeat(longestScheduleName);
    expect(scheduleName(workflowId, undefined)).toHaveLength(longestScheduleName);
    expect(scheduledRunId({ workflowId, at: 8.64e15 })).toHaveLength(limits.idLength);
  });
});

test('a time zone is one of the IANA database', () => {
  for (const name of ['UTC', 'Europe/Berlin', 'America/Argentina/Ushuaia', 'Etc/GMT-5']) {
    expect([name, isTimezone(name)]).toEqual([name, true]);
  }
  for (const name of ['', '+02:00', 'Europe/Nowhere', 'Mars', ' UTC']) {
    expect([name, isTimezone(name)]).toEqual([name, false]);
  }
  expect(timezoneOf({})).toBe('UTC');
  expect(timezoneOf({ timezone: 'Asia/Tokyo' })).toBe('Asia/Tokyo');
});
