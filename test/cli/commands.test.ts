import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { displayWidth } from '../../src/cli/text.ts';
import { type Served, serve } from './run.ts';

/** A server with a run that waits for an approval. */
async function suspended(runId = 'order-1'): Promise<Served> {
  const served = serve();
  const started = await served.evented(['start', 'orders', '{"pieces":3}', '--run-id', runId]);
  expect(started).toMatchObject({ code: 0, err: '' });
  await served.settled(runId);
  return served;
}

describe('start', () => {
  test('prints the run and how to look at it', async () => {
    const { evented } = serve();
    expect(await evented(['start', 'orders', '{"pieces":3}', '--run-id', 'a b'])).toEqual({
      code: 0,
      out: "started  a b  orders  running\n  evented show 'a b' --watch\n",
      err: '',
    });
    const url = ['--url', 'http://127.0.0.1:9'];
    const { out } = await evented(['start', 'orders', '{"pieces":3}', '--run-id=-x', ...url]);
    expect(out).toContain('\n  evented show --watch --url http://127.0.0.1:9 -- -x\n');
  });

  test('the same key is the same run, with --json for scripts', async () => {
    const { evented } = serve();
    const argv = ['start', 'orders', '{"pieces":3}', '--key', 'k', '--resource', 'acme', '--json'];
    const [first, second] = [await evented(argv), await evented(argv)];
    const run = JSON.parse(first.out) as { runId: string };
    expect(run).toEqual({
      runId: expect.stringMatching(/^key-/),
      workflowId: 'orders',
      status: 'running',
      resourceId: 'acme',
      changed: true,
    });
    expect(JSON.parse(second.out)).toMatchObject({ runId: run.runId, changed: false });
    const other = await evented(['start', 'orders', '{"pieces":4}', '--key', 'k']);
    expect(other.code).toBe(6);
  });

  test('--timeout gives the run its time, and has to be one', async () => {
    const { evented, runtime } = serve();
    const argv = ['start', 'orders', '{"pieces":3}', '--run-id', 'a', '--timeout'];
    expect(await evented([...argv, '1s'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--timeout'),
    });
    expect(await evented([...argv, '600000'])).toMatchObject({ code: 0 });
    expect((await runtime.list({ limit: 1 })).headers).toMatchObject([{ runId: 'a', timeoutMs: 600_000 }]);
  });

  test('input from the standard input and from a file', async () => {
    const { evented, runtime } = serve();
    const folder = mkdtempSync(join(tmpdir(), 'evented-cli-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'input.json'), '{"pieces": 7}');
    expect(
      await evented(['start', 'orders', '-', '--run-id', 'a'], { lines: ['{"pieces":', '5}'] }),
    ).toMatchObject({ code: 0 });
    expect(await evented(['start', 'orders', '@input.json', '--run-id', 'b'], { cwd: folder })).toMatchObject(
      { code: 0 },
    );
    expect((await runtime.get({ runId: 'a' }))?.payload).toEqual({ pieces: 5 });
    expect((await runtime.get({ runId: 'b' }))?.payload).toEqual({ pieces: 7 });
  });

  test('an input that does not fit is 7 with what is wrong, and nothing is started', async () => {
    const { evented, runtime } = serve();
    const outcome = await evented(['start', 'orders', '{"pieces":"x"}']);
    expect(outcome).toMatchObject({ code: 7, out: '' });
    expect(outcome.err).toContain('pieces');
    expect((await runtime.list({ limit: 10 })).headers).toEqual([]);
  });

  test('without input it needs a terminal, and says what the input has', async () => {
    const { evented } = serve();
    const outcome = await evented(['start', 'orders']);
    expect(outcome).toMatchObject({ code: 2, out: '' });
    expect(outcome.err).toContain('It has: pieces (whole number)');
  });

  test('on a terminal it asks for each field until it fits', async () => {
    const { evented, runtime } = serve();
    const lines = ['many', '0', '', '3'];
    const { code, out } = await evented(['start', 'orders', '--run-id', 'r', '--no-color'], {
      tty: true,
      lines,
    });
    expect(code).toBe(0);
    expect(out.split('\n').slice(0, 4)).toEqual([
      'pieces (whole number):   give a number',
      'pieces (whole number):   give 1 or more',
      'pieces (whole number):   give a value',
      'pieces (whole number): started  r  orders  running',
    ]);
    expect((await runtime.get({ runId: 'r' }))?.payload).toEqual({ pieces: 3 });
  });

  test('an end of the input before the last answer sends nothing', async () => {
    const { evented, runtime } = serve();
    expect(await evented(['start', 'orders'], { tty: true, lines: [] })).toMatchObject({ code: 130 });
    expect((await runtime.list({ limit: 10 })).headers).toEqual([]);
  });
});

describe('resume', () => {
  const approval = '{"approved":true,"by":"Ada"}';

  test('by the key that it waits under, without its run', async () => {
    const { evented, runtime, clock, settled } = await suspended();
    const none = await clock.runUntil(evented(['resume', '--key', 'order:other', approval]));
    expect(none).toMatchObject({ code: 5, out: '' });
    expect(none.err).toContain('No step waits under the resume key "order:other"');
    const resumed = await evented([
      'resume',
      approval,
      '--key',
      'order:order-1',
      '--context',
      '{"by":"key"}',
    ]);
    expect(resumed).toEqual({
      code: 0,
      out: 'resumed  order-1  orders  running\n  evented show order-1 --watch\n',
      err: '',
    });
    await settled('order-1');
    expect(await runtime.get({ runId: 'order-1' })).toMatchObject({
      status: 'success',
      requestContext: { by: 'key' },
    });
  });

  test('by step, by label, or the only one', async () => {
    for (const by of [['--step', 'approve'], ['--label', 'approval'], []]) {
      const { evented, runtime, settled } = await suspended();
      expect(await evented(['resume', 'order-1', approval, ...by])).toMatchObject({
        code: 0,
        out: 'resumed  order-1  orders  running\n  evented show order-1 --watch\n',
      });
      await settled('order-1');
      expect((await runtime.get({ runId: 'order-1' }))?.result).toEqual({ cents: 750, by: 'Ada' });
    }
  });

  test('on a terminal it says what the step waits for, and asks', async () => {
    const { evented, runtime, settled } = await suspended();
    const lines = ['perhaps', 'y', 'A', 'Ada', 'fine'];
    const { code, out } = await evented(['resume', 'order-1', '--no-color'], { tty: true, lines });
    expect(code).toBe(0);
    expect(out.split('\n').slice(0, 5)).toEqual([
      'approve waits  {"cents":750}',
      'approved (yes or no):   answer yes or no',
      'approved (yes or no): by (text):   give at least 2 characters',
      'by (text): note (text, optional): resumed  order-1  orders  running',
      '  evented show order-1 --watch',
    ]);
    await settled('order-1');
    const run = await runtime.get({ runId: 'order-1' });
    expect(run?.steps['approve']?.resumePayload).toEqual({ approved: true, by: 'Ada', note: 'fine' });
  });

  test('elsewhere it needs the data, and names its fields', async () => {
    const { evented } = await suspended();
    const outcome = await evented(['resume', 'order-1']);
    expect(outcome).toMatchObject({ code: 2, out: '' });
    expect(outcome.err).toContain('It has: approved (yes or no), by (text), note (text, optional)');
  });

  test('refusals of the server', async () => {
    const { evented, settled } = await suspended();
    expect(await evented(['resume', 'order-1', '{"approved":1}'])).toMatchObject({ code: 7 });
    expect(await evented(['resume', 'order-1', approval, '--step', 'other'])).toMatchObject({ code: 6 });
    expect(await evented(['resume', 'order-1', approval, '--label', 'other'])).toMatchObject({ code: 5 });
    await evented(['cancel', 'order-1']);
    await settled('order-1');
    expect(await evented(['resume', 'order-1', approval])).toMatchObject({ code: 6 });
  });
});

describe('steering', () => {
  test('cancel, once and again', async () => {
    const { evented } = await suspended();
    const first = await evented(['cancel', 'order-1']);
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toMatch(/^canceled {2}order-1 {2}orders {2}canceled\n/);
    expect((await evented(['cancel', 'order-1'])).out).toMatch(/^unchanged {2}order-1/);
  });

  test('time travel to a step with another input', async () => {
    const { evented, runtime, settled } = await suspended();
    const outcome = await evented(['time-travel', 'order-1', 'price', '{"pieces":5}', '--json']);
    expect(JSON.parse(outcome.out)).toMatchObject({ runId: 'order-1', status: 'running', changed: true });
    await settled('order-1');
    expect((await runtime.get({ runId: 'order-1' }))?.steps['price']?.output).toEqual({ cents: 1250 });
    expect(await evented(['time-travel', 'order-1', 'nowhere'])).toMatchObject({ code: 7 });
  });

  test('restart of a run that is suspended is refused', async () => {
    const { evented } = await suspended();
    expect(await evented(['restart', 'order-1'])).toMatchObject({ code: 6, out: '' });
  });

  test('delete asks on a terminal, and nowhere else', async () => {
    const { evented } = await suspended();
    const asked = await evented(['delete', 'order-1'], { tty: true, lines: ['n'] });
    expect(asked).toMatchObject({ code: 1 });
    expect(asked.out).toContain('Remove run order-1 for good? [y/N]');
    expect(await evented(['delete', 'order-1'])).toEqual({ code: 0, out: 'removed  order-1\n', err: '' });
    expect(await evented(['delete', 'order-1', '--yes'], { tty: true })).toMatchObject({ code: 5 });
  });
});

describe('looking', () => {
  test('runs fits 80 columns, whatever ids are like', async () => {
    const { evented, clock, settled } = serve();
    const ids = ['short', 'long-'.repeat(20), '注文'.repeat(30), 'evil\u001B[2J\u202E'];
    for (const id of ids) {
      await evented(['start', 'orders', '{"pieces":3}', `--run-id=${id}`]);
      await settled(id);
      await clock.advance(61_000);
    }
    await evented(['cancel', 'short']);
    const { code, out, err } = await evented(['runs']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    await expect(out).toMatchFileSnapshot('golden/runs.txt');
    for (const columns of [40, 60, 80, 200]) {
      const lines = (await evented(['runs'], { columns })).out.split('\n');
      expect(lines.filter((line) => displayWidth(line) > columns)).toEqual([]);
    }
  });

  test('runs narrowed, paged, and for scripts', async () => {
    const { evented, settled } = serve();
    for (const id of ['a', 'b', 'c']) {
      await evented([
        'start',
        'orders',
        '{"pieces":1}',
        '--run-id',
        id,
        '--resource',
        id === 'c' ? 'x' : 'y',
      ]);
      await settled(id);
    }
    await evented(['cancel', 'a']);
    const idsOf = (out: string) =>
      (JSON.parse(out) as { runs: { runId: string }[] }).runs.map(({ runId }) => runId).toSorted();
    expect(idsOf((await evented(['runs', '--status', 'suspended', '--json'])).out)).toEqual(['b', 'c']);
    expect(idsOf((await evented(['runs', '--resource', 'x', '--json'])).out)).toEqual(['c']);
    expect((await evented(['runs', '--workflow', 'other'])).out).toBe('No runs.\n');
    expect(await evented(['runs', '--from', 'yesterday'])).toMatchObject({ code: 7 });
    const page = await evented(['runs', '--limit', '2']);
    const cursor = /--cursor (\S+)/.exec(page.out)?.[1] ?? '';
    expect((await evented(['runs', '--limit', '2', '--cursor', cursor])).out.split('\n')).toHaveLength(3);
    const all = await evented(['runs', '--all', '--json']);
    const lines = all.out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { runId: string }).runId);
    expect(lines.toSorted()).toEqual(['a', 'b', 'c']);
  });

  test('workflows', async () => {
    const { evented } = serve();
    expect((await evented(['workflows'])).out).toBe('orders    Prices an order and has it approved\n');
    expect(JSON.parse((await evented(['workflows', '--json'])).out)).toEqual({
      workflows: [{ id: 'orders', description: 'Prices an order and has it approved' }],
    });
  });

  test('events, as lines and as JSON lines', async () => {
    const { evented, settled } = await suspended();
    const { out } = await evented(['events', 'order-1']);
    await expect(out).toMatchFileSnapshot('golden/events.txt');
    await evented(['resume', 'order-1', '{"approved":false,"by":"Ada"}']);
    await settled('order-1');
    const followed = await evented(['events', 'order-1', '--follow', '--json']);
    const types = followed.out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { type: string }).type);
    expect(types.at(0)).toBe('workflow-start');
    expect(types.at(-1)).toBe('workflow-finish');
    const last = await evented(['events', 'order-1']);
    expect(last.out).toContain('failed  Not approved by');
  });

  test('--json is one document', async () => {
    const { evented } = await suspended();
    for (const argv of [['runs'], ['workflows'], ['show', 'order-1'], ['graph', 'orders']]) {
      const { code, out } = await evented([...argv, '--json'], { tty: true });
      expect(code).toBe(0);
      expect(JSON.parse(out)).toBeTypeOf('object');
    }
  });
});
