import { expect, test } from 'vitest';
import { memoryPlace } from '../../src/adapters/memory/index.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { ManualClock } from './faults.ts';
import { step, workflow } from './fixtures.ts';
import { asking, byHand } from './hand.ts';

/** The time of a run is that of the clock, whatever the run waits for. */

const overdue = { status: 'failed', error: { code: 'WORKFLOW_RUN_TIMEOUT' } };

test('a run fails in time that waits for its place', async () => {
  const hand = byHand([workflow('w', [asking('ask')], { concurrency: { limit: 1 } })]);
  await hand.runtime.start({ workflowId: 'w', runId: 'first' });
  await hand.runtime.start({ workflowId: 'w', runId: 'second', timeoutMs: 10_000 });
  await hand.runtime.start({ workflowId: 'w', runId: 'third' });
  await hand.drain();
  for (let sweeps = 0; sweeps < 3; sweeps += 1) {
    await hand.sweep();
    await hand.drain();
  }
  expect(await hand.runtime.result({ runId: 'second' })).toMatchObject(overdue);
  await hand.runtime.resume({ runId: 'first', resumeData: 1 });
  await hand.drain();
  expect(await hand.runtime.result({ runId: 'first' })).toMatchObject({ status: 'success' });
  expect(await hand.runtime.result({ runId: 'third' })).toMatchObject({ status: 'suspended' });
});

test.each(['timer', 'sweep'])('a run fails in time that is parked, by the %s', async (by) => {
  const clock = new ManualClock();
  const place = memoryPlace({ clock });
  const deploy = (...ids: readonly string[]): Runtime =>
    createRuntime({
      workflows: [workflow('w', [...ids.map((id) => step(id, () => id)), asking('ask')])],
      backend: place.attach(),
      work: false,
      logger: { warn: () => undefined },
    });
  const drain = async (runtime: Runtime): Promise<void> => {
    for (let next = place.receive(); next !== undefined; next = place.receive()) {
      await runtime.handle(next.event);
    }
  };
  const before = deploy('one');
  await before.start({ workflowId: 'w', runId: 'r', timeoutMs: 600_000 });
  await drain(before);
  const timer = place.queued().find(({ event }) => event.type === 'workflow.timeout');
  const after = deploy('new', 'one');
  await expect(after.resume({ runId: 'r', resumeData: 1 })).rejects.toMatchObject({
    code: 'WORKFLOW_RUN_PARKED',
  });
  clock.pass(900_000);
  if (by === 'sweep') await after.sweep();
  else if (timer !== undefined) await after.handle(timer.event);
  await drain(after);
  expect(await after.result({ runId: 'r' })).toMatchObject(overdue);
});
