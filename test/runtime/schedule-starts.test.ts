import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { sqliteBackend } from '../../src/adapters/sqlite/index.ts';
import { createWorkflow } from '../../src/index.ts';
import type { MetricName } from '../../src/ports/metrics.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { virtualClock } from '../../src/testing/index.ts';
import { runsOf, scheduled, virtualPlace } from './scheduled.ts';
import { any, body, echo, flow } from './steps.ts';

const minute = 60_000;

const folder = mkdtempSync(join(tmpdir(), 'evented-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('several starts of one tick', () => {
  const at = Date.parse('2026-01-01T03:00Z');

  test('three at once, and one later, are one run', async () => {
    let executed = 0;
    const once = createWorkflow({
      id: 'w',
      inputSchema: any,
      outputSchema: any,
      schedule: { cron: '0 3 * * *' },
    })
      .then(body('only', async () => void (executed += 1)))
      .commit();
    const { clock, open, counted } = virtualPlace('2026-01-01T00:00Z');
    const runtime = open([once], { schedules: false });
    const tick = { workflowId: 'w', at };
    const runs = await Promise.all([1, 2, 3].map(() => runtime.startScheduled(tick)));
    expect(runs.filter((run) => run?.changed)).toHaveLength(1);
    await clock.settle();
    expect(await runtime.startScheduled(tick)).toMatchObject({ changed: false, status: 'success' });
    expect(await runsOf(runtime)).toHaveLength(1);
    expect([executed, counted.length]).toEqual([1, 1]);
    await runtime.close();
  });

  test('and so are those with what another deployment says', async () => {
    const { open, warnings } = virtualPlace('2026-01-01T00:00Z');
    const runtime = open([flow('w').then(echo('only')).commit()]);
    const tick = { workflowId: 'w', scheduleId: 'theirs', at };
    expect(await runtime.startScheduled(tick, { inputData: 1 })).toMatchObject({ changed: true });
    expect(await runtime.startScheduled(tick, { inputData: 2 })).toBeUndefined();
    expect(warnings).toEqual([]);
    expect(await runtime.startScheduled(tick)).toBeUndefined();
    expect(await runtime.startScheduled({ workflowId: 'gone', at })).toBeUndefined();
    expect(warnings).toHaveLength(2);
    await runtime.close();
  });

  test('a run of somebody else with the id of a tick is told and counted', async () => {
    const { open, warnings, counted } = virtualPlace('2026-01-01T00:00Z');
    const runtime = open([scheduled({ cron: '0 3 * * *' }), flow('other').then(echo('only')).commit()]);
    await runtime.start({ workflowId: 'other', runId: `sched_report_${at}`, inputData: 1, owner: 'bob' });
    expect(await runtime.startScheduled({ workflowId: 'report', at })).toBeUndefined();
    expect(warnings).toEqual(['A scheduled run could not be started']);
    expect(counted).toEqual(['request.refused']);
    await runtime.close();
  });

  test('two processes on one file start each tick once, and one that comes later what they missed', async () => {
    const clock = virtualClock({ start: Date.parse('2026-01-01T00:00Z') });
    const counted: string[] = [];
    const count = (name: MetricName): void => {
      if (name === 'schedule.fired' || name === 'run.started') counted.push(name);
    };
    const open = (): Runtime =>
      createRuntime({
        workflows: [scheduled({ cron: '*/2 * * * *' })],
        backend: sqliteBackend({ file: join(folder, 'two.db'), clock, pollMs: 1_000, metrics: { count } }),
      });
    const both = [open(), open()];
    await clock.advance(6 * minute);
    await Promise.all(both.map((runtime) => runtime.close()));
    expect(counted.toSorted()).toEqual([
      ...Array.from({ length: 3 }, () => 'run.started'),
      ...Array.from({ length: 3 }, () => 'schedule.fired'),
    ]);
    await clock.advance(7 * minute);
    const third = open();
    await clock.advance(1_000);
    expect(await runsOf(third)).toEqual(
      ['02', '04', '06', '12'].map((past) => `report 2026-01-01T00:${past}Z`),
    );
    await third.close();
  });
});
