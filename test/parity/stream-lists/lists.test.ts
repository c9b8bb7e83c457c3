import { describe, expect, test } from 'vitest';
import type { WorkflowDefinition } from '../../../src/core/definition.ts';
import type { Runtime } from '../../../src/runtime/index.ts';
import { RunHandle } from '../../../src/sdk/run.ts';
import { inPlace, type Place } from '../../runtime/places.ts';
import { places } from '../places/index.ts';
import { AWS_PLACE } from '../places/names.ts';
import { streamCases } from './all.ts';
import type { StreamCall, StreamCase } from './case.ts';
import { expectList } from './compare.ts';
import type { ListedEvent } from './events.ts';
import { hanging } from './steps.ts';

async function runOf(runtime: Runtime, made: WorkflowDefinition): Promise<RunHandle> {
  return new RunHandle(runtime, await runtime.create({ workflowId: made.id, runId: 'r' }), made);
}

/** All events of a call. */
async function eventsOf(run: RunHandle, { open, onEvent }: StreamCall): Promise<ListedEvent[]> {
  const events: ListedEvent[] = [];
  const answers: Promise<unknown>[] = [];
  for await (const event of open(run) as AsyncIterable<ListedEvent>) {
    events.push(event);
    const answer = onEvent?.(run, event, events);
    if (answer !== undefined) answers.push(answer);
  }
  await Promise.all(answers);
  return events;
}

/** Whether anything of a case goes on at once, or goes on later. */
function hasSeveral({ calls }: StreamCase): boolean {
  return calls.length > 1 || calls.some(({ list }) => list.some((one) => 'sideBySide' in one));
}

/** On an emulator each step takes a second: there, what goes on one by one in a single call is left to the other places. */
function casesOf({ name }: Place): readonly StreamCase[] {
  return name === AWS_PLACE ? streamCases.filter(hasSeveral) : streamCases;
}

describe.each(places)('whole streams in $name', (place) => {
  const cases = casesOf(place).map((one) => [`${one.construct}: ${one.what}`, one] as const);
  describe.each(cases)('%s', (_, { workflow, calls }) => {
    test('R22 tells each event of a stream, by all that it has and in order', async () => {
      const made = workflow();
      await inPlace(place, [made], async (runtime) => {
        const run = await runOf(runtime, made);
        for (const call of calls) expectList(await eventsOf(run, call), call.list);
        // To close a runtime waits for its steps.
        await expect.poll(() => hanging.size).toBe(0);
      });
    });
  });
});
