import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { LegacyStreamEvent } from '../../../src/index.ts';
import { places } from '../places/index.ts';
import {
  createStep,
  createWorkflow,
  Host,
  storageIn,
  storageWithVirtualTime,
} from '../reference-shim/index.ts';
import { all, lines, payloadOf } from '../stream-events.ts';

const time = expect.any(Number);
const any = z.any();

function passing(id: string) {
  const execute = vi.fn().mockResolvedValue({ by: id });
  return createStep({ id, inputSchema: any, outputSchema: any, execute });
}

function asking(id: string) {
  return createStep({
    id,
    inputSchema: any,
    outputSchema: any,
    resumeSchema: any,
    execute: vi.fn(
      async ({ resumeData, suspend }) =>
        resumeData ?? suspend({ question: id }, { resumeLabel: `label of ${id}` }),
    ),
  });
}

describe.each(places)('legacy streaming in $name', (place) => {
  const flow = () => createWorkflow({ id: 'flow', inputSchema: any, outputSchema: any });

  it('D1 streams two steps in eight events', async () => {
    const workflow = flow().then(passing('step1')).then(passing('step2')).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun({ runId: 'test-run' });
    const told: LegacyStreamEvent[] = [];
    const { stream, getWorkflowState } = run.streamLegacy({
      inputData: {},
      onChunk: (event) => told.push(event),
    });
    const events = await all(stream);
    expect(told).toEqual(events);
    expect(lines(events)).toEqual([
      'start',
      'step-start step1',
      'step-result step1',
      'step-finish step1',
      'step-start step2',
      'step-result step2',
      'step-finish step2',
      'finish',
    ]);
    expect([events.at(0), events.at(-1)]).toEqual([
      { type: 'start', payload: { runId: 'test-run' } },
      { type: 'finish', payload: { runId: 'test-run' } },
    ]);
    expect(events[3]).toEqual({
      type: 'step-finish',
      payload: { id: 'step1', stepName: 'step1', stepCallId: expect.any(String), metadata: {} },
    });
    const entry = { status: 'success', startedAt: time, endedAt: time };
    expect((await getWorkflowState()).steps).toEqual({
      input: {},
      step1: { ...entry, payload: {}, output: { by: 'step1' } },
      step2: { ...entry, payload: { by: 'step1' }, output: { by: 'step2' } },
    });
  });

  it.each([
    ['D2', 'step', { step: 'ask' }],
    ['D3', 'label', { label: 'label of ask' }],
  ] as const)('%s stays open over a suspension, which is resumed by its %s', async (_, __, target) => {
    const workflow = flow().then(asking('ask')).then(passing('after')).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const { stream, getWorkflowState } = run.streamLegacy({ inputData: {} });
    const seen: string[] = [];
    for await (const event of stream) {
      seen.push(...lines([event]));
      if (event.type !== 'step-suspended') continue;
      expect(await getWorkflowState()).toMatchObject({ status: 'suspended' });
      void run.resume({ ...target, resumeData: { answer: 1 } } as never);
    }
    expect(seen).toEqual([
      'start',
      'step-start ask',
      'step-suspended ask',
      'step-start ask',
      'step-result ask',
      'step-finish ask',
      'step-start after',
      'step-result after',
      'step-finish after',
      'finish',
    ]);
    expect((await getWorkflowState()).steps).toMatchObject({
      ask: {
        status: 'success',
        resumePayload: { answer: 1 },
        resumedAt: time,
        suspendedAt: time,
        output: { answer: 1 },
      },
    });
  });

  it('D4 gives an observer of the run to a second call', async () => {
    const workflow = flow().then(asking('ask')).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const first = run.streamLegacy({ inputData: {} });
    expect(await first.getWorkflowState()).toMatchObject({ status: 'suspended' });
    const second = run.streamLegacy({ inputData: {} });
    const { stream } = run.observeStreamLegacy();
    void run.resume({ step: 'ask', resumeData: { answer: 1 } });
    const events = await all(second.stream);
    expect(await all(stream)).toEqual(events);
    expect(lines(events).slice(-4)).toEqual([
      'step-start ask',
      'step-result ask',
      'step-finish ask',
      'finish',
    ]);
    expect(await second.getWorkflowState()).toMatchObject({ status: 'success', result: { answer: 1 } });
  });

  it.each([
    ['D7', 'a duration', () => flow().sleep(2_000, { id: 'nap' })],
    ['D8', 'a computed duration', () => flow().sleep(async ({ inputData }) => inputData.ms, { id: 'nap' })],
  ])('%s streams a sleep as waiting, then its result: %s', async (_, __, make) => {
    const { storage, clock } = storageWithVirtualTime(place);
    const workflow = make().then(passing('after')).commit();
    new Host({ workflows: { workflow }, storage });
    const run = await workflow.createRun();
    const { stream } = run.streamLegacy({ inputData: { ms: 2_000 } });
    const events = await clock.runUntil(all(stream));
    expect(lines(events).slice(0, 5)).toEqual([
      'start',
      'step-waiting nap',
      'step-result nap',
      'step-finish nap',
      'step-start after',
    ]);
    expect(payloadOf(events, 'step-waiting')).toMatchObject({
      payload: { ms: 2_000 },
      status: 'waiting',
      startedAt: 0,
    });
  });

  it('D9 has the input of the workflow after a resumption', async () => {
    const workflow = flow()
      .then(asking('ask'))
      .map(async ({ getInitData }) => getInitData())
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    await run.streamLegacy({ inputData: { first: true } }).getWorkflowState();
    const done = await run.resume({ step: 'ask', resumeData: {} });
    expect(done).toMatchObject({ status: 'success', result: { first: true } });
    expect(await workflow.getWorkflowRunById(run.runId)).toMatchObject({ payload: { first: true } });
  });

  it('R28 rejects the state and ends the stream of a run that cannot be started', async () => {
    const workflow = flow().then(passing('step1')).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const { stream, getWorkflowState } = run.streamLegacy({ inputData: () => {} });
    expect(lines(await all(stream))).toEqual(['finish']);
    await expect(getWorkflowState()).rejects.toMatchObject({ code: 'WORKFLOW_VALUE_NOT_STORABLE' });
    expect(await all(run.observeStream())).toEqual([]);
  });
});
