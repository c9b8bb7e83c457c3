import { describe, expect, test } from 'vitest';
import { z as four } from 'zod';
import { z as three } from 'zod/v3';
import type { AnySchema } from '../../src/core/definition.ts';
import { createStep, createWorkflow } from '../../src/index.ts';
import { inPlace, places } from '../runtime/places.ts';
import { any, body, echo } from '../runtime/steps.ts';

/** The same schemas by both majors of zod, and what the lines of the checklist are called for each. */
const libraries = [
  {
    zod: 'zod 3',
    ids: ['D82', 'D83', 'D84', 'D85', 'D86', 'D87', 'D88'],
    text: three.object({ text: three.string() }) as AnySchema,
    defaulted: three.object({ text: three.string(), more: three.string().default('d') }) as AnySchema,
  },
  {
    zod: 'zod 4',
    ids: ['D90', 'D91', 'D92', 'D93', 'D94', 'D95', 'D96'],
    text: four.object({ text: four.string() }) as AnySchema,
    defaulted: four.object({ text: four.string(), more: four.string().default('d') }) as AnySchema,
  },
];

const cases = places.flatMap((place) =>
  libraries.map((library) => ({ name: `${place.name} with ${library.zod}`, place, ...library })),
);

/** Ids in titles come from the case. */
function titled([input, defaults, step, stepDefaults, mapped, resume, resumeDefaults]: readonly string[]) {
  return { input, defaults, step, stepDefaults, mapped, resume, resumeDefaults };
}

describe.each(cases)('validation in $name', ({ place, ids, text, defaulted }) => {
  const id = titled(ids);
  const strict = (name: string, inputSchema: AnySchema = text, runs: string[] = []) =>
    createStep({
      id: name,
      inputSchema,
      outputSchema: any,
      execute: async ({ inputData }) => {
        runs.push(name);
        return inputData;
      },
    });
  const flowOf = (inputSchema: AnySchema) => createWorkflow({ id: 'w', inputSchema, outputSchema: any });

  test.each(['step', 'loop', 'branch', 'parallel'])(
    `${id.input} input that does not fit rejects the start: %s first`,
    async (kind) => {
      const runs: string[] = [];
      const step = strict('s', any, runs);
      const first = flowOf(text);
      const built =
        kind === 'step'
          ? first.then(step)
          : kind === 'loop'
            ? first.dountil(step, async () => true)
            : kind === 'branch'
              ? first.branch([[async () => true, step]])
              : first.parallel([step]);
      const made = built.commit();
      await inPlace(place, [made], async () => {
        const run = await made.createRun();
        await expect(run.start({ inputData: { text: 1 } })).rejects.toMatchObject({
          code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
          message: expect.stringMatching(/^Invalid input data: \n- text: \S/),
        });
        expect(runs).toEqual([]);
      });
    },
  );

  test(`${id.defaults} defaults of the workflow's input`, async () => {
    const made = flowOf(defaulted).then(echo('e')).commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: { text: 't' } });
      const input = { text: 't', more: 'd' };
      expect(result).toMatchObject({
        status: 'success',
        input,
        result: input,
        steps: { input, e: { payload: input } },
      });
    });
  });

  test(`${id.step} input of a step that does not fit fails the run`, async () => {
    const runs: string[] = [];
    const made = flowOf(any)
      .then(body('make', async () => ({ text: 1 })))
      .then(strict('s', text, runs))
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 0 });
      const error = {
        code: 'WORKFLOW_STEP_INPUT_VALIDATION_FAILED',
        message: expect.stringMatching(/^Step input validation failed: \n- text: \S/),
      };
      expect(result).toMatchObject({
        status: 'failed',
        error,
        steps: { make: { status: 'success' }, s: { status: 'failed', payload: { text: 1 }, error } },
      });
      expect(runs).toEqual([]);
    });
  });

  test(`${id.stepDefaults} defaults of a step's input`, async () => {
    const made = flowOf(any).then(strict('s', defaulted)).commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: { text: 't' } });
      const full = { text: 't', more: 'd' };
      expect(result).toMatchObject({
        status: 'success',
        result: full,
        steps: { s: { payload: full, output: full } },
      });
    });
  });

  test(`${id.mapped} what a map gives is checked by the step after it`, async () => {
    const made = flowOf(any)
      .map({ text: { value: 1, schema: any } }, { id: 'map' })
      .then(strict('s'))
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 0 });
      expect(result).toMatchObject({
        status: 'failed',
        steps: {
          map: { status: 'success', output: { text: 1 } },
          s: {
            status: 'failed',
            error: { message: expect.stringContaining('Step input validation failed') },
          },
        },
      });
    });
  });

  test(`${id.resume} ${id.resumeDefaults} a resume is checked, gets defaults, and can be tried again`, async () => {
    const wait = createStep({
      id: 'wait',
      inputSchema: any,
      outputSchema: any,
      resumeSchema: defaulted,
      execute: async ({ resumeData, suspend }) => resumeData ?? suspend({}),
    });
    const made = flowOf(any).then(wait).commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      await run.start({ inputData: 0 });
      await expect(run.resume({ step: 'wait', resumeData: { text: 1 } })).rejects.toMatchObject({
        code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
        message: expect.stringMatching(/^Invalid resume data: \n- text: \S/),
      });
      expect((await made.getWorkflowRunById(run.runId))?.status).toBe('suspended');
      const full = { text: 't', more: 'd' };
      expect(await run.resume({ step: 'wait', resumeData: { text: 't' } })).toMatchObject({
        status: 'success',
        result: full,
        steps: { wait: { resumePayload: full } },
      });
    });
  });
});
