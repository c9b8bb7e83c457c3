import { describe, expect, test } from 'vitest';
import { cronSchedules, type DeploymentSchedule } from '../../../src/adapters/aws/cron-schedules.ts';
import { createWorkflow, WorkflowError } from '../../../src/index.ts';
import { any, echo, flow } from '../../runtime/steps.ts';

const plain = flow('plain').then(echo('only')).commit();

function scheduled(
  schedule: { id: string; cron: string; timezone?: string; inputData?: unknown }[],
  id = 'w',
) {
  return createWorkflow({ id, inputSchema: any, outputSchema: any, schedule }).then(echo('only')).commit();
}

function refusal(
  workflows: Parameters<typeof cronSchedules>[0],
  more: readonly DeploymentSchedule[],
): string {
  try {
    cronSchedules(workflows, more);
  } catch (error) {
    expect(error).toMatchObject({ code: 'WORKFLOW_DEFINITION_INVALID' });
    if (error instanceof WorkflowError) return error.message;
  }
  throw new TypeError('It was accepted');
}

describe('the schedules of a deployment', () => {
  test('are those of its workflows and its own', () => {
    const all = cronSchedules(
      [
        scheduled([{ id: 'a b', cron: '0 6 * * *', timezone: 'Europe/Berlin', inputData: new Date(0) }]),
        plain,
      ],
      [{ id: 'own', workflowId: 'plain', cron: '@daily', enabled: false, inputData: { a: 1 }, owner: 'ops' }],
    );
    expect(all).toMatchObject([
      {
        name: expect.stringMatching(/^cron-w-a-b-[0-9a-f]{20}-0$/),
        expression: 'cron(0 6 * * ? *)',
        timezone: 'Europe/Berlin',
        isEnabled: true,
        description: 'Schedule "w:a b"',
      },
      {
        expression: 'cron(0 0 * * ? *)',
        timezone: 'UTC',
        isEnabled: false,
        description: 'Schedule "plain:own"',
      },
    ]);
    // What a workflow declares stays in its code, where it may be more than JSON holds.
    const [declared, own] = all.map(({ input }) => (JSON.parse(input) as { detail: unknown }).detail);
    expect(declared).toEqual({ workflowId: 'w', scheduleId: 'a b' });
    expect(own).toEqual({
      workflowId: 'plain',
      scheduleId: 'own',
      start: { inputData: { a: 1 }, owner: 'ops' },
    });
  });

  test('are two in the Scheduler where either of two days is enough, with one input', () => {
    const [one, other, ...more] = cronSchedules([scheduled([{ id: 'a', cron: '0 6 13 * FRI' }])], []);
    expect(more).toEqual([]);
    expect(one?.input).toBe(other?.input);
    expect(one?.name).not.toBe(other?.name);
  });

  test('have names that the Scheduler takes, whatever their ids are', () => {
    const ids = ['x'.repeat(150), 'ü/€ 報告', 'a:b', 'a%3Ab', 'A:B'];
    const all = cronSchedules([scheduled(ids.map((id) => ({ id, cron: '@daily' })))], []);
    for (const { name } of all) expect(name).toMatch(/^cron-[\w.-]{1,59}$/);
    expect(new Set(all.map(({ name }) => name)).size).toBe(ids.length);
  });

  test('are refused when the Scheduler cannot keep them', () => {
    expect(refusal([scheduled([{ id: 'a', cron: '*/10 * * * * *' }])], [])).toContain(
      'The cron "*/10 * * * * *" of schedule "w:a": EventBridge Scheduler knows no seconds',
    );
    expect(refusal([plain], [{ id: 'a', workflowId: 'gone', cron: '@daily' }])).toContain(
      'Schedule "a" of the deployment is for workflow "gone", which its entry does not export',
    );
    const twice = refusal(
      [scheduled([{ id: 'a', cron: '@daily' }])],
      [{ id: 'a', workflowId: 'w', cron: '@hourly' }],
    );
    expect(twice).toContain('Schedule "w:a" is declared twice: give one of them another id');
  });
});
