import { cloneWorkflow, createWorkflow, WorkflowError } from 'evented-workflows';
import { describe, expect, test } from 'vitest';
import { longestScheduleName } from '../../src/core/schedule.ts';
import { adding, numbers } from './steps.ts';

/** A workflow with what an untyped caller gives. */
function withSchedule(schedule: unknown, id = 'w') {
  return createWorkflow({ ...numbers, id, schedule: schedule as never });
}

function refusal(schedule: unknown, id?: string): WorkflowError {
  try {
    withSchedule(schedule, id);
  } catch (error) {
    if (error instanceof WorkflowError) return error;
    throw error;
  }
  throw new TypeError('It was accepted');
}

describe('the schedules of a workflow', () => {
  test('are one, or several, or none', () => {
    const one = { cron: '0 6 * * *', inputData: { n: 3 } };
    expect(createWorkflow({ ...numbers, schedule: one }).schedules).toEqual([one]);
    const two = [
      {
        id: 'a',
        cron: '0 6 * * *',
        timezone: 'Europe/Berlin',
        inputData: { n: 3 },
        metadata: { of: 'the day' },
      },
      {
        id: 'b',
        cron: '@hourly',
        inputData: { n: 4 },
        initialState: { a: 1 },
        requestContext: { tenant: 't' },
        owner: 'arn:aws:iam::1:role/ops',
        catchUp: 'none',
      },
    ] as const;
    expect(createWorkflow({ ...numbers, schedule: two }).schedules).toEqual(two);
    expect(createWorkflow({ ...numbers, schedule: [] }).schedules).toEqual([]);
    expect(createWorkflow(numbers).schedules).toBeUndefined();
  });

  test('are not those of a clone', () => {
    const workflow = createWorkflow({ ...numbers, schedule: { cron: '0 6 * * *', inputData: { n: 3 } } })
      .then(adding('a'))
      .commit();
    expect(cloneWorkflow(workflow, { id: 'other' }).schedules).toBeUndefined();
  });

  test.each([
    [7, 'has the number 7 as its schedule: give { cron, timezone, inputData }'],
    [[null], 'has null as schedule[0]: give'],
    [{}, 'has undefined as the cron of its schedule: give an expression'],
    [
      { cron: '* * * *' },
      'has the string "* * * *" as the cron of its schedule: it has 4 fields: write minute',
    ],
    [
      { cron: '0 6 * * *', timezone: 'Berlin' },
      'has the string "Berlin" as the timezone of its schedule: give a name of the IANA',
    ],
    [{ cron: '0 6 * * *', timezone: 2 }, 'has the number 2 as the timezone of its schedule'],
    [{ cron: '0 6 * * *', id: '' }, 'has an empty string as the id of its schedule: give a string'],
    [{ cron: '0 6 * * *', id: 3 }, 'has the number 3 as the id of its schedule'],
    [
      { cron: '0 6 * * *', initialState: 3 },
      'has the number 3 as the initialState of its schedule: give an object',
    ],
    [
      { cron: '0 6 * * *', requestContext: [] },
      'has an array as the requestContext of its schedule: give an object',
    ],
    [
      { cron: '0 6 * * *', metadata: 'x' },
      'its schedule, has the string "x" as its metadata: give an object',
    ],
    [
      { cron: '0 6 * * *', owner: '' },
      'has an empty string as the owner of its schedule: give 1 to 200 characters',
    ],
    [{ cron: '0 6 * * *', owner: 'x'.repeat(201) }, 'as the owner of its schedule: give 1 to 200 characters'],
    [
      { cron: '0 6 * * *', catchUp: true },
      'has the boolean true as catchUp of its schedule: give "newest" or "none"',
    ],
    [
      [{ cron: '0 6 * * *' }],
      'declares an array of schedules, and one entry is missing the required `id` field',
    ],
    [
      [
        { id: 'a', cron: '0 6 * * *' },
        { id: 'a', cron: '0 7 * * *' },
      ],
      'declares duplicate schedule id "a".',
    ],
  ])('%j is refused', (schedule, message) => {
    const error = refusal(schedule);
    expect(error.code).toBe('WORKFLOW_DEFINITION_INVALID');
    expect(error.message).toMatch(/^Workflow "w"/);
    expect(error.message).toContain(message);
  });

  test('have ids that fit into those of runs', () => {
    const longest = 'w'.repeat(longestScheduleName - 2);
    expect(withSchedule({ id: 's', cron: '0 6 * * *' }, longest).schedules).toHaveLength(1);
    const { message } = refusal({ id: 'ss', cron: '0 6 * * *' }, longest);
    expect(message).toContain(`shorten them to ${longestScheduleName} together`);
  });
});
