import { expect, test } from 'vitest';
import { bindRuntime, bindWorkflows, type WorkflowHost } from '../../src/core/host.ts';
import { RecordingHost } from '../sdk/recording-host.ts';

test('workflows that can be bound are bound, and released', () => {
  const log: unknown[] = [];
  const bindable = (name: string) => ({
    [bindRuntime](host: WorkflowHost) {
      log.push(['bound', name, host]);
      return () => log.push(['released', name]);
    },
  });
  const host = new RecordingHost();
  const release = bindWorkflows([bindable('a'), {}, { [bindRuntime]: 'no function' }, bindable('b')], host);
  expect(log.splice(0)).toEqual([
    ['bound', 'a', host],
    ['bound', 'b', host],
  ]);
  release();
  expect(log).toEqual([
    ['released', 'a'],
    ['released', 'b'],
  ]);
});

test('the key is the same for another copy of the package', () => {
  expect(bindRuntime).toBe(Symbol.for('evented-workflows.bindRuntime'));
});
