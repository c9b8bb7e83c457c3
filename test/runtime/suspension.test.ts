import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createStep, createWorkflow } from '../../src/index.ts';
import { inPlace, places } from './places.ts';

const any = z.any();

/** A step that suspends until it gets data, and counts how often its body ran. */
function waiting(id: string, runs: string[], label?: string) {
  return createStep({
    id,
    inputSchema: any,
    outputSchema: any,
    resumeSchema: z.object({ ok: z.boolean(), note: z.string().default('none') }),
    execute: async ({ resumeData, suspend }) => {
      runs.push(id);
      if (resumeData !== undefined) return { [id]: resumeData };
      return suspend({ ask: id }, label === undefined ? {} : { resumeLabel: label });
    },
  });
}

function plain(id: string, runs: string[]) {
  return createStep({
    id,
    inputSchema: any,
    outputSchema: any,
    execute: async ({ inputData }) => {
      runs.push(id);
      return inputData;
    },
  });
}

function chain(runs: string[]) {
  return createWorkflow({ id: 'chain', inputSchema: any, outputSchema: any })
    .then(plain('before', runs))
    .then(waiting('one', runs))
    .then(waiting('two', runs, 'second'))
    .commit();
}

function arms(runs: string[]) {
  return createWorkflow({ id: 'arms', inputSchema: any, outputSchema: any })
    .parallel([waiting('left', runs, 'L'), plain('middle', runs), waiting('right', runs, 'R')])
    .then(plain('after', runs))
    .commit();
}

describe.each(places)('in $name', (place) => {
  test('two suspensions in a row; what was done is not done again', async () => {
    const runs: string[] = [];
    const made = chain(runs);
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      const first = await run.start({ inputData: 1 });
      expect(first).toMatchObject({
        status: 'suspended',
        suspended: [['one']],
        suspendPayload: { one: { ask: 'one' } },
      });
      const second = await run.resume({
        step: 'one',
        resumeData: { ok: true },
        outputOptions: { includeResumeLabels: true },
      });
      expect(second).toMatchObject({
        status: 'suspended',
        suspended: [['two']],
        resumeLabels: { second: { stepId: 'two' } },
      });
      const done = await run.resume({ label: 'second', resumeData: { ok: false, note: 'late' } });
      expect(done).toMatchObject({ status: 'success', result: { two: { ok: false, note: 'late' } } });
      expect(done.steps['one']).toEqual({
        status: 'success',
        payload: 1,
        output: { one: { ok: true, note: 'none' } },
        suspendPayload: { ask: 'one' },
        resumePayload: { ok: true, note: 'none' },
        startedAt: expect.any(Number),
        suspendedAt: expect.any(Number),
        resumedAt: expect.any(Number),
        endedAt: expect.any(Number),
      });
      expect(runs).toEqual(['before', 'one', 'one', 'two', 'two']);
    });
  });

  test('arms are resumed one after the other, by step and by label', async () => {
    const runs: string[] = [];
    const made = arms(runs);
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      expect(await run.start({ inputData: 1 })).toMatchObject({
        status: 'suspended',
        suspended: [['left'], ['right']],
      });
      await expect(run.resume({ resumeData: { ok: true } })).rejects.toMatchObject({
        code: 'WORKFLOW_RESUME_AMBIGUOUS',
        message:
          'Multiple suspended steps found: [left], [right]. Please specify which step to resume using the "step" parameter.',
      });
      expect(await run.resume({ step: 'right', resumeData: { ok: true } })).toMatchObject({
        status: 'suspended',
        suspended: [['left']],
      });
      const done = await run.resume({ label: 'L', resumeData: { ok: false } });
      expect(done).toMatchObject({
        status: 'success',
        result: { left: { left: { ok: false } }, middle: 1, right: { right: { ok: true } } },
      });
      expect(runs.toSorted()).toEqual(['after', 'left', 'left', 'middle', 'right', 'right']);
    });
  });

  test('an arm is resumed while another arm still runs, and nothing is lost', async () => {
    const gate = Promise.withResolvers<string>();
    const runs: string[] = [];
    const made = createWorkflow({ id: 'w', inputSchema: any, outputSchema: any })
      .parallel([
        waiting('quick', runs),
        createStep({ id: 'slow', inputSchema: any, outputSchema: any, execute: async () => gate.promise }),
      ])
      .commit();
    await inPlace(place, [made], async (runtime) => {
      await runtime.start({ workflowId: 'w', runId: 'r' });
      const resumed = await runtime.resume({ runId: 'r', step: 'quick', resumeData: { ok: true } });
      expect(resumed.status).toBe('running');
      gate.resolve('at last');
      expect(await runtime.settled({ runId: 'r' })).toBe('success');
      expect(await runtime.result({ runId: 'r' })).toMatchObject({
        result: { quick: { quick: { ok: true, note: 'none' } }, slow: 'at last' },
      });
    });
  });

  test('of twenty resumes one wins, the others learn that it is taken, and the step goes on once', async () => {
    const runs: string[] = [];
    const made = arms(runs);
    await inPlace(place, [made], async (runtime) => {
      const run = await made.createRun();
      await run.start({ inputData: 1 });
      const calls = Array.from({ length: 20 }, () =>
        runtime.resume({ runId: run.runId, step: 'left', resumeData: { ok: true } }),
      );
      const outcomes = await Promise.allSettled(calls);
      expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') continue;
        expect(outcome.reason).toMatchObject({ details: { runId: run.runId } });
        expect(['WORKFLOW_RESUME_ALREADY_CLAIMED', 'WORKFLOW_RUN_NOT_SUSPENDED']).toContain(
          outcome.reason.code,
        );
      }
      expect(await runtime.settled({ runId: run.runId })).toBe('suspended');
      expect(runs.filter((id) => id === 'left')).toHaveLength(2);
    });
  });

  test('invalid resume data is refused and changes nothing', async () => {
    const runs: string[] = [];
    const made = chain(runs);
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      await run.start({ inputData: 1 });
      await expect(run.resume({ step: 'one', resumeData: { ok: 'yes' } as never })).rejects.toMatchObject({
        code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
        message: expect.stringMatching(/^Invalid resume data: \n- ok: /),
      });
      expect((await made.getWorkflowRunById(run.runId))?.suspendedPaths).toEqual({ one: [1] });
      expect(await run.resume({ step: 'one', resumeData: { ok: true } })).toMatchObject({
        suspended: [['two']],
      });
    });
  });

  test('what cannot be resumed says why', async () => {
    const runs: string[] = [];
    const made = chain(runs);
    await inPlace(place, [made], async (runtime) => {
      await expect(runtime.resume({ runId: 'nobody' })).rejects.toMatchObject({
        code: 'WORKFLOW_RUN_NOT_FOUND',
      });
      const run = await made.createRun();
      await run.start({ inputData: 1 });
      await expect(runtime.resume({ runId: run.runId, step: 'before' })).rejects.toMatchObject({
        code: 'WORKFLOW_RUN_NOT_SUSPENDED',
        message: 'This workflow step "before" was not suspended. Available suspended steps: [one]',
      });
      await expect(runtime.resume({ runId: run.runId, label: 'zzz' })).rejects.toMatchObject({
        code: 'WORKFLOW_RESUME_LABEL_NOT_FOUND',
      });
      await runtime.cancel({ runId: run.runId });
      await expect(runtime.resume({ runId: run.runId, step: 'one' })).rejects.toMatchObject({
        code: 'WORKFLOW_RUN_NOT_SUSPENDED',
        message: 'This workflow run was not suspended',
        details: { status: 'canceled' },
      });
    });
  });

  test('a resume that comes before the suspension is stored waits for it', async () => {
    const gate = Promise.withResolvers<undefined>();
    const made = createWorkflow({ id: 'w', inputSchema: any, outputSchema: any })
      .then(
        createStep({
          id: 'late',
          inputSchema: any,
          outputSchema: any,
          resumeSchema: any,
          execute: async ({ resumeData, suspend }) => {
            if (resumeData !== undefined) return resumeData;
            await gate.promise;
            return suspend({});
          },
        }),
      )
      .commit();
    await inPlace(place, [made], async (runtime) => {
      await runtime.start({ workflowId: 'w', runId: 'r' });
      const early = runtime.resume({ runId: 'r', resumeData: 'early' });
      gate.resolve(undefined);
      await early;
      expect(await runtime.settled({ runId: 'r' })).toBe('success');
      expect(await runtime.result({ runId: 'r' })).toMatchObject({ result: 'early' });
    });
  });
});

describe.each(places)('a canceled run in $name', (place) => {
  test('a step that runs sees the signal; its result is kept, and nothing follows', async () => {
    const begun = Promise.withResolvers<undefined>();
    const runs: string[] = [];
    const made = createWorkflow({ id: 'w', inputSchema: any, outputSchema: any })
      .then(plain('first', runs))
      .then(
        createStep({
          id: 'slow',
          inputSchema: any,
          outputSchema: any,
          execute: async ({ abortSignal }) => {
            begun.resolve(undefined);
            await new Promise((resolve) => abortSignal.addEventListener('abort', resolve));
            return `stopped: ${abortSignal.reason.message}`;
          },
        }),
      )
      .then(plain('never', runs))
      .commit();
    await inPlace(place, [made], async (runtime) => {
      const run = await made.createRun({ runId: 'r' });
      const result = run.start({ inputData: 1 });
      await begun.promise;
      await run.cancel();
      expect((await runtime.get({ runId: 'r' }))?.status).toBe('canceled');
      expect(await result).toMatchObject({ status: 'canceled' });
      // The body's result lands on its own entry after the run's status became final.
      for (let page = await runtime.get({ runId: 'r' }); page?.steps['slow']?.status !== 'success'; ) {
        page = await runtime.get({ runId: 'r' });
      }
      const state = await runtime.get({ runId: 'r' });
      expect(state).toMatchObject({
        status: 'canceled',
        steps: { slow: { output: 'stopped: Run "r" was canceled' } },
      });
      expect(state?.result).toBeUndefined();
      expect(runs).toEqual(['first']);
    });
  });

  test('cancel answers again for a canceled run, and is refused for one that ended otherwise', async () => {
    const runs: string[] = [];
    const made = chain(runs);
    const quick = createWorkflow({ id: 'quick', inputSchema: any, outputSchema: any })
      .then(plain('p', runs))
      .commit();
    await inPlace(place, [made, quick], async (runtime) => {
      const suspended = await made.createRun();
      await suspended.start({ inputData: 1 });
      expect(await runtime.cancel({ runId: suspended.runId })).toMatchObject({
        status: 'canceled',
        changed: true,
      });
      expect(await runtime.cancel({ runId: suspended.runId })).toMatchObject({
        status: 'canceled',
        changed: false,
      });
      const done = await quick.createRun();
      await done.start({ inputData: 1 });
      await expect(runtime.cancel({ runId: done.runId })).rejects.toMatchObject({
        code: 'WORKFLOW_RUN_ALREADY_FINISHED',
        details: { status: 'success' },
      });
      await expect(runtime.cancel({ runId: 'nobody' })).rejects.toMatchObject({
        code: 'WORKFLOW_RUN_NOT_FOUND',
      });
    });
  });
});
