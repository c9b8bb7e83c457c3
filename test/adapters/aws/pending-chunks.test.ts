import { describe, expect, test } from 'vitest';
import { PendingChunks } from '../../../src/adapters/aws/pending-chunks.ts';
import type { LogEntry } from '../../../src/core/history.ts';

function chunk(id: string, text = ''): LogEntry {
  return {
    kind: 'chunk',
    id,
    runId: 'run',
    key: { entry: 0 },
    stepId: 'step',
    custom: false,
    chunk: { inline: JSON.stringify(text) },
    time: 1,
  };
}

/** Chunks whose timers fire when the test says so, and what was written of them. */
function fixture(most = { entries: 3, bytes: 1_000 }) {
  const written: string[] = [];
  const timers: (() => void)[] = [];
  const failures: Error[] = [];
  const chunks = new PendingChunks({
    most,
    clock: {
      timer: (_, callback) => {
        timers.push(callback);
        return () => {};
      },
    },
    write: async (log, batch) => {
      await Promise.resolve();
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      written.push(`${log}: ${batch.map((entry) => (entry.kind === 'chunk' ? entry.id : '')).join(' ')}`);
    },
  });
  return { chunks, written, timers, failures };
}

describe('chunks that were accepted', () => {
  test('wait for others, and are written together', async () => {
    const { chunks, written, timers } = fixture();
    await chunks.add('run', [chunk('a')]);
    await chunks.add('run', [chunk('b')]);
    await chunks.add('other', [chunk('x')]);
    expect(written).toEqual([]);
    expect(timers).toHaveLength(1);
    timers.shift()?.();
    await chunks.flush();
    expect(written).toEqual(['run: a b', 'other: x']);
    await chunks.add('run', [chunk('c')]);
    expect(timers).toHaveLength(1);
  });

  test('are written before the call resolves where many wait', async () => {
    const { chunks, written } = fixture();
    await chunks.add(
      'run',
      ['a', 'b', 'c', 'd'].map((id) => chunk(id)),
    );
    expect(written).toEqual(['run: a b c', 'run: d']);
  });

  test('are divided by their size, and a large one stands alone', async () => {
    const { chunks, written } = fixture({ entries: 100, bytes: 1_000 });
    await chunks.add('run', [
      chunk('a', 'x'.repeat(2_000)),
      chunk('b'),
      chunk('c'),
      chunk('d', 'x'.repeat(900)),
    ]);
    await chunks.flush();
    expect(written).toEqual(['run: a', 'run: b c', 'run: d']);
  });

  test('stay in order when several write at once', async () => {
    const { chunks, written } = fixture();
    await Promise.all([
      chunks.add(
        'run',
        ['a', 'b', 'c'].map((id) => chunk(id)),
      ),
      chunks.add('run', [chunk('d')]),
      chunks.flush(),
      chunks.flush(),
    ]);
    expect(written.join(' ').match(/[a-d](?= |$)/g)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('are written by the next who comes when a write fails, who else is told', async () => {
    const { chunks, written, failures, timers } = fixture();
    failures.push(new Error('first'), new Error('second'));
    await chunks.add('run', [chunk('a')]);
    timers.shift()?.();
    await expect(chunks.flush()).rejects.toThrow('second');
    await chunks.add('run', [chunk('b')]);
    await chunks.flush();
    expect(written).toEqual(['run: a b']);
  });
});

test('nothing is written when nothing came', async () => {
  const { chunks, written, timers } = fixture();
  await chunks.add('run', []);
  await chunks.flush();
  expect([written, timers]).toEqual([[], []]);
});
