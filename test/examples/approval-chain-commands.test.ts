import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const at = (name: string): string =>
  fileURLToPath(new URL(`../../examples/approval-chain/${name}`, import.meta.url));
const condition = '--conditions=evented-workflows-source';
const folder = mkdtempSync(join(tmpdir(), 'approvals-'));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const call = (name: string, ...args: string[]) =>
  new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      [condition, at(name), ...args],
      { cwd: folder },
      (_error, out, err) => {
        resolve({ code: child.exitCode, out, err });
      },
    );
  });

describe('the command that plays a purchase through', () => {
  const steps = (out: string): string[] => out.split('\n').filter((line) => /^(?:answer|end) /.test(line));

  it('shows who is asked, who answers and how it ends', async () => {
    const { code, out, err } = await call('run.ts', '--seed', '3', '--every', '20');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.match(/^question .*$/gm)).toHaveLength(3);
    expect(out).toContain('waits for: manager, finance, security\n');
    expect(out.match(/^reminder .* reminder [12] of 2: /gm)?.length).toBeGreaterThanOrEqual(2);
    expect(out.match(/^escalation /gm)?.length).toBeGreaterThanOrEqual(1);
    expect(out).toContain('Result: {"outcome":"ordered","orderNumber":"PO-seed-3","costCentre":"4711"');
    expect(out.split('Audit trail\n')[1]?.match(/ approved /g)).toHaveLength(3);
  });

  it('ends with a rejection', async () => {
    const args = ['--seed', '5', '--reject', 'security', '--every', '20'];
    const { code, out } = await call('run.ts', ...args);
    expect(code).toBe(0);
    expect(out).toContain('Result: {"outcome":"rejected","role":"security"');
    expect(steps(out).at(-1)).toMatch(/^end +to Iris: your purchase was rejected by .*: not in this year$/);
  });

  it.each([
    [['--reject', 'nobody'], '--reject is "nobody"; it must be one of manager, finance, security.'],
    [['--seed', 'x'], '--seed is "x"; it must be a whole number from 0 to 4294967295.'],
    [['--every', '0'], '--every is "0"; it must be a whole number from 1 to 60000.'],
    [['now'], 'Usage: '],
  ])('says what is wrong with %j', async (args, message) => {
    const { code, out, err } = await call('run.ts', ...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
    expect(err).not.toMatch(/^ +at /m);
  });
});

describe('the server', () => {
  /** Starts it on the one file, and resolves with where it listens. */
  async function serve() {
    const args = [condition, at('serve.ts'), '--port', '0', '--file', join(folder, 'approvals.db')];
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const lines: string[] = [];
    const listening = Promise.withResolvers<string>();
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      const url = /^Listening on (http:\/\/127\.0\.0\.1:\d+)$/.exec(line)?.[1];
      if (url !== undefined) listening.resolve(url);
    });
    child.once('exit', (code) => {
      listening.reject(new Error(`The server ended with ${code} before it listened.`));
    });
    return {
      url: await listening.promise,
      lines,
      async end(signal: 'SIGKILL' | 'SIGTERM') {
        child.kill(signal);
        const [code] = await once(child, 'close');
        return code as number | null;
      },
    };
  }

  async function post(url: string, body: unknown) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const answer = (await response.json()) as { code?: string; detail?: string };
    return { status: response.status, code: answer.code, detail: answer.detail };
  }

  /** Waits until nothing of the run goes on by itself, and gives it. */
  async function settled(url: string, from?: string): Promise<{ run: Run; cursor: string }> {
    const query = from === undefined ? '' : `&cursor=${encodeURIComponent(from)}`;
    const page = (await (await fetch(`${url}/runs/p1/events?wait=20${query}`)).json()) as {
      events: { type: string }[];
      cursor: string;
    };
    if (page.events.every(({ type }) => type !== 'workflow-finish')) return settled(url, page.cursor);
    return { run: (await (await fetch(`${url}/runs/p1`)).json()) as Run, cursor: page.cursor };
  }

  interface Run {
    readonly status: string;
    readonly resumeLabels: object;
    readonly result?: unknown;
    readonly initialState?: object;
  }

  it('is answered over HTTP, is killed, and goes on with what it was told', async () => {
    const first = await serve();
    const resume = (server: { url: string }, label: string, resumeData: unknown) =>
      post(`${server.url}/runs/p1/resume`, { label, resumeData });
    const inputData = { item: 'scanner', amountCents: 100, requester: 'Iris' };
    const runs = `${first.url}/workflows/purchase/runs`;
    expect(await post(runs, { runId: 'p1', inputData: { ...inputData, amountCents: -1 } })).toMatchObject({
      status: 422,
      code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
    });
    expect((await post(runs, { runId: 'p1', inputData })).status).toBe(201);
    const asked = await settled(first.url);
    expect(asked.run.status).toBe('suspended');
    expect(Object.keys(asked.run.resumeLabels).toSorted()).toEqual(['finance', 'manager', 'security']);

    expect(await resume(first, 'finance', { action: 'approve', by: 'Fred' })).toMatchObject({
      status: 422,
      detail: expect.stringContaining('costCentre'),
    });
    expect(await resume(first, 'sales', {})).toMatchObject({
      status: 404,
      code: 'WORKFLOW_RESUME_LABEL_NOT_FOUND',
    });
    expect(await post(`${first.url}/runs/p1/resume`, '{"label":')).toMatchObject({ status: 400 });
    expect(await post(`${first.url}/runs/p2/resume`, { label: 'finance' })).toMatchObject({ status: 404 });
    expect(
      await resume(first, 'finance', { action: 'approve', by: 'Fred', costCentre: '4711' }),
    ).toMatchObject({ status: 200 });
    await first.end('SIGKILL');
    expect(first.lines).toContain('[p1] question to finance: May Iris buy "scanner" for 1.00?');

    const second = await serve();
    expect((await resume(second, 'security', { action: 'approve', by: 'Sam' })).status).toBe(200);
    expect((await resume(second, 'manager', { action: 'approve', by: 'Mona' })).status).toBe(200);
    let { run, cursor } = await settled(second.url, asked.cursor);
    while (run.status !== 'success') ({ run, cursor } = await settled(second.url, cursor));
    expect(run.result).toEqual({
      outcome: 'ordered',
      orderNumber: 'PO-p1',
      costCentre: '4711',
      conditions: [],
    });
    expect(run.initialState).toMatchObject({
      manager: [{ event: 'asked' }, { event: 'approved', who: 'Mona' }],
      finance: [{ event: 'asked' }, { event: 'approved', who: 'Fred' }],
      security: [{ event: 'asked' }, { event: 'approved', who: 'Sam' }],
    });
    expect(await second.end('SIGTERM')).toBe(0);
  });

  it('prints what to call', async () => {
    const server = await serve();
    await server.end('SIGTERM');
    const text = server.lines.join('\n');
    const bodies = [...text.matchAll(/ -d '([^']+)' http:\/\/\S+$/gm)].map(([, body]) =>
      JSON.parse(body ?? ''),
    );
    expect(bodies).toHaveLength(5);
    expect(bodies.slice(1)).toMatchObject([
      { label: 'manager' },
      { label: 'finance' },
      { label: 'security' },
      { label: 'finance' },
    ]);
  });

  it.each([
    [['--port', '70000'], '--port is "70000"; it must be a whole number from 0 to 65535.'],
    [['--frobnicate'], 'Usage: '],
  ])('says what is wrong with %j', async (args, message) => {
    const { code, err } = await call('serve.ts', ...args);
    expect(code).toBe(1);
    expect(err).toContain(message);
    expect(err).not.toMatch(/^ +at /m);
  });
});
