import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { run } from './run.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = fileURLToPath(new URL('../../src/cli/bin.ts', import.meta.url));

/** A folder as a user has it: the package and zod in `node_modules`, and files of their own. */
function project(files: Readonly<Record<string, string>>): {
  folder: string;
  write(name: string, text: string): void;
} {
  const folder = mkdtempSync(join(tmpdir(), 'evented-dev-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'evented-workflows'));
  symlinkSync(join(root, 'node_modules', 'zod'), join(folder, 'node_modules', 'zod'));
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  for (const [name, text] of Object.entries(files)) write(name, text);
  return { folder, write };
}

/** A running `evented dev`, by what it prints. */
class Dev {
  readonly child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #all: string[] = [];
  #wake: () => void = () => {};

  constructor(folder: string, ...args: string[]) {
    const argv = ['--conditions=evented-workflows-source', bin, 'dev', '--port', '0', ...args];
    this.child = spawn(process.execPath, argv, {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', npm_command: undefined },
    });
    onTestFinished(() => void this.child.kill('SIGKILL'));
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.#lines.push(line);
        this.#all.push(line);
        this.#wake();
      });
    }
    this.child.once('close', () => {
      this.#lines.push('(ended)');
      this.#wake();
    });
  }

  /** The next line that matches; what comes before it is dropped. */
  async line(pattern: RegExp): Promise<string> {
    for (;;) {
      const line = this.#lines.shift();
      if (line === undefined) {
        await new Promise<void>((woken) => {
          this.#wake = woken;
        });
      } else if (pattern.test(line)) {
        return line;
      } else if (line === '(ended)') {
        throw new RangeError(`It ended without a line like ${pattern}:\n${this.#all.join('\n')}`);
      }
    }
  }

  async url(): Promise<string> {
    return (await this.line(/^Listening on /)).replace('Listening on ', '');
  }

  async ended(): Promise<number | null> {
    if (this.child.exitCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }
}

const workflow = (answer: string, extra = ''): string => `
import { createStep, createWorkflow } from 'evented-workflows';
import { z } from 'zod';
import { answer } from './answer.js';
${extra}
const say = createStep({ id: 'say', inputSchema: z.any(), outputSchema: z.any(), execute: async () => [answer, '${answer}'] });
export const greet = createWorkflow({ id: 'greet', description: 'Says something', inputSchema: z.any(), outputSchema: z.any() }).then(say).commit();
`;

async function result(url: string): Promise<unknown> {
  const { out, code, err } = await run(['start', 'greet', '1', '--wait', '--json', '--url', url], {
    fetch: (request) => fetch(request),
  });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return (JSON.parse(out) as { result: unknown }).result;
}

describe('evented dev', () => {
  test('serves, reloads what changes, keeps the old version when the new one is wrong, and ends gracefully', async () => {
    const { folder, write } = project({
      'evented.workflows.ts': workflow('one'),
      'answer.ts': "export const answer: string = 'a';\n",
    });
    const dev = new Dev(folder);
    const url = await dev.url();
    await dev.line(/^Runs are kept in \.evented\/runs\.db$/);
    await dev.line(/^Workflows of evented\.workflows\.ts$/);
    await dev.line(/^ {2}greet {2}Says something$/);
    await dev.line(/^ {2}evented start greet --url http/);
    await dev.line(/^Watching 2 files/);
    expect(await result(url)).toEqual(['a', 'one']);

    // A file that the module imports.
    write('answer.ts', "export const answer: string = 'b';\n");
    await dev.line(/✓ reloaded {2}greet/);
    expect(await result(url)).toEqual(['b', 'one']);

    write('answer.ts', "\nexport const answer: string = = 'c';\n");
    await dev.line(/✗ answer\.ts:2 .*SyntaxError/);
    await dev.line(/The version before goes on/);
    expect(await result(url)).toEqual(['b', 'one']);

    write('answer.ts', "export const answer: string = 'd';\n");
    await dev.line(/✓ reloaded {2}greet/);
    write('evented.workflows.ts', workflow('two', "import './missing.js';"));
    await dev.line(/✗ evented\.workflows\.ts:5 .*'\.\/missing\.js', which is not there/);
    write('missing.ts', 'export {};\n');
    await dev.line(/✓ reloaded {2}greet/);
    expect(await result(url)).toEqual(['d', 'two']);

    // Two workflows of one id: the runtime refuses them once it has the port.
    write(
      'evented.workflows.ts',
      `${workflow('three')}export const copy = createWorkflow({ id: 'greet', inputSchema: z.any(), outputSchema: z.any() }).then(say).commit();\n`,
    );
    await dev.line(/✗ evented\.workflows\.ts .*Two workflows have the id "greet"/);
    await dev.line(/The version before goes on/);
    write('evented.workflows.ts', workflow('four'));
    await dev.line(/✓ reloaded {2}greet/);
    expect(await result(url)).toEqual(['d', 'four']);

    dev.child.kill('SIGINT');
    await dev.line(/^Stopping/);
    expect(await dev.ended()).toBe(0);
    await expect(fetch(`${url}/health`)).rejects.toThrow();
  }, 120_000);

  test('a step that runs while the version changes ends in the old one', async () => {
    const slow = (name: string): string => `
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { createStep, createWorkflow } from 'evented-workflows';
import { z } from 'zod';
const execute = async () => {
  console.log('begun in ${name}');
  while (!existsSync('go')) await delay(20);
  return '${name}';
};
const say = createStep({ id: 'say', inputSchema: z.any(), outputSchema: z.any(), execute });
const then = createStep({ id: 'then', inputSchema: z.any(), outputSchema: z.any(), execute: async ({ inputData }) => [inputData, '${name}'] });
export const workflows = [createWorkflow({ id: 'slow', inputSchema: z.any(), outputSchema: z.any() }).then(say).then(then).commit()];
`;
    const { folder, write } = project({ 'flow.ts': slow('old') });
    const dev = new Dev(folder, 'flow.ts');
    const url = await dev.url();
    const network = { fetch: (request: Request) => fetch(request) };
    await run(['start', 'slow', '1', '--run-id', 's', '--url', url], network);
    await dev.line(/^begun in old$/);
    write('flow.ts', slow('new'));
    await dev.line(/✓ reloaded {2}slow/);
    write('go', '');
    const { out } = await run(['show', 's', '--watch', '--json', '--url', url], network);
    const last = JSON.parse(out.trim().split('\n').at(-1) ?? '') as { result: unknown };
    expect(last.result).toEqual(['old', 'new']);
    dev.child.kill('SIGTERM');
    expect(await dev.ended()).toBe(0);
  }, 120_000);

  test('a port that is taken, and a file without workflows', async () => {
    const { folder, write } = project({ 'flow.mjs': 'export const nothing = 1;\n' });
    const dev = new Dev(folder, 'flow.mjs');
    await dev.line(/✗ flow\.mjs .*exports no workflow/);
    await dev.line(/Nothing is served yet: waiting for a change/);
    write('answer.js', "export const answer = 'x';\n");
    write('flow.mjs', workflow('one'));
    const url = await dev.url();
    const second = new Dev(folder, 'flow.mjs', '--port', new URL(url).port);
    await second.line(/^Port \d+ of 127\.0\.0\.1 is in use/);
    expect(await second.ended()).toBe(1);
    dev.child.kill('SIGINT');
    await dev.line(/^Stopping/);
    dev.child.kill('SIGINT');
    expect(await dev.ended()).not.toBeNull();
  }, 120_000);
});
