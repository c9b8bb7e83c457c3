import { expect, test } from 'vitest';
import { memoryBackend } from '../../src/adapters/memory/index.ts';
import { createWorkflow } from '../../src/index.ts';
import { createRuntime } from '../../src/runtime/index.ts';
import { any, echo } from './steps.ts';
import { step, workflow } from './fixtures.ts';

const made = workflow('w', [step('s', () => 0)]);

test.each<[string, unknown, string]>([
  ['nothing', undefined, 'createRuntime: options is undefined: pass { workflows, backend }'],
  [
    'no workflows',
    { backend: memoryBackend() },
    'createRuntime: workflows is undefined: pass an array of workflows',
  ],
  ['one workflow', { workflows: made, backend: memoryBackend() }, 'createRuntime: workflows is an object'],
  ['no backend', { workflows: [made] }, 'createRuntime: backend is undefined: pass what memoryBackend()'],
  [
    'what is no backend',
    { workflows: [made], backend: { file: 'x' } },
    'createRuntime: backend is an object',
  ],
])('%s as options is refused by name', (_, options, message) => {
  expect(() => createRuntime(options as never)).toThrow(
    expect.objectContaining({
      code: 'WORKFLOW_DEFINITION_INVALID',
      message: expect.stringContaining(message),
    }),
  );
});

test('two workflows of one id are refused', () => {
  expect(() => createRuntime({ workflows: [made, made], backend: memoryBackend() })).toThrow(
    expect.objectContaining({ code: 'WORKFLOW_DEFINITION_INVALID' }),
  );
});

test('a workflow without entries is refused', () => {
  expect(() => createRuntime({ workflows: [workflow('w', [])], backend: memoryBackend() })).toThrow(
    expect.objectContaining({ code: 'WORKFLOW_EMPTY_GRAPH' }),
  );
});

test('registration commits a workflow, and refuses one that cannot be committed', async () => {
  const open = createWorkflow({ id: 'w', inputSchema: any, outputSchema: any }).then(echo('e'));
  const runtime = createRuntime({ workflows: [open], backend: memoryBackend() });
  expect(open.committed).toBe(true);
  expect(await (await open.createRun()).start({ inputData: 1 })).toMatchObject({ result: 1 });
  await runtime.close();
  expect(() =>
    createRuntime({ workflows: [{ ...made, committed: false }], backend: memoryBackend() }),
  ).toThrow(expect.objectContaining({ code: 'WORKFLOW_NOT_COMMITTED' }));
});
