import { createHash } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { limits } from '../../src/core/limits.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { memoryWithVirtualTime } from '../../src/testing/index.ts';

const text = '{"a":1}';
const sha256 = createHash('sha256').update(text).digest('hex');
const week = limits.keptDays * 24 * 60 * 60 * 1_000;

function open(): { runtime: Runtime; clock: ReturnType<typeof memoryWithVirtualTime>['clock'] } {
  const { backend, clock } = memoryWithVirtualTime();
  const runtime = createRuntime({ workflows: [], backend, work: false });
  onTestFinished(() => runtime.close());
  return { runtime, clock };
}

test('a value that no run came for is forgotten after its time, by a sweep', async () => {
  const { runtime, clock } = open();
  const ref = { runId: 'r', owner: 'Ada', sha256 };
  await runtime.keepValue({ ...ref, text });
  await clock.advance(week);
  await runtime.sweep();
  expect(await runtime.keptValue(ref)).toBe(text);
  await clock.advance(1);
  await runtime.sweep();
  await expect(runtime.keptValue(ref)).rejects.toMatchObject({
    code: 'WORKFLOW_VALUE_NOT_FOUND',
    details: { runId: 'r', sha256 },
  });
});

test('one that is sent again is kept anew', async () => {
  const { runtime, clock } = open();
  const ref = { runId: 'r', sha256 };
  await runtime.keepValue({ ...ref, text });
  await clock.advance(week);
  await runtime.keepValue({ ...ref, text });
  await clock.advance(week);
  await runtime.sweep();
  expect(await runtime.keptValue(ref)).toBe(text);
});

test('owners with and without a name do not see what the others sent', async () => {
  const { runtime } = open();
  await runtime.keepValue({ runId: 'r', sha256, text });
  for (const owner of ['Ada', 'null', '']) {
    const seen = runtime.keptValue({ runId: 'r', owner, sha256 });
    await expect(seen).rejects.toMatchObject({ code: 'WORKFLOW_VALUE_NOT_FOUND' });
  }
  expect(await runtime.keptValue({ runId: 'r', sha256 })).toBe(text);
});

test.each([
  ['runId', { runId: '', sha256, text }],
  ['sha256', { runId: 'r', sha256: sha256.slice(1), text }],
  ['sha256', { runId: 'r', sha256: '0'.repeat(64), text }],
])('a malformed %s is refused', async (field, request) => {
  const { runtime } = open();
  await expect(runtime.keepValue(request)).rejects.toMatchObject({
    code: 'WORKFLOW_ARGUMENT_INVALID',
    details: { field },
  });
});
