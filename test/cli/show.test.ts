import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { displayWidth } from '../../src/cli/text.ts';
import { createStep, createWorkflow } from '../../src/index.ts';
import { ordersWorkflow, serve } from './run.ts';

const any = z.unknown();
type Body = Parameters<typeof createStep>[0]['execute'];
const step = (id: string, execute: Body, more: object = {}) =>
  createStep({ id, inputSchema: any, outputSchema: any, execute, ...more });

const ask = step(
  'ask',
  async ({ inputData, resumeData, suspend }) =>
    resumeData ?? (await suspend({ about: inputData, evil: '\u001B[2J' })),
  { resumeSchema: z.object({ ok: z.boolean() }) },
);
const review = createWorkflow({ id: 'review', inputSchema: any, outputSchema: any })
  .then(step('read', async ({ inputData }) => inputData))
  .then(ask)
  .commit();
const approval = createWorkflow({ id: 'approval', inputSchema: any, outputSchema: any })
  .then(
    step(
      'ask-an-extraordinarily-long-named-committee-of-people',
      async ({ resumeData, suspend }) => resumeData ?? (await suspend()),
    ),
  )
  .commit();

/** A workflow with every construct, whose steps do what they are told. */
function every(options: { readonly failures?: number; readonly end?: Body } = {}) {
  let failures = options.failures ?? 2;
  return createWorkflow({ id: 'every', description: 'Every construct', inputSchema: any, outputSchema: any })
    .then(step('first', async () => 1))
    .parallel([step('left', async () => 'l'), step('right', async () => 'r')])
    .map(async () => ({ count: 0 }), { id: 'reset' })
    .branch([
      [async () => true, step('taken', async ({ inputData }) => inputData)],
      [async () => false, step('left-out', async () => 0)],
    ])
    .map(async () => ({ count: 0 }), { id: 'again' })
    .dountil(
      step('count', async ({ inputData }) => ({ count: (inputData as { count: number }).count + 1 })),
      async ({ inputData }) => (inputData as { count: number }).count >= 3,
    )
    .then(
      step(
        'flaky',
        async () => {
          failures -= 1;
          if (failures >= 0) throw new Error('not yet');
          return [1, 2, 3, 4];
        },
        { retries: 3 },
      ),
    )
    .foreach(
      step('each', async ({ inputData }) => inputData),
      { concurrency: 2 },
    )
    .sleep(90_000, { id: 'rest' })
    .map(async () => ['日本', 'b'], { id: 'pair' })
    .foreach(review, { concurrency: 2 })
    .then(approval)
    .then(step('end', options.end ?? (async () => 'done')))
    .commit();
}

async function started(workflow: ReturnType<typeof every>) {
  const served = serve([workflow]);
  await served.evented(['start', 'every', '1', '--run-id', 'run-1']);
  await served.settled('run-1');
  return served;
}

function widest(text: string): number {
  return Math.max(...text.split('\n').map(displayWidth));
}

describe('show', () => {
  test('every construct, and what waits with the command that resumes it', async () => {
    const { evented } = await started(every());
    const { code, out, err } = await evented(['show', 'run-1']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    await expect(out).toMatchFileSnapshot('golden/show-suspended.txt');
    expect(out).not.toContain('\u001B');
  });

  test('the commands that it prints resume the run, to its end', async () => {
    const { evented, settled } = await started(every());
    for (let round = 0; round < 3; round += 1) {
      const { out } = await evented(['show', 'run-1']);
      const line = /^ {2}evented (resume .*)$/m.exec(out)?.[1] ?? '';
      expect(await evented([...line.split(' '), '{"ok":true}'])).toMatchObject({ code: 0 });
      await settled('run-1');
    }
    const { out } = await evented(['show', 'run-1']);
    await expect(out).toMatchFileSnapshot('golden/show-success.txt');
    expect(widest(out)).toBeLessThanOrEqual(80);
  });

  test('an error with its place and its causes, and what is not run', async () => {
    const fail = async (): Promise<never> => {
      throw new TypeError('The parcel \u001B[31mis lost', { cause: new Error('the truck is empty') });
    };
    const inner = createWorkflow({ id: 'shipping', inputSchema: any, outputSchema: any })
      .then(step('pack', fail))
      .then(step('send', async () => 1))
      .commit();
    const outer = createWorkflow({ id: 'every', inputSchema: any, outputSchema: any })
      .then(inner)
      .then(step('thank', async () => 1))
      .commit();
    const { evented } = await started(outer as never);
    const { out } = await evented(['show', 'run-1']);
    await expect(out).toMatchFileSnapshot('golden/show-failed.txt');
  });

  test.each([40, 60, 200])('fits %i columns, but for commands to copy', async (columns) => {
    const { evented } = await started(every());
    const { out } = await evented(['show', 'run-1'], { columns });
    const lines = out.split('\n').filter((line) => !line.startsWith('  evented '));
    expect(widest(lines.join('\n'))).toBeLessThanOrEqual(Math.min(columns, 120));
  });

  test('a run without history has no attempts and no progress, and all else', async () => {
    const served = await started(every());
    const fetch = async (request: Request) =>
      new URL(request.url).pathname.endsWith('/history')
        ? Response.json(
            { type: 'x', title: 'x', status: 409, detail: 'none', code: 'WORKFLOW_HISTORY_ABSENT' },
            { status: 409, headers: { 'content-type': 'application/problem+json' } },
          )
        : await served.fetch(request);
    const { code, out } = await served.evented(['show', 'run-1'], { fetch });
    expect(code).toBe(0);
    await expect(out).toMatchFileSnapshot('golden/show-without-history.txt');
  });
});

describe('show --watch', () => {
  test('adds lines where it is no terminal, until the run is over', async () => {
    const served = serve();
    const { evented, clock } = served;
    await evented(['start', 'orders', '{"pieces":2}', '--run-id', 'r']);
    await served.settled('r');
    const watched = evented(['show', 'r', '--watch']);
    await evented(['resume', 'r', '{"approved":true,"by":"Ada"}']);
    const { code, out } = await clock.runUntil(watched);
    expect(code).toBe(0);
    expect(out.match(/approve .* ok/g)).toHaveLength(1);
    expect(out).toContain('"by": "Ada"');
    expect(out).not.toContain('\u001B');
  });

  test('draws over itself on a terminal, and ends with 1 when the run failed', async () => {
    const served = serve();
    const { evented, clock } = served;
    await evented(['start', 'orders', '{"pieces":2}', '--run-id', 'r']);
    await served.settled('r');
    const watched = evented(['show', 'r', '--watch', '--no-color'], { tty: true, columns: 80, rows: 24 });
    await evented(['resume', 'r', '{"approved":false,"by":"Ada"}']);
    const { code, out } = await clock.runUntil(watched);
    expect(code).toBe(1);
    // oxlint-disable-next-line no-control-regex -- what draws over
    const frames = out.split(/\u001B\[\d+A\u001B\[J/);
    expect(frames.length).toBeGreaterThan(1);
    expect(frames.at(-1)).toContain(
      'Error in approve\n  RangeError: Not approved by Ada\n  caused by no budget\n',
    );
  });

  test.each([8, 14, 200])(
    'draws no more than a screen of %i lines, and all of it at the end',
    async (rows) => {
      const { evented, clock } = await started(every());
      const around = { tty: true, columns: 80, rows };
      const watched = evented(['show', 'run-1', '--watch', '--no-color'], around);
      await evented(['cancel', 'run-1']);
      const { out } = await clock.runUntil(watched);
      // oxlint-disable-next-line no-control-regex -- what draws over
      const frames = out.split(/\u001B\[\d+A\u001B\[J/);
      expect(frames.length).toBeGreaterThan(1);
      for (const frame of frames.slice(0, -1)) expect(frame.split('\n').length - 1).toBeLessThan(rows);
      expect(frames.at(-1)).toContain('✓ first');
      expect(frames.at(-1)).toContain('· end');
    },
  );

  test('with --json each change of status is a line', async () => {
    const served = serve();
    const { evented, clock } = served;
    await evented(['start', 'orders', '{"pieces":2}', '--run-id', 'r']);
    await served.settled('r');
    const watched = evented(['show', 'r', '--watch', '--json']);
    await evented(['cancel', 'r']);
    const { code, out } = await clock.runUntil(watched);
    expect(code).toBe(1);
    const lines = out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { status: string }).status);
    expect(lines.at(-1)).toBe('canceled');
  });
});

test('start --wait prints the result', async () => {
  const quick = createWorkflow({ id: 'quick', inputSchema: any, outputSchema: any })
    .then(step('only', async () => ({ ok: true })))
    .commit();
  const { evented, clock } = serve([quick, ordersWorkflow]);
  const { code, out } = await clock.runUntil(evented(['start', 'quick', '1', '--run-id', 'q', '--wait']));
  expect({ code, out }).toEqual({ code: 0, out: 'q  quick  success\nResult\n  {\n    "ok": true\n  }\n' });
  const json = await clock.runUntil(evented(['start', 'quick', '1', '--wait', '--json']));
  expect(JSON.parse(json.out)).toMatchObject({ status: 'success', result: { ok: true } });
});
