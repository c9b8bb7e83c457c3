import { expect, test } from 'vitest';
import { memoryPlace } from '../../src/adapters/memory/index.ts';
import type { RunHeader } from '../../src/core/records.ts';
import { createRuntime } from '../../src/runtime/index.ts';
import { ManualClock } from './faults.ts';
import { add, workflow } from './fixtures.ts';

test('a header that still shows the run as pending, beside an input that is there, is read again', async () => {
  const place = memoryPlace({ clock: new ManualClock() });
  const inner = place.attach();
  const old: { header?: RunHeader | undefined } = {};
  const loadStep: typeof inner.store.loadStep = async (request) => {
    const load = await inner.store.loadStep(request);
    return request.consistent || old.header === undefined ? load : { ...load, header: old.header };
  };
  const store = new Proxy(inner.store, {
    get: (target, name) => {
      if (name === 'loadStep') return loadStep;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
  const runtime = createRuntime({
    workflows: [workflow('w', [add('one', 1)])],
    backend: { ...inner, store },
    work: false,
  });
  await runtime.create({ workflowId: 'w', runId: 'r' });
  old.header = await inner.store.loadHeader('r');
  await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
  const delivery = place.receive();
  if (delivery !== undefined) await runtime.handle(delivery.event);
  expect(await runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 2 });
});
