import { createStep, createWorkflow, RequestContext } from 'evented-workflows';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

const nothing = z.any();
const output = {
  n: 1,
  nothing: null,
  flag: false,
  big: 2n,
  list: ['a', { b: 2n }],
  text: '${inputData}',
};
const source = createStep({
  id: 'source',
  inputSchema: nothing,
  outputSchema: nothing,
  execute: async () => output,
});
const other = createStep({
  id: 'other',
  inputSchema: nothing,
  outputSchema: nothing,
  execute: async () => 'other',
});
const options = { id: 'w', inputSchema: nothing, outputSchema: nothing, stateSchema: nothing };

/** What the template gives behind `source`; an error when it fails the run. */
async function filled(template: string): Promise<unknown> {
  const workflow = createWorkflow(options)
    .then(source)
    .branch([[async () => false, other]])
    .then(createStep({ ...options, id: 'last', execute: async () => ({ deep: { er: 'here' } }) }))
    .map({ text: { template } })
    .commit();
  const result = await (await workflow.createRun()).start({
    inputData: { who: { name: 'Ada' } },
    initialState: { count: 3 },
    requestContext: new RequestContext({ tenant: 'acme', 'a.b': 'dotted' }),
  });
  if (result.status === 'success') return (result.result as { text: unknown }).text;
  return result.status === 'failed' ? result.error : result;
}

describe('a template gives', () => {
  test.each([
    ['its text', 'no reference $ { } $}', 'no reference $ { } $}'],
    ['nothing when it is empty', '', ''],
    ['a part of its input', 'It is ${inputData.deep.er}.', 'It is here.'],
    ['its whole input as JSON', '${inputData}', '{"deep":{"er":"here"}}'],
    ['the input of the run', 'Dear ${initData.who.name}', 'Dear Ada'],
    ['the state', '${state.count}${state.count}', '33'],
    ['a value of the request context', '${requestContext.tenant}', 'acme'],
    ['a value of the request context with a dot in its key', '${requestContext.a.b}', 'dotted'],
    ['nothing for a key that is missing', '<${requestContext.missing}>', '<>'],
    ['an output of a step', '${stepResults.last}', '{"deep":{"er":"here"}}'],
    ['a part of an output', '${stepResults.source.n}', '1'],
    ['a boolean', '${stepResults.source.flag}', 'false'],
    ['a big integer', '${stepResults.source.big}', '2'],
    ['a list as JSON', '${stepResults.source.list}', '["a",{"b":"2"}]'],
    ['nothing for null', '<${stepResults.source.nothing}>', '<>'],
    ['nothing for what is missing', '<${stepResults.source.missing}>', '<>'],
    ['a value as it is, even when it looks like a reference', '${stepResults.source.text}', '${inputData}'],
    ['text between and around', 'a${state.count}b${inputData.deep.er}c', 'a3bherec'],
  ])('%s', async (_, template, expected) => {
    expect(await filled(template)).toBe(expected);
  });
});

describe('a template fails the run', () => {
  test.each([
    ['with a step that was not executed', '${stepResults.other}', 'names step other, which has no result'],
    ['with a part of its result', '${stepResults.other.n}', 'names step other, which has no result'],
    ['with a step that does not exist', '${stepResults.none}', 'names step none, which has no result'],
    ['through a value that is no object', '${stepResults.source.n.x}', 'Invalid path n.x in step source'],
    ['through a missing value', '${inputData.no.x}', 'Invalid path no.x in inputData'],
    ['through a missing part of the state', '${state.no.x}', 'Invalid path no.x in state'],
    ['through a missing part of the input', '${initData.no.x}', 'Invalid path no.x in initData'],
  ])('%s', async (_, template, message) => {
    expect(await filled(template)).toMatchObject({
      code: 'WORKFLOW_MAPPING_PATH_INVALID',
      message: expect.stringContaining(message),
    });
  });
});

describe('a template is refused when it is defined', () => {
  test.each<[string, unknown, string]>([
    ['without a name', 'a ${}', '"x" has an empty ${} in its template'],
    ['with a blank name', '${  }', 'has an empty ${  } in its template'],
    ['with blanks around a name', '${ state }', 'has blanks around the name in ${ state }: write ${state}'],
    [
      'with a name that it does not know',
      '${env.HOME}',
      'has ${env.HOME} in its template, which begins with none',
    ],
    ['with a name in other letters', '${InputData}', 'which begins with none of inputData, initData, state'],
    ['with an empty part', '${state..n}', 'has an empty part in ${state..n}'],
    ['with a dot at the end', '${state.}', 'has an empty part in ${state.}'],
    ['without a key', '${requestContext}', 'names no key in ${requestContext}'],
    ['without a step', '${stepResults}', 'names no step in ${stepResults}'],
    ['without an end', 'a ${state', 'has a ${ without its }'],
    ['that is no text', 1, 'has the number 1 as its template: give a text'],
  ])('%s', (_, template, message) => {
    expect(() => createWorkflow(options).map({ x: { template: template as string } })).toThrow(
      expect.objectContaining({
        code: 'WORKFLOW_DEFINITION_INVALID',
        message: expect.stringContaining(message),
      }),
    );
  });
});
