import { describe, expect, test } from 'vitest';
import { memoryPlace } from '../../src/adapters/memory/index.ts';
import { createWorkflow } from '../../src/index.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { virtualClock } from '../../src/testing/index.ts';
import { inPlace, places } from './places.ts';
import { any, body, echo, flow } from './steps.ts';

const hour = 3_600_000;

/** A runtime whose time passes only when a test says so. */
function withVirtualTime(workflows: Parameters<typeof createRuntime>[0]['workflows']) {
  const clock = virtualClock();
  const place = memoryPlace({ clock });
  clock.settleWith(() => place.settled());
  const open = (work = true): Runtime => createRuntime({ workflows, backend: place.attach(), work });
  return { clock, place, open };
}

describe('a sleep', () => {
  test('passes its input on after its time, and shows as waiting until then', async () => {
    const made = flow('w').then(echo('before')).sleep(hour, { id: 'nap' }).then(echo('after')).commit();
    const { clock, open } = withVirtualTime([made]);
    const runtime = open();
    const began = clock.now();
    await runtime.start({ workflowId: 'w', runId: 'r', inputData: 7 });
    await clock.advance(hour - 1);
    const waiting = await runtime.get({ runId: 'r' });
    expect(waiting).toMatchObject({
      status: 'waiting',
      waitingPaths: { nap: [1] },
      steps: { nap: { status: 'waiting', payload: 7, startedAt: began } },
    });
    expect(waiting?.steps['nap']).not.toHaveProperty('output');
    await clock.advance(1);
    expect(await runtime.settled({ runId: 'r' })).toBe('success');
    const result = await runtime.result({ runId: 'r' });
    expect(result).toMatchObject({ result: 7, stepExecutionPath: ['before', 'nap', 'after'] });
    expect(result.steps['nap']).toEqual({
      status: 'success',
      payload: 7,
      output: 7,
      startedAt: began,
      endedAt: began + hour,
    });
    await runtime.close();
  });

  test('survives the process: another one ends it', async () => {
    const made = flow('w')
      .sleep(30 * 24 * hour, { id: 'nap' })
      .then(echo('after'))
      .commit();
    const { clock, open } = withVirtualTime([made]);
    const first = open();
    await first.start({ workflowId: 'w', runId: 'r', inputData: 'x' });
    await clock.settle();
    await first.close();
    const second = open();
    await clock.advance(30 * 24 * hour);
    expect(await second.settled({ runId: 'r' })).toBe('success');
    await second.close();
  });

  test('a cancel ends it at once, and its timer meets the end of the run', async () => {
    const made = flow('w').sleep(hour, { id: 'nap' }).then(echo('after')).commit();
    const { clock, open } = withVirtualTime([made]);
    const runtime = open();
    await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await clock.advance(1);
    await runtime.cancel({ runId: 'r' });
    expect(await runtime.settled({ runId: 'r' })).toBe('canceled');
    await clock.advance(2 * hour);
    expect((await runtime.get({ runId: 'r' }))?.steps).not.toHaveProperty('after');
    await runtime.close();
  });

  test('its lost timer is replaced by the sweeper, and it is looked at only when it is over', async () => {
    const made = flow('w')
      .sleep(24 * hour, { id: 'nap' })
      .then(echo('after'))
      .commit();
    const { clock, place, open } = withVirtualTime([made]);
    const runtime = open(false);
    await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    const first = place.receive();
    if (first === undefined) return expect.unreachable('nothing is queued');
    await runtime.handle(first.event);
    expect(place.queued()).toMatchObject([{ dueAt: clock.now() + 24 * hour }]);
    await clock.advance(10 * 60_000);
    expect(await runtime.sweep()).toBe(0);
    await clock.advance(24 * hour);
    const lost = place.receive();
    expect(lost?.event).toMatchObject({ stepId: 'nap' });
    expect(await runtime.sweep()).toBe(1);
    for (let next = place.receive(); next !== undefined; next = place.receive())
      await runtime.handle(next.event);
    expect(await runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 1 });
    await runtime.close();
  });

  test('a timer that fires early, and events delivered twice, change nothing', async () => {
    const made = flow('w').sleep(hour, { id: 'nap' }).then(echo('after')).commit();
    const { clock, place, open } = withVirtualTime([made]);
    const runtime = open(false);
    await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    const first = place.receive();
    if (first === undefined) return expect.unreachable('nothing is queued');
    await runtime.handle(first.event);
    const [timer] = place.queued();
    if (timer === undefined) return expect.unreachable('no timer is set');
    await runtime.handle(timer.event);
    await runtime.handle({ ...timer.event, dueAt: 1 });
    await runtime.handle(first.event);
    expect((await runtime.get({ runId: 'r' }))?.status).toBe('waiting');
    await clock.advance(hour);
    await runtime.handle(timer.event);
    await runtime.handle(timer.event);
    await runtime.handle(first.event);
    for (let next = place.receive(); next !== undefined; next = place.receive())
      await runtime.handle(next.event);
    expect(await runtime.result({ runId: 'r' })).toMatchObject({
      status: 'success',
      steps: { nap: { startedAt: clock.now() - hour, endedAt: clock.now() } },
    });
    await runtime.close();
  });

  test('events tell of a sleep as waiting, then of its result', async () => {
    const made = flow('w').sleep(hour, { id: 'nap' }).commit();
    const { clock, open } = withVirtualTime([made]);
    const runtime = open();
    await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await clock.advance(hour);
    const { events } = await runtime.events({ runId: 'r' });
    expect(events.map(({ type, payload }) => [type, payload['id'], payload['status']])).toEqual([
      ['workflow-start', undefined, undefined],
      ['workflow-step-waiting', 'nap', 'waiting'],
      ['workflow-step-result', 'nap', 'success'],
      ['workflow-finish', undefined, undefined],
    ]);
    await runtime.close();
  });

  test('a time beyond all dates is the last one', async () => {
    const made = flow('w').sleep(8_640_000_000_000_000, { id: 'nap' }).commit();
    const { open, clock, place } = withVirtualTime([made]);
    const runtime = open(false);
    await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    const first = place.receive();
    if (first === undefined) return expect.unreachable('nothing is queued');
    await runtime.handle(first.event);
    await clock.settle();
    expect(place.queued()).toMatchObject([{ dueAt: 8_640_000_000_000_000 }]);
    await runtime.close();
  });
});

describe.each(places)('the time of a sleep in $name', (place) => {
  const past = new Date(0);
  const quick = [
    ['0 ms', flow('w').sleep(0)],
    ['a function', flow('w').sleep(async ({ inputData }) => Number(inputData) - 1)],
    ['a negative time', flow('w').sleep(async () => -5)],
    ['a date that is past', flow('w').sleepUntil(past)],
    ['a function of a date', flow('w').sleepUntil(async () => past)],
  ] as const;

  test.each(quick)('%s', async (_, built) => {
    const made = built.then(body('after', async ({ inputData }) => inputData)).commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 1 });
      expect(result).toMatchObject({ status: 'success', result: 1 });
    });
  });

  test.each([
    ['that throws', async () => Promise.reject(new Error('no time')), 'no time'],
    ['that gives a text', async () => 'soon' as never, 'A sleep was given a string'],
    ['that gives no number', async () => Number.NaN, 'A sleep was given the time NaN'],
  ])('a function %s fails the run, and the entry says why', async (_, time, message) => {
    const made = createWorkflow({ id: 'w', inputSchema: any, outputSchema: any })
      .sleep(time, { id: 'nap' })
      .then(echo('after'))
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 1 });
      expect(result).toMatchObject({
        status: 'failed',
        error: { message: expect.stringContaining(message) },
        steps: { nap: { status: 'failed' } },
      });
      expect(result.steps).not.toHaveProperty('after');
    });
  });
});
