import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { sqliteBackend } from '../../src/adapters/sqlite/index.ts';
import { createRuntime } from '../../src/runtime/index.ts';
import { step, workflow } from './fixtures.ts';

const folder = mkdtempSync(join(tmpdir(), 'evented-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a caller is told of nothing that is not on disk', async () => {
  const file = join(folder, 'runs.db');
  const made = workflow('w', [step('s', () => 0)]);
  const runtime = createRuntime({ workflows: [made], backend: sqliteBackend({ file }), work: false });
  const onDisk = new DatabaseSync(file, { readOnly: true });
  const starting = runtime.start({ workflowId: 'w', runId: 'r' });
  // Looks again and again while the start is on its way, so that one look falls between its write and its commit.
  let state = await runtime.get({ runId: 'r' });
  while (state === null) state = await runtime.get({ runId: 'r' });
  expect(onDisk.prepare('SELECT status FROM run').all()).toEqual([{ status: state.status }]);
  await starting;
  onDisk.close();
  await runtime.close();
});

test('a closed runtime handles nothing', async () => {
  const made = workflow('w', [step('s', () => 0)]);
  const file = join(folder, 'closed.db');
  const runtime = createRuntime({ workflows: [made], backend: sqliteBackend({ file }), work: false });
  await runtime.close();
  await expect(runtime.handle({} as never)).rejects.toMatchObject({ code: 'WORKFLOW_RUNTIME_CLOSED' });
});
