import { expect, test } from 'vitest';
import { z } from 'zod';
import { createStep, createWorkflow } from '../../src/index.ts';
import { post, realApp } from './fixtures.ts';

const any = z.unknown();

/** Steps whose ids are names that every object has, and that show all they see. */
const show = (id: string) =>
  createStep({
    id,
    inputSchema: any,
    outputSchema: any,
    execute: async ({ inputData, state, setState, requestContext }) => {
      await setState(state as Record<string, unknown>);
      return { inputData, state, context: requestContext.toJSON() };
    },
  });

const ask = createStep({
  id: 'toString',
  inputSchema: any,
  outputSchema: any,
  resumeSchema: any,
  execute: async ({ inputData, resumeData, suspend }) =>
    resumeData === undefined ? await suspend(inputData as object) : { resumeData, inputData },
});

const workflow = createWorkflow({ id: 'hostile', inputSchema: any, outputSchema: any })
  .then(show('constructor'))
  .then(ask)
  .then(show('valueOf'))
  .commit();

const hostile = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":1}';

function raw(body: string): RequestInit {
  return { ...post({}), body };
}

test('keys that every object has stay keys, from the start to a time travel', async () => {
  const { app } = realApp({ workflows: [workflow] });
  const send = async (path: string, body: string): Promise<string> => {
    const response = await app.request(path, raw(body));
    const text = await response.text();
    expect([response.status, text]).toEqual([expect.toSatisfy((status: number) => status < 300), text]);
    return text;
  };
  const shared = `"initialState":${hostile},"requestContext":${hostile}`;
  await send('/workflows/hostile/runs?wait=25', `{"runId":"a","inputData":${hostile},${shared}}`);
  const asked = await (await app.request('/runs/a')).text();
  expect(asked).toContain(`"payload":${hostile}`);
  expect(asked).toContain(`"initialState":${hostile}`);
  expect(asked).toContain(`"inputData":${hostile},"state":${hostile},"context":${hostile}`);
  const done = await send('/runs/a/resume?wait=25', `{"resumeData":${hostile},"requestContext":${hostile}}`);
  expect(done).toContain(`"resumeData":${hostile}`);
  expect(done).toContain('"status":"success"');
  const entry = `{"status":"success","payload":${hostile},"output":${hostile}}`;
  const context = `{"__proto__":${entry},"constructor":${entry},"toString":${entry}}`;
  const nested = `{"__proto__":${context},"constructor":${context}}`;
  const traveled = await send(
    '/runs/a/time-travel?wait=25',
    `{"step":"valueOf","context":${context},"nestedStepsContext":${nested},${shared}}`,
  );
  expect(traveled).toContain(`"result":{"inputData":${hostile},"state":${hostile},"context":${hostile}}`);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('a time travel takes nothing from what every object has', async () => {
  const { app } = realApp({ workflows: [workflow] });
  await app.request('/workflows/hostile/runs?wait=25', post({ runId: 'a', inputData: { n: 1 } }));
  const travel = { step: 'toString', context: {}, nestedStepsContext: {} };
  const response = await app.request('/runs/a/time-travel?wait=25', post(travel));
  expect(await response.json()).toMatchObject({
    status: 'suspended',
    outcome: { steps: { constructor: { output: { inputData: { n: 1 } } } } },
  });
});
