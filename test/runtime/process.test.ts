import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'evented-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = promisify(execFile);
const project = new URL('../..', import.meta.url);

/** Runs a script to its own end; a process that something keeps alive fails by the limit. */
async function script(source: string): Promise<string> {
  const args = ['--conditions=evented-workflows-source', '--input-type=module', '--eval', source];
  const { stdout } = await run(process.execPath, args, { cwd: project, timeout: 30_000 });
  return stdout.trim();
}

const definition = `
  import { createStep, createWorkflow } from 'evented-workflows';
  import { z } from 'zod';
  const any = z.any();
  let tries = 0;
  const flaky = createStep({ id: 'flaky', inputSchema: any, outputSchema: any, retries: 1,
    execute: async ({ inputData }) => { tries += 1; if (tries < 2) throw new Error('once'); return inputData + 1; } });
  const workflow = createWorkflow({ id: 'w', inputSchema: any, outputSchema: any, retryConfig: { delay: 50 } })
    .then(flaky).commit();`;

test('a workflow of no runtime runs on its own, stays alive for its retry, and lets the process end', async () => {
  const output = await script(`${definition}
    const result = await (await workflow.createRun()).start({ inputData: 1 });
    console.log(result.status, result.result, tries);`);
  expect(output).toBe('success 2 2');
});

test.each([
  ['memory', "import { memoryBackend } from 'evented-workflows/memory'; const backend = memoryBackend();"],
  [
    'sqlite',
    `import { sqliteBackend } from 'evented-workflows/sqlite';
     const backend = sqliteBackend({ file: ${JSON.stringify(join(folder, 'runs.db'))} });`,
  ],
])('after close nothing of the %s place keeps the process alive', async (_, backend) => {
  const output = await script(`${definition} ${backend}
    import { createRuntime } from 'evented-workflows/runtime';
    const runtime = createRuntime({ workflows: [workflow], backend });
    const result = await (await workflow.createRun()).start({ inputData: 1 });
    await runtime.close();
    await runtime.close();
    const late = await runtime.start({ workflowId: 'w' }).catch((error) => error.code);
    console.log(result.status, late);`);
  expect(output).toBe('success WORKFLOW_RUNTIME_CLOSED');
});
