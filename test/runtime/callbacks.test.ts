import { describe, expect, test } from 'vitest';
import type { StepContext } from '../../src/core/definition.ts';
import { drive, settledResult } from './drive.ts';
import { add, nest, step, workflow } from './fixtures.ts';
import { inPlace, places } from './places.ts';

const asking = step('ask', async ({ inputData, resumeData, suspend }: StepContext) => {
  if (resumeData === undefined) return suspend({ about: inputData });
  return Number(inputData) + Number(resumeData);
});

describe.each(places)('callbacks in $name', (place) => {
  test('of a start, a suspension and an end, told once each', async () => {
    const told: unknown[] = [];
    const made = workflow('w', [asking], {
      callbacks: {
        onStart: (info) => {
          told.push(['start', info.runId, info.getInitData()]);
        },
        onFinish: ({ status, result, eventId }) => {
          told.push([status, result, typeof eventId]);
        },
        onError: () => {
          told.push(['error']);
        },
      },
    });
    await inPlace(place, [made], async (runtime) => {
      await drive(runtime, 'w', 1);
      expect(told).toEqual([
        ['start', 'r', 1],
        ['suspended', undefined, 'string'],
      ]);
      await runtime.resume({ runId: 'r', resumeData: 2 });
      await runtime.settled({ runId: 'r' });
      expect(told.slice(2)).toEqual([['success', 3, 'string']]);
    });
  });

  test("who starts another principal's run is refused before any is called", async () => {
    const told: string[] = [];
    const made = workflow('w', [asking], {
      callbacks: {
        onStart: ({ runId }) => {
          told.push(runId);
        },
      },
    });
    await inPlace(place, [made], async (runtime) => {
      await runtime.create({ workflowId: 'w', runId: 'r', owner: 'Ada' });
      const start = { workflowId: 'w', runId: 'r', inputData: 1 };
      await expect(runtime.start({ ...start, owner: 'Bob' })).rejects.toMatchObject({
        code: 'WORKFLOW_RUN_FORBIDDEN',
      });
      expect(told).toEqual([]);
      await runtime.start({ ...start, owner: 'Ada' });
      expect(told).toEqual(['r']);
    });
  });

  test('of a failure, and what they throw changes nothing; onStart refuses a start', async () => {
    const told: unknown[] = [];
    const failing = workflow(
      'failing',
      [
        step('bad', () => {
          throw new Error('bad');
        }),
      ],
      {
        callbacks: {
          onFinish: () => {
            told.push('finish');
            throw new Error('in a callback');
          },
          onError: ({ error }) => {
            told.push(error?.message);
          },
        },
      },
    );
    const refusing = workflow('refusing', [add('a', 1)], {
      callbacks: {
        onStart: () => {
          throw new Error('not today');
        },
      },
    });
    await inPlace(place, [failing, refusing], async (runtime) => {
      expect(await drive(runtime, 'failing', 1)).toMatchObject({ status: 'failed' });
      expect(told).toEqual(['finish', 'bad']);
      await expect(runtime.start({ workflowId: 'refusing', runId: 'x', inputData: 1 })).rejects.toThrow(
        'not today',
      );
      expect(await runtime.get({ runId: 'x' })).toMatchObject({ status: 'pending' });
    });
  });
});

describe.each(places)('what is kept in $name', (place) => {
  test('a removed run is gone with all that was nested in it', async () => {
    const inner = workflow('inner', [asking]);
    const made = workflow('w', [nest(inner)]);
    await inPlace(place, [made], async (runtime) => {
      await drive(runtime, 'w', 1);
      expect(await runtime.remove({ runId: 'r' })).toBe(true);
      expect(await runtime.get({ runId: 'r' })).toBeNull();
      expect(await runtime.remove({ runId: 'r' })).toBe(false);
      expect(await drive(runtime, 'w', 2)).toMatchObject({ status: 'suspended', input: 2 });
    });
  });

  test('D117 queries show what shouldPersistSnapshot let through, as pruneSnapshot leaves it', async () => {
    const made = workflow('w', [asking], {
      shouldPersistSnapshot: ({ workflowStatus }) => workflowStatus === 'suspended',
      pruneSnapshot: ({ snapshot }) => ({ ...snapshot, value: { pruned: true } }),
    });
    await inPlace(place, [made], async (runtime) => {
      await drive(runtime, 'w', 1);
      await runtime.resume({ runId: 'r', resumeData: 2 });
      expect(await settledResult(runtime)).toMatchObject({ status: 'success', result: 3 });
      expect(await runtime.get({ runId: 'r' })).toMatchObject({
        status: 'suspended',
        initialState: { pruned: true },
      });
      expect(await runtime.snapshot({ runId: 'r' })).toMatchObject({ status: 'suspended' });
    });
  });
});
