import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as door from 'evented-workflows';
import { expect, test } from 'vitest';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** Imports the door in a process of its own, and tells the modules of files that were loaded. */
const program = `
  import { registerHooks } from 'node:module';
  const loaded = [];
  registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
  await import('evented-workflows');
  console.log(JSON.stringify(loaded));
`;

test('the door loads itself and the core, and no other module', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=evented-workflows-source', '--input-type=module', '--eval', program],
    { cwd: repository },
  );
  const loaded = (JSON.parse(stdout) as string[]).map((url) => url.slice(url.indexOf('/src/')));
  expect(loaded).toContain('/src/index.ts');
  expect(loaded.filter((path) => !/^\/src\/(index\.ts$|core\/|sdk\/)/.test(path))).toEqual([]);
});

test('the door has these values', () => {
  expect(Object.keys(door).toSorted()).toEqual([
    'NonRetryableError',
    'RequestContext',
    'TripWire',
    'WorkflowError',
    'cloneStep',
    'cloneWorkflow',
    'createStep',
    'createStepFromAgent',
    'createStepFromTool',
    'createWorkflow',
    'isWorkflowError',
    'mapVariable',
  ]);
});
