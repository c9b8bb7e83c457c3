import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { memoryPlace } from '../../src/adapters/memory/index.ts';
import { exitCodes } from '../../src/cli/exit.ts';
import { createHttpApp } from '../../src/http/index.ts';
import { createStep, createWorkflow } from '../../src/index.ts';
import { add, asking, workflow } from '../runtime/fixtures.ts';
import { Deployments } from '../runtime/parking-bench.ts';
import { run, serve } from './run.ts';

/** What the command line shows beside the status of a run. */

const ask = createStep({
  id: 'ask',
  inputSchema: z.number(),
  outputSchema: z.number(),
  execute: async ({ inputData, resumeData, suspend }) =>
    resumeData === undefined ? suspend({ inputData }) : inputData,
});

function limited(whenFull: 'queue' | 'reject' | 'return') {
  const concurrency = { limit: 1, whenFull };
  return createWorkflow({ id: 'w', inputSchema: z.number(), outputSchema: z.number(), concurrency })
    .then(ask)
    .commit();
}

test('a queued run is shown as queued, with how many are ahead, and in lists', async () => {
  const { evented, settled } = serve([limited('queue')]);
  for (const id of ['first', 'second', 'third']) await evented(['start', 'w', '1', '--run-id', id]);
  await settled('first');
  const shown = await evented(['show', 'third']);
  expect(shown.out).toMatch(/^third {2}w {2}queued/);
  expect(shown.out).toContain('1 ahead');
  expect(JSON.parse((await evented(['show', 'third', '--json'])).out)).toMatchObject({
    status: 'waiting',
    queued: { ahead: 1 },
  });
  const listed = await evented(['runs']);
  expect(listed.out).toMatch(/third .*queued/);
  expect(listed.out).toMatch(/first .*suspended/);
  const { runs } = JSON.parse((await evented(['runs', '--json'])).out) as { runs: { queued?: true }[] };
  expect(runs.filter(({ queued }) => queued === true)).toHaveLength(2);
  expect((await evented(['cancel', 'second'])).code).toBe(0);
  expect((await evented(['show', 'third'])).out).toContain('0 ahead');
});

test('a start that finds no place is answered with the other run, or refused', async () => {
  const single = serve([limited('return')]);
  await single.evented(['start', 'w', '1', '--run-id', 'first']);
  const answered = await single.evented(['start', 'w', '1', '--run-id', 'second', '--json']);
  expect([answered.code, JSON.parse(answered.out)]).toMatchObject([0, { runId: 'first', changed: false }]);
  const strict = serve([limited('reject')]);
  await strict.evented(['start', 'w', '1', '--run-id', 'first']);
  const refused = await strict.evented(['start', 'w', '1', '--run-id', 'second']);
  expect([refused.code, refused.out]).toEqual([exitCodes.conflict, '']);
  expect(refused.err).toContain('WORKFLOW_CONCURRENCY_LIMIT');
});

test('a run with a time limit says when it fails, until it is over', async () => {
  const { evented, settled, clock } = serve([limited('queue')]);
  await evented(['start', 'w', '1', '--run-id', 'r', '--timeout', '60000']);
  await settled('r');
  const deadlineAt = new Date(clock.now() + 60_000).toISOString();
  expect((await evented(['show', 'r'])).out).toContain(`fails at ${deadlineAt.slice(0, 10)}`);
  expect(JSON.parse((await evented(['show', 'r', '--json'])).out)).toMatchObject({ deadlineAt });
  expect(JSON.parse((await evented(['runs', '--json'])).out)).toMatchObject({ runs: [{ deadlineAt }] });
  await evented(['cancel', 'r']);
  expect((await evented(['show', 'r'])).out).not.toContain('fails at');
});

test('a parked run is shown with what to do, and its events and history can be read', async () => {
  const bench = new Deployments({
    name: 'memory',
    open: (clock) => {
      const place = memoryPlace({ clock });
      return { attach: () => place.attach(), remove: () => {} };
    },
  });
  onTestFinished(() => bench.close());
  const before = await bench.deploy(workflow('w', [add('one', 1), asking]));
  await before.start({ workflowId: 'w', runId: 'r', inputData: 1 });
  await bench.drain();
  const runtime = await bench.deploy(workflow('other', [add('one', 1)]));
  await expect(runtime.resume({ runId: 'r' })).rejects.toMatchObject({ code: 'WORKFLOW_RUN_PARKED' });
  const app = createHttpApp({ runtime });
  const evented = (...argv: string[]) =>
    run(argv, { fetch: async (request) => app.fetch(request), now: () => bench.clock.now() });
  const shown = await evented('show', 'r');
  expect(shown.out).toMatch(/^r {2}w {2}suspended, parked/);
  expect(shown.out).toContain('Parked since');
  expect(shown.out).toMatch(/one[\s\S]*ask/);
  expect((await evented('runs', '--parked')).out).toMatch(/r .*parked/);
  const events = await evented('events', 'r', '--json');
  expect(events.code).toBe(0);
  expect(events.out).toContain('workflow-step-suspended');
  const history = await app.request('/runs/r/history');
  expect(history.status).toBe(200);
});
