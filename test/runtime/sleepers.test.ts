import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sqliteBackend } from '../../src/adapters/sqlite/index.ts';
import type { Clock } from '../../src/ports/index.ts';
import { createRuntime } from '../../src/runtime/index.ts';
import { add, workflow } from './fixtures.ts';

const day = 86_400_000;
const sleepers = 1_000;

/** The system's timers under a wall clock that can be moved on; notes which of them are pending. */
function movableClock() {
  let ahead = 0;
  const pending = new Set<number>();
  const clock: Clock = {
    now: () => Date.now() + ahead,
    timer(delayMs, callback) {
      pending.add(delayMs);
      const timeout = setTimeout(() => {
        pending.delete(delayMs);
        callback();
      }, delayMs);
      timeout.unref();
      return () => {
        pending.delete(delayMs);
        clearTimeout(timeout);
      };
    },
  };
  return { clock, pending, moveOn: (ms: number) => (ahead += ms) };
}

test('H11 a thousand sleepers are in no process: another one wakes all of them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'evented-'));
  const file = join(folder, 'runs.db');
  const made = workflow('w', [{ sleep: 30 * day, id: 'nap' }, add('after', 1)]);
  const time = movableClock();
  const open = () =>
    createRuntime({ workflows: [made], backend: sqliteBackend({ file, clock: time.clock }) });
  const runIds = Array.from({ length: sleepers }, (_, number) => `run-${number}`);
  try {
    const first = open();
    await Promise.all(
      runIds.map((runId, number) => first.start({ workflowId: 'w', runId, inputData: number })),
    );
    const waiting = async (): Promise<number> => {
      const page = await first.list({ workflowId: 'w', status: 'waiting', limit: 1_000 });
      return page.headers.length;
    };
    while ((await waiting()) < sleepers) await new Promise((resolve) => setImmediate(resolve));
    // The sweeper's is the only one that is longer: no sleep is a timer.
    expect([...time.pending].filter((delay) => delay > 1_000)).toEqual([60_000]);
    await first.close();

    time.moveOn(30 * day);
    const second = open();
    const results = await Promise.all(
      runIds.map(async (runId) => {
        await second.settled({ runId });
        return (await second.result({ runId })).result;
      }),
    );
    expect(results).toEqual(runIds.map((_, number) => number + 1));
    await second.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
