import { describe, expect, test } from 'vitest';
import type { RunConcurrency, WorkflowDefinition } from '../../src/core/definition.ts';
import type { StartRequest } from '../../src/core/host.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { asking, nest, step, workflow } from './fixtures.ts';
import { inPlace, places } from './places.ts';

/** Adds what it is told to when it is resumed; so a run holds its place until somebody lets it go on. */
const limited = (
  concurrency: RunConcurrency,
  options: Partial<WorkflowDefinition> = {},
): WorkflowDefinition => workflow('w', [asking], { concurrency, ...options });

const start = (runtime: Runtime, runId: string, more: Partial<StartRequest> = {}) =>
  runtime.start({ workflowId: 'w', runId, inputData: 1, ...more });

const release = async (runtime: Runtime, runId: string): Promise<void> => {
  await runtime.settled({ runId });
  await runtime.resume({ runId, resumeData: 1 });
};

const limitReached = expect.objectContaining({ code: 'WORKFLOW_CONCURRENCY_LIMIT' }) as unknown;

describe.for(places)('on $name', (place) => {
  test('a run that finds no place waits, and is begun when the one before it is over', async () => {
    await inPlace(place, [limited({ limit: 1 })], async (runtime) => {
      expect(await start(runtime, 'a')).toMatchObject({ status: 'running', changed: true });
      expect(await start(runtime, 'b')).toMatchObject({ status: 'waiting', changed: true });
      expect(await start(runtime, 'c')).toMatchObject({ status: 'waiting', changed: true });
      expect(await runtime.get({ runId: 'c' })).toMatchObject({
        status: 'waiting',
        queued: { since: expect.any(Number) as unknown, ahead: 1 },
        steps: {},
      });
      expect(await runtime.snapshot({ runId: 'b' })).toMatchObject({ queued: { ahead: 0 } });
      expect((await runtime.events({ runId: 'b' })).events).toEqual([]);
      expect(await runtime.get({ runId: 'a' })).not.toHaveProperty('queued');
      for (const runId of ['a', 'b', 'c']) {
        await release(runtime, runId);
        expect(await runtime.settled({ runId })).toBe('success');
      }
      expect(await runtime.get({ runId: 'b' })).not.toHaveProperty('queued');
      const { events } = await runtime.events({ runId: 'b' });
      expect(events.filter(({ type }) => type === 'workflow-start')).toHaveLength(1);
      expect(events[0]?.type).toBe('workflow-start');
    });
  });

  test('keys do not wait for each other, and a key has as many places as the limit says', async () => {
    const key: RunConcurrency['key'] = ({ inputData, resourceId }) =>
      `${String(inputData)}/${resourceId ?? '-'}`;
    await inPlace(place, [limited({ limit: 2, key })], async (runtime) => {
      const statuses = [];
      for (const [runId, inputData, resourceId] of [
        ['a', 1, 'r'],
        ['b', 1, 'r'],
        ['c', 1, 'r'],
        ['d', 2, 'r'],
        ['e', 1, 's'],
      ] as const) {
        statuses.push((await start(runtime, runId, { inputData, resourceId })).status);
      }
      expect(statuses).toEqual(['running', 'running', 'waiting', 'running', 'running']);
      await release(runtime, 'b');
      await release(runtime, 'c');
      expect(await runtime.settled({ runId: 'c' })).toBe('success');
    });
  });

  test('with reject, a start that finds no place is refused, and nothing is stored', async () => {
    await inPlace(place, [limited({ limit: 1, whenFull: 'reject' })], async (runtime) => {
      await start(runtime, 'a');
      await expect(start(runtime, 'b')).rejects.toEqual(limitReached);
      expect(await runtime.get({ runId: 'b' })).toBeNull();
      expect(await start(runtime, 'a')).toMatchObject({ runId: 'a', changed: false });
      await release(runtime, 'a');
      expect(await runtime.settled({ runId: 'a' })).toBe('success');
      await expect
        .poll(async () =>
          start(runtime, 'b').then(
            ({ status }) => status,
            () => 'refused',
          ),
        )
        .toBe('running');
    });
  });

  test('with return, the run that goes on is answered', async () => {
    await inPlace(place, [limited({ limit: 1, whenFull: 'return' })], async (runtime) => {
      const all = await Promise.all(['a', 'b', 'c'].map((runId) => start(runtime, runId)));
      const winner = all.find(({ changed }) => changed);
      expect(all.map(({ runId }) => runId)).toEqual(Array.from({ length: 3 }, () => winner?.runId));
      expect(all.filter(({ changed }) => changed)).toHaveLength(1);
      await expect(start(runtime, 'd', { owner: 'somebody else' })).rejects.toEqual(limitReached);
    });
  });

  test('a queued run that is canceled leaves at once, and one that is removed too', async () => {
    await inPlace(place, [limited({ limit: 1 })], async (runtime) => {
      for (const runId of ['a', 'b', 'c', 'd']) await start(runtime, runId);
      expect(await runtime.cancel({ runId: 'b' })).toMatchObject({ status: 'canceled' });
      expect(await runtime.get({ runId: 'c' })).toMatchObject({ queued: { ahead: 0 } });
      expect(await runtime.remove({ runId: 'c' })).toBe(true);
      expect(await runtime.get({ runId: 'd' })).toMatchObject({ queued: { ahead: 0 } });
      await runtime.cancel({ runId: 'a' });
      await release(runtime, 'd');
      expect(await runtime.settled({ runId: 'd' })).toBe('success');
      expect(await runtime.settled({ runId: 'b' })).toBe('canceled');
    });
  });

  test('a time travel of a run that is over needs a place, one of a suspended run keeps its own', async () => {
    await inPlace(place, [limited({ limit: 1 })], async (runtime) => {
      await start(runtime, 'a');
      await runtime.settled({ runId: 'a' });
      await start(runtime, 'b');
      await runtime.timeTravel({ runId: 'a', step: 'ask', inputData: 5 });
      expect(await runtime.get({ runId: 'b' })).toMatchObject({ status: 'waiting' });
      await release(runtime, 'a');
      await runtime.settled({ runId: 'b' });
      await expect(runtime.timeTravel({ runId: 'a', step: 'ask', inputData: 6 })).rejects.toEqual(
        limitReached,
      );
      expect(await runtime.get({ runId: 'a' })).toMatchObject({ status: 'success' });
      await release(runtime, 'b');
      await runtime.settled({ runId: 'b' });
      await expect
        .poll(async () =>
          runtime.timeTravel({ runId: 'a', step: 'ask', inputData: 7 }).then(
            () => 'done',
            () => 'no',
          ),
        )
        .toBe('done');
      await start(runtime, 'c');
      expect(await runtime.get({ runId: 'c' })).toMatchObject({ status: 'waiting' });
      await release(runtime, 'a');
      await release(runtime, 'c');
      expect(await runtime.settled({ runId: 'c' })).toBe('success');
    });
  });

  test('a queued run cannot be resumed or traveled, and a restart leaves it in its place', async () => {
    const options = { times: { resumeWaitMs: 1 } };
    await inPlace(
      place,
      [limited({ limit: 1 })],
      async (runtime) => {
        await start(runtime, 'a');
        await start(runtime, 'b');
        await expect(runtime.resume({ runId: 'b' })).rejects.toMatchObject({
          code: 'WORKFLOW_RUN_NOT_SUSPENDED',
        });
        await expect(runtime.timeTravel({ runId: 'b', step: 'ask' })).rejects.toMatchObject({
          code: 'WORKFLOW_RUN_ACTIVE',
        });
        expect(await runtime.restart({ runId: 'b' })).toMatchObject({ status: 'waiting' });
        expect(await runtime.audit('b')).toBe('nothing-due');
        await release(runtime, 'a');
        await release(runtime, 'b');
        expect(await runtime.settled({ runId: 'b' })).toBe('success');
      },
      options,
    );
  });

  test('nested runs do not count', async () => {
    const inner = workflow('inner', [step('in', ({ inputData }) => inputData)], {
      concurrency: { limit: 1 },
    });
    const outer = workflow('outer', [{ foreach: nest(inner), concurrency: 3 }]);
    await inPlace(place, [outer, inner], async (runtime) => {
      const { runId } = await runtime.start({ workflowId: 'outer', inputData: [1, 2, 3] });
      expect(await runtime.settled({ runId })).toBe('success');
    });
  });

  test('a limit that a deployment raises or drops lets in those who wait', async () => {
    await inPlace(
      place,
      [limited({ limit: 1 })],
      async (runtime, another) => {
        for (const runId of ['a', 'b', 'c', 'd', 'e']) await start(runtime, runId);
        const wider = createRuntime({ workflows: [limited({ limit: 2 })], backend: another(), work: false });
        const none = createRuntime({ workflows: [workflow('w', [asking])], backend: another(), work: false });
        expect(await start(wider, 'f')).toMatchObject({ status: 'waiting' });
        expect(await runtime.settled({ runId: 'b' })).toBe('suspended');
        expect(await runtime.get({ runId: 'c' })).toMatchObject({ status: 'waiting' });
        await none.cancel({ runId: 'c' });
        for (const runId of ['d', 'e', 'f']) expect(await runtime.settled({ runId })).toBe('suspended');
        await wider.close();
        await none.close();
      },
      {},
    );
  });
});

const memory =
  places.find(({ name }) => name === 'memory') ?? expect.unreachable('there is a place in memory');

describe('what a key may be', () => {
  test.for([
    ['', 'a string of 0 characters'],
    ['x'.repeat(513), 'a string of 513 characters'],
    [undefined, 'undefined'],
    [Promise.resolve('k'), 'an object'],
  ] as const)('%s is refused', async ([value, found]) => {
    const key = () => value as string;
    await inPlace(memory, [limited({ limit: 1, key })], async (runtime) => {
      await expect(start(runtime, 'a')).rejects.toMatchObject({
        code: 'WORKFLOW_ARGUMENT_INVALID',
        message: expect.stringContaining(found) as unknown,
      });
      expect(await runtime.get({ runId: 'a' })).toBeNull();
    });
  });

  test('what the function throws is the cause of the refusal', async () => {
    const cause = new Error('no customer');
    const key = () => {
      throw cause;
    };
    await inPlace(memory, [limited({ limit: 1, key })], async (runtime) => {
      await expect(start(runtime, 'a')).rejects.toMatchObject({ code: 'WORKFLOW_ARGUMENT_INVALID', cause });
    });
  });
});

describe('starts that are refused give their place back', () => {
  test('when onStart throws', async () => {
    let refuse = true;
    const onStart = () => {
      if (refuse) throw new Error('not today');
    };
    await inPlace(
      memory,
      [limited({ limit: 1, whenFull: 'reject' }, { callbacks: { onStart } })],
      async (runtime) => {
        await expect(start(runtime, 'a')).rejects.toThrow('not today');
        refuse = false;
        expect(await start(runtime, 'b')).toMatchObject({ status: 'running' });
      },
    );
  });

  test('when the run belongs to somebody else', async () => {
    await inPlace(memory, [limited({ limit: 1, whenFull: 'reject' })], async (runtime) => {
      await runtime.create({ workflowId: 'w', runId: 'a', owner: 'me' });
      await expect(start(runtime, 'a', { owner: 'you' })).rejects.toMatchObject({
        code: 'WORKFLOW_RUN_FORBIDDEN',
      });
      expect(await start(runtime, 'b')).toMatchObject({ status: 'running' });
    });
  });
});

test('when too many wait, a start is refused before anything is stored', async () => {
  await inPlace(memory, [limited({ limit: 1 })], async (runtime, another) => {
    await start(runtime, 'a');
    const { store } = another();
    const name = (await store.loadHeader('a'))?.limit ?? '';
    const seen = (await store.loadNamed(name)) ?? '';
    const waiting = Array.from({ length: 1_000 }, (_, i) => [`r${i}`, 1, Date.now()]);
    await store.writeNamed({ name, seen, text: JSON.stringify({ ...JSON.parse(seen), waiting }) });
    await expect(start(runtime, 'more')).rejects.toEqual(limitReached);
    expect(await runtime.get({ runId: 'more' })).toBeNull();
  });
});

test('a tick of a schedule that finds no place is left out, or waits', async () => {
  const schedules = [{ id: 's', cron: '0 0 * * *', inputData: 1 }];
  for (const [whenFull, expected] of [
    ['reject', undefined],
    ['queue', { status: 'waiting' }],
  ] as const) {
    await inPlace(
      memory,
      [limited({ limit: 1, whenFull }, { schedules })],
      async (runtime) => {
        await start(runtime, 'a');
        const tick = { workflowId: 'w', scheduleId: 's', at: 1_000_000 };
        const run = await runtime.startScheduled(tick);
        if (expected === undefined) expect(run).toBeUndefined();
        else expect(run).toMatchObject(expected);
      },
      { schedules: false },
    );
  }
});
