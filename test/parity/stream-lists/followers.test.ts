import { describe, expect, test } from 'vitest';
import { RunHandle } from '../../../src/sdk/run.ts';
import { body, flow } from '../../runtime/steps.ts';
import { inPlace } from '../../runtime/places.ts';
import { places } from '../places/index.ts';
import { all } from '../stream-events.ts';
import { expectList } from './compare.ts';
import {
  begin,
  call,
  end,
  finish,
  type ListedEvent,
  resumedWith,
  start,
  suspend,
  wasResumed,
  wrote,
} from './events.ts';
import { asks, plus } from './steps.ts';

/** Streams of a whole run in the forms of `watch`, `observeStream` and `streamLegacy`, and over a restart. */

/** What `watch` tells behind the result of a step. */
function finished(id: string): ListedEvent {
  const payload = { id, stepName: id, stepCallId: call, metadata: {} };
  return { type: 'workflow-step-finish', runId: 'r', from: 'WORKFLOW', payload };
}

/** The payload in the form of `streamLegacy`. */
function legacyPayload({ type, payload }: ListedEvent): unknown {
  return type === 'workflow-start' || type === 'workflow-finish' ? { runId: 'r' } : payload;
}

const before = [start, begin('a', 1), end('a', 1, 2)];
const between = [begin('b', 2), suspend('b', 2, { ask: 2 }), begin('b', 2, resumedWith(7))];
const after = [end('b', 2, 7, wasResumed({ ask: 2 }, 7))];
const watched = [...before, finished('a'), ...between, ...after, finished('b'), finish('success')];

function asking() {
  return flow('w').then(plus('a')).then(asks('b')).commit();
}

describe.each(places)('whole streams of followers in $name', (place) => {
  test('R23 watch tells of the steps twice when they end, and of no suspension of the run', async () => {
    const made = asking();
    await inPlace(place, [made], async (runtime) => {
      const run = new RunHandle(runtime, await runtime.create({ workflowId: 'w', runId: 'r' }), made);
      const events: ListedEvent[] = [];
      await run.watchAsync((event) => events.push(event));
      await run.start({ inputData: 1 });
      await run.resume({ resumeData: 7 });
      await expect.poll(() => events.at(-1)?.type).toBe('workflow-finish');
      expectList(events, watched);
    });
  });

  test('R24 observeStream tells of the whole run', async () => {
    const made = asking();
    await inPlace(place, [made], async (runtime) => {
      const run = new RunHandle(runtime, await runtime.create({ workflowId: 'w', runId: 'r' }), made);
      await run.start({ inputData: 1 });
      const observed = run.observeStream();
      await run.resume({ resumeData: 7 });
      expectList(await all(observed), [...before, ...between, ...after, finish('success')]);
    });
  });

  test('R25 streamLegacy tells the same as watch, in its own form', async () => {
    const made = asking();
    await inPlace(place, [made], async (runtime) => {
      const run = new RunHandle(runtime, await runtime.create({ workflowId: 'w', runId: 'r' }), made);
      const { stream, getWorkflowState } = run.streamLegacy({ inputData: 1 });
      await getWorkflowState();
      await run.resume({ resumeData: 7 });
      const events = (await all(stream)) as { type: string; payload?: unknown }[];
      const whole = events.map(({ type, payload }) => ({
        type: `workflow-${type}`,
        runId: 'r',
        from: 'WORKFLOW',
        payload,
      }));
      const listed = watched.map((event) => ({ ...event, payload: legacyPayload(event) }));
      expectList(whole, listed);
    });
  });

  test('R26 a step that a restart executes again begins once', async () => {
    const hang = Promise.withResolvers<undefined>();
    let executions = 0;
    const stuck = body('a', async ({ inputData, writer }) => {
      executions += 1;
      if (executions > 1) return inputData;
      await writer.write('stuck');
      await hang.promise;
      return inputData;
    });
    const made = flow('w').then(stuck).commit();
    await inPlace(place, [made], async (runtime) => {
      const run = new RunHandle(runtime, await runtime.create({ workflowId: 'w', runId: 'r' }), made);
      const events: ListedEvent[] = [];
      for await (const event of run.stream({ inputData: 1 })) {
        events.push(event);
        if (event.type === 'workflow-step-output') await run.restart();
      }
      hang.resolve(undefined);
      expectList(events, [start, begin('a', 1), wrote('a', 'stuck'), end('a', 1, 1), finish('success')]);
      expect(executions).toBe(2);
    });
  });
});
