import { describe, expect, test } from 'vitest';
import type { StepDefinition, WorkflowDefinition } from '../../src/core/definition.ts';
import type { WorkflowEvent } from '../../src/core/event.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { type Entry, nest, step, workflow } from './fixtures.ts';
import { asking, byHand, death, type Hand } from './hand.ts';
import { inPlace, type Place, places } from './places.ts';

/** What a step saw of the request context, by its id. */
type Seen = [id: string, context: unknown][];

const given = { user: 'old', kept: 1 };
const brought = { user: 'new', more: true };
const both = { ...given, ...brought };

/** Steps that note what they see. The process that executes `stuck` first never comes back from it. */
function steps() {
  const seen: Seen = [];
  const hang = Promise.withResolvers<undefined>();
  const begun = Promise.withResolvers<undefined>();
  const noted = (id: string, set: Readonly<Record<string, unknown>> = {}): StepDefinition =>
    step(id, ({ inputData, requestContext }) => {
      seen.push([id, requestContext.toJSON()]);
      for (const [key, value] of Object.entries(set)) requestContext.set(key, value);
      return inputData;
    });
  const stuck = (set: Readonly<Record<string, unknown>> = {}): StepDefinition =>
    step('stuck', async ({ inputData, requestContext }) => {
      const isFirst = seen.every(([id]) => id !== 'stuck');
      seen.push(['stuck', requestContext.toJSON()]);
      if (isFirst) {
        begun.resolve(undefined);
        await hang.promise;
      }
      for (const [key, value] of Object.entries(set)) requestContext.set(key, value);
      return inputData;
    });
  return { seen, noted, stuck, hang, begun };
}

/** Starts `made`, and has another process restart it with {@link brought} when it hangs. */
async function restarted(
  place: Place,
  made: WorkflowDefinition,
  { begun, hang }: ReturnType<typeof steps>,
  then: (runtime: Runtime) => Promise<void>,
  isReady: (first: Runtime) => Promise<boolean> = async () => true,
): Promise<void> {
  await inPlace(place, [made], async (first, another) => {
    const second = createRuntime({ workflows: [made], backend: another(), logger: { warn: () => {} } });
    try {
      await first.start({ workflowId: 'w', runId: 'r', inputData: [1, 2, 3], requestContext: given });
      await begun.promise;
      while (!(await isReady(first))) await new Promise((resolve) => setImmediate(resolve));
      expect(await second.restart({ runId: 'r', requestContext: brought })).toMatchObject({ changed: true });
      await then(second);
    } finally {
      hang.resolve(undefined);
      await second.close();
    }
  });
}

type Parts = ReturnType<typeof steps>;

/** A flow with `stuck` in it, and what its steps have seen when it is over. */
interface Case {
  readonly name: string;
  readonly entries: (parts: Parts) => readonly Entry[];
  readonly seen: Seen;
  readonly context: unknown;
}

const cases: readonly Case[] = [
  {
    name: 'the step that is executed again, and those after it',
    entries: ({ noted, stuck }) => [noted('before'), stuck(), noted('after')],
    seen: [
      ['before', given],
      ['stuck', given],
      ['stuck', both],
      ['after', both],
    ],
    context: both,
  },
  {
    name: 'a step after one that sets the same key anew, which stands',
    entries: ({ noted, stuck }) => [stuck({ user: 'set' }), noted('after', { more: 2 }), noted('last')],
    seen: [
      ['stuck', given],
      ['stuck', both],
      ['after', { ...both, user: 'set' }],
      ['last', { ...both, user: 'set', more: 2 }],
    ],
    context: { ...both, user: 'set', more: 2 },
  },
  {
    name: 'an arm, whose block then has it beside what other arms set',
    entries: ({ noted, stuck }) => [{ parallel: [noted('arm', { arm: 1 }), stuck()] }, noted('after')],
    seen: [
      ['arm', given],
      ['stuck', given],
      ['stuck', both],
      ['after', { ...both, arm: 1 }],
    ],
    context: { ...both, arm: 1 },
  },
  {
    name: 'items, also those after one that sets the same key anew',
    entries: ({ noted, stuck }) => [
      noted('before', { user: 'before' }),
      { foreach: stuck({ user: 'set' }) },
      noted('after'),
    ],
    seen: [
      ['before', given],
      ['stuck', { ...given, user: 'before' }],
      ['stuck', both],
      ['stuck', { ...both, user: 'set' }],
      ['stuck', { ...both, user: 'set' }],
      ['after', { ...both, user: 'set' }],
    ],
    context: { ...both, user: 'set' },
  },
  {
    name: 'a condition and a loop',
    entries: ({ noted, stuck }) => [
      stuck(),
      {
        branch: [
          [({ requestContext }) => requestContext.get('user') === 'old', noted('old')],
          [({ requestContext }) => requestContext.get('user') === 'new', noted('new')],
        ],
      },
      { dountil: [noted('body'), ({ iterationCount }) => iterationCount === 2] },
    ],
    seen: [
      ['stuck', given],
      ['stuck', both],
      ['new', both],
      ['body', both],
      ['body', both],
    ],
    context: both,
  },
  {
    name: 'steps of a nested run, and what comes after it',
    entries: ({ noted, stuck }) => [
      nest(workflow('inner', [stuck({ user: 'inner' }), noted('inside')])),
      noted('after'),
    ],
    seen: [
      ['stuck', given],
      ['stuck', both],
      ['inside', { ...both, user: 'inner' }],
      ['after', { ...both, user: 'inner' }],
    ],
    context: { ...both, user: 'inner' },
  },
  {
    name: 'steps of nested runs in a block',
    entries: ({ noted, stuck }) => [
      { parallel: [nest(workflow('inner', [stuck(), noted('inside', { arm: 1 })]))] },
      nest(workflow('next', [noted('next')])),
    ],
    seen: [
      ['stuck', given],
      ['stuck', both],
      ['inside', both],
      ['next', { ...both, arm: 1 }],
    ],
    context: { ...both, arm: 1 },
  },
];

describe.each(places)('a restart with a request context in $name', (place) => {
  test.each(cases)('is seen by $name', async ({ entries, seen, context }) => {
    const parts = steps();
    await restarted(place, workflow('w', entries(parts)), parts, async (runtime) => {
      expect(await runtime.settled({ runId: 'r' })).toBe('success');
      expect(parts.seen).toEqual(seen);
      expect(await runtime.get({ runId: 'r' })).toMatchObject({ requestContext: context });
    });
  });

  test('is seen behind later suspensions, in other processes', async () => {
    const parts = steps();
    const { noted, stuck } = parts;
    const made = workflow('w', [stuck(), asking('ask'), noted('after')]);
    await restarted(place, made, parts, async (runtime) => {
      await runtime.settled({ runId: 'r' });
      await runtime.resume({ runId: 'r', resumeData: 1, requestContext: { kept: 2 } });
      await runtime.settled({ runId: 'r' });
      expect(parts.seen.at(-1)).toEqual(['after', { ...both, kept: 2 }]);
    });
  });

  test('is seen by a nested run that is suspended meanwhile, when it is resumed', async () => {
    const parts = steps();
    const { noted, stuck } = parts;
    const innermost = workflow('innermost', [asking('ask'), noted('resumed')]);
    const waiting = nest(workflow('waiting', [nest(innermost)]));
    const made = workflow('w', [{ parallel: [waiting, stuck({ user: 'set' })] }, noted('after')]);
    const isReady = async (runtime: Runtime) => {
      const state = await runtime.get({ runId: 'r' });
      return state?.steps['waiting.innermost.ask']?.status === 'suspended';
    };
    const then = async (runtime: Runtime) => {
      await runtime.settled({ runId: 'r' });
      await runtime.resume({ runId: 'r', step: ['waiting', 'innermost', 'ask'], resumeData: 1 });
      await runtime.settled({ runId: 'r' });
      expect(parts.seen.slice(-2)).toEqual([
        ['resumed', both],
        // What a step has set after the restart stands, in whatever order the arms settle.
        ['after', { ...both, user: 'set' }],
      ]);
    };
    await restarted(place, made, parts, then, isReady);
  });

  test('is in the run that a time travel goes on with, once', async () => {
    const parts = steps();
    const { noted, stuck } = parts;
    const made = workflow('w', [noted('before'), stuck({ more: 'set' }), noted('after')]);
    await restarted(place, made, parts, async (runtime) => {
      await runtime.settled({ runId: 'r' });
      await runtime.timeTravel({ runId: 'r', step: 'after', requestContext: { user: 'travel' } });
      await runtime.settled({ runId: 'r' });
      expect(parts.seen.at(-1)).toEqual(['after', { ...both, more: 'set', user: 'travel' }]);
    });
  });

  test('is refused when it is no record, and nothing is restarted', async () => {
    const parts = steps();
    await inPlace(place, [workflow('w', [asking('ask')])], async (runtime) => {
      await runtime.start({ workflowId: 'w', runId: 'r' });
      const requestContext = 7 as unknown as Record<string, unknown>;
      await expect(runtime.restart({ runId: 'r', requestContext })).rejects.toMatchObject({
        code: 'WORKFLOW_ARGUMENT_INVALID',
      });
    });
    expect(parts.seen).toEqual([]);
  });
});

const isOfStep = (wanted: string) => (event: WorkflowEvent) =>
  event.type === 'workflow.step.run' && event.stepId === wanted;

/** A worker that is shown the header of now for ever, by reads that need not be consistent. */
async function staleWorker({ place, worker }: Pick<Hand, 'place' | 'worker'>): Promise<Runtime> {
  const header = await place.attach().store.loadHeader('r');
  return worker((inner) => ({
    loadStep: async (request) => {
      const load = await inner.loadStep(request);
      return request.consistent || header === undefined ? load : { ...load, header };
    },
  }));
}

describe('restarts with request contexts', () => {
  /** A run whose worker died in `stuck`, without a record of the moment. */
  async function stranded(entries: (parts: Parts) => readonly Entry[]) {
    const parts = steps();
    const hand = byHand([workflow('w', entries(parts))]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1, requestContext: given });
    let event: WorkflowEvent | undefined;
    while (parts.seen.every(([id]) => id !== 'stuck')) {
      event = hand.take(({ work }) => work);
      await Promise.race([hand.runtime.handle(event), parts.begun.promise]);
    }
    // The one that the dead worker had, which comes again.
    return { ...parts, ...hand, event };
  }

  test('of two callers at once are both seen', async () => {
    const { runtime, drain, seen } = await stranded(({ stuck, noted }) => [stuck(), noted('after')]);
    await Promise.all([
      runtime.restart({ runId: 'r', requestContext: { a: 1, b: 1 } }),
      runtime.restart({ runId: 'r', requestContext: { b: 1, c: 2 } }),
    ]);
    await drain();
    expect(seen.at(-1)).toEqual(['after', { ...given, a: 1, b: 1, c: 2 }]);
  });

  test('may be large, and the header stays small', async () => {
    const { runtime, drain, seen, place } = await stranded(({ stuck, noted }) => [stuck(), noted('after')]);
    const text = 'x'.repeat(1_000);
    await runtime.restart({ runId: 'r', requestContext: { text } });
    const header = await place.attach().store.loadHeader('r');
    expect(header?.restarts?.value).not.toHaveProperty('inline');
    await drain();
    expect(seen.at(-1)).toEqual(['after', { ...given, text }]);
  });

  test('of which the later wins by key', async () => {
    const { runtime, drain, seen } = await stranded(({ stuck, noted }) => [stuck(), noted('after')]);
    await runtime.restart({ runId: 'r', requestContext: { a: 1, b: 1 } });
    await runtime.restart({ runId: 'r', requestContext: { b: 2 } });
    await runtime.restart({ runId: 'r' });
    await drain();
    expect(seen.slice(-2)).toEqual([
      ['stuck', { ...given, a: 1, b: 2 }],
      ['after', { ...given, a: 1, b: 2 }],
    ]);
  });

  test('reach a nested run by a sweep when the caller died before it told that', async () => {
    const { runtime, worker, sweep, seen } = await stranded(({ stuck, noted }) => [
      nest(workflow('inner', [stuck(), noted('inside')])),
    ]);
    const dying = worker((inner) => {
      let restarts = 0;
      return {
        restart: (write) => {
          restarts += 1;
          return restarts === 1 ? inner.restart(write) : death();
        },
      };
    });
    void dying.restart({ runId: 'r', requestContext: brought });
    while ((await runtime.get({ runId: 'r' }))?.requestContext?.['user'] !== 'new') {
      // Until the one write is in.
    }
    expect(seen).toEqual([['stuck', given]]);
    await sweep();
    expect(seen.slice(1)).toEqual([
      ['stuck', both],
      ['inside', both],
    ]);
  });

  test.each([
    ['event of the restart', false, true],
    ['event from before the restart', true, true],
    ['event from before the restart, after a worker that reads a new one', true, false],
  ])('are seen by a worker that reads an old header: %s', async (_, isOld, isStale) => {
    const run = await stranded(({ stuck, noted }) => [stuck(), noted('after'), noted('last')]);
    const { runtime, take, drain, seen, event } = run;
    const stale = await staleWorker(run);
    await runtime.restart({ runId: 'r', requestContext: brought });
    await (isStale ? stale : runtime).handle(isOld && event !== undefined ? event : take(isOfStep('stuck')));
    await stale.handle(take(isOfStep('after')));
    await drain();
    expect(seen.slice(1)).toEqual([
      ['stuck', both],
      ['after', both],
      ['last', both],
    ]);
  });

  test('are seen by all who follow a worker that has seen them, though its event did not tell of them', async () => {
    const { seen, noted } = steps();
    const hand = byHand([workflow('w', [noted('first'), noted('after')])]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1, requestContext: given });
    const event = hand.take(isOfStep('first'));
    const stale = await staleWorker(hand);
    await hand.runtime.restart({ runId: 'r', requestContext: brought });
    await hand.runtime.handle(event);
    await stale.handle(hand.take(isOfStep('after')));
    expect(seen).toEqual([
      ['first', both],
      ['after', both],
    ]);
  });

  test('are seen by a nested run that is started at this moment', async () => {
    const { seen, noted } = steps();
    const { runtime, worker, take, drain } = byHand([
      workflow('w', [nest(workflow('inner', [noted('inside')]))]),
    ]);
    await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1, requestContext: given });
    const starting = worker((inner) => ({
      startChild: async (write) => {
        await runtime.restart({ runId: 'r', requestContext: brought });
        return inner.startChild(write);
      },
    }));
    await starting.handle(take(isOfStep('inner')));
    await drain();
    expect(seen).toEqual([['inside', both]]);
  });
});
