import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { WorkflowError } from '../../src/core/errors.ts';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import { createWorkflow, type ScheduleFields } from '../../src/index.ts';
import type { Backend } from '../../src/ports/index.ts';
import { runsOf, scheduled, virtualPlace } from './scheduled.ts';
import { any, echo, flow } from './steps.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

describe('a schedule', () => {
  test('starts a run at each of its times, with what it says', async () => {
    const schedule = {
      cron: '0 3 * * *',
      inputData: { since: new Date(0) },
      initialState: { a: 1 },
      requestContext: { tenant: 't' },
      owner: 'ops',
    };
    const { clock, open, counted } = virtualPlace('2026-01-01T00:00:00Z');
    const runtime = open([scheduled(schedule)]);
    await clock.advance(3 * hour - 1);
    expect(await runsOf(runtime)).toEqual([]);
    await clock.advance(1);
    expect(await runsOf(runtime)).toEqual(['report 2026-01-01T03:00Z']);
    const runId = `sched_report_${Date.parse('2026-01-01T03:00:00Z')}`;
    const run = await runtime.get({ runId, owner: 'ops' });
    expect(run).toMatchObject({ status: 'success', initialState: { a: 1 } });
    expect(run?.payload).toEqual({ since: new Date(0) });
    await clock.advance(2 * day);
    expect(await runsOf(runtime)).toEqual([1, 2, 3].map((number) => `report 2026-01-0${number}T03:00Z`));
    expect(counted).toEqual(Array.from({ length: 3 }, () => 'schedule.fired'));
    await runtime.close();
  });

  test('may be one of several, of a workflow or of two', async () => {
    const { clock, open } = virtualPlace('2026-01-01T00:00:00Z');
    const runtime = open([
      scheduled([
        { id: 'a', cron: '0 1 * * *' },
        { id: 'b', cron: '0 1,2 * * *' },
      ]),
      scheduled({ cron: '30 1 * * *' }, 'other'),
      scheduled({ id: 'a', cron: '40 1 * * *' }, 'third'),
    ]);
    await clock.advance(3 * hour);
    expect(await runsOf(runtime)).toEqual([
      'report:a 2026-01-01T01:00Z',
      'report:b 2026-01-01T01:00Z',
      'other 2026-01-01T01:30Z',
      'third:a 2026-01-01T01:40Z',
      'report:b 2026-01-01T02:00Z',
    ]);
    await runtime.close();
  });

  test('may be of seconds', async () => {
    const { clock, open } = virtualPlace('2026-01-01T00:00:00.400Z');
    const runtime = open([scheduled({ cron: '*/20 * * * * *' })]);
    await clock.advance(minute);
    expect(await runsOf(runtime)).toEqual([
      'report 2026-01-01T00:00:20.000Z',
      'report 2026-01-01T00:00:40.000Z',
      'report 2026-01-01T00:01Z',
    ]);
    await runtime.close();
  });

  test('does not start anything without a worker, when it is turned off, or where the workflow is nested', async () => {
    const inner = scheduled({ cron: '* * * * *' }, 'inner');
    const outer = flow('outer').then(inner).commit();
    const { clock, open } = virtualPlace('2026-01-01T00:00:00Z');
    const runtimes = [open([inner], { work: false }), open([inner], { schedules: false }), open([outer])];
    await clock.advance(hour);
    for (const runtime of runtimes) expect(await runsOf(runtime)).toEqual([]);
    await Promise.all(runtimes.map((runtime) => runtime.close()));
  });

  test('starts nothing after close', async () => {
    const { clock, open } = virtualPlace('2026-01-01T00:00:00Z');
    const runtime = open([scheduled({ cron: '* * * * *' })]);
    await clock.advance(minute);
    await runtime.close();
    await clock.advance(hour);
    const other = open([], {});
    expect(await runsOf(other)).toEqual(['report 2026-01-01T00:01Z']);
    expect(clock.pending()).toHaveLength(1);
    await other.close();
  });
});

describe('time zones', () => {
  test.each([
    ['before the clocks change', '2026-03-27T12:00Z', 1, ['report 2026-03-28T01:30Z']],
    [
      'at the first time after the hour that is left out',
      '2026-03-28T12:00Z',
      1,
      ['report 2026-03-29T01:00Z'],
    ],
    ['after it', '2026-03-29T12:00Z', 1, ['report 2026-03-30T00:30Z']],
    [
      'once in the hour that comes twice',
      '2026-10-24T12:00Z',
      2,
      ['report 2026-10-25T00:30Z', 'report 2026-10-26T01:30Z'],
    ],
  ])('a time of day: %s', async (_, start, days, runs) => {
    const { clock, open } = virtualPlace(start);
    const runtime = open([scheduled({ cron: '30 2 * * *', timezone: 'Europe/Berlin' })]);
    await clock.advance(days * day);
    expect(await runsOf(runtime)).toEqual(runs);
    await runtime.close();
  });

  test('what comes each half hour goes on as time passes', async () => {
    for (const start of ['2026-03-29T00:10Z', '2026-10-25T00:10Z']) {
      const { clock, open } = virtualPlace(start);
      const runtime = open([scheduled({ cron: '*/30 * * * *', timezone: 'Europe/Berlin' })]);
      await clock.advance(2 * hour);
      const at = start.slice(0, 11);
      expect(await runsOf(runtime)).toEqual(
        ['00:30', '01:00', '01:30', '02:00'].map((time) => `report ${at}${time}Z`),
      );
      await runtime.close();
    }
  });

  test('the day of a zone is not that of UTC', async () => {
    const { clock, open } = virtualPlace('2026-02-27T12:00Z');
    const runtime = open([scheduled({ cron: '0 0 1 * *', timezone: 'Pacific/Auckland' })]);
    await clock.advanceTo(Date.parse('2026-02-28T11:00Z') - 1);
    expect(await runsOf(runtime)).toEqual([]);
    await clock.advance(1);
    expect(await runsOf(runtime)).toEqual(['report 2026-02-28T11:00Z']);
    await runtime.close();
  });
});

describe('what was missed', () => {
  const daily = (more: Partial<ScheduleFields> = {}) => scheduled({ cron: '0 3 * * *', ...more });

  /** Serves the workflow for a day, rests for `days`, and serves what `after` gives for an hour. */
  async function rest(days: number, before: WorkflowDefinition, after: WorkflowDefinition) {
    const { clock, open } = virtualPlace('2026-01-01T00:00Z');
    const first = open([before]);
    await clock.advance(12 * hour);
    await first.close();
    await clock.advance(days * day);
    const second = open([after]);
    await clock.advance(hour);
    const runs = await runsOf(second);
    await second.close();
    return runs;
  }

  test('the newest is started when somebody is back, and not the others', async () => {
    const runs = await rest(5, daily(), daily());
    expect(runs).toEqual(['report 2026-01-01T03:00Z', 'report 2026-01-06T03:00Z']);
  });

  test('nothing is, when nothing was missed', async () => {
    expect(await rest(0.2, daily(), daily())).toEqual(['report 2026-01-01T03:00Z']);
  });

  test('nothing is, when the schedule does not want it', async () => {
    expect(await rest(5, daily(), daily({ catchUp: 'none' }))).toEqual(['report 2026-01-01T03:00Z']);
  });

  test('nothing is of a schedule that is new', async () => {
    const old = scheduled({ cron: '0 4 * * *' });
    expect(await rest(5, old, daily())).toEqual(['report 2026-01-01T04:00Z']);
    const renamed = scheduled([{ id: 'other', cron: '0 3 * * *' }]);
    expect(await rest(5, daily(), renamed)).toEqual(['report 2026-01-01T03:00Z']);
  });

  test('nothing is of one that has gone, and it starts nothing any more', async () => {
    const { clock, open } = virtualPlace('2026-01-01T00:00Z');
    const first = open([daily()]);
    await clock.advance(12 * hour);
    await first.close();
    const second = open([flow('report').then(echo('only')).commit()]);
    await clock.advance(3 * day);
    expect(await runsOf(second)).toEqual(['report 2026-01-01T03:00Z']);
    await second.close();
  });

  test('a run that was left pending, because its worker died in onStart, is started', async () => {
    const { clock, place, open } = virtualPlace('2026-01-01T00:00Z');
    const first = open([daily()]);
    await clock.advance(12 * hour);
    const runId = `sched_report_${Date.parse('2026-01-02T03:00Z')}`;
    await first.create({ workflowId: 'report', runId });
    await first.close();
    await clock.advance(day);
    const second = open([daily()], { backend: place.attach() });
    await clock.settle();
    expect(await second.get({ runId })).toMatchObject({ status: 'success' });
    await second.close();
  });
});

describe('a clock that is set', () => {
  /** A backend whose clock shows another time than the timers go by. */
  function shifted(backend: Backend) {
    let shift = 0;
    const clock: Backend['clock'] = {
      now: () => backend.clock.now() + shift,
      timer: (ms, callback, options) => backend.clock.timer(ms, callback, options),
    };
    return { backend: { ...backend, clock }, set: (ms: number) => void (shift += ms) };
  }

  test('forward: the newest of the times between is started within a minute', async () => {
    const { clock, place, open } = virtualPlace('2026-01-01T00:00Z');
    const { backend, set } = shifted(place.attach());
    const runtime = open([scheduled({ cron: '0 * * * *' })], { backend });
    await clock.advance(10 * minute);
    set(5 * hour);
    await clock.advance(minute);
    expect(await runsOf(runtime)).toEqual(['report 2026-01-01T05:00Z']);
    await runtime.close();
  });

  test('back: the next time is the one by the clock, and none is started twice', async () => {
    const { clock, place, open, counted } = virtualPlace('2030-01-01T00:00Z');
    const { backend, set } = shifted(place.attach());
    const runtime = open([scheduled({ cron: '0 * * * *' })], { backend });
    await clock.advance(61 * minute);
    expect(await runsOf(runtime)).toEqual(['report 2030-01-01T01:00Z']);
    set(-30 * minute);
    await clock.advance(30 * minute);
    expect(counted).toHaveLength(1);
    set(-4 * 365 * day);
    await clock.advance(hour);
    expect(await runsOf(runtime)).toHaveLength(2);
    await runtime.close();
  });
});

/** A backend whose store rejects calls of one method for as long as `failing` says. */
function failingBackend(backend: Backend, method: string, failing: () => boolean): Backend {
  const store = new Proxy(backend.store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]) => {
        if (name === method && failing()) {
          throw new WorkflowError('WORKFLOW_BACKEND_UNAVAILABLE', 'The disk is full');
        }
        return (await Reflect.apply(value, target, args)) as unknown;
      };
    },
  });
  return { ...backend, store };
}

test('a start that takes long holds up no other schedule', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const slow = createWorkflow({
    id: 'slow',
    inputSchema: any,
    outputSchema: any,
    schedule: { cron: '1 0 * * *' },
    options: { onStart: () => promise },
  })
    .then(echo('only'))
    .commit();
  const { clock, open } = virtualPlace('2026-01-01T00:00Z');
  const runtime = open([slow, scheduled({ cron: '* * * * *' })]);
  await clock.advance(4 * minute);
  expect((await runsOf(runtime)).filter((run) => run.startsWith('report'))).toHaveLength(4);
  resolve();
  await clock.advance(1);
  await runtime.close();
});

describe('a start that fails', () => {
  test('because of what it is started with, is told and counted, and the next ones come', async () => {
    const number = createWorkflow({
      id: 'number',
      inputSchema: z.number(),
      outputSchema: any,
      schedule: { cron: '* * * * *', inputData: 'three' as never },
    })
      .then(echo('only'))
      .commit();
    const { clock, open, counted, warnings } = virtualPlace('2026-01-01T00:00Z');
    const runtime = open([number, scheduled({ cron: '* * * * *' })]);
    await clock.advance(2 * minute);
    expect(counted.toSorted()).toEqual([
      'request.refused',
      'request.refused',
      'schedule.fired',
      'schedule.fired',
    ]);
    expect(warnings).toEqual(Array.from({ length: 2 }, () => 'A scheduled run could not be started'));
    await runtime.close();
  });

  test('because the store cannot be reached, is tried again', async () => {
    const { clock, place, open, warnings } = virtualPlace('2026-01-01T00:00Z');
    let failing = true;
    const backend = failingBackend(place.attach(), 'startRun', () => failing);
    const runtime = open([scheduled({ cron: '0 3 * * *' })], { backend });
    await clock.advance(3 * hour + 5 * minute);
    expect(await runsOf(runtime)).toEqual([]);
    expect(warnings[0]).toBe('A scheduled run could not be started and is tried again');
    failing = false;
    await clock.advance(minute);
    expect(await runsOf(runtime)).toEqual(['report 2026-01-01T03:00Z']);
    await runtime.close();
  });

  test('once, is tried again though the next time has come, and none is left out', async () => {
    const { clock, place, open } = virtualPlace('2026-01-01T00:00Z');
    let calls = 0;
    const backend = failingBackend(place.attach(), 'startRun', () => (calls += 1) === 2);
    const runtime = open([scheduled({ cron: '* * * * *' })], { backend });
    await clock.advance(4 * minute);
    expect(await runsOf(runtime)).toEqual([1, 2, 3, 4].map((at) => `report 2026-01-01T00:0${at}Z`));
    await runtime.close();
  });

  test('because it cannot be seen what was missed, is made up for when it can', async () => {
    const { clock, place, open } = virtualPlace('2026-01-01T00:00Z');
    const before = open([scheduled({ cron: '0 3 * * *' })]);
    await clock.advance(4 * hour);
    await before.close();
    await clock.advance(5 * day);
    let failing = true;
    const backend = failingBackend(place.attach(), 'loadHeader', () => failing);
    const runtime = open([scheduled({ cron: '0 3 * * *' })], { backend });
    await clock.advance(minute);
    failing = false;
    await clock.advance(minute);
    expect(await runsOf(runtime)).toEqual(['report 2026-01-01T03:00Z', 'report 2026-01-06T03:00Z']);
    await runtime.close();
  });
});
