import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Exports without annotations: the compiler has to name their types by what the package exports. */
const source = `
import { cloneStep, cloneWorkflow, createStep, createWorkflow, mapVariable } from 'evented-workflows';
import { z } from 'zod';

export const first = createStep({
  id: 'first',
  inputSchema: z.object({ n: z.number() }),
  outputSchema: z.object({ n: z.number() }),
  stateSchema: z.object({ seen: z.number() }),
  execute: async ({ inputData, bail }) => (inputData.n > 9 ? bail() : inputData),
});
export const ask = createStep({
  id: 'ask',
  inputSchema: first.outputSchema,
  outputSchema: first.outputSchema,
  resumeSchema: z.object({ n: z.number() }),
  suspendSchema: z.object({ ask: z.string() }),
  execute: async ({ resumeData, suspend }) => resumeData ?? suspend({ ask: 'n?' }),
});
export const begun = createWorkflow({
  id: 'w',
  inputSchema: first.inputSchema,
  outputSchema: z.object({ n: z.number(), by: z.string() }),
  stateSchema: z.object({ seen: z.number().default(0) }),
});
export const workflow = begun
  .then(first)
  .dountil(first, async ({ inputData, iterationCount }) => inputData.n > iterationCount, { id: 'again' })
  .sleep(async ({ inputData }) => inputData.n, { id: 'pause' })
  .sleepUntil(new Date(0))
  .parallel([ask], { id: 'both' })
  .map(async ({ inputData }) => inputData.ask, { id: 'one' })
  .branch([
    [async ({ inputData }) => inputData.n > 1, first],
    [{ predicate: { op: 'exists', path: 'inputData.n' } }, cloneStep(first, { id: 'second' })],
  ])
  .map({ n: mapVariable({ step: first, path: 'n' }), by: { template: 'me' } }, { id: 'last' })
  .commit();
export const again = cloneStep(ask, { id: 'again' });
export const clone = cloneWorkflow(workflow, { id: 'clone' });
export const stored = () => clone.getWorkflowRunById('r', { fields: ['steps'] });
export const createRun = () => workflow.createRun();
export const start = async () => (await workflow.createRun()).start({ inputData: { n: 1 } });
export const stepsOf = (result: Awaited<ReturnType<typeof start>>) => result.steps;
`;

const config = {
  extends: join(root, 'tsconfig.json'),
  compilerOptions: {
    declaration: true,
    // As in a package manager's directory, where a file of the package cannot be imported by its path.
    preserveSymlinks: true,
    typeRoots: [join(root, 'node_modules/@types')],
  },
  include: ['*.ts'],
  exclude: [],
};

describe('a package that is built with declarations', () => {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'declarations-'));
    mkdirSync(join(directory, 'node_modules'));
    symlinkSync(root, join(directory, 'node_modules/evented-workflows'));
    symlinkSync(join(root, 'node_modules/zod'), join(directory, 'node_modules/zod'));
    writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config));
    writeFileSync(join(directory, 'flow.ts'), source);
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  test('exports steps, workflows, runs and results without annotations', () => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', directory], { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });
});
